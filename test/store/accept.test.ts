import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { runRef } from '../../src/contract/ids.js';
import { as } from '../../src/domain/brand.js';
import type { RunOutcome, RunPhase } from '../../src/domain/run.js';
import {
  aNextRun,
  aReport,
  aRequest,
  aStep,
  CONNECTION,
  newStore,
  sha256,
  given,
} from './support.js';

const OTHER = sha256('another request');

describe('accepting a request', () => {
  it('writes the run, its sealed input and a ledger row', async () => {
    const { store } = await newStore();
    const request = aRequest(store, { batch: 'b-1' });
    const { kind, run } = await store.runs.accept(request);
    expect(kind).toBe('accepted');
    expect(run).toMatchObject({
      id: request.run.id,
      kind: 'onboarding',
      phase: 'scheduled',
      outcome: null,
      previous: null,
      next: null,
      person: { login: 'ada@example.com', name: 'Ada Lovelace', oktaUserId: null },
      requestedBy: 'hr-sync',
      reason: 'first day',
      batch: 'b-1',
      deadlines: request.deadlines,
      waiting: request.waiting,
      steps: [],
      problem: null,
      finishedAt: null,
      started: false,
    });
    expect(await store.runs.input(request.run.id)).toEqual(request.input);
    expect(await store.ledger.ofRun(request.run.id)).toMatchObject([
      {
        action: 'run.requested',
        apiKeyId: 'key-1',
        detail: expect.stringContaining('Ada') as string,
      },
    ]);
  });

  it('accepts one of twenty equal requests at once and answers the others with it', async () => {
    const { open } = await newStore();
    const stores = [await open(), await open()];
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, at) => {
        const store = given(stores[at % 2]);
        return store.runs.accept(aRequest(store));
      }),
    );
    const accepted = answers.filter(({ kind }) => kind === 'accepted');
    expect(accepted).toHaveLength(1);
    expect(answers.filter(({ kind }) => kind === 'same')).toHaveLength(19);
    expect(new Set(answers.map(({ run }) => run.id))).toEqual(new Set([accepted[0]?.run.id]));
  });

  it('accepts one of twenty different requests at once and names it to the others', async () => {
    const { store } = await newStore();
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, at) =>
        store.runs.accept(aRequest(store, { requestHash: sha256(String(at)) })),
      ),
    );
    expect(answers.filter(({ kind }) => kind === 'accepted')).toHaveLength(1);
    expect(answers.filter(({ kind }) => kind === 'open')).toHaveLength(19);
    expect(new Set(answers.map(({ run }) => run.id)).size).toBe(1);
  });

  it('keeps people and connections apart', async () => {
    const { store } = await newStore();
    const ada = aRequest(store);
    const elsewhere = { ...ada, run: runRef(as('globex'), ada.run.subjectRef, as(randomUUID())) };
    const grace = aRequest(store, { login: 'grace@example.com' });
    for (const request of [ada, elsewhere, grace]) {
      expect((await store.runs.accept(request)).kind).toBe('accepted');
    }
  });

  it.each<[RunPhase, RunOutcome | null, 'same' | 'accepted']>([
    ['running', null, 'same'],
    ['parked', null, 'same'],
    ['holding', null, 'same'],
    ['completed', 'done', 'same'],
    ['completed', 'partial', 'same'],
    ['completed', 'undone', 'accepted'],
    ['completed', 'superseded', 'accepted'],
    ['cancelled', 'undone', 'accepted'],
    ['failed', 'failed', 'accepted'],
    ['failed', 'aborted', 'accepted'],
  ])('asked again when the run is %s/%s, answers %s', async (phase, outcome, expected) => {
    const { store } = await newStore();
    const first = aRequest(store);
    await store.runs.accept(first);
    await store.runs.report(aReport(first.run, 1, { phase, outcome }));
    const again = await store.runs.accept(aRequest(store));
    expect(again.kind).toBe(expected);
    expect(again.run.id === first.run.id).toBe(expected === 'same');
    if (expected === 'accepted') expect(again.run.previous).toBeNull();
  });

  it('accepts a different request once the run before it is over', async () => {
    const { store } = await newStore();
    const first = aRequest(store);
    await store.runs.accept(first);
    await store.runs.report(aReport(first.run, 1, { phase: 'completed', outcome: 'done' }));
    const other = await store.runs.accept(aRequest(store, { requestHash: OTHER }));
    expect(other).toMatchObject({ kind: 'accepted', run: { previous: null } });
  });

  it('knows an onboarding again when its contract end is the latest run', async () => {
    const { store } = await newStore();
    const first = aRequest(store);
    await store.runs.accept(first);
    const next = aNextRun(first.run);
    await store.runs.report(aReport(first.run, 1, { phase: 'completed', outcome: 'done', next }));
    const again = await store.runs.accept(aRequest(store));
    expect(again).toMatchObject({ kind: 'same', run: { id: first.run.id, next: next.run.id } });
    const different = await store.runs.accept(aRequest(store, { requestHash: OTHER }));
    expect(different).toMatchObject({ kind: 'open', run: { id: next.run.id } });
  });

  it('lets a takeover in beside an open run, and knows it again', async () => {
    const { store } = await newStore();
    const first = aRequest(store);
    await store.runs.accept(first);
    const takeover = () =>
      aRequest(store, { kind: 'offboarding', takeover: true, requestHash: OTHER });
    const taken = await store.runs.accept(takeover());
    expect(taken).toMatchObject({ kind: 'accepted', run: { previous: null } });
    expect(await store.runs.accept(takeover())).toMatchObject({
      kind: 'same',
      run: { id: taken.run.id },
    });
    // The run below it is still open, so its request is still the same one.
    expect(await store.runs.accept(aRequest(store))).toMatchObject({
      kind: 'same',
      run: { id: first.run.id },
    });
    const third = await store.runs.accept(aRequest(store, { requestHash: sha256('third') }));
    expect(third).toMatchObject({ kind: 'open', run: { id: taken.run.id } });
  });

  it('answers with the steps of the run that is there', async () => {
    const { store } = await newStore();
    const first = aRequest(store);
    await store.runs.accept(first);
    await store.runs.reportStep(aStep(first.run));
    const again = await store.runs.accept(aRequest(store));
    expect(again.run.steps).toMatchObject([{ name: 'createUser', status: 'done' }]);
  });
});

describe('a run that Temporal did not take', () => {
  it('is withdrawn without a trace but in the ledger, and can be asked for again', async () => {
    const { store } = await newStore();
    const request = aRequest(store);
    await store.runs.accept(request);
    await store.runs.withdraw(request.run.id);
    await store.runs.withdraw(request.run.id);
    expect(await store.runs.get(request.run.id)).toBeNull();
    expect(await store.runs.input(request.run.id)).toBeNull();
    expect((await store.ledger.ofRun(request.run.id)).map(({ action }) => action)).toEqual([
      'run.requested',
      'run.withdrawn',
    ]);
    expect((await store.runs.accept(aRequest(store))).kind).toBe('accepted');
  });

  it.each(['markStarted', 'report', 'reportStep'] as const)(
    'stays once %s has told that it did',
    async (how) => {
      const { store } = await newStore();
      const request = aRequest(store);
      await store.runs.accept(request);
      if (how === 'markStarted') await store.runs.markStarted(request.run.id, 'w-1');
      if (how === 'report') await store.runs.report(aReport(request.run, 1));
      if (how === 'reportStep') await store.runs.reportStep(aStep(request.run));
      await store.runs.withdraw(request.run.id);
      expect(await store.runs.get(request.run.id)).toMatchObject({ started: true });
    },
  );

  it('is found by the sweep once it is old enough, oldest first', async () => {
    const { store } = await newStore();
    const requests = ['a@x.com', 'b@x.com', 'c@x.com'].map((login) => aRequest(store, { login }));
    for (const request of requests) await store.runs.accept(request);
    await store.runs.markStarted(given(requests[1]).run.id, null);
    expect(await store.runs.unstarted(0, 10)).toEqual([
      { run: requests[0]?.run, kind: 'onboarding', takeover: false },
      { run: requests[2]?.run, kind: 'onboarding', takeover: false },
    ]);
    expect(await store.runs.unstarted(0, 1)).toHaveLength(1);
    expect(await store.runs.unstarted(60_000, 10)).toEqual([]);
    expect(await store.runs.latest(CONNECTION, given(requests[0]).run.subjectRef)).toMatchObject({
      started: false,
    });
  });
});
