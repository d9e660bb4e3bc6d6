import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { rekey } from '../../src/store/rekey.js';
import { SEALED_TABLES } from '../../src/store/sealed-columns.js';
import { randomOf } from '../kill/random.js';
import { everythingIn, filled, type Filled } from '../store/rekey-support.js';
import { run, temporaryHome } from './harness.js';
import { startTenure, tenure, type Outcome } from './tenure.js';

/** Master keys as anybody might print them. */
const spellings = (base64: string) => {
  const bytes = Buffer.from(base64, 'base64');
  return [
    base64.slice(0, 20),
    bytes.toString('hex').slice(0, 20),
    bytes.toString('base64url').slice(0, 20),
  ];
};

function expectNoKeyIn({ out, err }: Outcome, keys: readonly string[]): void {
  for (const spelling of keys.flatMap(spellings)) expect(out + err).not.toContain(spelling);
}

const inFile = ({ url, keyFile }: Filled) => ({
  DATABASE_URL: url,
  TENURE_MASTER_KEY_FILE: keyFile,
});

describe('tenure', { timeout: 60_000 }, () => {
  it('names its commands, and what each of them wants', async () => {
    const overview = await tenure(['--help'], {});
    expect([overview.exitCode, overview.out]).toEqual([0, expect.stringContaining('  rekey ')]);
    const help = await tenure(['rekey', '--help'], {});
    expect([help.exitCode, help.out]).toEqual([0, expect.stringContaining('--new-key-file FILE')]);
  });

  it.each([
    ['no such command', ['revert'], 'There is no command "revert"'],
    ['no such flag', ['rekey', '--force'], "Unknown option '--force'"],
    [
      'nowhere to put the new key',
      ['rekey'],
      'name a file for the new one with --new-key-file FILE',
    ],
  ])('ends with 2 where there is %s', async (_what, args, says) => {
    const env = { TENURE_MASTER_KEY: randomBytes(32).toString('base64') };
    const outcome = await tenure(args, env);
    expect(outcome.exitCode).toBe(2);
    expect(outcome.err).toContain(says);
    expect(outcome.err).not.toContain('    at ');
    expectNoKeyIn(outcome, [env.TENURE_MASTER_KEY]);
  });
});

describe('tenure rekey', { timeout: 60_000 }, () => {
  it('replaces the key, says what is left to do, and shows no key', async () => {
    const database = await filled();
    const former = await database.keyText();
    const outcome = await tenure(['rekey'], inFile(database));
    expect(outcome).toMatchObject({ exitCode: 0, err: '' });
    expect(outcome.out).toContain('The master key is replaced.');
    expect(outcome.out).toContain(`copy ${database.keyFile} to where you keep its copy`);
    expectNoKeyIn(outcome, [former, await database.keyText()]);
    expect(await everythingIn(await database.start())).toContain('person-0@example.com');
  });

  it('says the same as JSON', async () => {
    const database = await filled();
    const { exitCode, out } = await tenure(['rekey', '--json'], inFile(database));
    expect(exitCode).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      resumed: false,
      inPlace: true,
      dataKey: 2,
      damaged: {},
    });
  });

  it.each([
    ['with another key', 'is not the one that this database was made with'],
    ['without a key', 'cannot be read (ENOENT)'],
  ])('fails %s in one sentence', async (what, says) => {
    const database = await filled();
    if (what === 'without a key') await rm(database.keyFile);
    else await writeFile(database.keyFile, randomBytes(32).toString('base64'));
    const outcome = await tenure(['rekey'], inFile(database));
    expect([outcome.exitCode, outcome.out]).toEqual([1, '']);
    expect(outcome.err).toContain(database.keyFile);
    expect(outcome.err).toContain(says);
    expect(outcome.err.trim().split('\n')).toHaveLength(1);
    const json = await tenure(['rekey', '--json'], inFile(database));
    expect(JSON.parse(json.out)).toMatchObject({ error: expect.stringContaining(says) as string });
  });

  it('says where a database would be looked for', async () => {
    const home = temporaryHome();
    const env = { TENURE_HOME: home };
    const none = await run(['rekey'], { env });
    expect(none.exitCode).toBe(1);
    expect(none.err).toContain(`start the embedded mode on ${home} first`);
    // Left in the middle of a write.
    await writeFile(join(home, 'runtime.json'), '{ "api": "http');
    expect(await run(['rekey'], { env })).toEqual(none);
  });

  it('works on the database of the embedded mode', async () => {
    const database = await filled();
    const home = temporaryHome();
    await writeFile(join(home, 'runtime.json'), JSON.stringify({ databaseUrl: database.url }));
    const env = { TENURE_HOME: home, TENURE_MASTER_KEY_FILE: database.keyFile };
    expect((await run(['rekey', '--json'], { env })).exitCode).toBe(0);
  });

  it('says that another one is at work', async () => {
    const database = await filled();
    let outcome: Outcome | undefined;
    const prepare = async () => {
      outcome = await tenure(['rekey'], inFile(database));
      return database.change.prepare();
    };
    await rekey({ databaseUrl: database.url }, { ...database.change, prepare });
    expect(outcome).toMatchObject({
      exitCode: 1,
      err: expect.stringContaining('at work') as string,
    });
  });

  it('takes a key from the environment to a file that it makes, for its owner only', async () => {
    const database = await filled();
    const former = await database.keyText();
    await rm(database.keyFile);
    const file = join(database.dir, 'new.key');
    const env = { DATABASE_URL: database.url, TENURE_MASTER_KEY: former };
    const outcome = await tenure(['rekey', '--new-key-file', file], env);
    expect(outcome.exitCode).toBe(0);
    expect(outcome.out).toContain(`set TENURE_MASTER_KEY to the content of ${file}`);
    expect(await database.mode(file)).toBe(0o600);
    const key = await database.keyText(file);
    expectNoKeyIn(outcome, [former, key]);

    // Killed at its end, asked again with the setting changed meanwhile.
    await database.query('update data_keys set unfinished = true where id = 2');
    const again = await tenure(['rekey', '--new-key-file', file], {
      ...env,
      TENURE_MASTER_KEY: key,
    });
    expect([again.exitCode, again.out]).toEqual([
      0,
      expect.stringContaining('Nothing is left to do'),
    ]);
  });
});

describe('kill -9 in a rekey', { timeout: 240_000 }, () => {
  it.each([7, 1999])('loses nothing, whenever it comes (seed %i)', async (seed) => {
    const random = randomOf(seed);
    const database = await filled(60);
    const before = await everythingIn(database.store);
    const usual = await lengthOfARekey(database);
    let killed = 0;
    for (let kill = 0; kill < 6; kill += 1) {
      const { child, ended } = startTenure(['rekey'], inFile(database));
      await begun(database, child);
      await sleep(random.between(0, Math.ceil(usual)));
      child.kill('SIGKILL');
      if ((await ended).signal === 'SIGKILL') killed += 1;

      // The next start, a rekey that ends what was begun, and a start after that.
      expect(await everythingIn(await database.start())).toBe(before);
      const { dataKey } = await rekeyOnceFree(database);
      expect(await database.dataKeysInUse()).toEqual(
        Object.fromEntries(SEALED_TABLES.map(({ table }) => [table, [dataKey]])),
      );
      expect(await everythingIn(await database.start())).toBe(before);
      expect(await database.mode()).toBe(0o600);
      expect(existsSync(`${database.keyFile}.next`)).toBe(false);
    }
    expect(killed).toBeGreaterThan(0);
    // And who was there before all of it reads on.
    expect(await everythingIn(database.store)).toBe(before);
  });
});

/** The lock of a rekey that is at work. */
async function isAtWork({ query }: Filled): Promise<boolean> {
  const rows = await query(
    `select from pg_locks join pg_database on pg_database.oid = pg_locks.database
      where locktype = 'advisory' and datname = current_database()`,
  );
  return rows.length > 0;
}

async function begun(database: Filled, child: { exitCode: number | null }): Promise<void> {
  while (child.exitCode === null && !(await isAtWork(database))) await sleep(1);
}

async function lengthOfARekey(database: Filled): Promise<number> {
  const { child, ended } = startTenure(['rekey'], inFile(database));
  await begun(database, child);
  const start = performance.now();
  expect((await ended).exitCode).toBe(0);
  return performance.now() - start;
}

/** PostgreSQL needs a moment to notice that a client is gone. */
async function rekeyOnceFree(database: Filled) {
  await expect.poll(() => isAtWork(database), { timeout: 10_000 }).toBe(false);
  return rekey({ databaseUrl: database.url }, database.change);
}
