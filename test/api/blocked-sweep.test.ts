import { pino } from 'pino';
import { expect, it, onTestFinished } from 'vitest';
import { startBlockedSweep } from '../../src/api/blocked-sweep.js';
import type { Connection } from '../../src/domain/connection.js';

const problem = { code: 'OKTA_AUTH_FAILED', title: 'Refused', detail: 'No.', since: '2027-01-01' };
const connection = (id: string, over: Partial<Connection>) =>
  ({ id, status: 'blocked', problem, ...over }) as Connection;

it('verifies blocked connections again and again, but not what only a step can prove', async () => {
  const verified: string[] = [];
  const sweep = startBlockedSweep({
    connections: {
      list: () =>
        Promise.resolve([
          connection('blocked', {}),
          connection('of-a-step', { problem: { ...problem, step: 'suspendUser' } }),
          connection('ready', { status: 'ready', problem: null }),
          connection('unverified', { status: 'unverified' }),
        ]),
    },
    verifySoon: (id) => verified.push(id),
    log: pino({ level: 'silent' }),
    everyMs: 5,
  });
  onTestFinished(() => sweep.stop());
  await expect.poll(() => verified.length).toBeGreaterThan(1);
  expect(new Set(verified)).toEqual(new Set(['blocked']));
});
