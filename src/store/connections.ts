// Connections: what signs for an org, and whether it works. A blocked one is tried out by one caller
// at a time, at growing pauses; the pause is taken in the same statement that asks.
import { sql } from 'kysely';
import type { KeyRing } from '../crypto/key-ring.js';
import type { ConnectionId, RunId } from '../domain/brand.js';
import type { ConnectionProblem, ConnectionStatus } from '../domain/connection.js';
import { createConnectionChanges, forget } from './connection-changes.js';
import {
  credentialsOf,
  keyContext,
  NO_BLOCK,
  problemContext,
  toConnection,
} from './connection-rows.js';
import type { Database } from './database.js';
import { publicHalf } from '../domain/jwk.js';
import { openJson, sealJson } from './sealed.js';
import type { ConnectionStore } from './store.js';

export const FIRST_PAUSE_MS = 10_000;
const LONGEST_PAUSE_MS = 300_000;
/** Somebody else has just taken the probe; its outcome is not known sooner than this. */
const SHORTEST_WAIT_MS = 1_000;

export function createConnectionStore(db: Database, ring: KeyRing): ConnectionStore {
  return {
    ...createConnectionChanges(db, ring),

    async get(id) {
      const row = await db
        .selectFrom('connections')
        .selectAll()
        .where('id', '=', id)
        .executeTakeFirst();
      return row === undefined ? null : toConnection(ring, row);
    },

    async list() {
      const rows = await db.selectFrom('connections').selectAll().orderBy('id').execute();
      return rows.map((row) => toConnection(ring, row));
    },

    put: (connection) =>
      db.transaction().execute(async (trx) => {
        const { id, domain, clientId, scopes } = connection;
        const publicJwk = publicHalf(connection.privateJwk);
        const before = await trx
          .selectFrom('connections')
          .selectAll()
          .where('id', '=', id)
          .forUpdate()
          .executeTakeFirst();
        const given = {
          domain,
          client_id: clientId,
          scopes,
          status: connection.status,
          public_jwk: JSON.stringify(publicJwk),
          private_jwk: sealJson(ring, connection.privateJwk, keyContext(id)),
          ...NO_BLOCK,
        };
        const row = await trx
          .insertInto('connections')
          .values({
            id,
            name: connection.name,
            settings: JSON.stringify(connection.settings ?? {}),
            ...given,
          })
          .onConflict((conflict) =>
            conflict.column('id').doUpdateSet({
              ...given,
              name: connection.name ?? before?.name ?? null,
              settings: JSON.stringify({ ...before?.settings, ...connection.settings }),
            }),
          )
          .returningAll()
          .executeTakeFirstOrThrow();
        if (before !== undefined) await forget(trx, before, row);
        return toConnection(ring, row);
      }),

    async credentials(id) {
      const row = await db
        .selectFrom('connections')
        .select(['domain', 'client_id', 'scopes', 'private_jwk'])
        .where('id', '=', id)
        .executeTakeFirst();
      return row === undefined ? null : credentialsOf(ring, row, row.private_jwk, keyContext(id));
    },

    async block(id, problem) {
      await db
        .updateTable('connections')
        .set({
          status: 'blocked',
          problem: sealJson(ring, problem, problemContext(id)),
          blocked_step: problem.step ?? null,
          next_probe_at: sql`clock_timestamp() + ${FIRST_PAUSE_MS} * interval '1 ms'`,
          probe_pause_ms: FIRST_PAUSE_MS,
        })
        .where('id', '=', id)
        .where('status', '<>', 'blocked')
        .execute();
    },

    async unblock(id) {
      await db
        .updateTable('connections')
        .set({ status: 'ready', ...NO_BLOCK })
        .where('id', '=', id)
        .execute();
    },

    async admission(id, run, step) {
      const row = await admit(db, id, run, step);
      if (row === undefined) return { kind: 'unknown' };
      if (row.status !== 'blocked' || row.problem === null) return { kind: 'ready' };
      const problem = openJson(ring, row.problem, problemContext(id)) as ConnectionProblem;
      if (row.probing) return { kind: 'probe', problem };
      const probeInMs = Math.max(SHORTEST_WAIT_MS, row.wait_ms);
      return { kind: 'blocked', problem, probeInMs, ahead: row.ahead };
    },
  };
}

interface AdmissionRow {
  status: ConnectionStatus;
  problem: Buffer | null;
  probing: boolean;
  wait_ms: number;
  ahead: number;
}

/** When a run was to do what it is about. */
const due = (run: string) => sql`coalesce(
  (${sql.ref(`${run}.deadlines`)} #>> '{suspendAt,at}')::timestamptz,
  (${sql.ref(`${run}.deadlines`)} #>> '{startAt,at}')::timestamptz,
  ${sql.ref(`${run}.created_at`)})`;

/** Takes the probe where it is due: of several callers the row lock lets one see it so. */
async function admit(
  db: Database,
  id: ConnectionId,
  run: RunId,
  step: string,
): Promise<AdmissionRow | undefined> {
  const { rows } = await sql<AdmissionRow>`
    with probe as (
      update connections
      set probe_pause_ms = least(probe_pause_ms * 2, ${LONGEST_PAUSE_MS}::integer),
          next_probe_at = clock_timestamp()
            + least(probe_pause_ms * 2, ${LONGEST_PAUSE_MS}::integer) * interval '1 ms'
      where id = ${id} and status = 'blocked' and next_probe_at <= clock_timestamp()
        and (blocked_step is null or blocked_step = ${step})
      returning id
    )
    select status, problem,
      exists (select from probe) as probing,
      coalesce(ceil(extract(epoch from next_probe_at - clock_timestamp()) * 1000), 0)::double precision
        as wait_ms,
      case when status = 'blocked' then (
        select count(*)::integer from runs as other, runs as mine
        where mine.id = ${run} and other.connection = ${id} and other.finished_at is null
          and ${due('other')} < ${due('mine')}
      ) else 0 end as ahead
    from connections where id = ${id}
  `.execute(db);
  return rows[0];
}
