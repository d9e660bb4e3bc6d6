// Rows without a workflow: which are found, marking one, and the journal that a recovery needs.
import { describe, expect, it } from 'vitest';
import { problem } from '../../src/domain/problem.js';
import type { RunId } from '../../src/domain/brand.js';
import { EMPTY_JOURNAL, journalOf, type Effect } from '../../src/domain/effects.js';
import type { RunRef } from '../../src/domain/run.js';
import type { Store } from '../../src/store/store.js';
import { aNextRun, aReport, aRequest, aStep, countStatements, given, newStore } from './support.js';

const PROBLEM = problem('ORPHANED', 'Its workflow is gone.');

async function accepted(store: Store, login: string, over = {}) {
  const request = aRequest(store, { login, kind: 'offboarding', ...over });
  await store.runs.accept(request);
  await store.runs.markStarted(request.run.id, 'w-1');
  return request.run;
}
const rowOf = async (store: Store, id: RunId) =>
  given((await store.runs.openWithout([], 100)).find(({ run }) => run.id === id));
const park = async (store: Store, id: RunId) =>
  store.runs.orphan({
    row: await rowOf(store, id),
    problem: PROBLEM,
    deadlines: {},
    actions: ['cancel', 'resolve'],
  });

describe('open rows without a workflow', () => {
  it('are those that Temporal has taken and does not name, oldest first, in one statement', async () => {
    const { store } = await newStore();
    const [first, named, over] = [
      await accepted(store, 'a@example.com'),
      await accepted(store, 'b@example.com'),
      await accepted(store, 'c@example.com'),
    ];
    await store.runs.report(aReport(over, 1, { phase: 'completed', outcome: 'done' }));
    await store.runs.accept(aRequest(store, { login: 'unstarted@example.com' }));
    const last = await accepted(store, 'd@example.com');
    const ids = async () =>
      (await store.runs.openWithout([named.id], 100)).map(({ run }) => run.id);
    expect(await ids()).toEqual([first.id, last.id]);
    expect(await store.runs.openWithout([named.id], 1)).toHaveLength(1);
    expect(await countStatements(ids)).toBe(1);
  });

  it('are parked once, and late reports of the former workflow do not unpark them', async () => {
    const { store } = await newStore();
    const run = await accepted(store, 'a@example.com');
    await store.runs.report(aReport(run, 5_000, { phase: 'holding' }));
    await store.runs.reportStep(aStep(run, { status: 'running', finishedAt: null }));
    const row = await rowOf(store, run.id);
    const orphaning = { row, problem: PROBLEM, deadlines: {}, actions: [] };
    const marked = await Promise.all([1, 2, 3].map(() => store.runs.orphan(orphaning)));
    expect(marked.filter(Boolean)).toHaveLength(1);
    await store.runs.report(aReport(run, 5_001, { phase: 'running' }));
    expect(await store.runs.get(run.id)).toMatchObject({
      phase: 'parked',
      problem: PROBLEM,
      steps: [{ status: 'failed' }],
    });
    const ledger = await store.ledger.ofRun(run.id);
    expect(ledger.filter(({ action }) => action === 'run.orphaned')).toHaveLength(1);
  });

  it('are left alone when they have moved since they were seen', async () => {
    const { store } = await newStore();
    const run = await accepted(store, 'a@example.com');
    const row = await rowOf(store, run.id);
    await store.runs.report(aReport(run, 1, { phase: 'holding' }));
    expect(await store.runs.orphan({ row, problem: PROBLEM, deadlines: {}, actions: [] })).toBe(
      false,
    );
    expect(await store.runs.get(run.id)).toMatchObject({ phase: 'holding', problem: null });
  });

  it('give an urgent offboarding that waited for them back to the sweep', async () => {
    const { store } = await newStore();
    const run = await accepted(store, 'a@example.com');
    const urgent = await accepted(store, 'a@example.com', { takeover: true, requestHash: 'other' });
    const stranger = await accepted(store, 'b@example.com', { takeover: true });
    await park(store, run.id);
    expect((await store.runs.unstarted(0, 10)).map(({ run: { id } }) => id)).toEqual([urgent.id]);
    expect((await store.runs.get(stranger.id))?.started).toBe(true);
  });
});

describe('the journal of a run', () => {
  const access = { result: 'suspended', ours: true, unlocked: false, at: '12:00' } as const;
  const suspended: Effect = { kind: 'suspend', stage: 'done', access };
  const removed = (id: string): Effect => ({
    kind: 'remove-from-groups',
    stage: 'done',
    groupIds: [id as never],
  });
  /** As a workflow reports that an urgent order takes its place. */
  const giveWay = (store: Store, run: RunRef, to: RunRef, undoing = false) =>
    store.runs.report(
      aReport(run, 9_000, {
        phase: 'completed',
        outcome: 'superseded',
        undoing,
        next: { ...aNextRun(run), link: 'supersedes', run: to },
      }),
    );

  it('is the fold of its steps, in order, whichever workflow made them', async () => {
    const { store } = await newStore();
    const run = await accepted(store, 'a@example.com');
    const putBack: Effect = { kind: 'add-to-groups', stage: 'done', groupIds: ['00gA' as never] };
    await store.runs.reportStep(aStep(run, { effects: [suspended] }));
    await store.runs.reportStep(aStep(run, { activityId: '2', effects: [removed('00gA')] }));
    await store.runs.reportStep(aStep(run, { workflowRunId: 'w-2', effects: [removed('00gB')] }));
    await store.runs.reportStep(aStep(run, { activityId: '3', name: 'mintToken' }));
    await store.runs.reportStep(aStep(run, { activityId: '4', effects: [putBack] }));
    expect(await store.runs.loadJournal(run.id)).toEqual(journalOf([suspended, removed('00gB')]));
  });

  it('of a run that has done nothing is empty, and so is that of none', async () => {
    const { store } = await newStore();
    const run = await accepted(store, 'a@example.com');
    expect(await store.runs.loadJournal(run.id)).toEqual(EMPTY_JOURNAL);
    expect(await store.runs.loadJournal('acme.0123456789abcdef.none' as never)).toEqual(
      EMPTY_JOURNAL,
    );
  });

  it('knows that it was being taken back', async () => {
    const { store } = await newStore();
    const run = await accepted(store, 'a@example.com');
    await store.runs.reportStep(aStep(run, { effects: [suspended] }));
    await store.runs.report(aReport(run, 1, { undoing: true }));
    expect(await store.runs.loadJournal(run.id)).toMatchObject({ access, undoing: true });
  });

  it('has what all runs before it did that were taken over, oldest first', async () => {
    const { store } = await newStore();
    const first = await accepted(store, 'a@example.com');
    await store.runs.reportStep(aStep(first, { effects: [suspended, removed('00gA')] }));
    const second = await accepted(store, 'a@example.com', { takeover: true, requestHash: '2' });
    await giveWay(store, first, second);
    await store.runs.reportStep(aStep(second, { effects: [removed('00gB')] }));
    const third = await accepted(store, 'a@example.com', { takeover: true, requestHash: '3' });
    await giveWay(store, second, third);
    const refound: Effect = {
      kind: 'suspend',
      stage: 'done',
      access: { ...access, result: 'left', ours: false, at: '13:00' },
    };
    await store.runs.reportStep(aStep(third, { effects: [refound] }));
    expect(await store.runs.loadJournal(third.id)).toMatchObject({
      access: { result: 'left', ours: true, at: '12:00' },
      removed: { intended: [], done: ['00gA', '00gB'] },
    });
  });

  it('has nothing of an onboarding that went on as its contract end', async () => {
    const { store } = await newStore();
    const hire = await accepted(store, 'a@example.com', { kind: 'onboarding' });
    const added: Effect = { kind: 'add-to-groups', stage: 'done', groupIds: ['00gA' as never] };
    await store.runs.reportStep(aStep(hire, { effects: [added] }));
    const next = aNextRun(hire);
    await store.runs.report(aReport(hire, 1, { phase: 'completed', outcome: 'done', next }));
    expect(await store.runs.loadJournal(next.run.id)).toEqual(EMPTY_JOURNAL);
  });

  it('knows of a hire that was being withdrawn when an urgent order came', async () => {
    const { store } = await newStore();
    const hire = await accepted(store, 'a@example.com', { kind: 'onboarding' });
    const created: Effect = {
      kind: 'create',
      stage: 'done',
      oktaUserId: '00uA' as never,
      status: 'PROVISIONED',
      groupIds: [],
    };
    await store.runs.reportStep(aStep(hire, { effects: [created] }));
    const urgent = await accepted(store, 'a@example.com', { takeover: true, requestHash: '2' });
    await giveWay(store, hire, urgent, true);
    expect(await store.runs.loadJournal(urgent.id)).toMatchObject({
      withdrawn: true,
      undoing: false,
      creation: { stage: 'done', oktaUserId: '00uA' },
    });
  });
});
