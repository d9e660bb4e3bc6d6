// Trouble of ours, not of a person or a connection: runs past their deadline, and runs whose workflow
// task fails. No workflow can report either, so they are kept and counted beside what workflows say.
import { sql, type RawBuilder } from 'kysely';
import type { RunId } from '../domain/brand.js';
import { PROBLEM_CODES, RUN_KINDS, type ProblemCode, type RunKind } from '../domain/run.js';
import type { Database } from './database.js';
import type { Suspect, SuspectPage, TroubleStore, TroubleSummary } from './store.js';

/** A step that was due, or a report, takes less than this where workers are well. */
const PATIENCE = sql`interval '5 seconds'`;
/** Messages that were sent to runs in the last two minutes are looked for among so many ledger rows. */
const LEDGER_TAIL = 2_000;

export function createTroubleStore(db: Database): TroubleStore {
  return {
    summary: () => summarize(db),

    async failing(after, limit) {
      const { rows } = await sql<SuspectRow>`
        select ${SUSPECT} from runs
        where task_failing_since is not null and seq > ${after ?? '0'}::bigint
        order by seq limit ${limit}
      `.execute(db);
      return pageOf(rows, limit);
    },

    suspects: (after, limit) => findSuspects(db, after, limit),

    async markFailing(ids) {
      await mark(db, sql`id = any (${ids}::text[])`);
    },

    async noteFailedTasks(workflowIds) {
      await mark(db, sql`workflow_id = any (${workflowIds}::text[])`);
    },

    async clearFailing(ids) {
      await sql`
        update runs set task_failing_since = null where id = any (${ids}::text[])
      `.execute(db);
    },
  };
}

async function mark(db: Database, those: RawBuilder<unknown>): Promise<void> {
  await sql`
    update runs set task_failing_since = clock_timestamp()
    where ${those} and started and finished_at is null and task_failing_since is null
  `.execute(db);
}

interface SuspectRow {
  id: RunId;
  workflow_id: string;
  open: boolean;
  seq: string;
}

const SUSPECT = sql`id, workflow_id, finished_at is null as open, seq`;

function suspectOf(row: SuspectRow): Suspect {
  return {
    id: row.id,
    workflowId: row.workflow_id,
    isOpen: row.open,
  };
}

function pageOf(rows: SuspectRow[], limit: number): SuspectPage {
  return {
    items: rows.map(suspectOf),
    next: rows.length < limit ? null : (rows.at(-1)?.seq ?? null),
  };
}

/**
 * Three ways for a run to stand still unduly: a deadline that passed, a run at work that has reported
 * nothing for a while, a message that was sent. Each is found through an index, so that runs which wait
 * for a later day cost nothing (by `clock_timestamp()`, which may change within a statement, PostgreSQL
 * would search no index).
 */
async function findSuspects(
  db: Database,
  after: string | null,
  limit: number,
): Promise<SuspectPage> {
  const rest = sql`started and finished_at is null and task_failing_since is null
    and seq > ${after ?? '0'}::bigint`;
  const { rows } = await sql<SuspectRow>`
    select * from (
      select ${SUSPECT} from runs
      where due_at < now() - ${PATIENCE} and phase in ('scheduled', 'holding') and ${rest}
      union
      select ${SUSPECT} from runs
      where phase = 'running' and updated_at < now() - ${PATIENCE} and ${rest}
      union
      select ${SUSPECT} from runs
      where ${rest} and id in (
        select run from ledger
        where seq > (select max(seq) from ledger) - ${LEDGER_TAIL}
          and at > now() - interval '2 minutes' and action like '%.asked')
    ) as suspects order by seq limit ${limit}
  `.execute(db);
  return pageOf(rows, limit);
}

/**
 * Overdue: open, its deadline passed, and what was to be done then not done. A parked run waits for a
 * person and is counted as parked; one that is being taken back has no deadline to meet any more. An
 * offboarding has met its deadline when the account was suspended or deactivated, any other run when a
 * step has ended since.
 */
async function summarize(db: Database): Promise<TroubleSummary> {
  const { rows } = await sql<{ what: keyof TroubleSummary; label: string; value: number }>`
    select 'overdue' as what, kind as label,
      max(extract(epoch from now() - due_at))::double precision as value
    from runs
    where due_at < now() and phase in ('scheduled', 'running', 'holding')
      and waiting ->> 'for' is distinct from 'undo'
      and not exists (
        select from run_steps
        where run_steps.run = runs.id and run_steps.finished_at >= runs.due_at
          and run_steps.status in ('done', 'skipped')
          and (runs.kind <> 'offboarding' or run_steps.name in ('suspendUser', 'deactivateUser')))
    group by kind
    union all
    select 'parked', coalesce(problem_code, 'unknown'), count(*)
    from runs where phase = 'parked' group by 2
    union all
    select 'failing', 'runs', count(*)
    from runs where task_failing_since is not null and finished_at is null
  `.execute(db);
  const of = (what: keyof TroubleSummary) => rows.filter((row) => row.what === what);
  return {
    overdue: { ...noneOf(RUN_KINDS), ...byLabel(of('overdue')) },
    parked: { ...noneOf(PROBLEM_CODES), ...byLabel(of('parked')) },
    failing: of('failing')[0]?.value ?? 0,
  };
}

function byLabel(rows: { label: string; value: number }[]): Record<string, number> {
  return Object.fromEntries(rows.map(({ label, value }) => [label, value]));
}

function noneOf<W extends RunKind | ProblemCode>(words: readonly W[]): Record<string, number> {
  return Object.fromEntries(words.map((word) => [word, 0]));
}
