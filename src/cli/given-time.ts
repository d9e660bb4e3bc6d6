// A time from the command line, as far as it can be told here whether it has passed. The API reads it
// for good: what is not understood here is sent as it is. No clock in here: `now` is passed in.
import { Temporal } from 'temporal-polyfill';
import { isLongPast, LEAVE_IT_OUT, pastSentence } from '../domain/past.js';
import { CliProblem } from './command.js';

const WITH_CLOCK = /^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}/;
const WITH_OFFSET = /(?:[Zz]|[+-]\d{2}:?\d{2})$/;

/**
 * Milliseconds since the epoch; null where the text is no time, or has neither offset nor zone and
 * `zone` is null.
 */
export function instantOf(given: string, zone: string | null): number | null {
  const text = given.trim();
  if (!WITH_CLOCK.test(text)) return null;
  try {
    if (text.endsWith(']')) return Temporal.ZonedDateTime.from(text).epochMilliseconds;
    if (WITH_OFFSET.test(text)) return Temporal.Instant.from(text).epochMilliseconds;
    if (zone === null) return null;
    return Temporal.PlainDateTime.from(text).toZonedDateTime(zone).epochMilliseconds;
  } catch {
    return null;
  }
}

/** @throws {CliProblem} where the option holds a start or a suspension that is long past. */
export function refuseLongPast(
  option: string,
  given: string | undefined,
  now: number,
  wayOut = LEAVE_IT_OUT,
): void {
  const at = given === undefined ? null : instantOf(given, null);
  if (at === null || !isLongPast(at, now)) return;
  throw new CliProblem(`--${option} ${given}: ${pastSentence(at, now, wayOut)}.`, 2);
}
