// Groups as Okta showed them a moment ago, by the name or id that was asked for: one worker asks Okta,
// the others read it here. Names are kept as keyed digests and in envelopes, for minutes.
import { sql } from 'kysely';
import { keyedDigest } from '../crypto/digest.js';
import type { ConnectionId } from '../domain/brand.js';
import type { OktaGroup } from '../domain/okta-user.js';
import type { Database } from './database.js';
import type { StoreKeys } from './keys.js';
import { openJson, sealJson } from './sealed.js';
import type { GroupStore } from './store.js';

/** Rows that are older go, a few with every new one. */
const KEPT = sql.lit('10 minutes');
const CLEANED_PER_ROW = 20;

export function createGroupStore(db: Database, { ring, pepper }: StoreKeys): GroupStore {
  const digestOf = (origin: string, name: string) =>
    keyedDigest(pepper, 'known_groups', `${origin}\0${name}`);

  return {
    async recall({ connection, origin, name }, maxAgeMs) {
      const digest = digestOf(origin, name);
      const { rows } = await sql<{ found: Buffer; age_ms: number }>`
        with known as (
          select found,
            (extract(epoch from clock_timestamp() - read_at) * 1000)::double precision as age_ms
          from known_groups where connection = ${connection} and name_digest = ${digest}
        )
        select found, age_ms from known where age_ms >= 0 and age_ms < ${maxAgeMs}::double precision
      `.execute(db);
      const [row] = rows;
      if (row === undefined) return null;
      const group = openJson(ring, row.found, contextOf(connection, digest)) as OktaGroup;
      return { group, ageMs: row.age_ms };
    },

    async remember({ connection, origin, name }, { group, ageMs }) {
      const digest = digestOf(origin, name);
      const found = sealJson(ring, group, contextOf(connection, digest));
      await sql`
        with cleaned as (
          delete from known_groups where seq in (
            select seq from known_groups
            where read_at < clock_timestamp() - interval ${KEPT}
              and (connection, name_digest) <> (${connection}, ${digest})
            order by read_at limit ${CLEANED_PER_ROW}
            for update skip locked
          )
        )
        insert into known_groups as kept (connection, name_digest, found, read_at)
        values (${connection}, ${digest}, ${found},
          date_trunc('milliseconds',
            clock_timestamp() - ${ageMs}::double precision * interval '1 ms'))
        on conflict (connection, name_digest) do update
        set found = excluded.found, read_at = excluded.read_at
        where kept.read_at < excluded.read_at or kept.read_at > clock_timestamp()
      `.execute(db);
    },

    async forget(connection) {
      await db.deleteFrom('known_groups').where('connection', '=', connection).execute();
    },
  };
}

function contextOf(connection: ConnectionId, digest: string): string {
  return `known_groups.found:${connection}:${digest}`;
}
