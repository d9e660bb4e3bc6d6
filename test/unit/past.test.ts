import { describe, expect, it } from 'vitest';
import { agoInWords, isLongPast, pastSentence } from '../../src/domain/past.js';

const NOW = Date.parse('2027-01-15T12:00:00Z');

describe('how long ago a time was', () => {
  it.each([
    ['2006-12-31T17:00:00Z', '20 years ago'],
    ['2007-01-15T12:00:00Z', '20 years ago'],
    ['2007-01-15T12:00:00.001Z', '19 years ago'],
    ['2026-01-15T12:00:00Z', '1 year ago'],
    ['2026-01-16T00:00:00Z', '11 months ago'],
    ['2026-12-15T12:00:00Z', '1 month ago'],
    ['2026-12-15T12:00:01Z', '30 days ago'],
    ['2027-01-13T11:00:00Z', '2 days ago'],
    ['2027-01-14T12:00:00Z', '1 day ago'],
    ['2027-01-15T09:30:00Z', '2 hours ago'],
    ['2027-01-15T11:44:00Z', '16 minutes ago'],
    ['2027-01-15T11:59:00Z', '1 minute ago'],
    ['2027-01-15T11:59:30Z', 'less than a minute ago'],
    ['2027-01-15T12:00:00Z', 'less than a minute ago'],
  ])('%s is %s', (at, words) => {
    expect(agoInWords(Date.parse(at), NOW)).toBe(words);
  });

  it('decides whether it may mean now', () => {
    const minutes = (count: number) => NOW - count * 60_000;
    expect([isLongPast(minutes(-5), NOW), isLongPast(NOW, NOW)]).toEqual([false, false]);
    expect([isLongPast(minutes(15), NOW), isLongPast(minutes(15) - 1, NOW)]).toEqual([false, true]);
  });

  it('is said with the way out', () => {
    const at = Date.parse('2006-12-31T17:00:00Z');
    expect(pastSentence(at, NOW, 'leave it out for now')).toBe(
      'This was 20 years ago; leave it out for now',
    );
  });
});
