// Who polls a task queue, as far as Temporal's answer tells, and how often it is asked.
import { expect, describe, it } from 'vitest';
import { createPollerLook, pollersIn, type WorkQueue } from '../../src/api/pollers.js';

const NOW = Date.parse('2027-01-15T12:00:00Z');
const ago = (ms: number) => ({ seconds: Math.floor((NOW - ms) / 1_000) as never, nanos: 0 });
const lasting = (seconds: number) => ({ seconds: seconds as never, nanos: 500_000_000 });

describe('the pollers of a task queue', () => {
  it.each<[string, number[], number | null, number]>([
    ['that nobody has polled', [], null, 0],
    ['with two that wait for a task', [20_000, 59_000], null, 2],
    ['of which one is long gone', [20_000, 200_000], null, 1],
    ['with one that is too busy to fetch the oldest task at once', [2_000], 30, 1],
    ['with one that left before the oldest task came', [12_000], 8, 0],
    ['with one that left, and a task that has only just come', [12_000], 3, 1],
    ['with one that came after the others had left', [1_000, 50_000], 40, 1],
    ['that nobody has polled for minutes, whatever waits', [200_000], 290, 0],
  ])('%s', (_name, polledAgo, oldestWaits, count) => {
    const description = {
      pollers: polledAgo.map((ms) => ({ identity: `${ms}`, lastAccessTime: ago(ms) })),
      ...(oldestWaits === null ? {} : { stats: { approximateBacklogAge: lasting(oldestWaits) } }),
    };
    expect(pollersIn(description, NOW)).toBe(count);
  });
});

describe('a look at the pollers', () => {
  it('is shared by all who ask within a few seconds, for each queue by itself', async () => {
    const asked: WorkQueue[] = [];
    const look = createPollerLook({
      countPollers: (queue) => Promise.resolve(asked.push(queue)),
    });
    const [first, second] = await Promise.all([look.count('runs'), look.count('runs')]);
    expect([first, second, await look.count('runs')]).toEqual([1, 1, 1]);
    expect(await look.count('questions')).toBe(2);
    expect(asked).toEqual(['runs', 'questions']);
  });

  it('that failed is not kept', async () => {
    let asked = 0;
    const look = createPollerLook({
      countPollers: () =>
        (asked += 1) === 1 ? Promise.reject(new Error('away')) : Promise.resolve(3),
    });
    await expect(look.count('runs')).rejects.toThrow('away');
    expect(await look.count('runs')).toBe(3);
  });
});
