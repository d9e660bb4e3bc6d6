import { describe, expect, it } from 'vitest';
import {
  effectOf,
  entryOf,
  isSuspected,
  pauseAfterTrials,
  pauseBeforeTurn,
  trialsAfter,
  type Admission,
  type Entry,
  type Refusal,
  type RefusalEffect,
} from '../../src/domain/admission.js';
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
    ['goes where all is well', { kind: 'ready', refused: [] }, { kind: 'go' }],
    [
      'goes where it was refused for one or two people',
      { kind: 'ready', refused: ['suspendUser'] },
      { kind: 'go' },
    ],
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
    ['tries a step where it is its turn', { kind: 'trial' }, { kind: 'trial' }],
    [
      'waits for its turn at a blocked step, and says what blocks it',
      { kind: 'turn', problem: ofSuspend, retryInMs: 1_000 },
      waits(1_000),
    ],
    [
      'waits for its turn at a suspected step',
      { kind: 'turn', problem: null, retryInMs: 300 },
      {
        kind: 'wait',
        reason: expect.stringContaining('one person at a time') as string,
        retryInMs: 300,
      },
    ],
  ])('%s', (_, admission, entry) => {
    expect(entryOf(admission, CONNECTION)).toEqual(entry);
  });
});

describe('a refusal', () => {
  it('makes a step suspected from the third person on', () => {
    expect([1, 2, 3, 4].map(isSuspected)).toEqual([false, false, true, true]);
  });

  const of = (people: number, over: Partial<Refusal> = {}): Refusal => ({
    isOwn: false,
    people,
    doOthersWait: false,
    ...over,
  });
  it.each<[string, Refusal, RefusalEffect]>([
    ['of the first person is their own', of(1), 'parks'],
    ['of the third is their own', of(3), 'parks'],
    ['of the third is their own while others wait', of(3, { doOthersWait: true }), 'parks'],
    ['of a fourth blocks; others try the step', of(4, { doOthersWait: true }), 'blocks'],
    ['of a fourth blocks; where nobody else waits, they try it again', of(4), 'watches'],
    ['of a twentieth, the same', of(20, { doOthersWait: true }), 'blocks'],
    ['of somebody whose own it is blocks nothing', of(20, { isOwn: true }), 'parks'],
  ])('%s', (_, refusal, effect) => {
    expect(effectOf(refusal)).toBe(effect);
  });
});

describe('trials', () => {
  it('follow one another without a pause for sixteen people, then at growing pauses up to 5 min', () => {
    const made = Array.from({ length: 27 }, (_, index) => index + 1);
    expect(made.map(pauseAfterTrials)).toEqual([
      ...Array.from({ length: 16 }, () => 0),
      ...[1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300].map((seconds) => seconds * 1_000),
    ]);
  });

  it.each([
    ['of somebody new are one more', 3, false, 4],
    ['of the same person again end the quick ones', 3, true, 17],
    ['of the same person again make later pauses grow', 17, true, 18],
  ] as const)('%s', (_, made, isRepeated, after) => {
    expect(trialsAfter(made, isRepeated)).toBe(after);
  });

  it.each([
    ['soon while trials are quick', { turnInMs: 0, ahead: 0 }, 300],
    ['after those before it', { turnInMs: 0, ahead: 10 }, 900],
    ['when the next trial may begin', { turnInMs: 8_000, ahead: 1 }, 8_060],
    ['after half a minute at the latest', { turnInMs: 300_000, ahead: 500 }, 30_000],
  ])('bring a run that waits back %s', (_, line, pauseMs) => {
    expect(pauseBeforeTurn(line)).toBe(pauseMs);
  });
});
