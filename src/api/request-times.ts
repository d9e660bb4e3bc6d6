// The times of a request, read with all their faults, and the rule that an end comes after its start.
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

/** A past start means now. */
export function unlessPast(time: TimeValue | undefined, now: number): TimeValue | null {
  return time === undefined || epochMs(time) <= now ? null : time;
}

/** `END_BEFORE_START` under `path` where `end` does not lie after `start`, and after now. */
export function requireOrder(
  faults: Faults,
  path: string,
  end: TimeValue | undefined,
  start: TimeValue | undefined,
  now: number,
): void {
  if (end === undefined) return;
  const from = Math.max(now, start === undefined ? now : epochMs(start));
  if (epochMs(end) > from) return;
  faults.add(
    path,
    'END_BEFORE_START',
    from === now ? 'This must lie ahead' : 'This must come after the start',
  );
}
