// What running workflows and their activities say. Reports may repeat and come late: a version or an
// attempt that is not newer changes nothing, and a ledger row is written once. What happened (ledger
// row, next run) is kept even from a late report; only how the run stands is not.
import { sql, type QueryCreator } from 'kysely';
import type { KeyRing } from '../crypto/key-ring.js';
import { subjectRef } from '../crypto/subject.js';
import { as, type RunId, type SubjectRef } from '../domain/brand.js';
import type { Effect } from '../domain/effects.js';
import { isOpen, type NextRun, type RunPhase, type RunReport } from '../domain/run.js';
import type { Database } from './database.js';
import type { StoreKeys } from './keys.js';
import { insertionOf, newLedgerRow, noting } from './ledger.js';
import {
  openPerson,
  personOf,
  sealPerson,
  sealProblem,
  sealShown,
  standing,
  stepContext,
  type ShownPerson,
} from './run-rows.js';
import { sealJson, sealOptional } from './sealed.js';
import type { AccountHolder, StepReport } from './store.js';
import type { RunRow, Tables } from './tables.js';

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
      undoing: report.undoing,
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
 * Links a run to the one that comes after it. A contract's end gets its row here; the row of a takeover is
 * there already, as the API wrote it. The account passes on, since the run before is closed by now.
 */
async function goOnAs(
  trx: Database,
  ring: KeyRing,
  { run }: RunReport,
  next: NextRun,
): Promise<void> {
  const link = next.link === 'continues' ? 'continues_as' : 'superseded_by';
  const current = await trx
    .updateTable('runs')
    .set({ next: next.run.id, [link]: next.run.id })
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
      shown: current.shown === null ? null : sealShown(ring, id, shownOf(ring, current)),
      subjects: current.subjects,
      shown_subject: current.shown_subject,
      okta_user_id: current.okta_user_id,
      account: current.account,
      workflow_id: current.workflow_id,
      api_key_id: current.api_key_id,
      takeover: false,
      batch: current.batch,
      started: true,
    })
    .onConflict((conflict) =>
      conflict.column('id').doUpdateSet((row) => ({
        previous: row.fn.coalesce('runs.previous', 'excluded.previous'),
        okta_user_id: row.fn.coalesce('runs.okta_user_id', 'excluded.okta_user_id'),
        account: row.fn.coalesce('runs.account', 'excluded.account'),
        workflow_id: row.ref('excluded.workflow_id'),
        subjects: sql<
          SubjectRef[]
        >`array(select distinct unnest(runs.subjects || excluded.subjects))`,
        started: true,
      })),
    )
    .execute();
}

function shownOf(ring: KeyRing, row: RunRow): ShownPerson {
  const { login, name } = personOf(ring, row);
  return { login, name: name ?? '' };
}

/**
 * Step, ledger row, effects and what was learned of the account, in one statement. The step's row keeps
 * its first start and the request ids of all attempts; the rest is the latest attempt's. Late, and without
 * effect, is a lower attempt, or an attempt's beginning after its end. Where the report claims an account
 * that another open run has, its effects are not kept, and that run is the answer.
 *
 * Written out: it is made at every step, and building it cost more than sending it (0.3 ms, measured
 * November 2026).
 */
export async function reportStepOf(
  db: Database,
  { ring, pepper }: StoreKeys,
  report: StepReport,
): Promise<AccountHolder | null> {
  for (;;) {
    try {
      return await writeStep(db, ring, report, subjectOf(pepper, report));
    } catch (error) {
      // Another run got the account between the look and the write: now it is seen.
      if (!isTaken(error)) throw error;
    }
  }
}

function subjectOf(pepper: Buffer, { shown }: StepReport): SubjectRef | null {
  return shown === undefined || shown.login === ''
    ? null
    : as<SubjectRef>(subjectRef(pepper, shown.login));
}

async function writeStep(
  db: Database,
  ring: KeyRing,
  report: StepReport,
  subject: SubjectRef | null,
): Promise<AccountHolder | null> {
  const { run, event, oktaRequestIds, shown, effects } = report;
  const claimed = report.claims === true ? (shown?.oktaUserId ?? null) : null;
  const noted =
    event === null
      ? sql``
      : sql`noted as (${insertionOf(newLedgerRow(ring, run, event, { oktaRequestIds }))}),`;
  const at = { run: run.id, workflowRunId: report.workflowRunId, activityId: report.activityId };
  const kept = effects.length === 0 ? null : sealJson(ring, effects, stepContext('effects', at));
  const { rows } = await sql<HolderRow>`
    with ${noted} holder as (
      select id, kind, phase, person, shown, created_at, workflow_id from runs
      where connection = ${run.connection} and account = ${claimed}::text
        and finished_at is null and id <> ${run.id}
      limit 1
    ), step as (
      insert into run_steps (run, workflow_run_id, activity_id, name, status, started_at, finished_at,
        attempts, okta_request_ids, detail, effects)
      values (${run.id}, ${report.workflowRunId}, ${report.activityId}, ${report.name},
        ${report.status}, ${report.startedAt}, ${report.finishedAt}, ${report.attempts},
        ${oktaRequestIds}, ${sealOptional(ring, report.detail, stepContext('detail', at))},
        case when exists (select from holder) then null else ${kept}::bytea end)
      on conflict (run, workflow_run_id, activity_id) do update set
        name = excluded.name,
        status = excluded.status,
        finished_at = excluded.finished_at,
        attempts = excluded.attempts,
        okta_request_ids = run_steps.okta_request_ids || array(
          select id from unnest(excluded.okta_request_ids) as id
          where id <> all (run_steps.okta_request_ids)),
        detail = excluded.detail,
        effects = excluded.effects
      where excluded.attempts > run_steps.attempts
        or (excluded.attempts = run_steps.attempts
          and (run_steps.finished_at is null or excluded.finished_at is not null))
    ), run as (
      update runs set
        started = true,
        updated_at = clock_timestamp(),
        workflow_run_id = coalesce(nullif(${report.workflowRunId}, ''), workflow_run_id),
        okta_user_id = coalesce(${shown?.oktaUserId ?? null}, okta_user_id),
        account = case when exists (select from holder) then account
          else coalesce(${claimed}::text, account) end,
        shown = coalesce(${shown === undefined ? null : sealShown(ring, run.id, shown)}::bytea, shown),
        shown_subject = coalesce(${subject}::text, shown_subject),
        subjects = case when ${subject}::text is null or ${subject}::text = any (subjects)
          then subjects else subjects || ${subject}::text end,
        phase = case when ${isDeed(effects)} and phase = 'scheduled' then 'running' else phase end,
        waiting = case when ${isDeed(effects)} and phase = 'scheduled' then null else waiting end,
        deed_at = case when ${isDeed(effects)} then coalesce(deed_at, clock_timestamp())
          else deed_at end
      where id = ${run.id}
    )
    select * from holder
  `.execute(db);
  const [holder] = rows;
  return holder === undefined ? null : toHolder(ring, holder);
}

type HolderRow = Pick<
  RunRow,
  'id' | 'kind' | 'phase' | 'person' | 'shown' | 'created_at' | 'workflow_id'
>;

export function toHolder(ring: KeyRing, row: HolderRow): AccountHolder {
  return {
    run: row.id,
    kind: row.kind,
    phase: row.phase,
    login: personOf(ring, row).login,
    since: row.created_at.toISOString(),
    workflowId: row.workflow_id,
  };
}

/** What was asked for has been done in Okta: the account is made or adopted, or access is taken. */
function isDeed(effects: readonly Effect[]): boolean {
  return effects.some(
    (effect) =>
      effect.kind === 'adopt' ||
      ((effect.kind === 'create' || effect.kind === 'suspend') && effect.stage === 'done'),
  );
}

function isTaken(error: unknown): boolean {
  const { code, constraint } = error as { code?: unknown; constraint?: unknown };
  return code === '23505' && constraint === 'runs_one_open_per_account';
}
