// What a verification makes of a connection's status. Nothing is changed where the connection is another
// one by now.
import { sql, type Expression, type SqlBool } from 'kysely';
import type { KeyRing } from '../crypto/key-ring.js';
import type { RunId } from '../domain/brand.js';
import type { Connection } from '../domain/connection.js';
import type { Conclusion } from '../domain/checks.js';
import { FIRST_PAUSE_MS } from './admissions.js';
import { NO_BLOCK, problemContext } from './connection-rows.js';
import type { Database } from './database.js';
import { sealJson } from './sealed.js';
import type { VerificationStore } from './store.js';
import { clearAllSteps, lockTrials } from './trials.js';

export function createVerificationStore(db: Database, ring: KeyRing): VerificationStore {
  return {
    settle: (verified, conclusion) =>
      db.transaction().execute(async (trx) => {
        await lockTrials(trx, verified.id);
        const { numUpdatedRows } = await trx
          .updateTable('connections')
          .set(standingAfter(ring, verified, conclusion))
          .where(isStill(verified))
          .executeTakeFirst();
        const isSettled = numUpdatedRows > 0n;
        if (isSettled && conclusion.kind === 'works') await clearAllSteps(trx, verified.id);
        return isSettled;
      }),
  };
}

function isStill({ id, domain, clientId, scopes, publicJwk }: Connection): Expression<SqlBool> {
  return sql`id = ${id} and domain = ${domain} and client_id = ${clientId}
    and scopes = ${scopes}::text[] and public_jwk = ${JSON.stringify(publicJwk)}::jsonb`;
}

function standingAfter(ring: KeyRing, { id }: Connection, conclusion: Conclusion) {
  if (conclusion.kind === 'works') {
    return { status: 'ready' as const, ...NO_BLOCK };
  }
  const { code, title, detail, blocks } = conclusion;
  const problem = { code, title, detail, since: new Date().toISOString() };
  const sealed = sealJson(ring, problem, problemContext(id));
  // On the right of a set stands what was there before.
  const isBlockedNow = sql<boolean>`(status = 'ready' and ${blocks}::boolean)`;
  return {
    status: sql<'blocked'>`case when ${isBlockedNow} then 'blocked' else status end`,
    // A step that is not permitted says more of a block than what some runs can do without.
    problem: sql<Buffer>`case
      when not ${blocks}::boolean and (status = 'ready' or blocked_step is not null) then problem
      else ${sealed} end`,
    blocked_step: sql<string>`case when ${blocks}::boolean then null else blocked_step end`,
    next_probe_at: sql<Date>`case when ${isBlockedNow}
      then clock_timestamp() + ${FIRST_PAUSE_MS} * interval '1 ms' else next_probe_at end`,
    probe_pause_ms: sql<number>`case when ${isBlockedNow} then ${FIRST_PAUSE_MS}::integer
      else probe_pause_ms end`,
    probed_by: sql<RunId>`case when ${isBlockedNow} then null else probed_by end`,
  };
}
