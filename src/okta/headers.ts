// What the headers of an answer say beside its content: request id, time, rate limit. Tolerant, since
// a header that is missing or written twice is no reason to lose an answer.
import type { IncomingHttpHeaders } from 'node:http';

export interface RateHeaders {
  limit: number;
  remaining: number;
  /** Milliseconds since 1970, on Okta's clock. */
  resetAt: number;
}

/** `X-Okta-Request-Id`: 32 hex digits, formerly 27 characters that may hold `@` or `-`. */
export function requestIdOf(headers: IncomingHttpHeaders): string | null {
  const [id] = valuesOf(headers, 'x-okta-request-id');
  return id !== undefined && /^[\w@.-]{1,100}$/.test(id) ? id : null;
}

/** Okta's clock, in milliseconds since 1970; null without a readable `Date`. */
export function serverTimeOf(headers: IncomingHttpHeaders): number | null {
  const at = Date.parse(headers.date ?? '');
  return Number.isNaN(at) ? null : at;
}

/** {@link serverTimeOf} as RFC 3339. */
export function dateOf(headers: IncomingHttpHeaders): string | null {
  const at = serverTimeOf(headers);
  return at === null ? null : new Date(at).toISOString();
}

/**
 * Null where one of the three is missing or no number: 405s and 401 `E0000015` carry none (recorded
 * traffic 2021). Some answers have had them twice (OKTA-112507): the smallest counts.
 */
export function rateOf(headers: IncomingHttpHeaders): RateHeaders | null {
  const limit = smallest(headers, 'x-rate-limit-limit');
  const remaining = smallest(headers, 'x-rate-limit-remaining');
  const reset = smallest(headers, 'x-rate-limit-reset');
  if (limit === null || remaining === null || reset === null) return null;
  return { limit, remaining, resetAt: reset * 1000 };
}

/** A whole number, the smallest where the header stands there twice; null without one. */
export function smallest(headers: IncomingHttpHeaders, name: string): number | null {
  const numbers = valuesOf(headers, name)
    .filter((value) => /^\d{1,15}$/.test(value))
    .map(Number);
  return numbers.length === 0 ? null : Math.min(...numbers);
}

function valuesOf(headers: IncomingHttpHeaders, name: string): string[] {
  const value = headers[name];
  const lines = typeof value === 'string' ? [value] : (value ?? []);
  return lines.flatMap((line) => line.split(',')).map((part) => part.trim());
}
