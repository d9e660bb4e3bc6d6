// Where a run stands after each thing that can happen to it, and when a second order suspends.
import { describe, expect, it } from 'vitest';
import { problem } from '../../src/domain/problem.js';
import type { Deadlines, RunKind, TimeValue } from '../../src/domain/run.js';
import {
  dueMs,
  mergedSuspension,
  metAlone,
  pendingSuspension,
  transition,
  type Happening,
  type Standing,
} from '../../src/domain/standing.js';

const MARCH: TimeValue = {
  at: '2027-03-31T15:00:00.000Z',
  local: '2027-03-31T17:00[Europe/Berlin]',
};
const APRIL: TimeValue = { at: '2027-04-30T15:00:00.000Z' };
const ms = (time: TimeValue, more = 0): number => Date.parse(time.at) + more;
const iso = (time: TimeValue, more = 0): string => new Date(ms(time, more)).toISOString();
const TROUBLE = problem('LOGIN_TAKEN', 'Ada Byron has it.');

const standing = (changes: Partial<Standing> = {}): Standing => ({
  phase: 'running',
  waiting: null,
  deadlines: { suspendAt: MARCH, deprovisionAt: APRIL },
  problem: null,
  undoing: false,
  outcome: null,
  expedited: [],
  ...changes,
});

const HAPPENINGS: [string, Partial<Standing>, Happening, Partial<Standing>][] = [
  [
    'awaits a deadline',
    {},
    { kind: 'awaits', moment: 'suspend', phase: 'scheduled' },
    { phase: 'scheduled', waiting: { for: 'suspend', until: MARCH.at } },
  ],
  [
    'awaits a moment without a time',
    { deadlines: {} },
    { kind: 'awaits', moment: 'start', phase: 'scheduled' },
    { phase: 'scheduled', waiting: { for: 'start' } },
  ],
  [
    'awaits the deactivation in its hold',
    {},
    { kind: 'awaits', moment: 'deprovision', phase: 'holding' },
    { phase: 'holding', waiting: { for: 'deprovision', until: APRIL.at } },
  ],
  [
    'holds to the end of an undo window: that is no deactivation',
    { deadlines: { suspendAt: MARCH } },
    { kind: 'holds', until: APRIL },
    {
      phase: 'holding',
      waiting: { for: 'hold-end', until: APRIL.at },
      deadlines: { suspendAt: MARCH, undoUntil: APRIL },
    },
  ],
  [
    'works',
    { phase: 'scheduled', waiting: { for: 'suspend', until: MARCH.at } },
    { kind: 'works' },
    { phase: 'running', waiting: null },
  ],
  [
    'works in an undo',
    { undoing: true, waiting: { for: 'rate-limit', until: MARCH.at } },
    { kind: 'works' },
    { phase: 'running', waiting: { for: 'undo' } },
  ],
  [
    'is limited by Okta',
    {},
    { kind: 'limited', until: MARCH.at },
    { phase: 'running', waiting: { for: 'rate-limit', until: MARCH.at } },
  ],
  [
    'met a deadline late',
    {},
    { kind: 'met', moment: 'suspend', at: ms(MARCH, 1_500) },
    {
      deadlines: {
        suspendAt: { ...MARCH, metAt: iso(MARCH, 1_500), lateMs: 1_500 },
        deprovisionAt: APRIL,
      },
    },
  ],
  [
    'met a deadline early, brought forward',
    { expedited: ['suspend'] },
    { kind: 'met', moment: 'suspend', at: ms(MARCH, -3_600_000) },
    {
      deadlines: {
        suspendAt: { ...MARCH, metAt: iso(MARCH, -3_600_000), lateMs: 0 },
        deprovisionAt: APRIL,
      },
    },
  ],
  [
    'met a deadline that was brought forward after it had passed: not late either',
    { expedited: ['suspend'] },
    { kind: 'met', moment: 'suspend', at: ms(MARCH, 5_000) },
    {
      deadlines: {
        suspendAt: { ...MARCH, metAt: iso(MARCH, 5_000), lateMs: 0 },
        deprovisionAt: APRIL,
      },
    },
  ],
  [
    'met a deadline once: a second suspension changes nothing of it',
    { deadlines: { suspendAt: { ...MARCH, metAt: iso(MARCH, 10), lateMs: 10 } } },
    { kind: 'met', moment: 'suspend', at: ms(MARCH, 86_400_000) },
    { deadlines: { suspendAt: { ...MARCH, metAt: iso(MARCH, 10), lateMs: 10 } } },
  ],
  [
    'met a moment without a deadline: there is nothing to say',
    { deadlines: {} },
    { kind: 'met', moment: 'suspend', at: ms(MARCH) },
    { deadlines: {} },
  ],
  [
    'is parked',
    { phase: 'scheduled' },
    { kind: 'parked', problem: TROUBLE },
    { phase: 'parked', problem: TROUBLE, waiting: { for: 'decision' } },
  ],
  [
    'is resumed where it stood before',
    { phase: 'parked', problem: TROUBLE, waiting: { for: 'decision' } },
    { kind: 'resumed', phase: 'scheduled', waiting: { for: 'suspend', until: MARCH.at } },
    { phase: 'scheduled', problem: null, waiting: { for: 'suspend', until: MARCH.at } },
  ],
  [
    'is rescheduled while it waits for just that',
    { phase: 'scheduled', waiting: { for: 'suspend', until: MARCH.at } },
    { kind: 'rescheduled', changes: { suspendAt: APRIL } },
    {
      phase: 'scheduled',
      waiting: { for: 'suspend', until: APRIL.at },
      deadlines: { suspendAt: APRIL, deprovisionAt: APRIL },
    },
  ],
  [
    'is rescheduled while it waits for something else',
    { waiting: { for: 'rate-limit', until: MARCH.at } },
    { kind: 'rescheduled', changes: { deprovisionAt: MARCH } },
    {
      waiting: { for: 'rate-limit', until: MARCH.at },
      deadlines: { suspendAt: MARCH, deprovisionAt: MARCH },
    },
  ],
  [
    'is rescheduled while it works',
    {},
    { kind: 'rescheduled', changes: { deprovisionAt: MARCH } },
    { waiting: null, deadlines: { suspendAt: MARCH, deprovisionAt: MARCH } },
  ],
  [
    'is expedited: the time that was asked for stays',
    { phase: 'scheduled' },
    { kind: 'expedited', moment: 'suspend' },
    {
      phase: 'scheduled',
      expedited: ['suspend'],
      deadlines: { suspendAt: MARCH, deprovisionAt: APRIL },
    },
  ],
  [
    'undoes, whatever it was parked with',
    { phase: 'parked', problem: TROUBLE, waiting: { for: 'decision' } },
    { kind: 'undoes' },
    { phase: 'running', problem: null, waiting: { for: 'undo' }, undoing: true },
  ],
  [
    'is closed: only deadlines that were met stay',
    {
      phase: 'parked',
      problem: TROUBLE,
      waiting: { for: 'decision' },
      deadlines: {
        suspendAt: { ...MARCH, metAt: MARCH.at, lateMs: 0 },
        deprovisionAt: APRIL,
        undoUntil: APRIL,
      },
    },
    { kind: 'closed', phase: 'cancelled', outcome: 'undone' },
    {
      phase: 'cancelled',
      outcome: 'undone',
      problem: null,
      waiting: null,
      deadlines: { suspendAt: { ...MARCH, metAt: MARCH.at, lateMs: 0 } },
    },
  ],
];

describe('a run', () => {
  it.each(HAPPENINGS)('%s', (_name, before, happening, changes) => {
    const from = standing(before);
    const copy = structuredClone(from);
    expect(transition(from, happening)).toEqual({ ...from, ...changes });
    expect(from).toEqual(copy);
  });

  it('that is closed has no deadline ahead', () => {
    expect(metAlone({ suspendAt: MARCH, endsAt: APRIL })).toEqual({});
  });
});

describe('when a moment is due', () => {
  it.each<[string, Partial<Standing>, number]>([
    ['at its deadline', {}, ms(MARCH)],
    ['now, where none was given', { deadlines: {} }, 0],
    ['now, once it was brought forward', { expedited: ['suspend'] }, 0],
    ['at its deadline, whatever else was brought forward', { expedited: ['start'] }, ms(MARCH)],
    ['at the time that it was moved to', { deadlines: { suspendAt: APRIL } }, ms(APRIL)],
  ])('%s', (_name, changes, expected) => {
    expect(dueMs(standing(changes), 'suspend')).toBe(expected);
  });
});

const HOUR = 3_600_000;
const T0 = Date.parse('2027-03-31T12:00:00.000Z');
const after = (delay: number): TimeValue => ({ at: new Date(T0 + delay).toISOString() });
/** As the messages before the takeover left them. */
const told = (deadlines: Deadlines, ...happenings: Happening[]): Standing =>
  happenings.reduce(
    transition,
    standing({ phase: 'scheduled', deadlines, waiting: { for: 'suspend' } }),
  );

describe('a takeover suspends', () => {
  type Row = [
    name: string,
    kind: RunKind,
    before: Standing,
    isDone: boolean,
    wanted: TimeValue | null,
    expected: TimeValue | null,
  ];
  const leaves = (suspendAt: TimeValue | null, ...happenings: Happening[]) =>
    told(suspendAt === null ? {} : { suspendAt }, ...happenings);
  const ends = (endsAt: TimeValue | null) =>
    told({ startAt: after(0), ...(endsAt === null ? {} : { endsAt }) });
  const met: Happening = { kind: 'met', moment: 'suspend', at: T0 + HOUR };

  it.each<Row>([
    [
      'at the earlier of the two: the first',
      'offboarding',
      leaves(after(HOUR)),
      false,
      after(2 * HOUR),
      after(HOUR),
    ],
    [
      'at the earlier of the two: the second',
      'offboarding',
      leaves(after(2 * HOUR)),
      false,
      after(HOUR),
      after(HOUR),
    ],
    ['now, when it says so', 'offboarding', leaves(after(HOUR)), false, null, null],
    [
      'now, where the run before was to suspend now',
      'offboarding',
      leaves(null),
      false,
      after(20 * HOUR),
      null,
    ],
    [
      'now, where the run before was brought forward',
      'offboarding',
      leaves(after(HOUR), { kind: 'expedited', moment: 'suspend' }),
      false,
      after(20 * HOUR),
      null,
    ],
    [
      'in 10 h and never at the old time: due in 8 s, moved by 10 h, then a takeover for 20 h',
      'offboarding',
      leaves(after(8_000), { kind: 'rescheduled', changes: { suspendAt: after(10 * HOUR) } }),
      false,
      after(20 * HOUR),
      after(10 * HOUR),
    ],
    [
      'at its own time, where the deadline before was met',
      'offboarding',
      leaves(after(HOUR), met),
      false,
      after(20 * HOUR),
      after(20 * HOUR),
    ],
    [
      'at its own time, where the run before has suspended or gives back',
      'offboarding',
      leaves(null),
      true,
      after(20 * HOUR),
      after(20 * HOUR),
    ],
    [
      'at the contract’s end, where that comes first',
      'onboarding',
      ends(after(10 * HOUR)),
      false,
      after(20 * HOUR),
      after(10 * HOUR),
    ],
    [
      'before the contract’s end',
      'onboarding',
      ends(after(20 * HOUR)),
      false,
      after(10 * HOUR),
      after(10 * HOUR),
    ],
    [
      'at its own time, where the contract is open-ended',
      'onboarding',
      ends(null),
      false,
      after(10 * HOUR),
      after(10 * HOUR),
    ],
    [
      'with the wall clock of the time that counts',
      'offboarding',
      leaves(MARCH),
      false,
      APRIL,
      MARCH,
    ],
  ])('%s', (_name, kind, before, isDone, wanted, expected) => {
    expect(mergedSuspension(wanted, pendingSuspension(kind, before, isDone))).toEqual(expected);
  });

  it('without the record of how an earlier deadline was met', () => {
    const pending = { ...MARCH, metAt: MARCH.at, lateMs: 3 };
    expect(mergedSuspension(APRIL, pending)).toEqual(MARCH);
  });
});
