import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Effect } from '../../src/domain/effects.js';
import type { RunPhase } from '../../src/domain/run.js';
import {
  aNextRun,
  aReport,
  aRequest,
  aStep,
  countStatements,
  newStore,
  sha256,
  shown,
  given,
} from './support.js';

const ADA = '00uAda' as never;

async function withRun() {
  const database = await newStore();
  const request = aRequest(database.store);
  await database.store.runs.accept(request);
  return { ...database, run: request.run, runs: database.store.runs };
}

describe('a report of a workflow', () => {
  it('says how the run stands, whole', async () => {
    const { runs, run } = await withRun();
    const problem = {
      code: 'LOGIN_TAKEN' as const,
      title: 'Somebody already has this login',
      detail: 'ada@example.com is Ada Byron',
      actions: ['retry' as const, 'abort' as const],
    };
    const waiting = { for: 'decision' as const };
    await runs.report(
      aReport(run, 1, { phase: 'parked', problem, waiting, actions: ['cancel', 'resolve'] }),
    );
    expect(await runs.get(run.id)).toMatchObject({
      phase: 'parked',
      problem,
      waiting,
      actions: ['cancel', 'resolve'],
      started: true,
      finishedAt: null,
    });
    await runs.report(aReport(run, 2, { phase: 'completed', outcome: 'done', actions: [] }));
    const closed = await runs.get(run.id);
    expect(closed).toMatchObject({ phase: 'completed', outcome: 'done', problem: null });
    expect(closed?.finishedAt).not.toBeNull();
  });

  it('counts by version, in whatever order reports arrive and however often', async () => {
    const { runs, run } = await withRun();
    const phases: RunPhase[] = ['running', 'parked', 'running', 'holding', 'completed'];
    let base = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 12 }),
        async (order) => {
          for (const version of order) {
            const phase = given(phases[version - 1]);
            await runs.report(aReport(run, base + version, { phase }));
          }
          const newest = Math.max(...order);
          expect((await runs.get(run.id))?.phase).toBe(phases[newest - 1]);
          base += 10;
        },
      ),
      { numRuns: 15 },
    );
  });

  it('writes its event once, also when it is repeated or comes late', async () => {
    const { store, runs, run } = await withRun();
    const parked = aReport(run, 1, {
      phase: 'parked',
      event: { key: 'v1', action: 'run.parked', detail: 'somebody has this login' },
    });
    await runs.report(aReport(run, 2));
    await Promise.all([runs.report(parked), runs.report(parked), runs.report(parked)]);
    expect((await runs.get(run.id))?.phase).toBe('running');
    expect(await store.ledger.ofRun(run.id)).toMatchObject([
      { action: 'run.requested' },
      { action: 'run.parked', detail: 'somebody has this login', apiKeyId: null },
    ]);
  });

  it('takes one statement', async () => {
    const { runs, run } = await withRun();
    const event = { key: 'v1', action: 'run.parked', detail: null };
    expect(await countStatements(() => runs.report(aReport(run, 1, { event })))).toBe(1);
  });

  it('of a run that is not there does no harm', async () => {
    const { runs, store } = await withRun();
    const unknown = aRequest(store, { login: 'nobody@example.com' }).run;
    await runs.report(aReport(unknown, 1, { next: aNextRun(unknown) }));
    expect(await runs.get(unknown.id)).toBeNull();
  });
});

describe('a run that goes on as another', () => {
  it('gets a row for the same person, linked both ways, once', async () => {
    const { runs, run } = await withRun();
    const next = aNextRun(run);
    const report = aReport(run, 1, { phase: 'completed', outcome: 'done', next });
    await runs.reportStep(aStep(run, { ...shown('00u1') }));
    await Promise.all([runs.report(report), runs.report(report)]);
    await runs.report(report);
    expect(await runs.get(run.id)).toMatchObject({
      phase: 'completed',
      next: next.run.id,
      continuesAs: next.run.id,
      supersededBy: null,
    });
    expect(await runs.get(next.run.id)).toMatchObject({
      kind: 'offboarding',
      phase: 'scheduled',
      previous: run.id,
      next: null,
      person: { login: 'ada@example.com', name: 'Ada Lovelace', oktaUserId: '00u1' },
      requestedBy: 'hr-sync',
      deadlines: next.deadlines,
      waiting: next.waiting,
      started: true,
    });
    expect(await runs.latest(run.connection, run.subjectRef)).toMatchObject({ id: next.run.id });
    expect(await runs.input(next.run.id)).toBeNull();
  });

  it('leaves a row that has moved on as it is when the report is repeated', async () => {
    const { runs, run } = await withRun();
    const next = aNextRun(run);
    const report = aReport(run, 1, { phase: 'completed', outcome: 'done', next });
    await runs.report(report);
    await runs.report(aReport(next.run, 1, { phase: 'holding' }));
    await runs.report(report);
    expect(await runs.get(next.run.id)).toMatchObject({ phase: 'holding', previous: run.id });
  });

  it('is only linked where a takeover has made the row already', async () => {
    const { store, runs, run } = await withRun();
    const takeover = aRequest(store, {
      kind: 'offboarding',
      takeover: true,
      requestHash: sha256('takeover'),
      requestedBy: 'security',
      phase: 'running',
      deadlines: {},
    });
    await runs.accept(takeover);
    await runs.report(
      aReport(run, 1, {
        phase: 'completed',
        outcome: 'superseded',
        next: { ...aNextRun(run), link: 'supersedes', run: takeover.run },
      }),
    );
    expect(await runs.get(run.id)).toMatchObject({
      next: takeover.run.id,
      supersededBy: takeover.run.id,
      continuesAs: null,
    });
    expect(await runs.get(takeover.run.id)).toMatchObject({
      previous: run.id,
      phase: 'running',
      requestedBy: 'security',
      deadlines: {},
      started: true,
    });
  });
});

describe('a report of a step', () => {
  it('writes step, ledger row and the person’s id in one round trip', async () => {
    const { store, runs, run } = await withRun();
    const event = { key: 'w-1/1/1', action: 'createUser', detail: 'Created Ada' };
    const report = aStep(run, { event, ...shown('00uAda') });
    expect(await countStatements(() => runs.reportStep(report))).toBe(1);
    expect(await runs.get(run.id)).toMatchObject({
      person: { oktaUserId: '00uAda' },
      steps: [
        {
          name: 'createUser',
          status: 'done',
          startedAt: '2027-03-01T08:00:00.000Z',
          finishedAt: '2027-03-01T08:00:01.000Z',
          attempts: 1,
          oktaRequestIds: ['req-1'],
          detail: 'Created Ada Lovelace',
        },
      ],
    });
    expect((await store.ledger.ofRun(run.id)).at(-1)).toMatchObject({
      action: 'createUser',
      detail: 'Created Ada',
      oktaRequestIds: ['req-1'],
    });
  });

  it('leaves one step and one ledger row, whatever is repeated at once', async () => {
    const { store, runs, run } = await withRun();
    const event = { key: 'w-1/1/1', action: 'createUser', detail: 'Created Ada' };
    await Promise.all(Array.from({ length: 10 }, () => runs.reportStep(aStep(run, { event }))));
    expect((await runs.get(run.id))?.steps).toHaveLength(1);
    expect(await store.ledger.ofRun(run.id)).toHaveLength(2);
  });

  it('keeps the first start and all request ids, and else what the latest attempt says', async () => {
    const { runs, run } = await withRun();
    const lost = aStep(run, {
      status: 'running',
      finishedAt: null,
      oktaRequestIds: ['req-1'],
      detail: 'No answer',
    });
    const done = aStep(run, {
      attempts: 2,
      startedAt: '2027-03-01T08:05:00.000Z',
      finishedAt: '2027-03-01T08:05:02.000Z',
      oktaRequestIds: ['req-1', 'req-2', 'req-3'],
      detail: 'Created',
    });
    await runs.reportStep(lost);
    await runs.reportStep(done);
    const expected = {
      status: 'done',
      attempts: 2,
      startedAt: '2027-03-01T08:00:00.000Z',
      finishedAt: '2027-03-01T08:05:02.000Z',
      oktaRequestIds: ['req-1', 'req-2', 'req-3'],
      detail: 'Created',
    };
    expect((await runs.get(run.id))?.steps).toMatchObject([expected]);
    await runs.reportStep(lost);
    await runs.reportStep({ ...done, status: 'running', finishedAt: null, detail: 'late' });
    expect((await runs.get(run.id))?.steps).toMatchObject([expected]);
  });

  it('keeps the person’s id that an earlier step has learned', async () => {
    const { runs, run } = await withRun();
    await runs.reportStep(aStep(run, { ...shown('00uAda') }));
    await runs.reportStep(aStep(run, { activityId: '2' }));
    expect((await runs.get(run.id))?.person.oktaUserId).toBe('00uAda');
  });

  it('shows login and name as Okta has them, once it has shown them', async () => {
    const { runs, run } = await withRun();
    await runs.reportStep(aStep(run, shown('00uAda', 'ada.king@example.com', 'Ada King')));
    expect((await runs.get(run.id))?.person).toEqual({
      login: 'ada.king@example.com',
      name: 'Ada King',
      oktaUserId: '00uAda',
    });
  });

  it.each<[string, Effect[], boolean]>([
    ['a look', [{ kind: 'look', look: { kind: 'absent', at: '1' } }], false],
    ['an intent', [{ kind: 'create', stage: 'intended', absentAt: '1', groupIds: [] }], false],
    ['a refusal', [{ kind: 'suspend', stage: 'refused' }], false],
    [
      'an account',
      [{ kind: 'create', stage: 'done', oktaUserId: ADA, status: 'STAGED', groupIds: [] }],
      true,
    ],
    ['an adoption', [{ kind: 'adopt', oktaUserId: ADA }], true],
    [
      'a suspension',
      [
        {
          kind: 'suspend',
          stage: 'done',
          access: { result: 'suspended', ours: true, unlocked: false, at: '1' },
        },
      ],
      true,
    ],
  ])('tells whether what was asked for has been done: %s', async (_name, effects, expected) => {
    const { runs, run } = await withRun();
    await runs.reportStep(aStep(run, { effects }));
    expect((await runs.get(run.id))?.deedDone).toBe(expected);
  });

  it('shows steps in the order of their first report, executions apart', async () => {
    const { runs, run } = await withRun();
    await runs.reportStep(aStep(run, { activityId: '2', name: 'readUser', status: 'running' }));
    await runs.reportStep(aStep(run, { activityId: '1', name: 'createUser' }));
    await runs.reportStep(aStep(run, { activityId: '2', name: 'readUser' }));
    await runs.reportStep(aStep(run, { activityId: '2', workflowRunId: 'w-2', name: 'undo' }));
    expect((await runs.get(run.id))?.steps.map(({ name, status }) => [name, status])).toEqual([
      ['readUser', 'done'],
      ['createUser', 'done'],
      ['undo', 'done'],
    ]);
  });
});

describe('a message to a run', () => {
  it('is in the ledger once, with the key of who sent it', async () => {
    const { store, runs, run } = await withRun();
    const event = { key: 'action-7', action: 'run.cancel-requested', detail: 'changed her mind' };
    await runs.note(run, event, 'key-2');
    await runs.note(run, event, 'key-2');
    expect((await store.ledger.ofRun(run.id)).slice(1)).toMatchObject([
      { action: 'run.cancel-requested', detail: 'changed her mind', apiKeyId: 'key-2' },
    ]);
  });
});

describe('the ledger', () => {
  it('lists a connection newest first', async () => {
    const { store, runs, run } = await withRun();
    for (const key of ['a', 'b']) await runs.note(run, { key, action: key, detail: null }, null);
    const rows = await store.ledger.list(run.connection, 2);
    expect(rows.map(({ action }) => action)).toEqual(['b', 'a']);
    expect(await store.ledger.list('globex' as never, 10)).toEqual([]);
  });

  it.each([
    ['changed', `update ledger set action = 'nothing.happened'`],
    ['deleted', 'delete from ledger'],
    ['emptied', 'truncate ledger'],
  ])('cannot be %s', async (_how, statement) => {
    const { query } = await withRun();
    await expect(query(statement)).rejects.toThrow('append-only');
  });

  it('lets an envelope be replaced, for another key or for erasure', async () => {
    const { query, store, run } = await withRun();
    await query('update ledger set detail = null');
    expect(await store.ledger.ofRun(run.id)).toMatchObject([{ detail: null }]);
  });
});
