import { describe, expect, it } from 'vitest';
import { as } from '../../src/domain/brand.js';
import { recollect, type Deed, type Recalled } from '../../src/domain/deeds.js';

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
