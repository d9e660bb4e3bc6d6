// The journal of a run: what each effect makes of it, and what is asked of it later.
import { describe, expect, it } from 'vitest';
import {
  accountOf,
  apply,
  EMPTY_JOURNAL,
  endedAt,
  inherited,
  isIntent,
  journalOf,
  touched,
  type Access,
  type Effect,
  type Journal,
  type Look,
} from '../../src/domain/effects.js';

const [A, B, C] = ['00gA', '00gB', '00gC'].map((id) => id as never) as [never, never, never];
const ADA = '00uAda' as never;
const BOB = '00uBob' as never;
const OURS: Access = { result: 'suspended', ours: true, unlocked: false, at: '12:00' };
const LEFT: Access = { result: 'left', ours: false, unlocked: false, at: '13:00' };
const absent = (at: string): Look => ({ kind: 'absent', at });
const seen = (status: string, oktaUserId = ADA): Look => ({
  kind: 'seen',
  oktaUserId,
  status,
  statusChanged: null,
  at: '11:00',
});

const looked = (look: Look): Effect => ({ kind: 'look', look });
const creating = (absentAt: string, groupIds: never[] = []): Effect => ({
  kind: 'create',
  stage: 'intended',
  absentAt,
  groupIds,
});
const created = (groupIds: never[] = []): Effect => ({
  kind: 'create',
  stage: 'done',
  oktaUserId: ADA,
  status: 'STAGED',
  groupIds,
});
const notCreated: Effect = { kind: 'create', stage: 'refused' };
const adopted = (oktaUserId = ADA): Effect => ({ kind: 'adopt', oktaUserId });
const profile = (stage: 'intended' | 'done', before: object, after: object): Effect => ({
  kind: 'change-profile',
  stage,
  before: before as never,
  after: after as never,
});
const add = (stage: 'intended' | 'done' | 'refused', ...groupIds: never[]): Effect => ({
  kind: 'add-to-groups',
  stage,
  groupIds,
});
const remove = (stage: 'intended' | 'done' | 'refused', ...groupIds: never[]): Effect => ({
  kind: 'remove-from-groups',
  stage,
  groupIds,
});
const suspending = (before: Look): Effect => ({ kind: 'suspend', stage: 'intended', before });
const suspended = (access = OURS): Effect => ({ kind: 'suspend', stage: 'done', access });
const notSuspended: Effect = { kind: 'suspend', stage: 'refused' };
const unsuspended: Effect = { kind: 'unsuspend' };
const undo: Effect = { kind: 'undo' };
const groups = (intended: never[], done: never[]) => ({ intended, done });

type Row = [name: string, effects: Effect[], journal: Partial<Journal>];

const ONE_EFFECT: Row[] = [
  ['a look', [looked(absent('1'))], { look: absent('1') }],
  [
    'create intended',
    [creating('1', [A])],
    { creation: { stage: 'intended', absentAt: '1', groupIds: [A] }, added: groups([], []) },
  ],
  [
    'create done',
    [created([A])],
    {
      creation: { stage: 'done', oktaUserId: ADA, status: 'STAGED' },
      added: groups([], [A]),
    },
  ],
  ['create refused', [creating('1'), notCreated], { creation: null }],
  ['adopt', [adopted()], { adopted: ADA }],
  [
    'change-profile intended',
    [profile('intended', { city: null }, { city: 'Paris' })],
    { profile: { stage: 'intended', before: { city: null }, after: { city: 'Paris' } } },
  ],
  [
    'change-profile done',
    [profile('done', { city: null }, { city: 'Paris' })],
    { profile: { stage: 'done', before: { city: null }, after: { city: 'Paris' } } },
  ],
  [
    'change-profile refused',
    [profile('intended', {}, { city: 'Paris' }), { kind: 'change-profile', stage: 'refused' }],
    { profile: null },
  ],
  ['add-to-groups intended', [add('intended', A)], { added: groups([A], []) }],
  ['add-to-groups done', [add('done', A)], { added: groups([], [A]) }],
  ['add-to-groups refused', [add('intended', A), add('refused', A)], { added: groups([], []) }],
  ['remove-from-groups intended', [remove('intended', A)], { removed: groups([A], []) }],
  ['remove-from-groups done', [remove('done', A)], { removed: groups([], [A]) }],
  [
    'remove-from-groups refused',
    [remove('intended', A), remove('refused', A)],
    { removed: groups([], []) },
  ],
  ['suspend intended', [suspending(seen('ACTIVE'))], { suspending: seen('ACTIVE'), access: null }],
  ['suspend done', [suspending(seen('ACTIVE')), suspended()], { suspending: null, access: OURS }],
  [
    'suspend refused',
    [suspending(seen('ACTIVE')), notSuspended],
    { suspending: null, access: null },
  ],
  ['unsuspend', [suspended(), unsuspended], { access: null, suspending: null }],
  ['revoke-sessions', [{ kind: 'revoke-sessions' }], { revoked: true }],
  ['deactivate', [{ kind: 'deactivate' }], { deactivated: true }],
  ['undo', [undo], { undoing: true }],
];

const MANY_EFFECTS: Row[] = [
  ['the last look counts', [looked(absent('1')), looked(absent('2'))], { look: absent('2') }],
  [
    'a create in doubt keeps the first time when nobody had the login',
    [creating('1', [A]), creating('9', [B])],
    { creation: { stage: 'intended', absentAt: '1', groupIds: [B] } },
  ],
  [
    'a create after one that was surely refused has a time of its own',
    [creating('1'), notCreated, creating('9')],
    { creation: { stage: 'intended', absentAt: '9', groupIds: [] } },
  ],
  [
    'groups of the create and later ones are one list, each once',
    [created([A, B]), add('intended', B, C), add('done', B), add('done', C)],
    { added: groups([], [A, B, C]) },
  ],
  [
    'adding and then removing leaves nothing of either',
    [add('done', A, B), remove('done', A)],
    { added: groups([], [B]), removed: groups([], []) },
  ],
  [
    'removing and then putting back leaves nothing of either',
    [remove('done', A, B), add('done', B)],
    { removed: groups([], [A]), added: groups([], []) },
  ],
  [
    'a group that may be added is taken back like one that was',
    [add('intended', A), remove('done', A)],
    { added: groups([], []), removed: groups([], []) },
  ],
  [
    'what is only intended to be put back still counts as removed',
    [remove('done', A), add('intended', A)],
    { removed: groups([], [A]), added: groups([], []) },
  ],
  [
    'a group whose removal was refused was never removed',
    [remove('intended', A, B), remove('done', A), remove('refused', B)],
    { removed: groups([], [A]) },
  ],
  [
    'a refusal takes back no removal that was done',
    [remove('done', A), remove('refused', A)],
    { removed: groups([], [A]) },
  ],
  [
    'what is done is not intended again',
    [add('done', A), add('intended', A, B)],
    { added: groups([B], [A]) },
  ],
  [
    'attributes that were written back are no change',
    [profile('done', { city: null }, { city: 'Paris' }), profile('done', {}, {})],
    { profile: null },
  ],
  [
    'found as this run left it, a suspension stays this run’s, with its time',
    [suspended(), suspended(LEFT)],
    { access: { ...LEFT, ours: true, at: OURS.at } },
  ],
  [
    'and so does the lock that was taken off',
    [suspended({ ...OURS, unlocked: true }), suspended(LEFT)],
    { access: { ...LEFT, ours: true, unlocked: true, at: OURS.at } },
  ],
  [
    'somebody else’s suspension that is found again stays somebody else’s',
    [suspended(LEFT), suspended({ ...LEFT, at: '14:00' })],
    { access: { ...LEFT, at: '14:00' } },
  ],
  [
    'suspended anew, it counts from then on',
    [suspended(), suspended({ ...OURS, at: '15:00' })],
    { access: { ...OURS, at: '15:00' } },
  ],
  [
    'a refusal of a second try leaves the first suspension',
    [suspended(), suspending(seen('ACTIVE')), notSuspended],
    { access: OURS, suspending: null },
  ],
  [
    'the same account adopted again keeps what was done with it',
    [adopted(), add('done', A), profile('done', { x: 1 }, { x: 2 }), adopted()],
    { adopted: ADA, added: groups([], [A]) },
  ],
  [
    'another account adopted forgets groups and attributes of the former',
    [adopted(), add('done', A), profile('done', { x: 1 }, { x: 2 }), adopted(BOB)],
    { adopted: BOB, added: groups([], []), profile: null },
  ],
];

describe('an effect', () => {
  it.each(ONE_EFFECT)('%s', (_name, effects, expected) => {
    expect(journalOf(effects)).toEqual({ ...EMPTY_JOURNAL, ...expected });
  });
});

describe('the fold of effects', () => {
  it.each(MANY_EFFECTS)('%s', (_name, effects, expected) => {
    expect(journalOf(effects)).toMatchObject(expected);
  });

  it('goes on from a journal, and changes none', () => {
    const before = journalOf([add('done', A)]);
    const copy = structuredClone(before);
    const after = apply(before, remove('done', A));
    expect(journalOf([remove('done', A)], before)).toEqual(after);
    expect(before).toEqual(copy);
    expect(touched(after.added)).toEqual([]);
  });
});

describe('what a run that takes over is told', () => {
  it.each<Row>([
    ['nothing of nothing', [], EMPTY_JOURNAL],
    [
      'suspension, doubt, groups removed and the look of an offboarding',
      [looked(seen('ACTIVE')), suspended(), remove('done', A), suspending(seen('ACTIVE'))],
      {
        look: seen('ACTIVE'),
        access: OURS,
        removed: groups([], [A]),
        suspending: seen('ACTIVE'),
      },
    ],
    [
      'not that sessions were ended: they are ended again',
      [suspended(), { kind: 'revoke-sessions' }],
      { access: OURS, revoked: false },
    ],
    [
      'not that an offboarding was being taken back',
      [{ kind: 'look', look: seen('ACTIVE') }, suspended(), undo],
      { access: OURS, undoing: false, withdrawn: false },
    ],
    [
      'doubt of a suspension that an undo may have given back, where the role cannot look',
      [suspended(), undo],
      { access: null, suspending: null, undoing: false },
    ],
    [
      'nothing of what an onboarding made: it stays',
      [created([A]), add('done', B), adopted()],
      { creation: null, adopted: null, added: groups([], []), withdrawn: false },
    ],
    [
      'all of what an onboarding made that was being taken back: its cancel stands',
      [created([A]), add('done', B), undo],
      {
        creation: { stage: 'done', oktaUserId: ADA, status: 'STAGED' },
        added: groups([], [A, B]),
        undoing: false,
        withdrawn: true,
      },
    ],
    [
      'the same of an account that it adopted',
      [adopted(), add('done', A), undo],
      { adopted: ADA, added: groups([], [A]), withdrawn: true },
    ],
  ])('%s', (_name, effects, expected) => {
    expect(inherited(journalOf(effects))).toMatchObject(expected);
  });

  it('passes a cancel that stands on to the next but one', () => {
    const twice = inherited(inherited(journalOf([created(), undo])));
    expect(twice).toMatchObject({ withdrawn: true, creation: { stage: 'done' } });
  });
});

describe('what is asked of a journal', () => {
  it.each<[string, Effect[], unknown]>([
    ['none known', [], null],
    ['none seen', [looked(absent('1'))], null],
    ['the one that was seen', [looked(seen('ACTIVE', BOB))], BOB],
    ['the adopted one before the seen', [adopted(ADA), looked(seen('ACTIVE', BOB))], ADA],
    ['the one that was made before all', [created(), adopted(BOB)], ADA],
    ['none while a create is in doubt', [creating('1')], null],
  ])('whose account: %s', (_name, effects, expected) => {
    expect(accountOf(journalOf(effects))).toBe(expected);
  });

  it('whether an effect only says what is about to be done', () => {
    const intents = [creating('1'), add('intended', A), suspending(seen('ACTIVE'))];
    const facts = [created(), notCreated, looked(absent('1')), suspended(), unsuspended, undo];
    expect(intents.every(isIntent)).toBe(true);
    expect(facts.some(isIntent)).toBe(false);
  });

  it('until when what is in doubt can have happened, where a workflow was ended', () => {
    const inDoubt = endedAt(journalOf([suspending(seen('ACTIVE')), creating('1')]), '12:00');
    expect(inDoubt).toMatchObject({
      suspending: { ...seen('ACTIVE'), until: '12:00' },
      creation: { stage: 'intended', absentAt: '1', until: '12:00' },
    });
    const known = journalOf([created(), suspended()]);
    expect(endedAt(known, '12:00')).toEqual(known);
    const unseen = journalOf([suspending({ kind: 'unreadable', at: '1' })]);
    expect(endedAt(unseen, '12:00')).toEqual(unseen);
  });
});
