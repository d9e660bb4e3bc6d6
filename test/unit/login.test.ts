import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { foldLogin, looksLikeOktaId, sameLogin } from '../../src/domain/login.js';

describe('a login', () => {
  it.each([
    ['ADA@EXAMPLE.COM', 'ada@example.com'],
    ['Ádà@example.com', 'ada@example.com'],
    ['a\u0301da@example.com', 'ada@example.com'],
    ['ａｄａ@example.com', 'ada@example.com'],
    ['müller@example.com', 'MULLER@example.com'],
    ['İpek@example.com', 'ipek@example.com'],
  ])('is the same as Okta sees it: %s and %s', (left, right) => {
    expect(sameLogin(left, right)).toBe(true);
    expect(sameLogin(right, left)).toBe(true);
  });

  it.each([
    ['ada@example.com', 'ida@example.com'],
    ['ada', 'ada@example.com'],
    ['ada+1@example.com', 'ada@example.com'],
    ['strasse@example.com', 'straße@example.com'],
  ])('is another one: %s and %s', (left, right) => {
    expect(sameLogin(left, right)).toBe(false);
  });

  it('that is folded already folds to itself', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (login) => {
        expect(foldLogin(foldLogin(login))).toBe(foldLogin(login));
      }),
    );
  });
});

describe('the id of an Okta account', () => {
  it.each(['00u1a2B3c4D5e6F7g8H9', '00uaaaaaaaaaaaaaaaaa', '00uZZZZZZZZZZZZZZZZZ'])(
    'is %s',
    (text) => {
      expect(looksLikeOktaId(text)).toBe(true);
    },
  );

  it.each([
    ['shorter', '00u1a2B3c4D5e6F7g8H'],
    ['longer', '00u1a2B3c4D5e6F7g8H90'],
    ['of a group', '00g1a2B3c4D5e6F7g8H9'],
    ['in an address', '00u1a2B3c4D5e6F7g8H9@example.com'],
    ['with another sign', '00u1a2B3c4D5e6F7g8-9'],
    ['in capitals at its start', '00U1a2B3c4D5e6F7g8H9'],
  ])('is none: %s', (_what, text) => {
    expect(looksLikeOktaId(text)).toBe(false);
  });
});
