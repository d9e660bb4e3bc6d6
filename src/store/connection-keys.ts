// The change of a connection's key pair. A next key waits beside the one that signs until Okta takes it,
// and takes its place in one statement, but only while it is still the same one.
import { sql } from 'kysely';
import type { KeyRing } from '../crypto/key-ring.js';
import type { Database } from './database.js';
import {
  credentialsOf,
  keyContext,
  nextKeyContext,
  nextProblemContext,
  toConnection,
} from './connection-rows.js';
import { publicHalf } from '../domain/jwk.js';
import { openJson, sealJson } from './sealed.js';
import type { ConnectionKeyStore } from './store.js';

/** What was signed with the former key just now must still verify where the keys come from a URL. */
const FORMER = sql.lit('1 day');

export function createConnectionKeyStore(db: Database, ring: KeyRing): ConnectionKeyStore {
  return {
    async published(id) {
      const row = await db
        .selectFrom('connections')
        .select(['public_jwk', 'next_public_jwk'])
        .select(
          sql<Record<string, unknown> | null>`
            case when former_until > clock_timestamp() then former_public_jwk end
          `.as('former'),
        )
        .where('id', '=', id)
        .executeTakeFirst();
      if (row === undefined) return null;
      const keys = [row.public_jwk, row.next_public_jwk, row.former];
      return keys.filter((key) => key !== null);
    },

    async offer(id, privateJwk) {
      const row = await db
        .updateTable('connections')
        .set({
          next_public_jwk: JSON.stringify(publicHalf(privateJwk)),
          next_private_jwk: sealJson(ring, privateJwk, nextKeyContext(id)),
          next_since: sql`clock_timestamp()`,
          next_problem: null,
        })
        .where('id', '=', id)
        .returningAll()
        .executeTakeFirst();
      return row === undefined ? null : toConnection(ring, row);
    },

    async next(id) {
      const row = await db
        .selectFrom('connections')
        .select(['domain', 'client_id', 'scopes', 'next_private_jwk'])
        .where('id', '=', id)
        .executeTakeFirst();
      const mark = row?.next_private_jwk ?? null;
      if (row === undefined || mark === null) return null;
      return { credentials: credentialsOf(ring, row, mark, nextKeyContext(id)), mark };
    },

    async adopt(id, mark) {
      const privateJwk = openJson(ring, mark, nextKeyContext(id));
      const { rows } = await sql`
        with adopted as (
          update connections
          set former_public_jwk = public_jwk,
              former_until = clock_timestamp() + interval ${FORMER},
              public_jwk = next_public_jwk,
              private_jwk = ${sealJson(ring, privateJwk, keyContext(id))},
              next_public_jwk = null, next_private_jwk = null, next_since = null, next_problem = null,
              next_probe_at = case when status = 'blocked' then clock_timestamp() end
          where id = ${id} and next_private_jwk = ${mark}
          returning id
        ), forgotten as (
          delete from token_cache where connection in (select id from adopted)
        )
        select id from adopted
      `.execute(db);
      return rows.length > 0;
    },

    async refuse(id, mark, problem) {
      await db
        .updateTable('connections')
        .set({ next_problem: sealJson(ring, problem, nextProblemContext(id)) })
        .where('id', '=', id)
        .where('next_private_jwk', '=', mark)
        .execute();
    },

    async waiting(ageMs) {
      const rows = await db
        .selectFrom('connections')
        .select('id')
        .where('next_since', '<', sql<Date>`clock_timestamp() - ${ageMs} * interval '1 ms'`)
        .orderBy('id')
        .execute();
      return rows.map(({ id }) => id);
    },
  };
}
