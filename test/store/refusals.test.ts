import { describe, expect, it } from 'vitest';
import type { RunRef } from '../../src/domain/run.js';
import { aConnection, aRequest, aStep, CONNECTION, given, newStore } from './support.js';

async function withPeople(count: number) {
  const { store, query } = await newStore();
  await store.connections.put(aConnection());
  const runs: RunRef[] = [];
  for (let person = 0; person < count; person += 1) {
    const request = aRequest(store, { kind: 'offboarding', login: `p${person}@example.com` });
    await store.runs.accept(request);
    runs.push(request.run);
  }
  const run = (person: number) => given(runs[person]);
  return { ...store, runRefs: runs, run, query };
}
const PROBLEM = {
  code: 'OKTA_FORBIDDEN',
  title: 'No',
  detail: 'No.',
  since: '',
  step: 'suspendUser',
};

describe('refusals', () => {
  it('are counted by person, each step for itself', async () => {
    const { refusals, run, runRefs } = await withPeople(3);
    const counts: number[] = [];
    for (const run of [...runRefs, ...runRefs])
      counts.push(await refusals.note(run, 'suspendUser'));
    expect(counts).toEqual([1, 2, 3, 3, 3, 3]);
    expect(await refusals.note(run(0), 'createUser')).toBe(1);
  });

  it('count from anew once the step was done for somebody', async () => {
    const { refusals, run, runs } = await withPeople(3);
    await refusals.note(run(0), 'suspendUser');
    await refusals.note(run(1), 'suspendUser');
    // Ahead of the database's own rounding.
    const now = new Date(Date.now() + 1_000).toISOString();
    await runs.reportStep(
      aStep(run(2), { name: 'suspendUser', startedAt: now, finishedAt: now, status: 'done' }),
    );
    expect(await refusals.note(run(2), 'suspendUser')).toBe(1);
  });

  it('are forgotten after a day', async () => {
    const { refusals, run, query } = await withPeople(2);
    await refusals.note(run(0), 'suspendUser');
    await query("update refusals set at = at - interval '25 hours'");
    expect(await refusals.note(run(1), 'suspendUser')).toBe(1);
  });

  it('for which a connection was blocked are mended when it is ready again, until forgotten', async () => {
    const { refusals, run, connections } = await withPeople(2);
    await refusals.note(run(0), 'suspendUser');
    expect(await refusals.mended(10)).toEqual([]);
    await connections.block(CONNECTION, PROBLEM);
    await refusals.markBlocked(CONNECTION, 'suspendUser');
    await refusals.note(run(1), 'createUser');
    expect(await refusals.mended(10)).toEqual([]);
    await connections.unblock(CONNECTION);
    expect(await refusals.mended(10)).toMatchObject([{ run: run(0), step: 'suspendUser' }]);
    await refusals.forget(run(0), 'suspendUser');
    expect(await refusals.mended(10)).toEqual([]);
  });
});
