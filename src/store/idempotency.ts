// Answers under an Idempotency-Key, for 24 hours. Keys and bodies are kept as keyed digests: callers
// like to put names into keys. Old rows go a few at a time with every new claim.
import { sql } from 'kysely';
import { keyedDigest } from '../crypto/digest.js';
import type { Database } from './database.js';
import type { IdempotencyStore } from './store.js';

/**
 * A claim that was not finished by then belongs to a process that died. If it does not, no harm is done:
 * a request is accepted once and an action applied once, however often it is sent.
 */
const ABANDONED = sql.lit('20 seconds');
const KEPT = sql.lit('24 hours');
const CLEANED_PER_CLAIM = 20;

interface ClaimRow {
  claimed: boolean;
  body_digest: string | null;
  status: number | null;
  resource: string | null;
}

export function createIdempotencyStore(db: Database, pepper: Buffer): IdempotencyStore {
  const keyDigest = (key: string) => keyedDigest(pepper, 'idempotency.key', key);
  const bodyDigest = (hash: string) => keyedDigest(pepper, 'idempotency.body', hash);

  return {
    async claim(apiKeyId, key, bodyHash) {
      const digest = keyDigest(key);
      const body = bodyDigest(bodyHash);
      const { rows } = await sql<ClaimRow>`
        with cleaned as (
          delete from idempotency where (api_key_id, key_digest) in (
            select api_key_id, key_digest from idempotency
            where claimed_at < clock_timestamp() - interval ${KEPT}
              and (api_key_id, key_digest) <> (${apiKeyId}, ${digest})
            order by claimed_at limit ${CLEANED_PER_CLAIM}
            for update skip locked
          )
        ), claim as (
          insert into idempotency as kept (api_key_id, key_digest, body_digest)
          values (${apiKeyId}, ${digest}, ${body})
          on conflict (api_key_id, key_digest) do update
          set body_digest = excluded.body_digest, status = null, resource = null,
              claimed_at = clock_timestamp()
          where kept.claimed_at < clock_timestamp() - interval ${KEPT}
            or (kept.status is null and kept.body_digest = excluded.body_digest
              and kept.claimed_at < clock_timestamp() - interval ${ABANDONED})
          returning true as claimed
        )
        select exists (select from claim) as claimed, kept.body_digest, kept.status, kept.resource
        from (select) as one
        left join idempotency as kept on kept.api_key_id = ${apiKeyId} and kept.key_digest = ${digest}
      `.execute(db);
      const row = rows[0];
      if (row?.claimed === true) return { kind: 'claimed' };
      // Another claim of the same instant is not in this statement's snapshot, but has won.
      if (row === undefined || row.body_digest === null) return { kind: 'pending' };
      if (row.body_digest !== body) return { kind: 'reused' };
      if (row.status === null || row.resource === null) return { kind: 'pending' };
      return { kind: 'answered', status: row.status, resource: row.resource };
    },

    async finish(apiKeyId, key, status, resource) {
      await db
        .updateTable('idempotency')
        .set({ status, resource })
        .where('api_key_id', '=', apiKeyId)
        .where('key_digest', '=', keyDigest(key))
        .where('status', 'is', null)
        .execute();
    },

    async release(apiKeyId, key) {
      await db
        .deleteFrom('idempotency')
        .where('api_key_id', '=', apiKeyId)
        .where('key_digest', '=', keyDigest(key))
        .where('status', 'is', null)
        .execute();
    },
  };
}
