import { pino } from 'pino';
import { expect, it, onTestFinished, vi } from 'vitest';
import { startKeySweep } from '../../src/api/key-sweep.js';
import { as, type ConnectionId } from '../../src/domain/brand.js';

it('a next key is tried although Temporal was away when it was offered', async () => {
  const waiting = vi.fn(() => Promise.resolve([as<ConnectionId>('acme')]));
  const asked: unknown[][] = [];
  const adoptKey = (...args: unknown[]) => {
    asked.push(args);
    return asked.length === 1 ? Promise.reject(new Error('away')) : Promise.resolve();
  };
  const log = pino({ level: 'silent' });
  const warn = vi.spyOn(log, 'warn');
  const deps = { connectionKeys: { waiting }, engine: { adoptKey }, log, everyMs: 10 };
  const sweep = startKeySweep({ ...deps, ageMs: 7 });
  onTestFinished(() => sweep.stop());
  await expect.poll(() => asked.length).toBeGreaterThan(1);
  expect(waiting).toHaveBeenCalledWith(7);
  expect(asked[1]).toEqual(['acme', 'waiting']);
  expect(warn).toHaveBeenCalledTimes(1);
  await sweep.stop();
  const tries = asked.length;
  // Time enough for one that was not stopped.
  const rounds = vi.fn(() => Promise.resolve([]));
  const another = startKeySweep({ ...deps, connectionKeys: { waiting: rounds } });
  onTestFinished(() => another.stop());
  await expect.poll(() => rounds.mock.calls.length).toBeGreaterThan(2);
  expect(asked).toHaveLength(tries);
});
