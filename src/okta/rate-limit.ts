// What an answer says of the rate limit: what to tell the budget, and how long a 429 asks to wait.
// Times are differences on Okta's own clock, so a wrong clock of ours does no harm. Source: Okta's
// "Rate limits, Monitor" pages; there is no Retry-After.
import { LONGEST_LIMIT_MS } from '../domain/rate-window.js';
import { readErrorBody } from './error-body.js';
import type { HttpAnswer } from './exchange.js';
import { rateOf, serverTimeOf, smallest } from './headers.js';
import type { RateSighting } from './ports.js';

/** A window lasts a minute; where an answer does not say how much of it is left, all of it is. */
const WINDOW_MS = 60_000;
/** `Reset` is in whole seconds, so the window may end up to one later. */
const ROUNDING_MS = 1_000;
/** "An e-mail was recently sent": not before five seconds are over (`E0000118`). */
const MAIL_PAUSE_MS = 6_000;
const MAIL_TOO_SOON = 'E0000118';

/**
 * Null where nothing is to be learned: no headers, no clock, a window that no limit has, or a refusal
 * for concurrency.
 */
export function sightingOf(answer: HttpAnswer): RateSighting | null {
  const limited = answer.status === 429 && readErrorBody(answer.body).errorCode !== MAIL_TOO_SOON;
  const limit = smallest(answer.headers, 'x-rate-limit-limit');
  if (limit === null || limit === 0) return null;
  const resetInMs = untilReset(answer);
  if (limited) return { kind: 'limited', limit, remaining: 0, resetInMs: resetInMs ?? WINDOW_MS };
  const remaining = smallest(answer.headers, 'x-rate-limit-remaining');
  if (remaining === null || resetInMs === null) return null;
  return { kind: 'ok', limit, remaining, resetInMs };
}

/** How long to wait after a 429. `random` is in [0, 1). */
export function waitAfter429(
  answer: HttpAnswer,
  random: () => number,
): { kind: 'window' | 'concurrency'; retryAfterMs: number } {
  if (readErrorBody(answer.body).errorCode === MAIL_TOO_SOON) {
    return { kind: 'window', retryAfterMs: MAIL_PAUSE_MS };
  }
  // Limit 0 marks concurrency; the reset time is only a suggestion then, and far too long.
  if (smallest(answer.headers, 'x-rate-limit-limit') === 0) {
    return { kind: 'concurrency', retryAfterMs: 1_000 + Math.floor(random() * 3_000) };
  }
  return { kind: 'window', retryAfterMs: untilReset(answer) ?? WINDOW_MS };
}

/** Null where the answer does not say it, or names an end that no window has. */
function untilReset({ headers }: HttpAnswer): number | null {
  const rate = rateOf(headers);
  const now = serverTimeOf(headers);
  if (rate === null || now === null) return null;
  const inMs = Math.max(rate.resetAt - now, 0) + ROUNDING_MS;
  return inMs > LONGEST_LIMIT_MS ? null : inMs;
}
