// One open run an Okta account: who gets it, what the others hear, and when it is free again.
import { describe, expect, it } from 'vitest';
import type { Effect } from '../../src/domain/effects.js';
import type { RunRef } from '../../src/domain/run.js';
import type { AccountHolder, StepReport, Store } from '../../src/store/store.js';
import {
  aNextRun,
  aReport,
  aRequest,
  aStep,
  countStatements,
  given,
  newStore,
  sha256,
  shown,
} from './support.js';

const ADA = '00uAda';
const LOOK: Effect = { kind: 'look', look: { kind: 'absent', at: '1' } };

/** Runs that were asked for under different spellings, so that nothing but the account tells. */
async function accepted(store: Store, login: string, over = {}): Promise<RunRef> {
  const request = aRequest(store, { login, kind: 'offboarding', ...over });
  await store.runs.accept(request);
  return request.run;
}
/** A look that shows the account, by which the run means to have it. */
const claim = (store: Store, run: RunRef, over: Partial<StepReport> = {}) =>
  store.runs.reportStep(
    aStep(run, { name: 'readUser', claims: true, effects: [LOOK], ...shown(ADA), ...over }),
  );

describe('an account that a run has', () => {
  it('is told to the second run, with whose it is and since when; nothing it saw is kept', async () => {
    const { store } = await newStore();
    const first = await accepted(store, 'ada@example.com');
    const second = await accepted(store, 'ada');
    expect(await claim(store, first)).toBeNull();
    const row = given(await store.runs.get(first.id));
    expect(await claim(store, second)).toEqual({
      run: first.id,
      kind: 'offboarding',
      phase: 'scheduled',
      login: 'ada@example.com',
      since: row.createdAt,
      workflowId: row.workflowId,
    } satisfies AccountHolder);
    expect((await store.runs.loadJournal(first.id)).look).toEqual(LOOK.look);
    expect((await store.runs.loadJournal(second.id)).look).toBeNull();
    // The step itself is on record: it was done, and says what it found.
    expect((await store.runs.get(second.id))?.steps).toMatchObject([{ name: 'readUser' }]);
  });

  it('stays its own, however often it says so', async () => {
    const { store } = await newStore();
    const run = await accepted(store, 'ada@example.com');
    expect([await claim(store, run), await claim(store, run)]).toEqual([null, null]);
  });

  it('takes one statement to get, and one to be refused', async () => {
    const { store } = await newStore();
    const first = await accepted(store, 'ada@example.com');
    const second = await accepted(store, 'ada');
    for (const run of [first, second]) {
      expect(await countStatements(() => claim(store, run))).toBe(1);
    }
  });

  it('can be looked at by others that do not claim it', async () => {
    const { store } = await newStore();
    await claim(store, await accepted(store, 'ada@example.com'));
    const reader = await accepted(store, 'ada');
    expect(await claim(store, reader, { claims: false })).toBeNull();
    expect((await store.runs.loadJournal(reader.id)).look).toEqual(LOOK.look);
  });

  it('is another one in another connection', async () => {
    const { store } = await newStore();
    const first = await accepted(store, 'ada@example.com');
    const elsewhere = aRequest(store);
    const run = {
      ...elsewhere.run,
      id: elsewhere.run.id.replace('acme', 'globex') as never,
      connection: 'globex' as never,
    };
    await store.runs.accept({ ...elsewhere, run });
    expect([await claim(store, first), await claim(store, run)]).toEqual([null, null]);
  });

  it('has one owner when many claim it at once, whom all others name', async () => {
    const { open, store } = await newStore();
    const stores = [store, await open()];
    const runs = await Promise.all(
      Array.from({ length: 12 }, (_, n) => accepted(store, `ada${n}@example.com`)),
    );
    const answers = await Promise.all(runs.map((run, n) => claim(stores[n % 2] as Store, run)));
    const winners = runs.filter((_run, n) => answers[n] === null);
    expect(winners).toHaveLength(1);
    const named = answers.filter((holder) => holder !== null).map(({ run }) => run);
    expect(new Set(named)).toEqual(new Set([winners[0]?.id]));
    for (const run of runs.filter(({ id }) => id !== winners[0]?.id)) {
      expect((await store.runs.loadJournal(run.id)).look).toBeNull();
    }
  });
});

describe('an account is free again', () => {
  it.each(['completed', 'cancelled', 'failed'] as const)('when its run is %s', async (phase) => {
    const { store } = await newStore();
    const first = await accepted(store, 'ada@example.com');
    const second = await accepted(store, 'ada');
    await claim(store, first);
    await store.runs.report(aReport(first, 1, { phase, outcome: 'done' }));
    expect(await claim(store, second)).toBeNull();
  });

  it('not while its run holds or is parked', async () => {
    const { store } = await newStore();
    const first = await accepted(store, 'ada@example.com');
    const second = await accepted(store, 'ada');
    await claim(store, first);
    for (const [version, phase] of (['holding', 'parked'] as const).entries()) {
      await store.runs.report(aReport(first, version + 1, { phase }));
      expect(await claim(store, second)).toMatchObject({ run: first.id, phase });
    }
  });
});

describe('an account passes on', () => {
  it('to the contract’s end, in the report that closes the onboarding', async () => {
    const { store } = await newStore();
    const hire = await accepted(store, 'ada@example.com', { kind: 'onboarding' });
    await claim(store, hire);
    const next = aNextRun(hire);
    await store.runs.report(aReport(hire, 1, { phase: 'completed', outcome: 'done', next }));
    expect(await claim(store, await accepted(store, 'ada'))).toMatchObject({
      run: next.run.id,
      kind: 'offboarding',
    });
  });

  it('to the urgent run that takes the place, in the report that closes the one before', async () => {
    const { store } = await newStore();
    const first = await accepted(store, 'ada@example.com');
    await claim(store, first);
    const urgent = await accepted(store, 'ada@example.com', {
      takeover: true,
      requestHash: sha256('urgent'),
    });
    const next = { ...aNextRun(first), link: 'supersedes' as const, run: urgent };
    await store.runs.report(aReport(first, 1, { phase: 'completed', outcome: 'superseded', next }));
    expect(await claim(store, await accepted(store, 'ada'))).toMatchObject({ run: urgent.id });
    expect(await claim(store, urgent)).toBeNull();
  });

  it('from a run without a workflow to the urgent one, once, with its links', async () => {
    const { store } = await newStore();
    const gone = await accepted(store, 'ada@example.com');
    await claim(store, gone);
    const urgent = await accepted(store, 'ada');
    expect(await store.runs.takeAccount(urgent.id, gone.id)).toBe(true);
    expect(await store.runs.takeAccount(urgent.id, gone.id)).toBe(false);
    expect(await store.runs.get(gone.id)).toMatchObject({
      phase: 'completed',
      outcome: 'superseded',
      supersededBy: urgent.id,
      actions: [],
    });
    expect(await store.runs.get(urgent.id)).toMatchObject({ previous: gone.id });
    expect((await store.runs.loadJournal(urgent.id)).look).toEqual(LOOK.look);
    expect(await claim(store, await accepted(store, 'ADA2'))).toMatchObject({ run: urgent.id });
    const ended = await store.ledger.ofRun(gone.id);
    expect(ended.at(-1)).toMatchObject({ action: 'run.completed' });
  });
});

describe('a run that goes on under another workflow id', () => {
  it('is found there from then on', async () => {
    const { store } = await newStore();
    const run = await accepted(store, 'ada');
    await store.runs.move(run.id, 'person/acme/0123456789abcdef');
    expect((await store.runs.get(run.id))?.workflowId).toBe('person/acme/0123456789abcdef');
  });
});
