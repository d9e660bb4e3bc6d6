import { describe, expect, it } from 'vitest';
import { readable } from '../../src/embedded/terminal.js';

describe('a log line on a terminal', () => {
  it('tells time, level, part, event and fields, in this order', () => {
    const line = JSON.stringify({
      level: 'info',
      time: '2027-03-31T15:00:00.000Z',
      part: 'api',
      event: 'api.ready',
      port: 8080,
      days: [1],
    });
    expect(readable('api', line)).toMatch(
      /^\d\d:\d\d:\d\d info {2}api {7}api\.ready port=8080 days=\[1\]$/,
    );
  });

  it('knows the numbers of levels and raises its voice for trouble', () => {
    const line = JSON.stringify({ level: 50, time: 0, event: 'x', msg: 'broken' });
    expect(readable('worker', line)).toMatch(/ ERROR worker {4}x broken$/);
  });

  it('leaves alone what is not a log line', () => {
    expect(readable('api', 'Error: boom')).toBe('api       Error: boom');
    expect(readable('api', '{"half')).toBe('api       {"half');
  });
});
