// How what a run did is taken back, in which order, and what stays.
import { describe, expect, it } from 'vitest';
import {
  apply,
  EMPTY_JOURNAL,
  type Access,
  type Journal,
  type Look,
} from '../../src/domain/effects.js';
import type { RunKind } from '../../src/domain/run.js';
import { undoPlan, type Irreversible, type Undo } from '../../src/domain/undo-plan.js';

const [A, B] = ['00gA', '00gB'].map((id) => id as never) as [never, never];
const ADA = '00uAda' as never;
const OURS: Access = { result: 'suspended', ours: true, unlocked: false, at: '12:00' };
const LEFT: Access = { result: 'left', ours: false, unlocked: false, at: '12:00' };
const BEFORE: Look = {
  kind: 'seen',
  oktaUserId: ADA,
  status: 'ACTIVE',
  statusChanged: null,
  at: '11:00',
};
const UNSEEN: Look = { kind: 'unreadable', at: '11:00' };
const IN_DOUBT: FindAccount['creation'] = { stage: 'intended', absentAt: '1', groupIds: [A] };
const MADE: Journal['creation'] = { stage: 'done', oktaUserId: ADA, status: 'PROVISIONED' };
const groups = (intended: never[], done: never[]) => ({ intended, done });

type FindAccount = Extract<Undo, { kind: 'find-account' }>;
type Row = [
  name: string,
  kind: RunKind,
  journal: Partial<Journal>,
  steps: Undo[],
  cannot: Irreversible['what'][],
];

const unsuspend = (suspendedAt: string | null, before: Look | null = null): Undo => ({
  kind: 'unsuspend',
  before,
  suspendedAt,
});
const putBack = (...groupIds: never[]): Undo => ({
  kind: 'add-to-groups',
  oktaUserId: ADA,
  groupIds,
});
const takeOut = (...groupIds: never[]): Undo => ({
  kind: 'remove-from-groups',
  oktaUserId: ADA,
  groupIds,
});
const suspend: Undo = { kind: 'suspend', oktaUserId: ADA, status: 'PROVISIONED' };
const restore: Undo = { kind: 'restore-profile', oktaUserId: ADA, before: { city: 'Paris' } };
const CHANGED = {
  profile: { stage: 'done', before: { city: 'Paris' }, after: { city: 'Rome' } } as const,
};

const TABLE: Row[] = [
  ['nothing was done', 'offboarding', {}, [], []],
  ['nothing but a look', 'offboarding', { look: BEFORE }, [], []],
  [
    'access first, then the groups',
    'offboarding',
    { look: BEFORE, access: OURS, removed: groups([], [A]) },
    [unsuspend('12:00'), putBack(A)],
    [],
  ],
  [
    'a group that may have been removed is put back too',
    'offboarding',
    { look: BEFORE, access: OURS, removed: groups([B], [A]) },
    [unsuspend('12:00'), putBack(A, B)],
    [],
  ],
  [
    'a suspension of somebody else stays, the groups come back',
    'offboarding',
    { look: BEFORE, access: LEFT, removed: groups([], [A]) },
    [putBack(A)],
    [],
  ],
  [
    'a suspension in doubt is judged by the look before it',
    'offboarding',
    { look: BEFORE, suspending: BEFORE },
    [unsuspend(null, BEFORE)],
    [],
  ],
  [
    'in doubt, and nobody could look',
    'offboarding',
    { look: UNSEEN, suspending: UNSEEN },
    [unsuspend(null, UNSEEN)],
    [],
  ],
  [
    'a certain one whose repetition is in doubt surely is this run’s, at an unknown time',
    'offboarding',
    { look: BEFORE, access: OURS, suspending: BEFORE },
    [unsuspend(null)],
    [],
  ],
  [
    'somebody else’s, and a suspension of ours in doubt after it',
    'offboarding',
    { look: BEFORE, access: LEFT, suspending: BEFORE },
    [unsuspend(null, BEFORE)],
    [],
  ],
  [
    'deactivated at the end of the hold',
    'offboarding',
    { look: BEFORE, access: OURS, removed: groups([], [A]), deactivated: true },
    [],
    ['deactivated'],
  ],
  [
    'deactivated in place of suspended',
    'offboarding',
    { look: BEFORE, access: { ...OURS, result: 'deactivated', ours: false } },
    [],
    ['deactivated'],
  ],
  [
    'a lock was taken off on the way',
    'offboarding',
    { look: BEFORE, access: { ...OURS, unlocked: true } },
    [unsuspend('12:00')],
    ['unlocked'],
  ],
  [
    'sessions were ended',
    'offboarding',
    { look: BEFORE, access: OURS, revoked: true },
    [unsuspend('12:00')],
    ['sessions'],
  ],
  [
    'both',
    'offboarding',
    { look: BEFORE, access: { ...OURS, unlocked: true }, revoked: true },
    [unsuspend('12:00')],
    ['unlocked', 'sessions'],
  ],
  [
    'a withdrawn hire: access stays away, the account is taken out of its groups',
    'offboarding',
    {
      withdrawn: true,
      creation: MADE,
      added: groups([], [A]),
      access: OURS,
      removed: groups([], [B]),
    },
    [takeOut(A), putBack(B)],
    ['withdrawn'],
  ],
  [
    'a withdrawn hire that has not been suspended yet is suspended',
    'offboarding',
    { withdrawn: true, creation: MADE },
    [suspend],
    [],
  ],
  [
    'a withdrawn hire whose account is looked for still',
    'offboarding',
    { withdrawn: true, creation: IN_DOUBT },
    [{ kind: 'find-account', creation: IN_DOUBT }],
    [],
  ],
  ['an onboarding that has done nothing', 'onboarding', { look: BEFORE }, [], []],
  [
    'a create in doubt: first the account is found',
    'onboarding',
    { creation: IN_DOUBT, added: groups([B], []) },
    [{ kind: 'find-account', creation: IN_DOUBT }],
    [],
  ],
  [
    'an account that was made: suspended, then out of its groups',
    'onboarding',
    { creation: MADE, added: groups([B], [A]) },
    [suspend, takeOut(A, B)],
    [],
  ],
  [
    'suspended already: out of its groups',
    'onboarding',
    { creation: MADE, added: groups([], [A]), access: OURS },
    [takeOut(A)],
    [],
  ],
  [
    'an adopted account keeps its access, and gets back groups and attributes',
    'onboarding',
    { adopted: ADA, added: groups([], [A]), ...CHANGED },
    [takeOut(A), restore],
    [],
  ],
  [
    'attributes that may have been changed are restored',
    'onboarding',
    { adopted: ADA, profile: { ...CHANGED.profile, stage: 'intended' } },
    [restore],
    [],
  ],
];

describe('the undo plan', () => {
  it.each(TABLE)('%s', (_name, kind, journal, steps, cannot) => {
    const plan = undoPlan({ ...EMPTY_JOURNAL, ...journal }, kind);
    expect(plan.steps).toEqual(steps);
    expect(plan.cannot.map(({ what }) => what)).toEqual(cannot);
  });

  it('says in a sentence why something cannot be taken back', () => {
    const { cannot } = undoPlan(
      { ...EMPTY_JOURNAL, access: { ...OURS, unlocked: true }, revoked: true },
      'offboarding',
    );
    expect(cannot.map(({ why }) => why)).toEqual([
      'The account was locked before; the lock is gone and cannot be given back.',
      'Sessions and tokens that were ended stay ended.',
    ]);
  });

  it('comes to its end: made anew after each step, nothing is left', () => {
    let journal: Journal = {
      ...EMPTY_JOURNAL,
      look: BEFORE,
      access: OURS,
      removed: groups([B], [A]),
    };
    journal = apply(journal, { kind: 'unsuspend' });
    expect(undoPlan(journal, 'offboarding').steps).toEqual([putBack(A, B)]);
    journal = apply(journal, { kind: 'add-to-groups', stage: 'done', groupIds: [A] });
    expect(undoPlan(journal, 'offboarding').steps).toEqual([putBack(B)]);
    journal = apply(journal, { kind: 'add-to-groups', stage: 'done', groupIds: [B] });
    expect(undoPlan(journal, 'offboarding').steps).toEqual([]);
  });
});
