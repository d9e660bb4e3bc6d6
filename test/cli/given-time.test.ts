import { describe, expect, it } from 'vitest';
import { instantOf } from '../../src/cli/given-time.js';
import { readTime } from '../../src/api/times.js';

const NOW = Date.parse('2027-01-15T12:00:00Z');

describe('a time on the command line', () => {
  it.each([
    ['2027-03-31T15:00:00Z', null],
    ['2027-03-31t15:00z', null],
    ['2027-03-31T17:00+02:00', null],
    ['2027-03-31T17:00:30.5+0200', null],
    ['2027-03-31T17:00[Europe/Berlin]', null],
    ['2027-03-31T17:00+02:00[Europe/Berlin]', 'UTC'],
    ['2027-03-31T15:00Z[Europe/Berlin]', null],
    // Does not exist that night: compatible means an hour later.
    ['2027-03-28T02:30[Europe/Berlin]', null],
    ['2027-03-31 17:00', 'Europe/Berlin'],
    [' 2027-03-31T17:00 ', 'Europe/Berlin'],
  ])('%s is the instant that the API reads, in the zone %s', (text, zone) => {
    const read = readTime(text.trim(), zone, NOW);
    expect(read.ok).toBe(true);
    expect(instantOf(text, zone)).toBe(read.ok ? Date.parse(read.value.at) : null);
  });

  it.each([
    '',
    'now',
    '2027-03-31',
    '2027-03-31[Europe/Berlin]',
    '2027-03-31T17:00',
    '2027-02-30T17:00Z',
    '2027-03-31T17:00[Europe/Atlantis]',
    '2027-03-31T17:00+05:00[Europe/Berlin]',
  ])('%j is left to the API', (text) => {
    expect(instantOf(text, null)).toBeNull();
  });
});
