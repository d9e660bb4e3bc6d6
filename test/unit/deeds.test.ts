import { describe, expect, it } from 'vitest';
import { as } from '../../src/domain/brand.js';
import { mayHaveCreated, recollect, type Deed, type Recalled } from '../../src/domain/deeds.js';

const [A, B, C] = ['00gA', '00gB', '00gC'].map((id) => as<never>(id)) as [never, never, never];
const ADA = as<never>('00uAda');
const look = (at: string) => ({ kind: 'absent' as const, at });
const ours = { result: 'suspended' as const, ours: true };

const CASES: [string, Deed[], Partial<Recalled>][] = [
  ['nothing', [], { created: null, access: null, added: [], removed: [] }],
  [
    'the last look before a write',
    [
      { kind: 'looked', look: look('1') },
      { kind: 'looked', look: look('2') },
    ],
    { looked: look('2') },
  ],
  [
    'an account and all of its groups',
    [
      { kind: 'created', oktaUserId: ADA, status: 'STAGED', groupIds: [A] },
      { kind: 'added', groupIds: [B] },
      { kind: 'added', groupIds: [B] },
    ],
    { created: { oktaUserId: ADA, status: 'STAGED' }, added: [A, B] },
  ],
  [
    'that groups were taken back',
    [
      { kind: 'added', groupIds: [A, B] },
      { kind: 'removed', groupIds: [A] },
    ],
    { added: [B], removed: [] },
  ],
  [
    'that groups were put back',
    [
      { kind: 'was-in', groupIds: [A, B, C] },
      { kind: 'removed', groupIds: [A, B] },
      { kind: 'added', groupIds: [B] },
    ],
    { removed: [A], added: [], wasIn: null },
  ],
  ['a suspension of ours', [{ kind: 'access', access: ours }], { access: ours }],
  [
    'that access was given back',
    [{ kind: 'looked', look: look('1') }, { kind: 'access', access: ours }, { kind: 'given-back' }],
    { access: null, looked: null },
  ],
];

describe('what is recalled', () => {
  it.each(CASES)('of deeds: %s', (_name, deeds, known) => {
    expect(recollect(deeds)).toMatchObject(known);
  });
});

describe('that a create may have been sent', () => {
  const absent: Deed = { kind: 'looked', look: look('1') };
  const hidden: Deed = { kind: 'looked', look: { kind: 'unreadable', at: '1' } };
  const there: Deed = {
    kind: 'looked',
    look: { kind: 'seen', oktaUserId: ADA, status: 'ACTIVE', statusChanged: null, at: '1' },
  };
  const authorized: Deed = { kind: 'authorized' };
  const wanted: Deed = { kind: 'wanted', groupIds: [A] };
  const created: Deed = { kind: 'created', oktaUserId: ADA, status: 'STAGED', groupIds: [] };

  it.each<[string, Deed[], number, boolean]>([
    ['all that it waits for has come', [absent, authorized, wanted], 1, true],
    ['the role may not look', [authorized, wanted, hidden], 1, true],
    ['no groups were asked for', [absent, authorized], 0, true],
    ['a group is still sought', [absent, authorized], 1, false],
    ['there was no token', [absent, wanted], 1, false],
    ['nobody looked', [authorized, wanted], 1, false],
    ['somebody has the login', [there, authorized, wanted], 1, false],
    ['its answer is known', [absent, authorized, wanted, created], 1, false],
  ])('%s', (_name, deeds, groups, expected) => {
    expect(mayHaveCreated(recollect(deeds), groups)).toBe(expected);
  });
});
