import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { changeByHand, readMasterKeys } from '../../src/crypto/master-key.js';
import { createPayloadCodec } from '../../src/crypto/payload-codec.js';
import { openDatabase } from '../../src/store/database.js';
import { openStore } from '../../src/store/open.js';
import { rekey } from '../../src/store/rekey.js';
import { SEALED_TABLES, UNSEALED_COLUMNS } from '../../src/store/sealed-columns.js';
import { aRequest, given, newDatabase, newStore } from './support.js';
import { everythingIn, filled } from './rekey-support.js';

const everywhere = (id: number) =>
  Object.fromEntries(SEALED_TABLES.map(({ table }) => [table, [id]]));

class Killed extends Error {}
const kill = () => Promise.reject(new Killed('killed'));

describe('a rekey', () => {
  it('replaces the master key in its file and seals everything anew under a new data key', async () => {
    const database = await filled(7);
    const before = await everythingIn(database.store);
    const former = await database.keyText();
    const report = await rekey({ databaseUrl: database.url }, database.change);
    expect(report).toMatchObject({
      resumed: false,
      inPlace: true,
      dataKey: 2,
      left: {},
      damaged: {},
    });
    expect(report.rows).toMatchObject({ connections: 1, runs: 7, run_steps: 7, secrets: 1 });
    expect(await database.dataKeysInUse()).toEqual(everywhere(2));
    expect(await database.keyText()).not.toBe(former);
    expect(existsSync(`${database.keyFile}.next`)).toBe(false);
    expect(await everythingIn(await database.start())).toBe(before);
    expect(database.said).toEqual([]);
    await expect(database.open()).rejects.toMatchObject({ code: 'MASTER_KEY_WRONG' });
  });

  it('can be done again and again, and keeps every data key', async () => {
    const database = await filled();
    const before = await everythingIn(database.store);
    for (const dataKey of [2, 3, 4]) {
      expect((await rekey({ databaseUrl: database.url }, database.change)).dataKey).toBe(dataKey);
    }
    expect(await database.dataKeysInUse()).toEqual(everywhere(4));
    expect(await everythingIn(await database.start())).toBe(before);
    const old = database.store.keyRing.sealText('a history', 'here');
    expect((await database.start()).keyRing.openText(old, 'here')).toBe('a history');
  });

  it.each([0o600, 0o440])('keeps the mode of the key file (%o)', async (mode) => {
    const database = await filled();
    await database.setMode(mode);
    await rekey({ databaseUrl: database.url }, database.change);
    expect(await database.mode()).toBe(mode);
  });

  it('uses a next key that is there, so that other hosts can have it beforehand', async () => {
    const database = await filled();
    const next = randomBytes(32).toString('base64');
    await writeFile(`${database.keyFile}.next`, next, { mode: 0o600 });
    // Not in force yet: a start leaves it alone.
    await database.start();
    expect(existsSync(`${database.keyFile}.next`)).toBe(true);
    await rekey({ databaseUrl: database.url }, database.change);
    expect(await database.keyText()).toBe(next);
  });

  it('leaves a damaged value as it is and goes on', async () => {
    const database = await filled();
    await database.query(
      `update connections set private_jwk = set_byte(private_jwk, 40, get_byte(private_jwk, 40) # 1)`,
    );
    const report = await rekey({ databaseUrl: database.url }, database.change);
    expect(report.damaged).toEqual({ connections: 1 });
    expect(await database.dataKeysInUse()).toEqual({ ...everywhere(2), connections: [1, 2] });
  });

  it('waits for rows that somebody is writing', async () => {
    const database = await filled();
    const db = openDatabase({ databaseUrl: database.url });
    onTestFinished(() => db.destroy());
    let done: (() => void) | undefined;
    const writing = db.transaction().execute(async (trx) => {
      await trx.updateTable('runs').set({ batch: 'b' }).execute();
      await new Promise<void>((resolve) => (done = resolve));
    });
    await expect.poll(() => done).toBeDefined();
    const rekeying = rekey({ databaseUrl: database.url }, database.change);
    await expect.poll(async () => (await database.dataKeysInUse())['token_cache']).toEqual([2]);
    expect((await database.dataKeysInUse())['runs']).toEqual([1]);
    done?.();
    await writing;
    expect((await rekeying).left).toEqual({});
    expect(await database.dataKeysInUse()).toEqual(everywhere(2));
  });

  it('knows every column of envelopes', async () => {
    const { query, schema } = await newStore();
    const rows = await query(
      `select table_name || '.' || column_name as name from information_schema.columns
        where table_schema = $1 and data_type = 'bytea'`,
      [schema],
    );
    const sealed = SEALED_TABLES.flatMap(({ table, columns }) =>
      Object.keys(columns).map((column) => `${table}.${column}`),
    );
    expect(rows.map(({ name }) => name).sort()).toEqual([...sealed, ...UNSEALED_COLUMNS].sort());
  });
});

describe('processes that run during a rekey', () => {
  it('read what is written after it, and write what others read', async () => {
    const database = await filled();
    const before = await everythingIn(database.store);
    await rekey({ databaseUrl: database.url }, database.change);
    const after = await database.start();

    const early = aRequest(database.store, { login: 'early@example.com' });
    await database.store.runs.accept(early);
    expect((await after.runs.get(early.run.id))?.person.login).toBe('early@example.com');

    const late = aRequest(after, { login: 'late@example.com' });
    await after.runs.accept(late);
    expect((await database.store.runs.get(late.run.id))?.person.login).toBe('late@example.com');
    expect(database.store.keyRing.primaryId).toBe(2);
    expect(before).toContain('person-0@example.com');
    expect(await everythingIn(database.store)).toBe(await everythingIn(after));
  });

  it('decode each other’s payloads', async () => {
    const database = await filled();
    const old = createPayloadCodec(database.store.keyRing);
    const [fromBefore] = await old.encode([{ data: Buffer.from('before') }]);
    await rekey({ databaseUrl: database.url }, database.change);
    const young = createPayloadCodec((await database.start()).keyRing);
    const [fromAfter] = await young.encode([{ data: Buffer.from('after') }]);
    for (const codec of [old, young]) {
      const decoded = await codec.decode([given(fromBefore), given(fromAfter)]);
      expect(decoded.map(({ data }) => Buffer.from(given(data)).toString())).toEqual([
        'before',
        'after',
      ]);
    }
  });

  it('follow one rekey after the other, however soon it comes', async () => {
    const database = await filled();
    for (let round = 0; round < 3; round += 1) {
      await rekey({ databaseUrl: database.url }, database.change);
    }
    expect(await everythingIn(database.store)).toContain('person-0@example.com');
    expect(database.store.keyRing.primaryId).toBe(4);
  });

  it('that have not looked for ten minutes and two rekeys are told to start again', async () => {
    const database = await filled();
    await rekey({ databaseUrl: database.url }, database.change);
    await database.query(`update data_keys set created_at = created_at - interval '11 minutes'`);
    await rekey({ databaseUrl: database.url }, database.change);
    await expect(everythingIn(database.store)).rejects.toMatchObject({
      code: 'DATA_KEY_UNKNOWN',
      message: expect.stringContaining('restart it') as string,
    });
    const links = (await database.dataKeys()).map(({ link }) => link !== null);
    expect(links).toEqual([false, false, true]);
    expect(await everythingIn(await database.start())).toContain('person-0@example.com');
  });
});

describe('a rekey that is killed', () => {
  it('before the next key is in force leaves everything as it was', async () => {
    const database = await filled();
    const [before, former] = [await everythingIn(database.store), await database.keyText()];
    const keys = await database.dataKeys();
    const { change } = database;
    const prepare = () => change.prepare().then(kill);
    await expect(rekey({ databaseUrl: database.url }, { ...change, prepare })).rejects.toThrow(
      Killed,
    );
    const prepared = await database.keyText(`${database.keyFile}.next`);
    expect(await database.dataKeys()).toEqual(keys);
    expect(await everythingIn(await database.start())).toBe(before);
    expect(await database.keyText()).toBe(former);
    expect(database.said).toEqual([]);

    expect(await rekey({ databaseUrl: database.url }, change)).toMatchObject({
      resumed: false,
      dataKey: 2,
    });
    expect(await database.keyText()).toBe(prepared);
    expect(await everythingIn(await database.start())).toBe(before);
  });

  /** Reads once, for the first transaction. */
  const killedInForce = ({ change }: Awaited<ReturnType<typeof filled>>) => {
    let reads = 0;
    return { ...change, read: () => ((reads += 1) === 1 ? change.read() : kill()) };
  };

  it('when the next key is in force is ended by the next start, which says so', async () => {
    const database = await filled();
    const [before, former] = [await everythingIn(database.store), await database.keyText()];
    await expect(rekey({ databaseUrl: database.url }, killedInForce(database))).rejects.toThrow(
      Killed,
    );
    expect(await database.keyText()).toBe(former);
    const next = await database.keyText(`${database.keyFile}.next`);

    const stores = await Promise.all([database.start(), database.start(), database.start()]);
    for (const store of stores) expect(await everythingIn(store)).toBe(before);
    expect(await database.keyText()).toBe(next);
    expect(existsSync(`${database.keyFile}.next`)).toBe(false);
    expect(database.said).toEqual([expect.objectContaining({ event: 'store.rekey_finished' })]);
    expect(await database.dataKeysInUse()).toEqual(everywhere(1));

    const again = await rekey({ databaseUrl: database.url }, database.change);
    expect(again).toMatchObject({ resumed: true, inPlace: true, dataKey: 2 });
    expect(await database.keyText()).toBe(next);
    expect(await database.dataKeysInUse()).toEqual(everywhere(2));
  });

  it('is ended by another rekey without a start in between', async () => {
    const database = await filled();
    const before = await everythingIn(database.store);
    await expect(rekey({ databaseUrl: database.url }, killedInForce(database))).rejects.toThrow(
      Killed,
    );
    const next = await database.keyText(`${database.keyFile}.next`);
    expect((await rekey({ databaseUrl: database.url }, database.change)).resumed).toBe(true);
    expect(await database.keyText()).toBe(next);
    expect(await database.dataKeysInUse()).toEqual(everywhere(2));
    expect(await everythingIn(database.store)).toBe(before);
  });

  it('does not need the former key file once the next key is in force', async () => {
    const database = await filled();
    await expect(rekey({ databaseUrl: database.url }, killedInForce(database))).rejects.toThrow(
      Killed,
    );
    await rm(database.keyFile);
    await database.start();
    expect(existsSync(database.keyFile)).toBe(true);
  });
});

describe('a rekey is refused, and nothing changed,', () => {
  const untouched = async (
    database: Awaited<ReturnType<typeof filled>>,
    code: string,
    change = database.change,
  ) => {
    const keys = await database.dataKeys();
    await expect(rekey({ databaseUrl: database.url }, change)).rejects.toMatchObject({ code });
    expect(await database.dataKeys()).toEqual(keys);
    expect(existsSync(`${database.keyFile}.next`)).toBe(false);
  };

  it('with another master key, naming its file', async () => {
    const database = await filled();
    const wrong = randomBytes(32).toString('base64');
    await writeFile(database.keyFile, wrong);
    await untouched(database, 'MASTER_KEY_WRONG');
    await expect(database.start()).rejects.toThrow(
      `The master key in ${database.keyFile} is not the one that this database was made with`,
    );
    expect(await database.keyText()).toBe(wrong);
  });

  it('without a master key, naming its file', async () => {
    const database = await filled();
    await rm(database.keyFile);
    await untouched(database, 'MASTER_KEY_MISSING');
    await expect(database.start()).rejects.toThrow(`${database.keyFile} cannot be read (ENOENT)`);
    expect(existsSync(database.keyFile)).toBe(false);
  });

  it('when neither the key nor the next one opens the database', async () => {
    const database = await filled();
    for (const file of [database.keyFile, `${database.keyFile}.next`]) {
      await writeFile(file, randomBytes(32).toString('base64'));
    }
    await expect(database.start()).rejects.toMatchObject({ code: 'MASTER_KEY_WRONG' });
    expect(existsSync(`${database.keyFile}.next`)).toBe(true);
  });

  it('where the new key cannot be kept', async () => {
    const database = await filled();
    const nowhere = join(database.dir, 'no-such-directory', 'key');
    const change = changeByHand({ kind: 'file', path: database.keyFile }, nowhere);
    await untouched(database, 'MASTER_KEY_UNWRITABLE', change);
  });

  it('while another one is at work, which it does not disturb', async () => {
    const database = await filled();
    let goOn: (() => void) | undefined;
    const prepare = async () => {
      await new Promise<void>((resolve) => (goOn = resolve));
      return database.change.prepare();
    };
    const first = rekey({ databaseUrl: database.url }, { ...database.change, prepare });
    await expect.poll(() => goOn).toBeDefined();
    await untouched(database, 'REKEY_RUNNING');
    goOn?.();
    expect((await first).dataKey).toBe(2);
  });

  it('in a database that this release has not set up', async () => {
    const { url } = await newDatabase();
    const change = { read: kill, prepare: kill };
    await expect(rekey({ databaseUrl: url }, change)).rejects.toMatchObject({
      code: 'SCHEMA_OLDER',
    });
  });
});

describe('a master key that is no file of ours', () => {
  it('is given to every process beside the former one, and either may start it during the change', async () => {
    const database = await filled();
    const before = await everythingIn(database.store);
    const file = join(database.dir, 'new.key');
    const former = await database.keyText();
    await writeFile(file, randomBytes(32).toString('base64'), { mode: 0o600 });
    const next = await database.keyText(file);
    const startWith = async (base64: string, beside: string | null) => {
      const said: string[] = [];
      const note = ({ event }: Record<string, unknown>) => said.push(String(event));
      const store = await openStore({
        databaseUrl: database.url,
        masterKey: () => readMasterKeys({ kind: 'value', base64, next: beside }),
        log: { info: note, warn: note },
      });
      onTestFinished(() => store.close());
      expect(await everythingIn(store)).toBe(before);
      return said;
    };
    expect(await startWith(former, next)).toEqual([]);
    const change = changeByHand({ kind: 'value', base64: former, next: null }, file);
    expect(await rekey({ databaseUrl: database.url }, change)).toMatchObject({ inPlace: false });
    expect(await startWith(former, next)).toEqual(['store.rekey_unfinished']);
    expect(await startWith(next, null)).toEqual([]);
    await expect(startWith(former, null)).rejects.toThrow('TENURE_MASTER_KEY');
    // Once more with the same key: there is nothing to replace it with.
    await expect(rekey({ databaseUrl: database.url }, change)).rejects.toMatchObject({
      code: 'REKEY_IMPOSSIBLE',
    });
    expect(await database.keyText()).toBe(former);
  });
});
