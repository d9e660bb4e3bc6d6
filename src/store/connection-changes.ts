// How connections come, change and go. One at a time, since no two may stand for the same client of the
// same org; what was learned under former credentials is forgotten with them.
import { sql, type Transaction } from 'kysely';
import type { KeyRing } from '../crypto/key-ring.js';
import type { ConnectionId } from '../domain/brand.js';
import { OPEN_PHASES } from '../domain/run.js';
import { keyContext, toConnection, type ConnectionRow } from './connection-rows.js';
import type { Database } from './database.js';
import { publicHalf, sameKey } from '../domain/jwk.js';
import { sealJson } from './sealed.js';
import type { ConnectionChange, ConnectionStore } from './store.js';
import type { Tables } from './tables.js';
import { lockTrials } from './trials.js';

export function createConnectionChanges(
  db: Database,
  ring: KeyRing,
): Pick<ConnectionStore, 'create' | 'change' | 'remove'> {
  return {
    create: (connection) =>
      db.transaction().execute(async (trx) => {
        const { id, name, domain, clientId, scopes, settings = {} } = connection;
        await lockConnections(trx);
        const known = (await rowOf(trx, id)) ?? (await twinOf(trx, id, domain, clientId));
        if (known !== undefined) return { kind: 'exists', id: known.id };
        const row = await trx
          .insertInto('connections')
          .values({
            id,
            name,
            domain,
            client_id: clientId,
            scopes,
            settings: JSON.stringify(settings),
            status: 'unverified',
            ...sealedKey(ring, id, connection.privateJwk),
          })
          .returningAll()
          .executeTakeFirstOrThrow();
        return { kind: 'made', connection: toConnection(ring, row) };
      }),

    change: (id, change) =>
      db.transaction().execute(async (trx) => {
        await lockConnections(trx);
        await lockTrials(trx, id);
        const before = await rowOf(trx, id);
        if (before === undefined) return { kind: 'unknown' };
        const { domain = before.domain, clientId = before.client_id } = change;
        const twin = await twinOf(trx, id, domain, clientId);
        if (twin !== undefined) return { kind: 'exists', id: twin.id };
        const changed = await trx
          .updateTable('connections')
          .set(changesOf(ring, before, change))
          .where('id', '=', id)
          .returningAll()
          .executeTakeFirstOrThrow();
        const isOther = await forget(trx, before, changed);
        const row = isOther ? await doubt(trx, id) : changed;
        return { kind: 'made', connection: toConnection(ring, row) };
      }),

    remove: (id) =>
      db.transaction().execute(async (trx) => {
        await lockConnections(trx);
        if ((await rowOf(trx, id)) === undefined) return { kind: 'unknown' };
        const { openRuns } = await trx
          .selectFrom('runs')
          .select(sql<number>`count(*)::int`.as('openRuns'))
          .where('connection', '=', id)
          .where('phase', 'in', OPEN_PHASES)
          .executeTakeFirstOrThrow();
        if (openRuns > 0) return { kind: 'in-use', openRuns };
        await trx.deleteFrom('token_cache').where('connection', '=', id).execute();
        await trx.deleteFrom('rate_buckets').where('connection', '=', id).execute();
        for (const table of ['known_groups', 'refusals', 'trials', 'trial_waiters'] as const) {
          await trx.deleteFrom(table).where('connection', '=', id).execute();
        }
        await trx.deleteFrom('connections').where('id', '=', id).execute();
        return { kind: 'removed' };
      }),
  };
}

/**
 * What was learned under the old credentials is worth nothing under others. Returns whether they are
 * others.
 */
export async function forget(
  trx: Transaction<Tables>,
  before: ConnectionRow,
  after: ConnectionRow,
): Promise<boolean> {
  const otherOrg = before.domain !== after.domain;
  const otherToken =
    otherOrg ||
    before.client_id !== after.client_id ||
    before.scopes.join(' ') !== after.scopes.join(' ') ||
    !sameKey(before.public_jwk, after.public_jwk);
  if (otherToken) {
    await trx.deleteFrom('token_cache').where('connection', '=', after.id).execute();
    await trx.deleteFrom('known_groups').where('connection', '=', after.id).execute();
  }
  if (otherOrg) {
    await trx.deleteFrom('rate_buckets').where('connection', '=', after.id).execute();
  }
  return otherToken;
}

/** Unverified; one that is blocked stays so, and its next probe, or trial, is due. */
async function doubt(trx: Transaction<Tables>, id: ConnectionId): Promise<ConnectionRow> {
  await trx
    .updateTable('trials')
    .set({ made: 0, next_at: sql`date_trunc('milliseconds', clock_timestamp())` })
    .where('connection', '=', id)
    .execute();
  return trx
    .updateTable('connections')
    .set({
      status: sql`case when status = 'blocked' then 'blocked' else 'unverified' end`,
      next_probe_at: sql`case when status = 'blocked' then clock_timestamp() end`,
    })
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirstOrThrow();
}

function changesOf(ring: KeyRing, before: ConnectionRow, change: ConnectionChange) {
  const { name, domain, clientId, scopes, settings, privateJwk } = change;
  return {
    name: name === undefined ? before.name : name,
    domain: domain ?? before.domain,
    client_id: clientId ?? before.client_id,
    scopes: scopes ?? before.scopes,
    settings: JSON.stringify({ ...before.settings, ...settings }),
    ...(privateJwk === undefined ? {} : sealedKey(ring, before.id, privateJwk)),
    ...(privateJwk === undefined || isRenamed(before.public_jwk, privateJwk) ? {} : NO_NEXT_KEY),
  };
}

const NO_NEXT_KEY = {
  next_public_jwk: null,
  next_private_jwk: null,
  next_since: null,
  next_problem: null,
};

/** The same key, perhaps under another id. */
function isRenamed(publicJwk: Record<string, unknown>, privateJwk: Record<string, unknown>) {
  return sameKey(publicJwk, { ...privateJwk, kid: publicJwk['kid'] });
}

function sealedKey(ring: KeyRing, id: ConnectionId, privateJwk: Record<string, unknown>) {
  return {
    public_jwk: JSON.stringify(publicHalf(privateJwk)),
    private_jwk: sealJson(ring, privateJwk, keyContext(id)),
  };
}

async function lockConnections(trx: Transaction<Tables>): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended('connections', 0))`.execute(trx);
}

async function rowOf(
  trx: Transaction<Tables>,
  id: ConnectionId,
): Promise<ConnectionRow | undefined> {
  return trx
    .selectFrom('connections')
    .selectAll()
    .where('id', '=', id)
    .forUpdate()
    .executeTakeFirst();
}

/** Another one for the same client of the same org. */
async function twinOf(
  trx: Transaction<Tables>,
  id: ConnectionId,
  domain: string,
  clientId: string,
): Promise<Pick<ConnectionRow, 'id'> | undefined> {
  return trx
    .selectFrom('connections')
    .select('id')
    .where('domain', '=', domain)
    .where('client_id', '=', clientId)
    .where('id', '<>', id)
    .executeTakeFirst();
}
