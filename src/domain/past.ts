// How long ago a time was, and which times are too long ago to mean now. Pure: milliseconds since the
// epoch are passed in.

/** A start or a suspension this far back is taken as it is: clocks differ, and people take a while. */
const NOW_MS = 15 * 60_000;

export const LEAVE_IT_OUT = 'leave it out for now, or give a time that lies ahead';

/** Whether `at` is too far back for somebody who means now; a slip of the year is. */
export function isLongPast(at: number, now: number): boolean {
  return at < now - NOW_MS;
}

/** The fact and the way out: `This was 20 years ago; leave it out for now, …`. */
export function pastSentence(at: number, now: number, wayOut: string): string {
  return `This was ${agoInWords(at, now)}; ${wayOut}`;
}

const UNITS = [
  ['day', 24 * 60 * 60_000],
  ['hour', 60 * 60_000],
  ['minute', 60_000],
] as const;

/** The greatest unit alone, rounded down, in UTC's calendar: `20 years ago`, `2 days ago`. */
export function agoInWords(at: number, now: number): string {
  const months = monthsBetween(at, now);
  if (months >= 12) return counted(Math.floor(months / 12), 'year');
  if (months >= 1) return counted(months, 'month');
  for (const [name, ms] of UNITS) {
    if (now - at >= ms) return counted(Math.floor((now - at) / ms), name);
  }
  return 'less than a minute ago';
}

function monthsBetween(at: number, now: number): number {
  const [from, to] = [new Date(at), new Date(now)];
  const months =
    (to.getUTCFullYear() - from.getUTCFullYear()) * 12 + to.getUTCMonth() - from.getUTCMonth();
  return inMonth(to) < inMonth(from) ? months - 1 : months;
}

/** Milliseconds since the month began. */
function inMonth(date: Date): number {
  return date.getTime() - Date.UTC(date.getUTCFullYear(), date.getUTCMonth());
}

function counted(count: number, unit: string): string {
  return `${count} ${unit}${count === 1 ? '' : 's'} ago`;
}
