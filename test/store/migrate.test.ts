import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openDatabase } from '../../src/store/database.js';
import { lockSetup, migrate } from '../../src/store/migrate.js';
import { MIGRATIONS, type Migration } from '../../src/store/migrations.js';
import { eventually } from '../support/eventually.js';
import { startKillablePostgres } from '../support/killable.js';
import { createDatabase } from '../support/postgres.js';
import { newDatabase } from './support.js';

async function withMigrations() {
  const database = await newDatabase();
  const db = openDatabase({ databaseUrl: database.url });
  onTestFinished(() => db.destroy());
  return {
    ...database,
    tables: async () => {
      const named = 'select tablename from pg_tables where schemaname = $1 order by tablename';
      const rows = await database.query(named, [database.schema]);
      return rows.map(({ tablename }) => tablename);
    },
    apply: (migrations: readonly Migration[]) =>
      db.transaction().execute(async (trx) => {
        await lockSetup(trx);
        return migrate(trx, migrations);
      }),
  };
}

type Query = (text: string) => Promise<Record<string, unknown>[]>;

/** A process of its own that migrates; rejects with what it wrote to its standard error. */
function migrating(url: string, migrations: readonly Migration[]) {
  const child = spawn(
    process.execPath,
    [
      '--import',
      'tsx',
      fileURLToPath(new URL('migrating.ts', import.meta.url)),
      JSON.stringify(migrations),
    ],
    { env: { ...process.env, DATABASE_URL: url }, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  onTestFinished(() => void child.kill('SIGKILL'));
  const applied = Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]).then(
    ([stdout, stderr]) => {
      if (child.exitCode !== 0) throw new Error(stderr);
      return JSON.parse(stdout) as string[];
    },
  );
  return { child, applied };
}

async function isAsleep(query: Query): Promise<boolean> {
  const found = await query(
    `select from pg_stat_activity where state = 'active' and wait_event = 'PgSleep'
      and datname = current_database()`,
  );
  return found.length > 0;
}

const ONE = { name: '0001-one', sql: 'create table one (id int); create table uno (id int)' };
const TWO = { name: '0002-two', sql: 'create table two (id int)' };
const BROKEN = { name: '0003-broken', sql: 'create table three (id int); select 1 / 0' };

describe('migrations', () => {
  it('are applied once each, in order, whoever comes first', async () => {
    const { apply, query } = await withMigrations();
    expect(await apply([ONE])).toEqual(['0001-one']);
    const rounds = await Promise.all(Array.from({ length: 5 }, () => apply([ONE, TWO])));
    expect(rounds.flat()).toEqual(['0002-two']);
    expect(await query('select name from schema_migrations order by name')).toEqual([
      { name: '0001-one' },
      { name: '0002-two' },
    ]);
  });

  it('leave nothing behind when one is interrupted, and can be tried again', async () => {
    const { apply, tables } = await withMigrations();
    await apply([ONE]);
    await expect(apply([ONE, TWO, BROKEN])).rejects.toThrow('division by zero');
    expect(await tables()).toEqual(['one', 'schema_migrations', 'uno']);
    expect(await apply([ONE, TWO])).toEqual(['0002-two']);
  });

  it('leave nothing behind when their process is killed, and the next one does them all', async () => {
    const database = await withMigrations();
    const { url, query, tables } = database;
    const slow = [ONE, { name: '0002-slow', sql: 'create table two (id int); select pg_sleep(4)' }];
    const process = migrating(url, slow);
    await eventually('it is in the middle', () => isAsleep(query));
    process.child.kill('SIGKILL');
    await process.applied.catch(() => undefined);
    expect(await tables()).toEqual([]);
    // The server notices the death of its client when the statement is through; until then others wait.
    expect(await database.apply([ONE, TWO])).toEqual(['0001-one', '0002-two']);
  });

  it('are done once by processes that start at the same time', async () => {
    const { url, query } = await withMigrations();
    const quick = [ONE, TWO];
    const both = await Promise.all([migrating(url, quick).applied, migrating(url, quick).applied]);
    expect(both.flat().sort()).toEqual(['0001-one', '0002-two']);
    expect(await query('select name from schema_migrations')).toHaveLength(2);
  });

  it('leave nothing behind when the database is killed, and are done when it is back', async () => {
    const server = await startKillablePostgres(await mkdtemp(join(tmpdir(), 'tenure-migrate-')));
    onTestFinished(() => server.remove());
    const { url } = await createDatabase(server.url);
    const client = new pg.Client({ connectionString: url });
    client.on('error', () => undefined);
    await client.connect();
    const query: Query = async (text) => (await client.query<Record<string, unknown>>(text)).rows;
    const process = migrating(url, [
      ONE,
      { name: '0002-slow', sql: 'create table two (id int); select pg_sleep(60)' },
    ]);
    await eventually('it is in the middle', () => isAsleep(query));
    await server.kill();
    await expect(process.applied).rejects.toThrow('STORE_UNAVAILABLE');
    await server.start();
    expect(await migrating(url, [ONE, TWO]).applied).toEqual(['0001-one', '0002-two']);
  });

  it('refuse, and leave alone, what a newer release has made', async () => {
    const { apply, query, tables } = await withMigrations();
    await apply([ONE, TWO]);
    await expect(apply([ONE])).rejects.toMatchObject({
      code: 'SCHEMA_NEWER',
      message: expect.stringMatching(/newer release \(0002-two\)/) as string,
    });
    expect(await tables()).toEqual(['one', 'schema_migrations', 'two', 'uno']);
    expect(await query('select name from schema_migrations')).toHaveLength(2);
  });

  it('keep what was refused before steps had trials', async () => {
    const { apply, query } = await withMigrations();
    const at = MIGRATIONS.findIndex(({ name }) => name === '0008-trials');
    await apply(MIGRATIONS.slice(0, at));
    await query(`
      insert into connections (id, domain, client_id, scopes, settings, status, public_jwk, private_jwk,
        blocked_step)
      values ('a', 'a.okta.com', '0oa', '{}', '{}', 'blocked', '{}', '', 'suspendUser'),
        ('b', 'b.okta.com', '0ob', '{}', '{}', 'ready', '{}', '', null)`);
    await query(`
      insert into refusals (connection, step, subject_ref, run, request_id, blocked)
      values ('a', 'suspendUser', 's', 'a.s.r', 'r', true),
        ('b', 'suspendUser', 's', 'b.s.r', 'r', true),
        ('b', 'createUser', 's', 'b.s.r', 'r', false)`);
    await apply(MIGRATIONS);
    expect(
      await query('select connection, step, standing from refusals order by connection, step'),
    ).toEqual([
      { connection: 'a', step: 'suspendUser', standing: 'counted' },
      { connection: 'b', step: 'createUser', standing: 'counted' },
      { connection: 'b', step: 'suspendUser', standing: 'again' },
    ]);
    expect(await query('select connection, step from trials order by connection')).toEqual([
      { connection: 'a', step: 'suspendUser' },
      { connection: 'b', step: 'createUser' },
    ]);
  });

  it('have names that sort in their order', () => {
    const names = MIGRATIONS.map(({ name }) => name);
    expect([...names].sort()).toEqual(names);
    expect(new Set(names).size).toBe(names.length);
  });
});
