import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { runRef } from '../../src/contract/ids.js';
import { as } from '../../src/domain/brand.js';
import type { Effect } from '../../src/domain/effects.js';
import type { RunKind, RunOutcome, RunPhase } from '../../src/domain/run.js';
import type { Acceptance } from '../../src/store/store.js';
import {
  aNextRun,
  aReport,
  aRequest,
  aStep,
  CONNECTION,
  newStore,
  sha256,
  shown,
  given,
} from './support.js';

const OTHER = sha256('another request');

/** What a run of that kind was asked for, done. */
const DEED: Record<RunKind, Effect> = {
  onboarding: {
    kind: 'create',
    stage: 'done',
    oktaUserId: '00uAda' as never,
    status: 'STAGED',
    groupIds: [],
  },
  offboarding: {
    kind: 'suspend',
    stage: 'done',
    access: { result: 'suspended', ours: true, unlocked: false, at: '2027-03-01T08:00:00Z' },
  },
};

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

  type Answer = Acceptance['kind'] | 'accepted after it';
  const DONE = { isDone: true };
  const UNDOING = { isDone: true, undoing: true };
  const LONG_AGO = { isDone: true, endedMs: 61_000 };
  interface Circumstances {
    isDone?: boolean;
    undoing?: boolean;
    endedMs?: number;
  }
  it.each<[RunKind, RunPhase, RunOutcome | null, Circumstances, Answer]>([
    // Its part is still ahead.
    ['onboarding', 'scheduled', null, {}, 'same'],
    ['onboarding', 'parked', null, {}, 'same'],
    ['onboarding', 'running', null, DONE, 'same'],
    ['offboarding', 'scheduled', null, {}, 'same'],
    ['offboarding', 'running', null, {}, 'same'],
    ['offboarding', 'parked', null, {}, 'same'],
    // It has suspended: only Okta tells whether that holds.
    ['offboarding', 'running', null, DONE, 'look-again'],
    ['offboarding', 'holding', null, DONE, 'look-again'],
    ['offboarding', 'parked', null, DONE, 'look-again'],
    // It is being taken back, so it does not stand for the request any more.
    ['offboarding', 'running', null, UNDOING, 'open'],
    ['onboarding', 'parked', null, UNDOING, 'open'],
    // An onboarding is not looked at for a minute after its end; an offboarding always is.
    ['onboarding', 'completed', 'done', DONE, 'same'],
    ['onboarding', 'completed', 'partial', DONE, 'same'],
    ['onboarding', 'completed', 'done', LONG_AGO, 'accepted after it'],
    ['onboarding', 'completed', 'partial', LONG_AGO, 'accepted after it'],
    ['offboarding', 'completed', 'done', DONE, 'accepted after it'],
    ['offboarding', 'completed', 'partial', DONE, 'accepted after it'],
    // What was given up says nothing.
    ['onboarding', 'completed', 'undone', DONE, 'accepted'],
    ['offboarding', 'completed', 'superseded', DONE, 'accepted'],
    ['onboarding', 'cancelled', 'undone', DONE, 'accepted'],
    ['offboarding', 'cancelled', 'aborted', DONE, 'accepted'],
    ['onboarding', 'failed', 'failed', {}, 'accepted'],
  ])('asked again: %s %s/%s %j is %s', async (kind, phase, outcome, given, expected) => {
    const { store, query } = await newStore();
    const first = aRequest(store, { kind });
    await store.runs.accept(first);
    const effects = given.isDone === true ? [DEED[kind]] : [];
    await store.runs.reportStep(aStep(first.run, { effects, ...shown('00uAda') }));
    const undoing = given.undoing ?? false;
    await store.runs.report(aReport(first.run, 1, { kind, phase, outcome, undoing }));
    if (given.endedMs !== undefined) {
      await query(`update runs set finished_at = finished_at - $1 * interval '1 ms'`, [
        given.endedMs,
      ]);
    }
    const again = await store.runs.accept(aRequest(store, { kind }));
    const isNew = expected === 'accepted' || expected === 'accepted after it';
    expect(again.kind).toBe(isNew ? 'accepted' : expected);
    expect(again.run.id === first.run.id).toBe(!isNew);
    if (again.kind !== 'accepted') return;
    const earlier =
      expected === 'accepted after it' ? { run: first.run.id, oktaUserId: '00uAda' } : null;
    expect(again.earlier).toEqual(earlier);
    expect(again.run.previous).toBe(earlier?.run ?? null);
    // The sweep starts it as the request would have.
    expect(await store.runs.input(again.run.id)).toEqual({
      person: { login: 'ada@example.com' },
      ...(earlier === null ? {} : { earlier }),
    });
  });

  it('finds the earlier run of the same request behind any number of others', async () => {
    const { store } = await newStore();
    const first = aRequest(store, { kind: 'offboarding' });
    await store.runs.accept(first);
    await store.runs.report(aReport(first.run, 1, { phase: 'completed', outcome: 'done' }));
    for (const hash of ['1', '2', '3']) {
      const other = aRequest(store, { requestHash: sha256(hash) });
      await store.runs.accept(other);
      await store.runs.report(aReport(other.run, 1, { phase: 'completed', outcome: 'done' }));
    }
    const again = await store.runs.accept(aRequest(store, { kind: 'offboarding' }));
    expect(again).toMatchObject({ kind: 'accepted', earlier: { run: first.run.id } });
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

  it('gives a takeover the workflow of the open run, and a new run a workflow id that none has', async () => {
    const { store } = await newStore();
    const first = aRequest(store);
    const { run } = await store.runs.accept(first);
    expect(run.workflowId).toBe(first.workflowIds[0]);
    const urgent = aRequest(store, { kind: 'offboarding', takeover: true, requestHash: OTHER });
    expect((await store.runs.accept(urgent)).run.workflowId).toBe(run.workflowId);
  });

  describe('a login that was freed', () => {
    /** Ada was offboarded and renamed in her hold; her former login is somebody else's. */
    async function freed() {
      const { store } = await newStore();
      const ada = aRequest(store, { kind: 'offboarding' });
      await store.runs.accept(ada);
      await store.runs.reportStep(
        aStep(ada.run, { ...shown('00uAda', 'ada.old@example.com'), claims: true }),
      );
      await store.runs.report(aReport(ada.run, 1, { kind: 'offboarding', phase: 'holding' }));
      return { store, ada };
    }

    it('is free for the new holder, whose run gets a workflow of its own', async () => {
      const { store, ada } = await freed();
      const hire = aRequest(store, { requestHash: OTHER });
      const accepted = await store.runs.accept(hire);
      expect(accepted).toMatchObject({ kind: 'accepted', run: { id: hire.run.id } });
      expect(accepted.run.workflowId).toBe(hire.workflowIds[1]);
      expect((await store.runs.get(ada.run.id))?.workflowId).toBe(ada.workflowIds[0]);
      expect((await store.runs.openFor(CONNECTION, ada.run.subjectRef))?.id).toBe(hire.run.id);
    });

    it('does not hide the former holder from those who ask for her by her new one', async () => {
      const { store, ada } = await freed();
      const other = aRequest(store, { login: 'ada.old@example.com', requestHash: OTHER });
      expect(await store.runs.accept(other)).toMatchObject({
        kind: 'open',
        run: { id: ada.run.id },
      });
    });

    it('has its urgent offboarding beside the hold of the former holder, not in its workflow', async () => {
      const { store } = await freed();
      const urgent = aRequest(store, { kind: 'offboarding', takeover: true, requestHash: OTHER });
      expect((await store.runs.accept(urgent)).run.workflowId).toBe(urgent.workflowIds[1]);
    });
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
