import { describe, expect, it } from 'vitest';
import { entryOf, isForMany, type Admission, type Entry } from '../../src/domain/admission.js';
import type { ConnectionId } from '../../src/domain/brand.js';
import type { ConnectionProblem } from '../../src/domain/connection.js';

const CONNECTION = 'acme' as ConnectionId;
const whole: ConnectionProblem = {
  code: 'OKTA_AUTH_FAILED',
  title: 'Okta refuses the key',
  detail: 'Give Okta the key again.',
  since: '2027-03-31T15:00:00.000Z',
};
const ofSuspend: ConnectionProblem = { ...whole, code: 'OKTA_FORBIDDEN', step: 'suspendUser' };
const blocked = (problem: ConnectionProblem, probeInMs: number, ahead = 0): Admission => ({
  kind: 'blocked',
  problem,
  probeInMs,
  ahead,
});
const waits = (retryInMs: number): Entry => ({
  kind: 'wait',
  reason: 'Okta refuses the key. Give Okta the key again.',
  retryInMs,
});

describe('a step that wants to call Okta', () => {
  it.each<[string, Admission, Entry]>([
    ['goes where all is well', { kind: 'ready' }, { kind: 'go' }],
    [
      'waits for a connection that is not there',
      { kind: 'unknown' },
      { kind: 'wait', reason: 'There is no connection "acme".', retryInMs: 30_000 },
    ],
    [
      'tries the connection out where it is its turn',
      { kind: 'probe', problem: whole },
      { kind: 'probe', problem: whole },
    ],
    ['waits for the next probe', blocked(whole, 12_000), waits(12_000)],
    ['comes back after half a minute at the latest', blocked(whole, 300_000), waits(30_000)],
    ['comes back after those that are more overdue', blocked(whole, 12_000, 7), waits(12_700)],
    ['waits where the step itself is blocked', blocked(ofSuspend, 1_000), waits(1_000)],
    [
      'is itself the probe of what it was refused',
      { kind: 'probe', problem: ofSuspend },
      { kind: 'trial' },
    ],
  ])('%s', (_, admission, entry) => {
    expect(entryOf(admission, CONNECTION, 'suspendUser')).toEqual(entry);
  });

  it.each([blocked(ofSuspend, 1_000, 3), { kind: 'probe', problem: ofSuspend } as const])(
    'is not concerned by a block of another step ($kind)',
    (admission) => {
      expect(entryOf(admission, CONNECTION, 'createUser')).toEqual({ kind: 'go' });
    },
  );
});

describe('a refusal', () => {
  it('is the connection’s from the third person on', () => {
    expect([1, 2, 3, 4].map(isForMany)).toEqual([false, false, true, true]);
  });
});
