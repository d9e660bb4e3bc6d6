import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { aligned, clipped, fitted, printable, widthOf, wrapped } from '../../src/cli/text.js';
import { clockOf, fromNow, lengthOf } from '../../src/cli/time.js';

const words = fc.stringMatching(/^[a-zé日本 .]{0,60}$/);

describe('text for a terminal', () => {
  it('is stripped of what could steer the terminal', () => {
    expect(printable('a\x1b[2Jb\x9bc\x07\r\n\tLöwe 日本')).toBe('a[2Jbc\nLöwe 日本');
  });

  it('is as wide as terminals draw it', () => {
    expect(['Löwe', '日本', 'e\u0301', '🙂', ''].map(widthOf)).toEqual([4, 4, 1, 2, 0]);
  });

  it('is never wider than it may be once it is clipped', () => {
    fc.assert(
      fc.property(words, fc.integer({ min: 1, max: 40 }), (text, columns) => {
        const cut = clipped(text, columns);
        expect(widthOf(cut)).toBeLessThanOrEqual(columns);
        expect(cut === text || cut.endsWith('…')).toBe(true);
      }),
    );
  });

  it('is broken between words, indented as it was, and loses none of them', () => {
    expect(wrapped('  one two three four', 12, 2)).toEqual(['  one two', '    three', '    four']);
    expect(wrapped('  0123456789abcdef', 8)).toEqual(['  0123456789abcdef']);
    fc.assert(
      fc.property(words, fc.integer({ min: 10, max: 40 }), (text, columns) => {
        const lines = wrapped(text, columns);
        expect(lines.join(' ').split(/ +/).join(' ').trim()).toBe(
          text.split(/ +/).join(' ').trim(),
        );
      }),
    );
  });

  it('stands in columns, of which the elastic ones give way', () => {
    const rows = [
      ['phase', 'a long login of somebody', 'x'],
      ['日本', 'b', 'y'],
    ];
    expect(aligned(rows)).toEqual([
      'phase  a long login of somebody  x',
      '日本   b                         y',
    ]);
    expect(fitted(rows, 20, [1])).toEqual(['phase  a long lo…  x', '日本   b           y']);
  });
});

describe('times', () => {
  it.each([
    [0, '0 s'],
    [59_999, '59 s'],
    [250_000, '4 min 10 s'],
    [7_200_000, '2 h'],
    [13 * 86_400_000 + 23 * 3_600_000 + 59_000, '13 d 23 h'],
  ])('last %i ms in words', (ms, said) => {
    expect(lengthOf(ms)).toBe(said);
  });

  it('lie ahead, behind, or are now', () => {
    const now = Date.parse('2027-03-31T15:00:00Z');
    expect(fromNow('2027-03-31T15:00:08Z', now)).toBe('in 8 s');
    expect(fromNow('2027-03-31T14:58:00Z', now)).toBe('2 min ago');
    expect(fromNow('2027-03-31T15:00:00.900Z', now)).toBe('now');
  });

  it("are told by the person's wall clock, else in UTC", () => {
    const at = '2027-03-31T15:00:00Z';
    expect(clockOf({ at, local: '2027-03-31T17:00[Europe/Berlin]' })).toBe(
      '2027-03-31 17:00 Europe/Berlin',
    );
    expect(clockOf({ at })).toBe('2027-03-31 15:00 UTC');
    expect(clockOf({ at: '2027-03-31T15:00:08.123Z' })).toBe('2027-03-31 15:00:08 UTC');
  });
});
