import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { MIGRATIONS } from '../../src/store/migrations.js';
import { openStore } from '../../src/store/open.js';
import { given, newDatabase, newStore } from './support.js';

describe('opening the store', () => {
  it('makes schema, ring and pepper once, however many processes start at the same time', async () => {
    const database = await newDatabase();
    const stores = await Promise.all(Array.from({ length: 5 }, () => database.open()));
    const applied = await database.query('select name from schema_migrations order by name');
    expect(applied).toEqual(MIGRATIONS.map(({ name }) => ({ name })));
    expect(await database.query('select id from data_keys')).toHaveLength(1);
    const [first, ...others] = stores;
    const sealed = given(first).keyRing.sealText('hello', 'here');
    for (const other of others) {
      expect(other.keyRing.openText(sealed, 'here')).toBe('hello');
      expect(other.subjectRef('ada@example.com')).toBe(given(first).subjectRef('ada@example.com'));
    }
  });

  it('refuses another master key in one sentence and overwrites nothing', async () => {
    const database = await newStore();
    const keys = () =>
      database.query(
        `select encode(wrapped, 'hex') as key, encode(value, 'hex') as pepper from data_keys, secrets`,
      );
    const before = await keys();
    await expect(
      openStore({ databaseUrl: database.url, masterKey: randomBytes(32) }),
    ).rejects.toMatchObject({ code: 'MASTER_KEY_WRONG' });
    expect(await keys()).toEqual(before);
    await (await database.open()).ping();
  });

  it('makes no new key where the data keys are gone and sealed data is not', async () => {
    const database = await newStore();
    await database.query('delete from data_keys');
    await expect(database.open()).rejects.toMatchObject({ code: 'ENVELOPE_INVALID' });
    expect(await database.query('select id from data_keys')).toHaveLength(0);
  });

  it('refuses a database that a newer release has set up', async () => {
    const database = await newStore();
    await database.query(`insert into schema_migrations (name) values ('9999-tomorrow')`);
    await expect(database.open()).rejects.toMatchObject({
      code: 'SCHEMA_NEWER',
      message: expect.stringContaining('9999-tomorrow') as string,
    });
  });

  it('says that a database is not there, without its password', async () => {
    const opening = openStore({
      databaseUrl: 'postgres://tenure:hunter2@127.0.0.1:1/tenure',
      masterKey: randomBytes(32),
    });
    await expect(opening).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    const error = await opening.catch((caught: unknown) => caught as Error);
    expect((error as Error).message).not.toContain('hunter2');
  });

  it('may be closed twice', async () => {
    const { store } = await newStore();
    await store.close();
    await store.close();
  });
});
