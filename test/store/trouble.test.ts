// What no workflow says of itself: which runs are overdue, parked, failing, and which may be.
import pg from 'pg';
import { describe, expect, it, vi } from 'vitest';
import { problem } from '../../src/domain/problem.js';
import type { RunKind, RunRef, RunReport } from '../../src/domain/run.js';
import { aReport, aRequest, aStep, countStatements, given, newStore, sha256 } from './support.js';

const inMs = (ms: number) => new Date(Date.now() + ms).toISOString();
const HOUR = 3_600_000;

type Base = Awaited<ReturnType<typeof newStore>>;

/** An accepted and started run that is due in `dueMs`. */
async function run(
  { store }: Base,
  login: string,
  { kind = 'offboarding', dueMs = -60_000 }: { kind?: RunKind; dueMs?: number } = {},
): Promise<RunRef> {
  const at = inMs(dueMs);
  const name = kind === 'offboarding' ? ('suspend' as const) : ('start' as const);
  const request = aRequest(store, {
    login,
    kind,
    requestHash: sha256(`${login} ${dueMs}`),
    deadlines: kind === 'offboarding' ? { suspendAt: { at } } : { startAt: { at } },
    waiting: { for: name, until: at },
  });
  await store.runs.accept(request);
  await store.runs.markStarted(request.run.id, null);
  return request.run;
}

const standing = (dueMs: number, over: Partial<RunReport> = {}): Partial<RunReport> => ({
  kind: 'offboarding',
  deadlines: { suspendAt: { at: inMs(dueMs) } },
  ...over,
});

describe('the summary of trouble', () => {
  it('is one statement, and says zero where there is nothing', async () => {
    const { store } = await newStore();
    const statements = await countStatements(async () => {
      expect(await store.troubles.summary()).toMatchObject({
        overdue: { onboarding: 0, offboarding: 0 },
        parked: { LOGIN_TAKEN: 0, ORPHANED: 0 },
        failing: 0,
      });
    });
    expect(statements).toBe(1);
  });

  it('tells the greatest lateness by kind, and nothing of what is due later', async () => {
    const base = await newStore();
    await run(base, 'a@x.com', { dueMs: -60_000 });
    await run(base, 'b@x.com', { dueMs: -90_000 });
    await run(base, 'c@x.com', { kind: 'onboarding', dueMs: HOUR });
    const { overdue } = await base.store.troubles.summary();
    expect(overdue['offboarding']).toBeGreaterThanOrEqual(90);
    expect(overdue['offboarding']).toBeLessThan(120);
    expect(overdue['onboarding']).toBe(0);
  });

  it.each<[string, (ref: RunRef, base: Base) => Promise<unknown>, boolean]>([
    ['at work', (ref, { store }) => store.runs.report(report(ref)), true],
    [
      'at work, the account looked at',
      (ref, base) => working(ref, base, { name: 'readUser' }),
      true,
    ],
    [
      'at work, a suspension that failed',
      (ref, base) => working(ref, base, { name: 'suspendUser', status: 'failed' }),
      true,
    ],
    [
      'at work, the account suspended',
      (ref, base) => working(ref, base, { name: 'suspendUser', status: 'done' }),
      false,
    ],
    [
      'at work, the account found suspended',
      (ref, base) => working(ref, base, { name: 'suspendUser', status: 'skipped' }),
      false,
    ],
    [
      'at work, suspended before its deadline was missed',
      (ref, base) => working(ref, base, { name: 'suspendUser', finishedAt: inMs(-HOUR) }),
      true,
    ],
    [
      'being taken back',
      (ref, { store }) => store.runs.report(report(ref, { waiting: { for: 'undo' } })),
      false,
    ],
    [
      'parked',
      (ref, { store }) =>
        store.runs.report(
          report(ref, { phase: 'parked', problem: problem('PERSON_NOT_FOUND', 'nobody') }),
        ),
      false,
    ],
    [
      'over',
      (ref, { store }) => store.runs.report(report(ref, { phase: 'completed', outcome: 'done' })),
      false,
    ],
  ])('of a run past its deadline that is %s', async (_name, happen, isOverdue) => {
    const base = await newStore();
    const ref = await run(base, 'a@x.com');
    await happen(ref, base);
    const { overdue } = await base.store.troubles.summary();
    expect((overdue['offboarding'] ?? 0) > 0).toBe(isOverdue);
  });

  it('calls an onboarding begun, and so in time, after its first step', async () => {
    const base = await newStore();
    const ref = await run(base, 'a@x.com', { kind: 'onboarding' });
    expect((await base.store.troubles.summary()).overdue['onboarding']).toBeGreaterThan(0);
    await base.store.runs.reportStep(aStep(ref, { name: 'resolveGroups', finishedAt: inMs(0) }));
    expect((await base.store.troubles.summary()).overdue['onboarding']).toBe(0);
  });

  it('counts parked runs by code, and those of a time before codes were kept', async () => {
    const base = await newStore();
    for (const [index, code] of (['LOGIN_TAKEN', 'LOGIN_TAKEN', 'BRAKE'] as const).entries()) {
      const ref = await run(base, `${index}@x.com`);
      await base.store.runs.report(report(ref, { phase: 'parked', problem: problem(code, 'x') }));
    }
    await base.query(`update runs set problem_code = null where problem_code = 'BRAKE'`);
    const { parked } = await base.store.troubles.summary();
    expect(parked).toMatchObject({ LOGIN_TAKEN: 2, BRAKE: 0, unknown: 1 });
  });

  it('forgets the code of a problem that is solved, and knows that of an orphan', async () => {
    const base = await newStore();
    const ref = await run(base, 'a@x.com');
    const found = problem('LOGIN_TAKEN', 'x');
    await base.store.runs.report(report(ref, { phase: 'parked', problem: found }));
    await base.store.runs.report(report(ref, {}, 2));
    const code = async () =>
      (await base.query('select problem_code from runs'))[0]?.['problem_code'];
    expect(await code()).toBeNull();
    const [row] = await base.store.runs.openWithout([], 1);
    const orphan = problem('ORPHANED', 'x');
    await base.store.runs.orphan({ row: given(row), problem: orphan, deadlines: {}, actions: [] });
    expect(await code()).toBe('ORPHANED');
  });
});

describe('a run whose workflow task fails', () => {
  it('keeps since when, beside its own problem, until it is cleared', async () => {
    const base = await newStore();
    const ref = await run(base, 'a@x.com');
    const own = problem('LOGIN_TAKEN', 'x');
    await base.store.runs.report(report(ref, { phase: 'parked', problem: own }));
    await base.store.troubles.markFailing([ref.id]);
    const first = given(await base.store.runs.get(ref.id));
    await base.store.troubles.markFailing([ref.id]);
    await base.store.runs.report(report(ref, { phase: 'parked', problem: own }, 2));
    const again = given(await base.store.runs.get(ref.id));
    expect(again).toMatchObject({ problem: own, taskFailingSince: first.taskFailingSince });
    expect(Date.parse(given(again.taskFailingSince))).toBeGreaterThan(Date.now() - 60_000);
    expect((await base.store.troubles.summary()).failing).toBe(1);

    await base.store.troubles.clearFailing([ref.id]);
    expect(given(await base.store.runs.get(ref.id))).toMatchObject({
      problem: own,
      taskFailingSince: null,
    });
    expect((await base.store.troubles.summary()).failing).toBe(0);
  });

  it('is found by its person, whichever of their runs is open', async () => {
    const base = await newStore();
    const over = await run(base, 'a@x.com');
    await base.store.runs.report(report(over, { phase: 'completed', outcome: 'done' }));
    const open = await run(base, 'a@x.com', { dueMs: HOUR });
    const other = await run(base, 'b@x.com', { dueMs: HOUR });
    const workflowId = `person/${open.connection}/${open.subjectRef}`;
    await base.store.troubles.noteFailedTasks([workflowId]);
    const { items, next } = await base.store.troubles.failing(null, 10);
    expect(items).toEqual([{ id: open.id, workflowId, isOpen: true }]);
    expect(next).toBeNull();
    expect(given(await base.store.runs.get(other.id)).taskFailingSince).toBeNull();
  });

  it('that has ended is handed out once more, to be cleared, and counted no more', async () => {
    const base = await newStore();
    const ref = await run(base, 'a@x.com');
    await base.store.troubles.markFailing([ref.id]);
    await base.store.runs.report(report(ref, { phase: 'cancelled', outcome: 'undone' }));
    expect((await base.store.troubles.failing(null, 10)).items).toMatchObject([{ isOpen: false }]);
    expect((await base.store.troubles.summary()).failing).toBe(0);
  });
});

describe('runs that may fail unseen', () => {
  const STALE = `update runs set updated_at = clock_timestamp() - interval '1 minute'`;
  const ids = async ({ store }: Base, after: string | null = null, limit = 10) =>
    (await store.troubles.suspects(after, limit)).items.map(({ id }) => id);

  it('are those past their deadline, stale ones at work, and those that were told something', async () => {
    const base = await newStore();
    const due = await run(base, 'due@x.com');
    await run(base, 'later@x.com', { dueMs: HOUR });
    const working = await run(base, 'working@x.com');
    await base.store.runs.report(report(working, standing(HOUR)));
    const told = await run(base, 'told@x.com', { dueMs: HOUR });
    const asked = { key: 'asked/1', action: 'cancel.asked', detail: null };
    await base.store.runs.note(told, asked, 'key-1');
    const isOver = await run(base, 'over@x.com');
    await base.store.runs.report(report(isOver, { phase: 'completed', outcome: 'done' }));
    const known = await run(base, 'known@x.com');
    await base.store.troubles.markFailing([known.id]);
    await base.store.runs.accept(aRequest(base.store, { login: 'unstarted@x.com' }));

    expect(await ids(base)).toEqual([due.id, told.id]);
    await base.query(STALE);
    expect(await ids(base)).toEqual([due.id, working.id, told.id]);
  });

  it('come in pages, each run once', async () => {
    const base = await newStore();
    const all: string[] = [];
    for (let n = 0; n < 5; n += 1) all.push((await run(base, `${n}@x.com`)).id);
    const seen: string[] = [];
    let after: string | null = null;
    do {
      const page = await base.store.troubles.suspects(after, 2);
      seen.push(...page.items.map(({ id }) => id));
      after = page.next;
    } while (after !== null);
    expect(seen).toEqual(all);
  });

  it('are found without reading thousands that wait for a later day', async () => {
    const base = await newStore();
    const ref = await run(base, 'a@x.com', { dueMs: HOUR });
    await base.query(
      `insert into runs (id, connection, subject_ref, request_id, workflow_id, kind, phase, person,
         takeover, deadlines, due_at, actions, started)
       select 'r' || n, connection, 'ref' || n, 'q' || n, 'w' || n, kind, phase, person, false,
         deadlines, clock_timestamp() + interval '30 days', actions, true
       from runs, generate_series(1, 5000) as n where id = $1`,
      [ref.id],
    );
    await base.query('analyze runs');
    for (const ask of [
      () => base.store.troubles.suspects(null, 25),
      () => base.store.troubles.failing(null, 25),
      () => base.store.troubles.summary(),
    ]) {
      const [{ text, values }] = await statementsOf(ask);
      const plan = JSON.stringify(await base.query(`explain (format json) ${text}`, values));
      expect(plan).toMatch(/"Index Scan|"Bitmap Heap Scan/);
      expect(plan).not.toMatch(/"Seq Scan","[^{}]*"Relation Name":"runs"/);
    }
  });
});

type Statement = { text: string; values: unknown[] };

async function statementsOf(work: () => Promise<unknown>): Promise<[Statement, ...Statement[]]> {
  const spy = vi.spyOn(pg.Client.prototype, 'query');
  try {
    await work();
    const calls = spy.mock.calls as unknown as [string | Statement, unknown[]?][];
    const statements = calls.map(([first, values]) =>
      typeof first === 'string' ? { text: first, values: values ?? [] } : first,
    );
    return [given(statements[0]), ...statements.slice(1)];
  } finally {
    spy.mockRestore();
  }
}

function report(ref: RunRef, over: Partial<RunReport> = {}, version = 1): RunReport {
  return aReport(ref, version, { ...standing(-60_000), ...over });
}

async function working(
  ref: RunRef,
  { store }: Base,
  step: Partial<Parameters<typeof aStep>[1]>,
): Promise<void> {
  await store.runs.report(report(ref));
  await store.runs.reportStep(aStep(ref, { finishedAt: inMs(0), ...step }));
}
