import { randomBytes } from 'node:crypto';
import { defaultPayloadConverter, type Payload } from '@temporalio/common';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createDataKey, KeyRing } from '../../src/crypto/key-ring.js';
import { createPayloadCodec, ENCRYPTED } from '../../src/crypto/payload-codec.js';

const MASTER = randomBytes(32);
const RING = KeyRing.unwrap([createDataKey(1, MASTER)], MASTER);
const codec = createPayloadCodec(RING);

const bytes = fc.uint8Array({ maxLength: 300 });
const payload = fc.record({
  metadata: fc.dictionary(fc.string({ maxLength: 12 }), bytes, { maxKeys: 4 }),
  data: bytes,
});
const plain = (payloads: readonly Payload[]) =>
  payloads.map(({ metadata, data }) => ({
    metadata: Object.fromEntries(
      Object.entries(metadata ?? {}).map(([name, value]) => [name, [...value]]),
    ),
    data: [...(data ?? [])],
  }));

describe('the payload codec', () => {
  it('gives back every payload, and shows nothing of it on the way', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(payload, { maxLength: 5 }), async (payloads) => {
        const encoded = await codec.encode(payloads);
        for (const { metadata } of encoded) {
          expect(Object.keys(metadata ?? {})).toEqual(['encoding']);
          expect(Buffer.from(metadata?.['encoding'] ?? []).toString()).toBe(ENCRYPTED);
        }
        expect(plain(await codec.decode(encoded))).toEqual(plain(payloads));
      }),
    );
  });

  it('hides text', async () => {
    const given = defaultPayloadConverter.toPayload({ login: 'ada@example.com' });
    const [encoded] = await codec.encode([given]);
    expect(Buffer.from(encoded?.data ?? []).toString('latin1')).not.toContain('ada');
    const [decoded] = await codec.decode(encoded === undefined ? [] : [encoded]);
    expect(decoded && defaultPayloadConverter.fromPayload(decoded)).toEqual({
      login: 'ada@example.com',
    });
  });

  it('passes through what is not ours', async () => {
    const foreign = [
      defaultPayloadConverter.toPayload('plain'),
      { data: Buffer.from('no metadata') },
      { metadata: { encoding: Buffer.from('binary/zlib') }, data: Buffer.from('zipped') },
    ];
    expect(await codec.decode(foreign)).toEqual(foreign);
  });

  it('rejects, rather than throws, what does not open', async () => {
    const [encoded] = await codec.encode([{ data: Buffer.from('x') }]);
    const data = Buffer.from(encoded?.data ?? []);
    data.writeUInt8(data.readUInt8(data.length - 1) ^ 1, data.length - 1);
    await expect(codec.decode([{ ...encoded, data }])).rejects.toMatchObject({
      code: 'ENVELOPE_INVALID',
    });
    await expect(codec.decode([{ ...encoded, data: null }])).rejects.toMatchObject({
      code: 'ENVELOPE_INVALID',
    });
  });

  it('does not open what was sealed for the database', async () => {
    const [encoded] = await codec.encode([{ data: Buffer.from('x') }]);
    const data = RING.sealText('a private key', 'connections.private_jwk:acme');
    await expect(codec.decode([{ ...encoded, data }])).rejects.toMatchObject({
      code: 'ENVELOPE_INVALID',
    });
  });
});
