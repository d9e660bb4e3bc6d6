import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sightingOf, waitAfter429 } from '../../src/okta/rate-limit.js';
import { DATE, oktaError } from './support.js';

const NOW = Date.parse(DATE) / 1000;

function answer(
  status: number,
  rate: Record<string, string | string[]>,
  errorCode = 'E0000047',
): Parameters<typeof sightingOf>[0] {
  const body = status === 200 ? '{}' : JSON.stringify(oktaError(status, errorCode).json);
  return { status, headers: { date: DATE, ...rate }, body };
}

const rate = (limit: number, remaining: number, reset: number): Record<string, string> => ({
  'x-rate-limit-limit': `${limit}`,
  'x-rate-limit-remaining': `${remaining}`,
  'x-rate-limit-reset': `${reset}`,
});

describe('what the budget learns', () => {
  it("counts the window by Okta's clock, with a second for its rounding", () => {
    expect(sightingOf(answer(200, rate(300, 299, NOW + 60)))).toEqual({
      kind: 'ok',
      limit: 300,
      remaining: 299,
      resetInMs: 61_000,
    });
  });

  it('tells a used-up window', () => {
    expect(sightingOf(answer(429, rate(300, 0, NOW + 12)))).toEqual({
      kind: 'limited',
      limit: 300,
      remaining: 0,
      resetInMs: 13_000,
    });
  });

  it('takes the smallest where the headers are there twice', () => {
    const twice = {
      'x-rate-limit-limit': ['600', '300'],
      'x-rate-limit-remaining': '599, 7',
      'x-rate-limit-reset': `${NOW + 20}`,
    };
    expect(sightingOf(answer(200, twice))).toMatchObject({ limit: 300, remaining: 7 });
  });

  it.each([
    ['no headers (405)', answer(405, {})],
    ['half of them', answer(200, { 'x-rate-limit-limit': '300' })],
    ['no numbers', answer(200, { ...rate(300, 1, NOW), 'x-rate-limit-remaining': 'many' })],
    ['a refusal for concurrency', answer(429, rate(0, 0, NOW + 60))],
    ['a window that ends in more than 62 s', answer(200, rate(300, 0, NOW + 62))],
    ['no clock', { ...answer(200, rate(300, 1, NOW)), headers: rate(300, 1, NOW) }],
  ])('learns nothing from %s', (_, seen) => {
    expect(sightingOf(seen)).toBeNull();
  });

  it('does not take "mail sent just now" for a used-up window', () => {
    expect(sightingOf(answer(429, rate(300, 200, NOW + 60), 'E0000118'))).toMatchObject({
      kind: 'ok',
      remaining: 200,
    });
  });

  it('takes a refusal whose window is too long for one of a whole window', () => {
    expect(sightingOf(answer(429, rate(300, 0, NOW + 3_600)))).toEqual({
      kind: 'limited',
      limit: 300,
      remaining: 0,
      resetInMs: 60_000,
    });
  });

  it('takes a window in the past for one that is over', () => {
    expect(sightingOf(answer(200, rate(300, 3, NOW - 100)))?.resetInMs).toBe(1_000);
  });
});

describe('how long a 429 asks to wait', () => {
  const half = (): number => 0.5;

  it('waits for the window', () => {
    expect(waitAfter429(answer(429, rate(300, 0, NOW + 30)), half)).toEqual({
      kind: 'window',
      retryAfterMs: 31_000,
    });
  });

  it('waits a whole window where nothing is said', () => {
    expect(waitAfter429(answer(429, {}), half)).toEqual({ kind: 'window', retryAfterMs: 60_000 });
  });

  it.each([NOW + 62, NOW + 600, NOW * 1_000])(
    'waits a whole window for one that ends at %i',
    (end) => {
      expect(waitAfter429(answer(429, rate(300, 0, end)), half).retryAfterMs).toBe(60_000);
    },
  );

  it('waits shortly for concurrency, whatever the reset time', () => {
    expect(waitAfter429(answer(429, rate(0, 0, NOW + 60)), half)).toEqual({
      kind: 'concurrency',
      retryAfterMs: 2_500,
    });
  });

  it('waits the five seconds that Okta wants between mails', () => {
    expect(waitAfter429(answer(429, rate(300, 9, NOW + 60), 'E0000118'), half)).toEqual({
      kind: 'window',
      retryAfterMs: 6_000,
    });
  });

  it('is between a second and 62 for any headers', () => {
    const anyHeaders = fc.dictionary(
      fc.constantFrom('x-rate-limit-limit', 'x-rate-limit-remaining', 'x-rate-limit-reset', 'date'),
      fc.oneof(fc.string(), fc.nat().map(String), fc.constant(DATE)),
    );
    fc.assert(
      fc.property(anyHeaders, fc.double({ min: 0, max: 0.999, noNaN: true }), (headers, random) => {
        const wait = waitAfter429(answer(429, headers), () => random).retryAfterMs;
        expect(wait).toBeGreaterThanOrEqual(1_000);
        expect(wait).toBeLessThanOrEqual(62_000);
      }),
    );
  });
});
