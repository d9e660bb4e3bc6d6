// Time values and durations, as people write them.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalDuration, readDuration, readTime } from '../../src/api/times.js';
import { newRequestId } from '../../src/api/request-id.js';
import { canonicalJson, hashOf } from '../../src/api/canonical-json.js';

const NOW = Date.parse('2027-01-15T12:00:00Z');

describe('a time', () => {
  it.each([
    ['2027-03-31T15:00:00Z', null, { at: '2027-03-31T15:00:00Z' }],
    ['2027-03-31T17:00:00.123456+02:00', null, { at: '2027-03-31T15:00:00.123Z' }],
    ['2027-03-31t15:00z', null, { at: '2027-03-31T15:00:00Z' }],
    // An instant stays one, whatever the connection's zone.
    [
      '2027-03-31T15:00:00Z',
      'Europe/Berlin',
      { at: '2027-03-31T15:00:00Z', local: '2027-03-31T17:00[Europe/Berlin]' },
    ],
    [
      '2027-03-31T17:00[Europe/Berlin]',
      'America/New_York',
      { at: '2027-03-31T15:00:00Z', local: '2027-03-31T17:00[Europe/Berlin]' },
    ],
    [
      '2027-03-31T17:00+02:00[Europe/Berlin]',
      null,
      { at: '2027-03-31T15:00:00Z', local: '2027-03-31T17:00[Europe/Berlin]' },
    ],
    [
      '2027-03-31T17:00:30',
      'Europe/Berlin',
      { at: '2027-03-31T15:00:30Z', local: '2027-03-31T17:00:30[Europe/Berlin]' },
    ],
    // Twice that night: compatible takes the first.
    [
      '2027-10-31T02:30[Europe/Berlin]',
      null,
      { at: '2027-10-31T00:30:00Z', local: '2027-10-31T02:30[Europe/Berlin]' },
    ],
  ])('%s, in the zone %s', (text, zone, value) => {
    expect(readTime(text, zone, NOW)).toEqual({ ok: true, value });
  });

  it.each([
    ['', 'TIME_INVALID'],
    ['now', 'TIME_INVALID'],
    ['2027-3-31T17:00Z', 'TIME_INVALID'],
    ['31.03.2027 17:00', 'TIME_INVALID'],
    ['2027-13-01', 'TIME_INVALID'],
    ['2027-03-31T24:30Z', 'TIME_INVALID'],
    ['2027-03-31T17:00[u-ca=hebrew]', 'TIME_INVALID'],
    ['2200-01-01T00:00Z', 'TIME_INVALID'],
    ['2027-03-31T17:00[Mars/Olympus]', 'ZONE_UNKNOWN'],
    ['2027-03-31T17:00', 'TIME_WITHOUT_ZONE'],
    ['2027-03-31Z', 'TIME_REQUIRED'],
    ['2027-03-31', 'TIME_REQUIRED'],
  ])('%s is %s', (text, code) => {
    expect(readTime(text, null, NOW)).toMatchObject({ ok: false, code });
  });

  it('is read as the same instant from every form of it', () => {
    const zones = ['Europe/Berlin', 'America/New_York', 'Asia/Kathmandu', 'UTC'];
    const ms = fc
      .integer({ min: NOW / 1000, max: NOW / 1000 + 2e9 })
      .map((second) => second * 1000);
    fc.assert(
      fc.property(ms, fc.constantFrom(...zones), (instant, zone) => {
        const text = new Date(instant).toISOString();
        const read = readTime(`${text.slice(0, -1)}Z[${zone}]`, null, NOW);
        expect(read.ok && Date.parse(read.value.at)).toBe(instant);
      }),
    );
  });

  it('never makes the reader throw', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(typeof readTime(text, 'Europe/Berlin', NOW).ok).toBe('boolean');
        expect(typeof readDuration(text, NOW).ok).toBe('boolean');
      }),
    );
  });
});

describe('a duration', () => {
  it.each([
    ['P14D', 14 * 86_400_000],
    ['PT8H', 28_800_000],
    ['P1Y', 365 * 86_400_000],
    ['P1M', 31 * 86_400_000],
  ])('%s', (text, value) => {
    expect(readDuration(text, NOW)).toEqual({ ok: true, value });
  });

  it.each(['', '14', 'P', 'PT', 'P366D', 'P13M', '-P1D', 'P0D', 'P99999999999999D'])(
    'not %s',
    (text) => {
      expect(readDuration(text, NOW)).toMatchObject({ ok: false, code: 'INVALID' });
    },
  );

  it('is the same however it is written', () => {
    expect(canonicalDuration('P14D')).toBe(canonicalDuration('PT336H'));
    expect(canonicalDuration('P1M')).not.toBe(canonicalDuration('P30D'));
  });
});

describe('a request id', () => {
  it('is a UUID of version 7 whose order is that of time', () => {
    const ids = [0, 1, NOW, NOW + 1].map((now) => String(newRequestId(now)));
    for (const id of ids) {
      expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    }
    expect(ids.toSorted()).toEqual(ids);
    expect(Number.parseInt((ids[2] ?? '').replaceAll('-', '').slice(0, 12), 16)).toBe(NOW);
  });
});

describe('canonical JSON', () => {
  it('does not depend on the order of members', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
        const turned = Object.fromEntries(Object.entries(value).reverse());
        expect(hashOf(turned)).toBe(hashOf(value));
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });
});
