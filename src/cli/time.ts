// Moments and lengths of time in words. Pure: `now` is passed in, milliseconds since the epoch.
import type { TimeValue } from '../domain/run.js';

const SECOND_MS = 1_000;
const UNITS: readonly (readonly [name: string, ms: number])[] = [
  ['d', 24 * 3_600 * SECOND_MS],
  ['h', 3_600 * SECOND_MS],
  ['min', 60 * SECOND_MS],
  ['s', SECOND_MS],
];

/** `13 d 23 h`, `4 min 10 s`, `0 s`: the two greatest units. */
export function lengthOf(ms: number): string {
  const first = UNITS.findIndex(([, unit]) => ms >= unit);
  if (first === -1) return '0 s';
  let rest = ms;
  return UNITS.slice(first, first + 2)
    .map(([name, unit]) => {
      const count = Math.floor(rest / unit);
      rest -= count * unit;
      return { name, count };
    })
    .filter(({ count }, index) => index === 0 || count > 0)
    .map(({ name, count }) => `${count} ${name}`)
    .join(' ');
}

/** `in 4 min 10 s`, `13 d 2 h ago`, `now`. */
export function fromNow(at: string, now: number): string {
  const ms = Date.parse(at) - now;
  if (Math.abs(ms) < SECOND_MS) return 'now';
  return ms > 0 ? `in ${lengthOf(ms)}` : `${lengthOf(-ms)} ago`;
}

/** The wall clock as it was asked for, `2027-03-31 17:00 Europe/Berlin`; else UTC. */
export function clockOf({ at, local }: TimeValue): string {
  const [, date, time, zone] = /^(.+)T([^[]+)\[(.+)\]$/.exec(local ?? '') ?? [];
  if (date !== undefined) return `${date} ${time ?? ''} ${zone ?? ''}`;
  const [day = '', clock = ''] = new Date(at).toISOString().split('T');
  return `${day} ${clock.slice(0, clock.startsWith(':00', 5) ? 5 : 8)} UTC`;
}
