// Runs that are open here while Temporal has no workflow of theirs: finding them, marking them, and
// what a recovery must know of them.
import { sql } from 'kysely';
import type { KeyRing } from '../crypto/key-ring.js';
import type { RunId } from '../domain/brand.js';
import {
  EMPTY_JOURNAL,
  inherited,
  journalOf,
  type Effect,
  type Journal,
} from '../domain/effects.js';
import { OPEN_PHASES, type RunEvent } from '../domain/run.js';
import type { Database } from './database.js';
import { newLedgerRow, noting } from './ledger.js';
import { ending } from './run-reports.js';
import { sealProblem, standing, stepContext } from './run-rows.js';
import { openJson } from './sealed.js';
import type { OpenRow, Orphaning } from './store.js';

/** Open rows that Temporal has taken and that are not among these; oldest first. */
export async function openRunsWithout(
  db: Database,
  known: readonly string[],
  limit: number,
): Promise<OpenRow[]> {
  const rows = await db
    .selectFrom('runs')
    .select([
      'id',
      'connection',
      'subject_ref',
      'request_id',
      'kind',
      'version',
      'created_at',
      'workflow_id',
    ])
    .where('phase', 'in', OPEN_PHASES)
    .where('started', '=', true)
    .where(
      sql<boolean>`not exists (select from unnest(${known}::text[]) as known(id) where known.id = runs.id)`,
    )
    .orderBy('seq')
    .limit(limit)
    .execute();
  return rows.map((row) => ({
    run: {
      id: row.id,
      connection: row.connection,
      subjectRef: row.subject_ref,
      requestId: row.request_id,
    },
    kind: row.kind,
    version: row.version,
    createdAt: row.created_at.toISOString(),
    workflowId: row.workflow_id,
  }));
}

/**
 * Parks a row that still stands as it was seen; false where it has moved since. Urgent offboardings that
 * waited for its workflow were never heard: they count as not started again.
 */
export async function orphanRun(
  db: Database,
  ring: KeyRing,
  { row, problem, deadlines, actions }: Orphaning,
): Promise<boolean> {
  const { run, version } = row;
  return db.transaction().execute(async (trx) => {
    const parked = await ending(trx, run.id, 'failed')
      .updateTable('runs')
      .set({
        ...standing({ phase: 'parked', deadlines, waiting: { for: 'decision' }, actions }),
        problem: sealProblem(ring, run.id, problem),
        problem_code: problem.code,
        version: version + 1,
        updated_at: sql`clock_timestamp()`,
      })
      .where('id', '=', run.id)
      .where('version', '=', version)
      .where('phase', 'in', OPEN_PHASES)
      .returning('seq')
      .executeTakeFirst();
    if (parked === undefined) return false;
    const event: RunEvent = {
      key: `orphaned/${version}`,
      action: 'run.orphaned',
      detail: problem.detail,
    };
    await noting(trx, newLedgerRow(ring, run, event))
      .updateTable('runs')
      .set({ started: false })
      .where('connection', '=', run.connection)
      .where('subject_ref', '=', run.subjectRef)
      .where('seq', '>', parked.seq)
      .where('takeover', '=', true)
      .where('phase', 'in', OPEN_PHASES)
      .execute();
    return true;
  });
}

/** The journal of a run, with what it has taken over from the runs before it, oldest first. */
export async function loadJournalOf(db: Database, ring: KeyRing, id: RunId): Promise<Journal> {
  const { rows } = await sql<EffectsRow>`
    with recursive chain as (
      select id, previous, undoing, seq from runs where id = ${id}
      union
      select runs.id, runs.previous, runs.undoing, runs.seq from runs
      join chain on runs.id = chain.previous and runs.superseded_by = chain.id
    )
    select chain.id as run, chain.undoing, chain.seq as run_seq, run_steps.workflow_run_id,
      run_steps.activity_id, run_steps.effects
    from chain left join run_steps on run_steps.run = chain.id and run_steps.effects is not null
    order by run_steps.seq nulls first`.execute(db);
  const runs = [...new Map(rows.map((row) => [row.run, row])).values()].sort(
    (a, b) => Number(a.run === id) - Number(b.run === id) || Number(a.run_seq) - Number(b.run_seq),
  );
  return runs.reduce((journal, run) => {
    const own = rows.filter((row) => row.run === run.run).flatMap((row) => effectsIn(ring, row));
    const before = journal === EMPTY_JOURNAL ? journal : inherited(journal);
    return journalOf(run.undoing ? [...own, { kind: 'undo' }] : own, before);
  }, EMPTY_JOURNAL);
}

interface EffectsRow {
  run: RunId;
  undoing: boolean;
  run_seq: string;
  workflow_run_id: string | null;
  activity_id: string | null;
  effects: Buffer | null;
}

function effectsIn(ring: KeyRing, row: EffectsRow): Effect[] {
  if (row.effects === null) return [];
  const at = {
    run: row.run,
    workflowRunId: row.workflow_run_id ?? '',
    activityId: row.activity_id ?? '',
  };
  return openJson(ring, row.effects, stepContext('effects', at)) as Effect[];
}

/**
 * Ends a run whose workflow is gone in favour of the run that an urgent order began, and hands its account
 * over; false where it is over already.
 */
export async function takeAccountOf(
  db: Database,
  ring: KeyRing,
  run: RunId,
  from: RunId,
): Promise<boolean> {
  return db.transaction().execute(async (trx) => {
    const closed = await ending(trx, from, 'completed')
      .updateTable('runs')
      .set({
        phase: 'completed',
        outcome: 'superseded',
        next: run,
        superseded_by: run,
        waiting: null,
        problem: null,
        due_at: null,
        actions: [],
        version: sql<number>`version + 1`,
        updated_at: sql`clock_timestamp()`,
        finished_at: sql`clock_timestamp()`,
      })
      .where('id', '=', from)
      .where('phase', 'in', OPEN_PHASES)
      .returningAll()
      .executeTakeFirst();
    if (closed === undefined) return false;
    const { connection, subject_ref: subjectRef, request_id: requestId, account } = closed;
    const event: RunEvent = {
      key: 'superseded',
      action: 'run.completed',
      detail: `superseded by ${run}`,
    };
    await noting(trx, newLedgerRow(ring, { id: from, connection, subjectRef, requestId }, event))
      .updateTable('runs')
      .set({ previous: from, account })
      .where('id', '=', run)
      .execute();
    return true;
  });
}
