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
    expect(inspect(ring, { depth: 9, showHidden: true })).toBe('KeyRing { [primaryId]: [Getter] }');
    expect(JSON.stringify(ring)).toBe('{}');
  });

  it('names a master key by what does not reveal it', () => {
    expect(masterKeyId(MASTER)).toMatch(/^[0-9a-f]{16}$/);
    expect(masterKeyId(MASTER)).toBe(masterKeyId(Buffer.from(MASTER)));
    expect(MASTER.toString('hex')).not.toContain(masterKeyId(MASTER));
  });
});

describe('a ring in use, when another master key comes', () => {
  const NEXT = randomBytes(32);

  it('lets its keys be wrapped anew, and one be added that it then learns by its link', async () => {
    const { ring } = ringOf(1, 2);
    const { wrapped, added, link } = ring.succeed(NEXT);
    expect([...wrapped, added].map(({ id }) => id)).toEqual([1, 2, 3]);
    const after = KeyRing.unwrap([...wrapped, added], NEXT);
    expect(after.openText(ring.sealText('before', 'here'), 'here')).toBe('before');

    const sealed = after.sealText('after', 'here');
    const open = () => ring.openText(sealed, 'here');
    expect(open).toThrow(expect.objectContaining({ code: 'DATA_KEY_UNKNOWN' }));
    ring.follow((afterId) =>
      Promise.resolve([{ id: added.id, link }].filter(({ id }) => id > afterId)),
    );
    expect(await Promise.all(Array.from({ length: 20 }, () => ring.withNewerKeys(open)))).toEqual(
      Array.from({ length: 20 }, () => 'after'),
    );
    expect(ring.primaryId).toBe(3);
  });

  it('learns from one link after the other, in whatever order they come', async () => {
    const { ring } = ringOf(1);
    const second = ring.succeed(NEXT);
    const middle = KeyRing.unwrap([...second.wrapped, second.added], NEXT);
    const third = middle.succeed(MASTER);
    ring.follow(() =>
      Promise.resolve([
        { id: 3, link: third.link },
        { id: 2, link: second.link },
      ]),
    );
    await ring.learn();
    expect(ring.primaryId).toBe(3);
  });

  it('learns nothing from a link that was ended, moved or forged', async () => {
    const { ring } = ringOf(1);
    const { added, link } = ring.succeed(NEXT);
    const learning = (id: number, from: Buffer | null) => {
      ring.follow(() => Promise.resolve([{ id, link: from }]));
      return ring.learn();
    };
    await learning(added.id, null);
    await expect(learning(7, link)).rejects.toMatchObject({ code: 'ENVELOPE_INVALID' });
    await learning(added.id, ringOf(1, 2).ring.succeed(NEXT).link);
    expect(ring.primaryId).toBe(1);
  });

  it('does once only what fails for another reason', async () => {
    const { ring } = ringOf(1);
    let times = 0;
    const work = () => {
      times += 1;
      throw new Error('no');
    };
    await expect(ring.withNewerKeys(work)).rejects.toThrow('no');
    expect(times).toBe(1);
  });
});
