// What Okta did not permit, told by step and person. Three people at the same step speak for a role or
// a resource set that lacks something; one may simply be out of the role's reach, as administrators are.
import { sql } from 'kysely';
import type { Database } from './database.js';
import type { RefusalStore } from './store.js';

export function createRefusalStore(db: Database): RefusalStore {
  return {
    async note({ id, connection, subjectRef, requestId }, step) {
      const { rows } = await sql<{ people: number }>`
        with noted as (
          insert into refusals (connection, step, subject_ref, run, request_id)
          values (${connection}, ${step}, ${subjectRef}, ${id}, ${requestId})
          on conflict (connection, step, subject_ref) do update
          set run = excluded.run, request_id = excluded.request_id, at = clock_timestamp()
        ), last_done as (
          select max(run_steps.finished_at) as at
          from run_steps join runs on runs.id = run_steps.run
          where runs.connection = ${connection} and run_steps.name = ${step}
            and run_steps.status in ('done', 'undone')
            and run_steps.finished_at > now() - interval '1 day'
        )
        select 1 + count(*)::integer as people from refusals
        where connection = ${connection} and step = ${step} and subject_ref <> ${subjectRef}
          and at > coalesce((select at from last_done), now() - interval '1 day')
      `.execute(db);
      return rows[0]?.people ?? 1;
    },

    async markBlocked(connection, step) {
      await db
        .updateTable('refusals')
        .set({ blocked: true })
        .where('connection', '=', connection)
        .where('step', '=', step)
        .execute();
    },

    async mended(limit) {
      const rows = await db
        .selectFrom('refusals')
        .innerJoin('connections', 'connections.id', 'refusals.connection')
        .selectAll('refusals')
        .where('refusals.blocked', '=', true)
        .where('connections.status', '=', 'ready')
        .orderBy('refusals.at')
        .limit(limit)
        .execute();
      return rows.map(({ run, connection, subject_ref, request_id, step, at }) => ({
        run: { id: run, connection, subjectRef: subject_ref, requestId: request_id },
        step,
        at: at.toISOString(),
      }));
    },

    async forget({ connection, subjectRef }, step) {
      await db
        .deleteFrom('refusals')
        .where('connection', '=', connection)
        .where('step', '=', step)
        .where('subject_ref', '=', subjectRef)
        .execute();
    },
  };
}
