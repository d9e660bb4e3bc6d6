// Random kills in the short form, and first that the judge sees each kind of breach.
import { describe, expect, it } from 'vitest';
import { drive } from './drive.js';
import type { Evidence } from './evidence.js';
import { judge, type Told } from './judge.js';
import { planOf } from './plan.js';
import { STORIES } from './stories.js';

const KILLS = 20;
const PATIENCE_MS = 160_000;

const LOGIN = 'kill-1-0@example.com';
const SUSPENDED_AT = '2027-01-01T12:00:00.000Z';
const ADA: Told = {
  login: LOGIN,
  story: 'leaves now',
  promised: {
    account: {
      status: 'SUSPENDED',
      groups: ['Team 01'],
      createdNotBefore: 0,
      suspendedNotBefore: Date.parse(SUSPENDED_AT),
    },
    runs: [
      { id: 'demo.a.1', stands: 'completed/done' },
      { id: 'demo.a.2', stands: 'holding' },
    ],
  },
};
const USER = {
  id: '00u1',
  login: LOGIN,
  status: 'SUSPENDED',
  groups: ['Team 01'],
  changes: [
    { at: '2027-01-01T11:00:00.000Z', what: 'created as PROVISIONED' },
    { at: SUSPENDED_AT, what: 'ACTIVE → SUSPENDED' },
  ],
};
const WHOLE: Evidence = {
  users: [USER],
  runs: [
    { id: 'demo.a.1', phase: 'completed', outcome: 'done', started: true, previous: null },
    { id: 'demo.a.2', phase: 'holding', outcome: null, started: true, previous: null },
  ],
  steps: [{ run: 'demo.a.1', name: 'createUser', status: 'done' }],
  ledger: [
    { run: 'demo.a.1', key: 'requested', action: 'run.requested' },
    { run: 'demo.a.1', key: 'w1/2/1', action: 'user.created' },
    { run: 'demo.a.1', key: 'closed', action: 'run.completed' },
    { run: 'demo.a.2', key: 'requested', action: 'run.requested' },
    { run: 'demo.a.2', key: 'w2/2/2', action: 'user.suspended' },
    { run: 'demo.a.2', key: 'w2/holding/4', action: 'run.holding' },
  ],
  workflows: [
    { run: 'demo.a.1', status: 'COMPLETED' },
    { run: 'demo.a.2', status: 'RUNNING' },
  ],
};
const [CLOSED, OPEN] = WHOLE.runs;
const rowOf = (key: string, action: string) => ({ run: 'demo.a.2', key, action });

describe('the judge', () => {
  it('finds nothing where all is as promised', () => {
    expect(judge([ADA], WHOLE)).toEqual([]);
  });

  it.each<[string, Partial<Evidence>, RegExp]>([
    ['a second account', { users: [USER, { ...USER, id: '00u2' }] }, /2 accounts, promised: 1/],
    ['no account', { users: [] }, /0 accounts, promised: 1/],
    ['another status', { users: [{ ...USER, status: 'ACTIVE' }] }, /is ACTIVE, promised/],
    ['a missing group', { users: [{ ...USER, groups: [] }] }, /is in \[\], promised: \[Team 01\]/],
    [
      'a suspension before its moment',
      { users: [{ ...USER, changes: [{ at: '2027-01-01T11:59:59.900Z', what: '→ SUSPENDED' }] }] },
      /100 ms before its moment/,
    ],
    ['a lost run', { runs: WHOLE.runs.slice(0, 1) }, /demo\.a\.2 is not in the database/],
    [
      'a run that stands elsewhere',
      { runs: [{ ...CLOSED, outcome: 'partial' }, OPEN] as Evidence['runs'] },
      /is completed\/partial, promised: completed\/done/,
    ],
    [
      'a run that nobody was promised',
      { runs: [...WHOLE.runs, { ...OPEN, id: 'demo.b.1' }] as Evidence['runs'] },
      /demo\.b\.1 \(holding\) belongs to nobody/,
    ],
    [
      'a step left open',
      { steps: [{ run: 'demo.a.1', name: 'createUser', status: 'running' }] },
      /its step createUser still running/,
    ],
    ['an open run without a workflow', { workflows: [] }, /demo\.a\.2 is open, without a workflow/],
    [
      'a workflow whose run is closed',
      { workflows: [...WHOLE.workflows, { run: 'demo.a.1', status: 'RUNNING' }] },
      /a workflow runs for demo\.a\.1/,
    ],
    [
      'a failed workflow',
      { workflows: [...WHOLE.workflows, { run: 'demo.a.1', status: 'FAILED' }] },
      /the workflow of demo\.a\.1 is FAILED/,
    ],
    [
      'a ledger row that is there twice',
      { ledger: [...WHOLE.ledger, rowOf('requested', 'run.requested')] },
      /twice in the ledger: demo\.a\.2 requested/,
    ],
    [
      'a deed that two attempts wrote down',
      { ledger: [...WHOLE.ledger, rowOf('w2/2/3', 'user.suspended')] },
      /one deed, two ledger rows: demo\.a\.2 w2\/2 user\.suspended/,
    ],
    [
      'a deed that nobody wrote down',
      { ledger: WHOLE.ledger.filter(({ action }) => action !== 'user.suspended') },
      /user\.suspended: 1 in the org, 0 in the ledger/,
    ],
    [
      'an end that is missing in the ledger',
      { ledger: WHOLE.ledger.filter(({ action }) => action !== 'run.completed') },
      /demo\.a\.1 ended 0 times by the ledger/,
    ],
  ])('sees %s', (_what, changed, expected) => {
    expect(judge([ADA], { ...WHOLE, ...changed }).join('\n')).toMatch(expected);
  });

  it('sees that something refused was done all the same', () => {
    const refused = { ...ADA, promised: { account: null, runs: [] }, refusal: '503' };
    expect(judge([refused], WHOLE).join('\n')).toMatch(/1 accounts, refused \(503\): 0/);
  });
});

describe('the plan', () => {
  it('is the same for the same seed, and another one for another', () => {
    expect(planOf(7, 200)).toEqual(planOf(7, 200));
    expect(planOf(7, 200).kills).not.toEqual(planOf(8, 200).kills);
  });

  it('tells every story and kills everything, in the long form many times', () => {
    const { kills, people } = planOf(7, 200);
    const stories = new Set(people.map(({ story }) => story));
    expect([...stories].sort()).toEqual([...STORIES, 'sends once and gives up'].sort());
    expect(new Set(kills.map(({ target }) => target)).size).toBe(6);
  });
});

it(`keeps every promise while ${KILLS} kills fall`, async ({ signal }) => {
  const said: string[] = [];
  const say = (line: string) => said.push(line);
  const outcome = await drive(planOf(1, KILLS), { say, patienceMs: PATIENCE_MS, signal });
  expect(outcome.breaches, said.join('\n')).toEqual([]);
  expect(Object.values(outcome.kills).reduce((sum, count) => sum + count, 0)).toBe(KILLS);
}, 300_000);
