// Time values and durations as people write them, read with ECMAScript's Temporal. Gaps and overlaps
// of daylight saving resolve as "compatible". No clock in here: `now` is passed in.
import { Temporal } from 'temporal-polyfill';
import type { ValidationCode } from '../domain/fault.schema.js';
import type { TimeValue } from '../domain/run.js';

export type Read<T> = { ok: true; value: T } | { ok: false; code: ValidationCode; detail: string };

const FORM =
  /^(\d{4}-\d{2}-\d{2})(?:[Tt ](\d{2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?))?([Zz]|[+-]\d{2}:?\d{2})?(?:\[([^\][=]+)\])?$/;
/** Far enough for any contract, and within what a server's timer can hold. */
const MAX_YEARS_AHEAD = 100;
const YEAR_MS = 366 * 24 * 3_600_000;

/** Reads a time value; `zone` applies where the text has neither offset nor zone. Whole milliseconds. */
export function readTime(text: string, zone: string | null, now: number): Read<TimeValue> {
  const [, date, clock, offset, bracket] = FORM.exec(text) ?? [];
  if (date === undefined) return notATime();
  if (clock === undefined) {
    return isDate(date)
      ? no('TIME_REQUIRED', 'A date alone is not enough: give the time of day, too')
      : notATime();
  }
  const named = bracket?.replace(/^!/, '') ?? null;
  if (named !== null && !isZone(named)) {
    return no('ZONE_UNKNOWN', 'No such time zone; zones have names like Europe/Berlin');
  }
  if (offset === undefined && named === null && zone === null) {
    return no(
      'TIME_WITHOUT_ZONE',
      'Give an offset or a zone, as in 2027-03-31T17:00[Europe/Berlin] or 2027-03-31T15:00:00Z',
    );
  }
  try {
    const value = resolve(`${date}T${clock}`, offset?.toUpperCase() ?? null, named ?? zone);
    return Temporal.Instant.from(value.at).epochMilliseconds > now + MAX_YEARS_AHEAD * YEAR_MS
      ? no('TIME_INVALID', `More than ${MAX_YEARS_AHEAD} years ahead`)
      : { ok: true, value };
  } catch {
    return notATime();
  }
}

function resolve(wall: string, offset: string | null, zone: string | null): TimeValue {
  if (zone === null) {
    return { at: said(Temporal.Instant.from(`${wall}${offset ?? ''}`)) };
  }
  const zoned =
    offset === null
      ? Temporal.PlainDateTime.from(wall).toZonedDateTime(zone, { disambiguation: 'compatible' })
      : Temporal.ZonedDateTime.from(`${wall}${offset}[${zone}]`, { offset: 'reject' });
  const clock = zoned.toString({ offset: 'never', ...precision(zoned) });
  return { at: said(zoned.toInstant()), local: clock };
}

function said(instant: Temporal.Instant): string {
  return Temporal.Instant.fromEpochMilliseconds(instant.epochMilliseconds).toString();
}

/** As people write it: no seconds where there are none. */
function precision(time: Temporal.ZonedDateTime): { smallestUnit?: 'minute' } {
  return time.second === 0 && time.millisecond === 0 ? { smallestUnit: 'minute' } : {};
}

function isDate(date: string): boolean {
  try {
    Temporal.PlainDate.from(date, { overflow: 'reject' });
    return true;
  } catch {
    return false;
  }
}

export function isZone(zone: string): boolean {
  try {
    Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(zone);
    return true;
  } catch {
    return false;
  }
}

/** Milliseconds since the epoch of an instant that {@link readTime} gave. */
export function epochMs(time: TimeValue): number {
  return Temporal.Instant.from(time.at).epochMilliseconds;
}

/** Reads an ISO 8601 duration to milliseconds; months and years are counted from `from`. */
export function readDuration(text: string, from: number): Read<number> {
  try {
    const start = Temporal.Instant.fromEpochMilliseconds(from).toZonedDateTimeISO('UTC');
    const end = start.add(Temporal.Duration.from(text));
    const ms = end.epochMilliseconds - from;
    if (ms <= 0) return no('INVALID', 'The duration must be positive');
    if (Temporal.ZonedDateTime.compare(end, start.add({ years: 1 })) > 0) {
      return no('INVALID', 'The duration must not be longer than a year');
    }
    return { ok: true, value: ms };
  } catch {
    return no('INVALID', 'Not an ISO 8601 duration like P14D or PT8H');
  }
}

/** The same text for equal durations: milliseconds where they do not depend on the calendar. */
export function canonicalDuration(text: string): string {
  const duration = Temporal.Duration.from(text);
  return duration.years === 0 && duration.months === 0
    ? String(readDurationExact(duration))
    : duration.toString();
}

function readDurationExact(duration: Temporal.Duration): number {
  return duration.total({ unit: 'millisecond', relativeTo: '1970-01-01T00:00Z[UTC]' });
}

function notATime(): Read<never> {
  return no(
    'TIME_INVALID',
    'Not a time like 2027-03-31T15:00:00Z or 2027-03-31T17:00[Europe/Berlin]',
  );
}

function no(code: ValidationCode, detail: string): Read<never> {
  return { ok: false, code, detail };
}
