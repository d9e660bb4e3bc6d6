// The connection pool, and the one place where errors of the driver become ours. Every statement is
// bounded in time; a restart of the database costs the statements in flight and nothing else.
import { createHash } from 'node:crypto';
import {
  Kysely,
  PostgresDialect,
  type PostgresCursor,
  type PostgresPool,
  type PostgresPoolClient,
  type PostgresQueryResult,
} from 'kysely';
import pg from 'pg';
import { StoreUnavailableError } from './errors.js';
import type { Tables } from './tables.js';

export type Database = Kysely<Tables>;

/** Events, not prose; a pino logger fits. */
export interface StoreLog {
  info(fields: Record<string, unknown>): void;
  warn(fields: Record<string, unknown>): void;
}

export interface DatabaseOptions {
  /** `postgres://…`; it may hold a password, so it is never logged. */
  databaseUrl: string;
  /** Connections at most, at least 2. Default is 10. */
  poolSize?: number | undefined;
  log?: StoreLog | undefined;
}

export const DEFAULT_POOL_SIZE = 10;
const STATEMENT_TIMEOUT_MS = 15_000;
/** To connect, or to get a free connection of the pool. */
const CONNECT_TIMEOUT_MS = 10_000;

/** Connects with the first statement, not before. `destroy()` ends the pool. */
export function openDatabase({ databaseUrl, poolSize, log }: DatabaseOptions): Database {
  const pool = new pg.Pool({
    connectionString: databaseUrl,
    max: Math.max(2, poolSize ?? DEFAULT_POOL_SIZE),
    application_name: 'tenure',
    statement_timeout: STATEMENT_TIMEOUT_MS,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    idleTimeoutMillis: 15_000,
    keepAlive: true,
  });
  // Without these two listeners a lost connection, idle or at work, would end the process.
  pool.on('error', (error) => {
    log?.warn({ event: 'store.connection_lost', reason: reasonOf(error) });
  });
  pool.on('connect', (client) => {
    client.on('error', () => undefined);
  });
  return new Kysely<Tables>({ dialect: new PostgresDialect({ pool: translated(pool) }) });
}

/** The pool as Kysely wants it, with our errors. */
function translated(pool: pg.Pool): PostgresPool {
  return {
    connect: async () => {
      const client = await pool.connect().catch((error: unknown) => {
        throw unavailable(error);
      });
      return translatedClient(client);
    },
    end: () => pool.end(),
  };
}

/**
 * Statements are prepared once a connection, by a name made of their text: parsing and planning took
 * a third of the database's time (measured November 2026).
 */
function translatedClient(client: pg.PoolClient): PostgresPoolClient {
  let isStale = false;
  function query<R>(text: string, values: readonly unknown[]): Promise<PostgresQueryResult<R>>;
  function query<R>(cursor: PostgresCursor<R>): PostgresCursor<R>;
  function query<R>(
    text: string | PostgresCursor<R>,
    values: readonly unknown[] = [],
  ): Promise<PostgresQueryResult<R>> | PostgresCursor<R> {
    if (typeof text !== 'string') throw new Error('cursors are for streams; there are none here');
    // Without values it may be several commands, as a migration is; those cannot be prepared.
    const statement =
      values.length === 0 ? { text } : { name: nameOf(text), text, values: [...values] };
    const result = client.query(statement).catch((error: unknown) => {
      // Another release has changed a table under a plan; a new connection makes a new one.
      isStale = isChangedPlan(error);
      throw isStale || isConnectionLoss(error) ? unavailable(error) : error;
    });
    return result as Promise<unknown> as Promise<PostgresQueryResult<R>>;
  }
  return {
    query,
    release: () => {
      client.release(isStale);
    },
  };
}

const names = new Map<string, string>();

function nameOf(text: string): string {
  let name = names.get(text);
  if (name === undefined) {
    name = createHash('sha256').update(text).digest('base64url').slice(0, 24);
    names.set(text, name);
  }
  return name;
}

/** `feature_not_supported`: "cached plan must not change result type". */
function isChangedPlan(error: unknown): boolean {
  return error instanceof pg.DatabaseError && error.code === '0A000';
}

/** SQLSTATE classes of a server that cannot serve now: connection, resources, operator intervention. */
const UNAVAILABLE_CLASSES = ['08', '53', '57'];

function isConnectionLoss(error: unknown): boolean {
  if (error instanceof pg.DatabaseError) {
    return UNAVAILABLE_CLASSES.includes(error.code?.slice(0, 2) ?? '');
  }
  // What else the driver rejects with is the socket's end; a wrong argument of ours is a TypeError.
  return error instanceof Error && !(error instanceof TypeError || error instanceof RangeError);
}

function unavailable(cause: unknown): StoreUnavailableError {
  return new StoreUnavailableError(`The database does not answer (${reasonOf(cause)}).`, { cause });
}

/** A code, or the driver's own sentence; neither holds a value of a statement. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  return 'code' in error && typeof error.code === 'string' ? error.code : error.message;
}
