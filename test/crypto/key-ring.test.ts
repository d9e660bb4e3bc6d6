import { randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ENVELOPE_BYTES } from '../../src/crypto/envelope.js';
import { createDataKey, KeyRing, masterKeyId } from '../../src/crypto/key-ring.js';

const MASTER = randomBytes(32);
const ringOf = (...ids: number[]) => {
  const keys = ids.map((id) => createDataKey(id, MASTER));
  return { keys, ring: KeyRing.unwrap(keys, MASTER) };
};

describe('the key ring', () => {
  it('opens what it sealed, in the place that it was sealed for', () => {
    const { ring } = ringOf(1);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2_000 }), fc.string(), (plain, context) => {
        const sealed = ring.seal(plain, context);
        expect(sealed.length).toBe(plain.length + ENVELOPE_BYTES);
        expect(Buffer.compare(ring.open(sealed, context), plain)).toBe(0);
      }),
    );
  });

  it('refuses every envelope in which one bit was changed, wherever', () => {
    const { ring } = ringOf(1);
    const sealed = ring.sealText('Ada Lovelace', 'runs.person:1');
    fc.assert(
      fc.property(fc.nat({ max: sealed.length * 8 - 1 }), (bit) => {
        const altered = Buffer.from(sealed);
        altered.writeUInt8(altered.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
        expect(() => ring.openText(altered, 'runs.person:1')).toThrow(
          expect.objectContaining({
            code: expect.stringMatching(/ENVELOPE_INVALID|DATA_KEY_UNKNOWN/) as string,
          }),
        );
      }),
    );
  });

  it.each([0, 1, 5, 17, 32, 33])('refuses an envelope that was cut to %i bytes', (length) => {
    const { ring } = ringOf(1);
    const cut = ring.sealText('Ada', 'here').subarray(0, length);
    expect(() => ring.open(cut, 'here')).toThrow(
      expect.objectContaining({ code: 'ENVELOPE_INVALID' }),
    );
  });

  it('refuses an envelope in another place', () => {
    const { ring } = ringOf(1);
    const sealed = ring.sealText('Ada', 'runs.person:1');
    expect(() => ring.openText(sealed, 'runs.person:2')).toThrow(
      expect.objectContaining({ code: 'ENVELOPE_INVALID' }),
    );
  });

  it('seals the same text differently each time', () => {
    const { ring } = ringOf(1);
    expect(ring.sealText('Ada', 'here').equals(ring.sealText('Ada', 'here'))).toBe(false);
  });

  it('seals with the newest key and opens what older ones sealed', () => {
    const before = ringOf(1);
    const sealed = before.ring.sealText('from before', 'here');
    const added = createDataKey(2, MASTER);
    const after = KeyRing.unwrap([added, ...before.keys], MASTER);
    expect(after.primaryId).toBe(2);
    expect(after.openText(sealed, 'here')).toBe('from before');
    const now = after.sealText('from now', 'here');
    expect(() => before.ring.openText(now, 'here')).toThrow(
      expect.objectContaining({ code: 'DATA_KEY_UNKNOWN' }),
    );
  });

  it('says that the master key is the wrong one, in one sentence without any of it', () => {
    const { keys } = ringOf(1);
    const wrong = randomBytes(32);
    expect(() => KeyRing.unwrap(keys, wrong)).toThrow(
      expect.objectContaining({
        code: 'MASTER_KEY_WRONG',
        message: expect.stringMatching(/^[^.]+\.$/) as string,
      }),
    );
  });

  it('does not take a wrapped key for another one', () => {
    const { keys } = ringOf(1, 2);
    const swapped = keys.map((key, at) => ({ ...key, id: 2 - at }));
    expect(() => KeyRing.unwrap(swapped, MASTER)).toThrow(
      expect.objectContaining({ code: 'ENVELOPE_INVALID' }),
    );
  });

  it('shows no key when it is printed', () => {
    const { ring } = ringOf(1);
    expect(inspect(ring, { depth: 9, showHidden: true })).toBe('KeyRing { primaryId: 1 }');
    expect(JSON.stringify(ring)).toBe('{"primaryId":1}');
  });

  it('names a master key by what does not reveal it', () => {
    expect(masterKeyId(MASTER)).toMatch(/^[0-9a-f]{16}$/);
    expect(masterKeyId(MASTER)).toBe(masterKeyId(Buffer.from(MASTER)));
    expect(MASTER.toString('hex')).not.toContain(masterKeyId(MASTER));
  });
});
