// Access tokens shared by all workers, sealed. A new one is minted inside a transaction that holds a
// lock of the connection, so of all workers one mints and the others get what it minted.
import { randomUUID } from 'node:crypto';
import { sql, type Kysely } from 'kysely';
import type { KeyRing } from '../crypto/key-ring.js';
import type { ConnectionId } from '../domain/brand.js';
import type { Database } from './database.js';
import { createGate } from './gate.js';
import type { StoredToken, TokenStore } from './store.js';
import type { Tables } from './tables.js';

/** A mint may wait for another worker's, which may wait for a slow Okta. */
const LOCK_TIMEOUT_MS = 60_000;

type Mint = Parameters<TokenStore['refresh']>[2];

/** @param mintsAtOnce how many connections of the pool may wait for Okta, so that the rest can work. */
export function createTokenStore(db: Database, ring: KeyRing, mintsAtOnce: number): TokenStore {
  const gate = createGate(mintsAtOnce);
  const underway = new Map<ConnectionId, Promise<StoredToken>>();

  const mintOnce = (connection: ConnectionId, stale: string | null, mint: Mint) =>
    gate(() => refreshLocked(db, ring, connection, stale, mint));

  return {
    read: (connection) => readToken(db, ring, connection),

    async refresh(connection, stale, mint) {
      // Callers of one process share a mint, so that only one of them holds a database connection.
      for (;;) {
        const theirs = underway.get(connection);
        if (theirs === undefined) break;
        const token = await theirs.catch(() => null);
        if (token !== null && isNewer(token, stale)) return token;
      }
      const ours = mintOnce(connection, stale, mint).finally(() => {
        underway.delete(connection);
      });
      underway.set(connection, ours);
      return ours;
    },
  };
}

async function refreshLocked(
  db: Database,
  ring: KeyRing,
  connection: ConnectionId,
  stale: string | null,
  mint: Mint,
): Promise<StoredToken> {
  const failed: { mint?: unknown } = {};
  try {
    return await db.transaction().execute(async (trx) => {
      await sql`select set_config('statement_timeout', ${String(LOCK_TIMEOUT_MS)}, true)`.execute(
        trx,
      );
      await sql`select pg_advisory_xact_lock(hashtextextended(${`token:${connection}`}, 0))`.execute(
        trx,
      );
      const kept = await readToken(trx, ring, connection);
      if (kept !== null && isNewer(kept, stale)) return kept;
      const minted = await mint().catch((error: unknown) => {
        failed.mint = error;
        throw error;
      });
      const token = { ...minted, generation: randomUUID() };
      await writeToken(trx, ring, connection, token);
      return token;
    });
  } catch (error) {
    // Where the rollback failed as well, Okta's answer is still the reason.
    throw 'mint' in failed ? failed.mint : error;
  }
}

/** Somebody has minted since, and it still holds. */
function isNewer(token: StoredToken, stale: string | null): boolean {
  return token.generation !== stale && Date.parse(token.expiresAt) > Date.now();
}

async function readToken(
  db: Kysely<Tables>,
  ring: KeyRing,
  connection: ConnectionId,
): Promise<StoredToken | null> {
  const row = await db
    .selectFrom('token_cache')
    .selectAll()
    .where('connection', '=', connection)
    .executeTakeFirst();
  if (row === undefined) return null;
  return {
    ...opened(ring.openText(row.token, tokenContext(connection, row.generation))),
    scopes: row.scopes,
    expiresAt: row.expires_at.toISOString(),
    generation: row.generation,
  };
}

async function writeToken(
  db: Kysely<Tables>,
  ring: KeyRing,
  connection: ConnectionId,
  { scopes, expiresAt, generation, ...secrets }: StoredToken,
): Promise<void> {
  const row = {
    generation,
    token: ring.sealText(closed(secrets), tokenContext(connection, generation)),
    scopes,
    expires_at: expiresAt,
  };
  await db
    .insertInto('token_cache')
    .values({ connection, ...row })
    .onConflict((conflict) => conflict.column('connection').doUpdateSet(row))
    .execute();
}

type Secrets = Pick<StoredToken, 'accessToken' | 'proofKey'>;

/**
 * A bound token and its key as one JSON object, so that they can never part. Any other stands alone, as
 * workers of 0.1 wrote it and still read it; no token begins with a brace (RFC 6750, section 2.1).
 */
function closed({ accessToken, proofKey }: Secrets): string {
  return proofKey === null ? accessToken : JSON.stringify({ accessToken, proofKey });
}

function opened(text: string): Secrets {
  return text.startsWith('{')
    ? (JSON.parse(text) as Secrets)
    : { accessToken: text, proofKey: null };
}

function tokenContext(connection: ConnectionId, generation: string): string {
  return `token_cache.token:${connection}:${generation}`;
}
