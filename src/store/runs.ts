// Runs, as the rest of the service reads and writes them. How one is accepted and what workflows
// report stand in files of their own.
import { sql } from 'kysely';
import type { RunId } from '../domain/brand.js';
import type { JsonValue } from '../domain/okta-user.js';
import { OPEN_PHASES, type RunRecord } from '../domain/run.js';
import { acceptRun, openRuns } from './acceptance.js';
import { decodeCursor, encodeCursor } from './cursor.js';
import type { Database } from './database.js';
import type { StoreKeys } from './keys.js';
import { newLedgerRow, note } from './ledger.js';
import { loadJournalOf, openRunsWithout, orphanRun, takeAccountOf } from './orphans.js';
import { reportRun, reportStepOf } from './run-reports.js';
import { inputContext, toRunRecord } from './run-rows.js';
import { openJson } from './sealed.js';
import type { RunFilter, RunStore } from './store.js';
import type { RunRow, RunStepRow } from './tables.js';

export function createRunStore(db: Database, keys: StoreKeys): RunStore {
  const { ring } = keys;

  return {
    async accept(request) {
      const { kind, row, answer = row, earlier } = await acceptRun(db, keys, request);
      if (kind === 'accepted') return { kind, run: toRunRecord(ring, row), earlier };
      const run = await withSteps(row);
      return kind === 'look-again'
        ? { kind, run, answer: toRunRecord(ring, answer) }
        : { kind, run };
    },

    async openFor(connection, subjectRef) {
      const [row] = await openRuns(db, { connection, subjectRef });
      return row === undefined ? null : withSteps(row);
    },

    withdraw: (id) =>
      db.transaction().execute(async (trx) => {
        const gone = await trx
          .deleteFrom('runs')
          .where('id', '=', id)
          .where('started', '=', false)
          .returning(['connection', 'subject_ref', 'request_id', 'api_key_id'])
          .executeTakeFirst();
        if (gone === undefined) return;
        const { connection, subject_ref: subjectRef, request_id: requestId } = gone;
        const event = { key: 'withdrawn', action: 'run.withdrawn', detail: null };
        const by = { apiKeyId: gone.api_key_id };
        await note(trx, newLedgerRow(ring, { id, connection, subjectRef, requestId }, event, by));
      }),

    async markStarted(id, workflowRunId) {
      await db
        .updateTable('runs')
        .set({
          started: true,
          ...(workflowRunId === null ? {} : { workflow_run_id: workflowRunId }),
        })
        .where('id', '=', id)
        .execute();
    },

    async get(id) {
      const row = await rowOf(id);
      return row === undefined ? null : withSteps(row);
    },

    async latest(connection, subjectRef) {
      const row = await db
        .selectFrom('runs')
        .selectAll()
        .where('connection', '=', connection)
        .where(sql<boolean>`subjects @> array[${subjectRef}]::text[]`)
        .orderBy('seq', 'desc')
        .limit(1)
        .executeTakeFirst();
      return row === undefined ? null : withSteps(row);
    },

    async countOpen() {
      const rows = await db
        .selectFrom('runs')
        .select(['phase', sql<number>`count(*)::int`.as('count')])
        .where('phase', 'in', OPEN_PHASES)
        .groupBy('phase')
        .execute();
      return Object.fromEntries(rows.map(({ phase, count }) => [phase, count]));
    },

    async list(filter) {
      // One more than asked for tells whether there is a next page.
      const rows = await select(db, filter)
        .selectAll()
        .orderBy('seq', 'desc')
        .limit(filter.limit + 1)
        .execute();
      const page = rows.slice(0, filter.limit);
      const last = page.at(-1);
      const items = page.map((row) => toRunRecord(ring, row));
      return rows.length > page.length && last !== undefined
        ? { items, nextCursor: encodeCursor(last.seq) }
        : { items };
    },

    async input(id) {
      const row = await db
        .selectFrom('runs')
        .select('input')
        .where('id', '=', id)
        .executeTakeFirst();
      if (row === undefined || row.input === null) return null;
      return openJson(ring, row.input, inputContext(id)) as JsonValue;
    },

    async unstarted(ageMs, limit) {
      const rows = await db
        .selectFrom('runs')
        .select(['id', 'connection', 'subject_ref', 'request_id', 'kind', 'takeover'])
        .where('started', '=', false)
        .where('created_at', '<', sql<Date>`clock_timestamp() - ${ageMs} * interval '1 ms'`)
        .orderBy('seq')
        .limit(limit)
        .execute();
      return rows.map(({ id, connection, subject_ref, request_id, kind, takeover }) => ({
        run: { id, connection, subjectRef: subject_ref, requestId: request_id },
        kind,
        takeover,
      }));
    },

    report: (report) => reportRun(db, ring, report),
    reportStep: (report) => reportStepOf(db, keys, report),

    openWithout: (known, limit) => openRunsWithout(db, known, limit),
    orphan: (orphaning) => orphanRun(db, ring, orphaning),
    loadJournal: (id) => loadJournalOf(db, ring, id),
    takeAccount: (run, from) => takeAccountOf(db, ring, run, from),

    async move(id, workflowId) {
      await db
        .updateTable('runs')
        .set({ workflow_id: workflowId, updated_at: sql`clock_timestamp()` })
        .where('id', '=', id)
        .execute();
    },

    note: (run, event, apiKeyId) => note(db, newLedgerRow(ring, run, event, { apiKeyId })),
  };

  function rowOf(id: RunId): Promise<RunRow | undefined> {
    return db.selectFrom('runs').selectAll().where('id', '=', id).executeTakeFirst();
  }

  async function withSteps(row: RunRow): Promise<RunRecord> {
    return toRunRecord(ring, row, await stepsOf(row.id));
  }

  function stepsOf(id: RunId): Promise<RunStepRow[]> {
    return db.selectFrom('run_steps').selectAll().where('run', '=', id).orderBy('seq').execute();
  }
}

function select(db: Database, filter: RunFilter) {
  let runs = db.selectFrom('runs');
  if (filter.connection !== undefined) runs = runs.where('connection', '=', filter.connection);
  if (filter.connections !== undefined) {
    runs = runs.where(sql<boolean>`connection = any (${filter.connections}::text[])`);
  }
  if (filter.kind !== undefined) runs = runs.where('kind', '=', filter.kind);
  if (filter.phase !== undefined) runs = runs.where('phase', '=', filter.phase);
  if (filter.subjectRef !== undefined) {
    runs = runs.where(sql<boolean>`subjects @> array[${filter.subjectRef}]::text[]`);
  }
  if (filter.batch !== undefined) runs = runs.where('batch', '=', filter.batch);
  if (filter.dueBefore !== undefined) {
    runs = runs.where('due_at', '<', new Date(filter.dueBefore));
  }
  if (filter.cursor !== undefined) runs = runs.where('seq', '<', decodeCursor(filter.cursor));
  return runs;
}
