import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { keyedDigest } from '../../src/crypto/digest.js';
import { subjectRef } from '../../src/crypto/subject.js';

const PEPPER = Buffer.alloc(32, 1);

describe('a subject ref', () => {
  it('is sixteen hex digits, the same for ever', () => {
    expect(subjectRef(PEPPER, 'ada@example.com')).toBe('cd0779a6ee2092a8');
  });

  it.each([
    ['ADA@EXAMPLE.COM', 'ada@example.com'],
    ['Ádà@example.com', 'ada@example.com'],
    ['a\u0301da@example.com', 'ada@example.com'],
    ['ａｄａ@example.com', 'ada@example.com'],
    ['müller@example.com', 'MULLER@example.com'],
    ['İpek@example.com', 'ipek@example.com'],
  ])('does not tell %s from %s', (left, right) => {
    expect(subjectRef(PEPPER, left)).toBe(subjectRef(PEPPER, right));
  });

  it('tells people, and installations, apart', () => {
    expect(subjectRef(PEPPER, 'ada@example.com')).not.toBe(subjectRef(PEPPER, 'ida@example.com'));
    expect(subjectRef(PEPPER, 'ada@example.com')).not.toBe(
      subjectRef(randomBytes(32), 'ada@example.com'),
    );
  });
});

describe('a keyed digest', () => {
  it('depends on pepper, purpose and text', () => {
    const digest = keyedDigest(PEPPER, 'a', 'text');
    expect(digest).toMatch(/^[0-9a-f]{64}$/);
    expect(keyedDigest(PEPPER, 'a', 'text')).toBe(digest);
    expect(keyedDigest(PEPPER, 'b', 'text')).not.toBe(digest);
    expect(keyedDigest(PEPPER, 'a', 'texts')).not.toBe(digest);
    expect(keyedDigest(randomBytes(32), 'a', 'text')).not.toBe(digest);
  });
});
