// Rows without a workflow: which are found, marking one, and what is recalled of it.
import { describe, expect, it } from 'vitest';
import { problem } from '../../src/domain/problem.js';
import type { RunId } from '../../src/domain/brand.js';
import type { Store } from '../../src/store/store.js';
import { aReport, aRequest, aStep, countStatements, given, newStore } from './support.js';

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

describe('what a run did', () => {
  const suspended = { kind: 'access', access: { result: 'suspended', ours: true } } as const;

  it('is recalled of its steps, whichever workflow made them', async () => {
    const { store } = await newStore();
    const run = await accepted(store, 'a@example.com');
    await store.runs.reportStep(aStep(run, { deed: suspended }));
    const removed = { kind: 'removed' as const, groupIds: ['00gA' as never] };
    await store.runs.reportStep(aStep(run, { workflowRunId: 'w-2', deed: removed }));
    await store.runs.reportStep(aStep(run, { activityId: '3', name: 'mintToken' }));
    expect((await store.runs.recall(run.id)).own).toMatchObject({
      access: suspended.access,
      removed: ['00gA'],
    });
  });

  it('comes with what the offboardings did that it took over from, and with nothing else', async () => {
    const { store } = await newStore();
    const first = await accepted(store, 'a@example.com');
    await store.runs.reportStep(aStep(first, { deed: suspended }));
    const second = await accepted(store, 'a@example.com', { takeover: true, requestHash: '2' });
    const next = { run: second, kind: 'offboarding', phase: 'running', deadlines: {} } as const;
    await store.runs.report(
      aReport(first, 9_000, {
        phase: 'completed',
        outcome: 'superseded',
        next: { ...next, waiting: null, actions: [] },
      }),
    );
    const { own, carried } = await store.runs.recall(second.id);
    expect(own.access).toBeNull();
    expect(carried).toEqual({ suspended: true, removedGroups: [] });
  });
});
