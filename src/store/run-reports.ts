// What running workflows and their activities say. Reports may repeat and come late: a version or an
// attempt that is not newer changes nothing, and a ledger row is written once. What happened (ledger
// row, next run) is kept even from a late report; only how the run stands is not.
import { sql, type QueryCreator } from 'kysely';
import type { KeyRing } from '../crypto/key-ring.js';
import type { RunId } from '../domain/brand.js';
import { isOpen, type NextRun, type RunPhase, type RunReport } from '../domain/run.js';
import type { Database } from './database.js';
import { insertionOf, newLedgerRow, noting } from './ledger.js';
import { openPerson, sealPerson, sealProblem, standing, stepContextOf } from './run-rows.js';
import { sealOptional } from './sealed.js';
import type { StepReport } from './store.js';
import type { Tables } from './tables.js';

/** One statement; a transaction of five where the run goes on as another one. */
export async function reportRun(db: Database, ring: KeyRing, report: RunReport): Promise<void> {
  const { next } = report;
  if (next === null) {
    await updateRun(db, ring, report);
    return;
  }
  await db.transaction().execute(async (trx) => {
    await updateRun(trx, ring, report);
    await goOnAs(trx, ring, report, next);
  });
}

async function updateRun(db: Database, ring: KeyRing, report: RunReport): Promise<void> {
  const { run, event, phase, outcome, problem, version } = report;
  const noted = noting(db, event === null ? null : newLedgerRow(ring, run, event));
  await (isOpen(phase) ? noted : ending(noted, run.id, phase))
    .updateTable('runs')
    .set({
      ...standing(report),
      outcome,
      problem: sealProblem(ring, run.id, problem),
      problem_code: problem?.code ?? null,
      version,
      started: true,
      updated_at: sql`clock_timestamp()`,
      finished_at: isOpen(phase) ? null : sql`coalesce(finished_at, clock_timestamp())`,
    })
    .where('id', '=', run.id)
    .where('version', '<', version)
    .execute();
}

/** A step whose answer was lost and that a cancel kept from being tried again ends with its run. */
export function ending(
  db: QueryCreator<Tables>,
  run: RunId,
  phase: RunPhase,
): QueryCreator<Tables> {
  return db.with('ended', (to) =>
    to
      .updateTable('run_steps')
      .set({
        status: phase === 'cancelled' ? 'undone' : 'failed',
        finished_at: sql<Date>`clock_timestamp()`,
      })
      .where('run', '=', run)
      .where('status', '=', 'running'),
  );
}

/**
 * Makes the row of the run that this one goes on as, for the same person, and links the two. The row
 * of a takeover is there already, as the API wrote it: then they are only linked.
 */
async function goOnAs(
  trx: Database,
  ring: KeyRing,
  { run }: RunReport,
  next: NextRun,
): Promise<void> {
  const current = await trx
    .updateTable('runs')
    .set({ next: next.run.id })
    .where('id', '=', run.id)
    .returningAll()
    .executeTakeFirst();
  if (current === undefined) return;
  const { id, connection, subjectRef, requestId } = next.run;
  await trx
    .insertInto('runs')
    .values({
      id,
      connection,
      subject_ref: subjectRef,
      request_id: requestId,
      kind: next.kind,
      ...standing(next),
      previous: run.id,
      person: sealPerson(ring, id, openPerson(ring, current)),
      okta_user_id: current.okta_user_id,
      api_key_id: current.api_key_id,
      takeover: false,
      batch: current.batch,
      started: true,
    })
    .onConflict((conflict) =>
      conflict.column('id').doUpdateSet((row) => ({
        previous: row.fn.coalesce('runs.previous', 'excluded.previous'),
        okta_user_id: row.fn.coalesce('runs.okta_user_id', 'excluded.okta_user_id'),
        started: true,
      })),
    )
    .execute();
}

/**
 * Step, ledger row and what was learned of the run, in one statement. The step's row keeps its first
 * start and the request ids of all attempts; the rest is the latest attempt's. Late, and without
 * effect, is a lower attempt, or an attempt's beginning after its end.
 *
 * Written out: it is made at every step, and building it cost more than sending it (0.3 ms, measured
 * November 2026).
 */
export async function reportStepOf(db: Database, ring: KeyRing, report: StepReport): Promise<void> {
  const { run, event, oktaRequestIds } = report;
  const noted =
    event === null
      ? sql``
      : sql`noted as (${insertionOf(newLedgerRow(ring, run, event, { oktaRequestIds }))}),`;
  await sql`
    with ${noted} step as (
      insert into run_steps (run, workflow_run_id, activity_id, name, status, started_at, finished_at,
        attempts, okta_request_ids, detail, deed)
      values (${run.id}, ${report.workflowRunId}, ${report.activityId}, ${report.name},
        ${report.status}, ${report.startedAt}, ${report.finishedAt}, ${report.attempts},
        ${oktaRequestIds}, ${sealOptional(ring, report.detail, stepContextOf(report))},
        ${report.deed === undefined ? null : JSON.stringify(report.deed)})
      on conflict (run, workflow_run_id, activity_id) do update set
        name = excluded.name,
        status = excluded.status,
        finished_at = excluded.finished_at,
        attempts = excluded.attempts,
        okta_request_ids = run_steps.okta_request_ids || array(
          select id from unnest(excluded.okta_request_ids) as id
          where id <> all (run_steps.okta_request_ids)),
        detail = excluded.detail,
        deed = excluded.deed
      where excluded.attempts > run_steps.attempts
        or (excluded.attempts = run_steps.attempts
          and (run_steps.finished_at is null or excluded.finished_at is not null))
    )
    update runs set
      started = true,
      updated_at = clock_timestamp(),
      okta_user_id = coalesce(${report.oktaUserId ?? null}, okta_user_id)
    where id = ${run.id}
  `.execute(db);
}
