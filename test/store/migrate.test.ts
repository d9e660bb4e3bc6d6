import { describe, expect, it, onTestFinished } from 'vitest';
import { openDatabase } from '../../src/store/database.js';
import { lockSetup, migrate } from '../../src/store/migrate.js';
import { MIGRATIONS, type Migration } from '../../src/store/migrations.js';
import { newDatabase } from './support.js';

async function withMigrations() {
  const database = await newDatabase();
  const db = openDatabase({ databaseUrl: database.url });
  onTestFinished(() => db.destroy());
  return {
    ...database,
    apply: (migrations: readonly Migration[]) =>
      db.transaction().execute(async (trx) => {
        await lockSetup(trx);
        return migrate(trx, migrations);
      }),
  };
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
    const { apply, query, schema } = await withMigrations();
    await apply([ONE]);
    await expect(apply([ONE, TWO, BROKEN])).rejects.toThrow('division by zero');
    const tables = await query(
      'select tablename from pg_tables where schemaname = $1 order by tablename',
      [schema],
    );
    expect(tables.map(({ tablename }) => tablename)).toEqual(['one', 'schema_migrations', 'uno']);
    expect(await apply([ONE, TWO])).toEqual(['0002-two']);
  });

  it('have names that sort in their order', () => {
    const names = MIGRATIONS.map(({ name }) => name);
    expect([...names].sort()).toEqual(names);
    expect(new Set(names).size).toBe(names.length);
  });
});
