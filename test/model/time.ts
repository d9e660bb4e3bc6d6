// Virtual time: the fake timers are the one clock, of the engine, the activities and Okta alike. It moves
// only when everything that can happen now has happened.
import { vi } from 'vitest';

export const START = Date.parse('2027-01-04T09:00:00Z');
export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** Workflow tasks under way: they leave the microtask queue, so time must wait for them. */
const busy = { tasks: 0 };

export function fakeTime(): void {
  vi.useFakeTimers({
    now: START,
    toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date', 'performance'],
  });
}

export function resetTime(): void {
  vi.clearAllTimers();
  vi.setSystemTime(START);
}

export async function holdingTime<T>(work: () => Promise<T>): Promise<T> {
  busy.tasks += 1;
  try {
    return await work();
  } finally {
    busy.tasks -= 1;
  }
}

async function settle(): Promise<void> {
  do await new Promise((done) => setImmediate(done));
  while (busy.tasks > 0);
}

/** Lets time pass until `isOver`, or for `ms` at most. */
export async function pass(ms: number, isOver: () => boolean = () => false): Promise<void> {
  const limit = { reached: false };
  const timer = setTimeout(() => {
    limit.reached = true;
  }, ms);
  for (;;) {
    await settle();
    if (limit.reached || isOver()) break;
    vi.advanceTimersToNextTimer();
  }
  clearTimeout(timer);
}

/** Rejects with the signal's own reason. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((done, failed) => {
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', end);
      done();
    }, ms);
    const end = (): void => {
      clearTimeout(timer);
      failed(signal?.reason as Error);
    };
    if (signal?.aborted === true) end();
    signal?.addEventListener('abort', end, { once: true });
  });
}

export function iso(ms: number): string {
  return new Date(ms).toISOString();
}

/** Okta writes whole seconds. */
export function stamp(ms: number): string {
  return iso(Math.floor(ms / SECOND) * SECOND);
}
