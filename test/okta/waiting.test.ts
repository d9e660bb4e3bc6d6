import { describe, expect, it } from 'vitest';
import { orAbort, pause, Seats } from '../../src/okta/waiting.js';

/** Until everything that can go on by itself has. */
const settled = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

describe('Seats', () => {
  it('lets no more in than there are seats, and the others in their order', async () => {
    const seats = new Seats(2);
    const ends: (() => void)[] = [];
    const began: number[] = [];
    const all = [1, 2, 3, 4].map((name) =>
      seats.run(async () => {
        began.push(name);
        await new Promise<void>((resolve) => ends.push(resolve));
      }),
    );
    await settled();
    expect(began).toEqual([1, 2]);
    ends[1]?.();
    await settled();
    expect(began).toEqual([1, 2, 3]);
    ends[0]?.();
    await settled();
    expect(began).toEqual([1, 2, 3, 4]);
    for (const end of ends) end();
    await Promise.all(all);
  });

  it('frees the seat of work that failed', async () => {
    const seats = new Seats(1);
    const failed = seats.run(() => Promise.reject(new Error('failed')));
    await expect(failed).rejects.toThrow('failed');
    expect(await seats.run(() => Promise.resolve('next'))).toBe('next');
  });

  it('lets those who wait give up without losing a seat', async () => {
    const seats = new Seats(1);
    let end = (): void => undefined;
    const first = seats.run(() => new Promise<void>((resolve) => (end = resolve)));
    const caller = new AbortController();
    const second = seats.run(() => Promise.resolve('second'), caller.signal);
    const third = seats.run(() => Promise.resolve('third'));
    const reason = new Error('gave up');
    caller.abort(reason);
    await expect(second).rejects.toBe(reason);
    end();
    await first;
    expect(await third).toBe('third');
    expect(await seats.run(() => Promise.resolve('fourth'))).toBe('fourth');
  });

  it.each([0, 1, 2, 3, 4, 5, 6, 8, 12])(
    'passes on a seat that is given while the next gives up (%i turns later)',
    async (turns) => {
      const seats = new Seats(1);
      let end = (): void => undefined;
      const first = seats.run(() => new Promise<void>((resolve) => (end = resolve)));
      const caller = new AbortController();
      const second = seats.run(() => Promise.resolve(), caller.signal).catch(() => undefined);
      await settled();
      end();
      for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
      caller.abort(new Error('gave up'));
      await Promise.all([first, second]);
      expect(await seats.run(() => Promise.resolve('third'))).toBe('third');
    },
  );
});

describe('orAbort', () => {
  it("ends with the caller's own reason, whatever it is", async () => {
    const never = new Promise<void>(() => undefined);
    await expect(orAbort(never, AbortSignal.abort('my reason'))).rejects.toBe('my reason');
  });

  it('hands a failure through', async () => {
    const failed = orAbort(Promise.reject(new Error('failed')), new AbortController().signal);
    await expect(failed).rejects.toThrow('failed');
  });
});

describe('pause', () => {
  it('ends early when the caller gives up', async () => {
    const caller = new AbortController();
    const paused = pause(60_000, caller.signal);
    const reason = new Error('gave up');
    caller.abort(reason);
    await expect(paused).rejects.toBe(reason);
  });
});
