import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { linkTarget } from '../../src/okta/link.js';

const NEXT = 'https://acme.okta.com/api/v1/users?after=200u1&limit=2';
const SELF = 'https://acme.okta.com/api/v1/users?limit=2';

describe('linkTarget', () => {
  it.each([
    ['one link', `<${NEXT}>; rel="next"`],
    ['joined by a comma', `<${SELF}>; rel="self", <${NEXT}>; rel="next"`],
    ['joined without a blank', `<${SELF}>;rel="self",<${NEXT}>;rel="next"`],
    ['several lines', [`<${SELF}>; rel="self"`, `<${NEXT}>; rel="next"`]],
    ['a bare relation', `<${NEXT}>; rel=next`],
    ['several relations', `<${NEXT}>; rel="last next"`],
    ['capitals', `<${NEXT}>; REL="Next"`],
    ['other parameters', `<${NEXT}>; title="a, b; rel=\\"self\\""; rel="next"`],
  ])('finds the next page: %s', (_, header) => {
    expect(linkTarget(header, 'next')).toBe(NEXT);
  });

  it('takes a comma within the target for a part of it', () => {
    const target = 'https://acme.okta.com/api/v1/users?fields=id,status';
    expect(linkTarget(`<${target}>; rel="next"`, 'next')).toBe(target);
  });

  it.each([
    ['no header', undefined],
    ['no such relation', `<${SELF}>; rel="self"`],
    ['no relation at all', `<${SELF}>`],
    ['a relation in the title only', `<${SELF}>; title="rel=next"`],
    ['only the first rel counts', `<${SELF}>; rel="self"; rel="next"`],
    ['an unclosed target', '<https://acme.okta.com; rel="next"'],
    ['nonsense', ',;<>"rel=next"'],
  ])('finds none: %s', (_, header) => {
    expect(linkTarget(header, 'next')).toBeUndefined();
  });

  it('finds any link among any others, joined or in lines', () => {
    const target = fc.stringMatching(/^https:\/\/[a-z]{1,6}\.okta\.com\/[a-z0-9,;=&?%"/-]{0,20}$/);
    const others = fc.array(fc.tuple(target, fc.constantFrom('self', 'prev', 'first')));
    fc.assert(
      fc.property(others, target, others, fc.boolean(), (before, next, after, joined) => {
        const lines = [...before, [next, 'next'] as const, ...after].map(
          ([url, rel]) => `<${url}>; rel="${rel}"`,
        );
        expect(linkTarget(joined ? lines.join(', ') : lines, 'next')).toBe(next);
      }),
    );
  });

  it('never throws', () => {
    fc.assert(fc.property(fc.string(), (header) => void linkTarget(header, 'next')));
  });

  it('takes no time over a header that is nothing but openings', () => {
    expect(linkTarget('<'.repeat(16_000), 'next')).toBeUndefined();
    expect(linkTarget('<a>;"'.repeat(3_200), 'next')).toBeUndefined();
  });
});
