// Runs that are open here while Temporal has no workflow of theirs: finding them, marking them, and
// what a recovery must know of them.
import { sql } from 'kysely';
import type { KeyRing } from '../crypto/key-ring.js';
import type { RunId } from '../domain/brand.js';
import { recollect, type Deed, type Recollection } from '../domain/deeds.js';
import { OPEN_PHASES, type RunEvent } from '../domain/run.js';
import type { Database } from './database.js';
import { newLedgerRow, noting } from './ledger.js';
import { ending } from './run-reports.js';
import { sealProblem, standing } from './run-rows.js';
import type { OpenRow, Orphaning } from './store.js';

/** Open rows that Temporal has taken and that are not among these; oldest first. */
export async function openRunsWithout(
  db: Database,
  known: readonly string[],
  limit: number,
): Promise<OpenRow[]> {
  const rows = await db
    .selectFrom('runs')
    .select(['id', 'connection', 'subject_ref', 'request_id', 'kind', 'version', 'created_at'])
    .where('phase', 'in', OPEN_PHASES)
    .where('started', '=', true)
    .where(
      sql<boolean>`not exists (select from unnest(${known}::text[]) as known(id) where known.id = runs.id)`,
    )
    .orderBy('seq')
    .limit(limit)
    .execute();
  return rows.map(({ id, connection, subject_ref, request_id, kind, version, created_at }) => ({
    run: { id, connection, subjectRef: subject_ref, requestId: request_id },
    kind,
    version,
    createdAt: created_at.toISOString(),
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

/** What a run did, and what the offboardings did that it took over from. */
export async function recallRun(db: Database, id: RunId): Promise<Recollection> {
  const { rows } = await sql<{ run: RunId; deed: Deed }>`
    with recursive chain as (
      select id, previous from runs where id = ${id}
      union
      select runs.id, runs.previous from runs join chain on runs.id = chain.previous
      where runs.kind = 'offboarding' and runs.outcome = 'superseded'
    )
    select run_steps.run, run_steps.deed from run_steps join chain on run_steps.run = chain.id
    where run_steps.deed is not null order by run_steps.seq`.execute(db);
  const deeds = (isOwn: boolean) =>
    recollect(rows.filter(({ run }) => (run === id) === isOwn).map(({ deed }) => deed));
  const { access, removed } = deeds(false);
  return {
    own: deeds(true),
    carried: { suspended: access?.ours ?? false, removedGroups: removed },
  };
}
