// Brings the schema up to date inside the caller's transaction: all of it or nothing. Several
// processes may start at once; they take turns, and all but the first find nothing left to do.
import { sql, type Transaction } from 'kysely';
import { SchemaNewerError, SchemaOlderError } from './errors.js';
import { MIGRATIONS, type Migration } from './migrations.js';
import type { Tables } from './tables.js';

/** Any number will do, as long as every process takes the same: "tenure" in ASCII. */
const SETUP_LOCK = '127979077173861';
/** How long one start waits for others that set up before it, and a migration may take. */
const SETUP_TIMEOUT_MS = 300_000;

/** Waits for its turn to set up; others wait until this transaction ends. */
export async function lockSetup(trx: Transaction<Tables>): Promise<void> {
  await sql`select set_config('statement_timeout', ${String(SETUP_TIMEOUT_MS)}, true)`.execute(trx);
  await sql`select pg_advisory_xact_lock(${SETUP_LOCK}::bigint)`.execute(trx);
}

/**
 * Applies what is missing and returns the names. Call under {@link lockSetup}.
 * @throws {SchemaNewerError} where the database knows a migration that is not in the list.
 */
export async function migrate(
  trx: Transaction<Tables>,
  migrations: readonly Migration[] = MIGRATIONS,
): Promise<string[]> {
  await sql`create table if not exists schema_migrations (
    name text primary key,
    applied_at timestamptz(3) not null default now()
  )`.execute(trx);
  const pending = await pendingOf(trx, migrations);
  for (const { name, sql: statements } of pending) {
    await sql.raw(statements).execute(trx);
    await trx.insertInto('schema_migrations').values({ name }).execute();
  }
  return pending.map(({ name }) => name);
}

/**
 * For what works on the schema and must not change it.
 * @throws {SchemaNewerError} {@link SchemaOlderError} where it is not of this release.
 */
export async function requireSchema(trx: Transaction<Tables>): Promise<void> {
  const { rows } = await sql<{ isThere: boolean }>`
    select to_regclass('schema_migrations') is not null as "isThere"
  `.execute(trx);
  if (rows[0]?.isThere !== true || (await pendingOf(trx, MIGRATIONS)).length > 0) {
    throw new SchemaOlderError(
      'The database has not been set up by this release yet: start its API or worker first.',
    );
  }
}

async function pendingOf(
  trx: Transaction<Tables>,
  migrations: readonly Migration[],
): Promise<Migration[]> {
  const applied = await trx.selectFrom('schema_migrations').select('name').execute();
  const known = new Set(migrations.map(({ name }) => name));
  const unknown = applied.find(({ name }) => !known.has(name));
  if (unknown !== undefined) {
    throw new SchemaNewerError(
      `The database was set up by a newer release (${unknown.name}); start that one, or restore a backup.`,
    );
  }
  const done = new Set(applied.map(({ name }) => name));
  return migrations.filter(({ name }) => !done.has(name));
}
