// The times of a request, read with all their faults, and two rules: a start is not long past, and an
// end comes after its start.
import { isLongPast, LEAVE_IT_OUT, pastSentence } from '../domain/past.js';
import type { TimeValue } from '../domain/run.js';
import type { Faults } from './faults.js';
import { epochMs, readTime } from './times.js';

/** Reads the named members of a body that may be wrong in other ways. */
export function readTimes<K extends string>(
  faults: Faults,
  body: unknown,
  names: readonly K[],
  { zone, now }: { zone: string | null; now: number },
): Partial<Record<K, TimeValue>> {
  const times: Partial<Record<K, TimeValue>> = {};
  if (typeof body !== 'object' || body === null) return times;
  for (const name of names) {
    const text = (body as Record<string, unknown>)[name];
    // Missing, empty and of another type is the schema's business.
    if (typeof text !== 'string' || text.trim() === '') continue;
    const time = faults.take(name, readTime(text.trim(), zone, now));
    if (time !== null) times[name] = time;
  }
  return times;
}

/**
 * `TIME_PAST` under `path` where a start or a suspension is too far back to mean now. One that is a
 * little past stays as it was asked for; the workflow judges by Temporal's clock and goes on at once.
 */
export function refuseLongPast(
  faults: Faults,
  path: string,
  time: TimeValue | undefined,
  now: number,
  wayOut = LEAVE_IT_OUT,
): void {
  if (time === undefined || !isLongPast(epochMs(time), now)) return;
  faults.add(path, 'TIME_PAST', pastSentence(epochMs(time), now, wayOut));
}

/** `code` under `path` where an end does not lie ahead. */
export function requireAhead(
  faults: Faults,
  path: string,
  end: TimeValue | undefined,
  now: number,
  [code, wayOut]: readonly ['END_BEFORE_START' | 'TIME_PAST', string],
): void {
  if (end === undefined || epochMs(end) > now) return;
  faults.add(path, code, pastSentence(epochMs(end), now, wayOut));
}

/** `END_BEFORE_START` under `path` where `end` does not lie after `start`. */
export function requireOrder(
  faults: Faults,
  path: string,
  end: TimeValue | undefined,
  start: TimeValue | undefined,
): void {
  if (end === undefined || start === undefined || epochMs(end) > epochMs(start)) return;
  faults.add(path, 'END_BEFORE_START', 'The end must come after the start');
}

/** Of a new request: an end comes after its start, and after now where the start is left out or past. */
export function requireEnd(
  faults: Faults,
  path: string,
  end: TimeValue | undefined,
  start: TimeValue | undefined,
  now: number,
): void {
  requireAhead(faults, path, end, now, ['END_BEFORE_START', 'an end must lie ahead']);
  requireOrder(faults, path, end, start);
}
