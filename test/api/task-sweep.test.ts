// Finding runs whose workflow task fails: what a round looks at, and what it makes of it.
import { pino } from 'pino';
import { expect, it } from 'vitest';
import { createTaskSweep } from '../../src/api/task-sweep.js';
import type { Sighting } from '../../src/api/temporal.js';
import { as, type RunId } from '../../src/domain/brand.js';
import type { Suspect, SuspectPage, TroubleStore } from '../../src/store/store.js';

const suspect = (id: string, isOpen = true): Suspect => ({
  id: as(id),
  workflowId: `person/demo/${id}`,
  isOpen,
});

/** Runs by id, each with the attempt of its workflow task; null: its workflow is not there. */
function world(attempts: Record<string, number | null>, status = 'RUNNING') {
  const state = {
    known: [] as Suspect[],
    suspects: [] as Suspect[],
    described: [] as string[],
    pages: [] as (string | null)[],
  };
  /** Ids stand for the places of pages as well. */
  const pageOf = (all: Suspect[], after: string | null, limit: number): SuspectPage => {
    const items = all.filter(({ id }) => after === null || id > after).slice(0, limit);
    return { items, next: items.length < limit ? null : (items.at(-1)?.id ?? null) };
  };
  const troubles: TroubleStore = {
    summary: () => Promise.reject(new Error('not asked for here')),
    noteFailedTasks: () => Promise.reject(new Error('not asked for here')),
    failing: (after, limit) => Promise.resolve(pageOf(state.known, after, limit)),
    suspects: (after, limit) => {
      state.pages.push(after);
      return Promise.resolve(pageOf(state.suspects, after, limit));
    },
    markFailing: (ids: RunId[]) => {
      state.known.push(...state.suspects.filter(({ id }) => ids.includes(id)));
      state.suspects = state.suspects.filter(({ id }) => !ids.includes(id));
      return Promise.resolve();
    },
    clearFailing: (ids: RunId[]) => {
      state.known = state.known.filter(({ id }) => !ids.includes(id));
      return Promise.resolve();
    },
  };
  const engine = {
    describe: (workflowId: string) => {
      const id = workflowId.split('/')[2] ?? '';
      state.described.push(id);
      const attempt = attempts[id];
      if (attempt === undefined) return Promise.reject(new Error('away'));
      if (attempt === null) return Promise.resolve(null);
      const pendingWorkflowTask = attempt === 0 ? null : { attempt, state: 2 };
      return Promise.resolve({
        status,
        description: { raw: { pendingWorkflowTask } },
      } as unknown as Sighting);
    },
  };
  const once = createTaskSweep({ troubles, engine, log: pino({ level: 'silent' }) });
  return { state, once, attempts, ids: () => state.known.map(({ id }) => id) };
}

it('marks what has come to nothing twice, and leaves a first and a second attempt in peace', async () => {
  const { state, once, ids } = world({ a: 0, b: 1, c: 2, d: 3, e: 40, f: null });
  state.suspects = ['a', 'b', 'c', 'd', 'e', 'f'].map((id) => suspect(id));
  await once();
  expect(ids()).toEqual(['d', 'e']);
});

it('keeps what a worker has noted for as long as it is tried again, and clears it then', async () => {
  const { state, once, attempts, ids } = world({ a: 2 });
  state.known = [suspect('a')];
  await once();
  expect(ids()).toEqual(['a']);
  attempts['a'] = 1;
  await once();
  expect(ids()).toEqual([]);
});

it('clears what has ended, or has no workflow any more', async () => {
  const open = world({ a: null });
  open.state.known = [suspect('a'), suspect('b', false)];
  await open.once();
  expect(open.ids()).toEqual([]);
  expect(open.state.described).toEqual(['a']);

  const closed = world({ a: 9 }, 'TERMINATED');
  closed.state.known = [suspect('a')];
  await closed.once();
  expect(closed.ids()).toEqual([]);
});

it('describes 25 known and 25 suspects a round at most, and all of them in turn', async () => {
  const names = Array.from({ length: 60 }, (_, n) => `r${String(n).padStart(2, '0')}`);
  const all = Object.fromEntries(
    names.flatMap((name) => [
      [name, 1],
      [`k${name}`, 5],
    ]),
  );
  const { state, once } = world(all);
  state.suspects = names.map((name) => suspect(name));
  state.known = names.map((name) => suspect(`k${name}`));
  for (let round = 1; round <= 3; round += 1) {
    const before = state.described.length;
    await once();
    expect(state.described.length - before).toBeLessThanOrEqual(50);
  }
  expect(new Set(state.described).size).toBe(120);
  await once();
  expect(state.pages).toEqual([null, 'r24', 'r49', null]);
});

it('gives up the round, and says nothing of any run, while Temporal is away', async () => {
  const { state, once, ids } = world({});
  state.known = [suspect('a')];
  await expect(once()).rejects.toThrow('away');
  expect(ids()).toEqual(['a']);
});
