import { spawn, type ChildProcess } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { statSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { supervise, type Supervisor } from '../../src/embedded/supervisor.js';
import { postgresPart } from '../../src/embedded/parts.js';
import { placePostgres, removeRootPlace } from '../../src/embedded/postgres-place.js';
import { clusterExists } from '../../src/embedded/postgres.js';
import { openHome } from '../../src/embedded/home.js';
import { processesIn, send } from '../../src/embedded/process-mark.js';
import { createDatabase, startPostgres } from '../support/postgres.js';

const onLinux = process.platform === 'linux';
const asRoot = process.getuid?.() === 0;
const base = mkdtempSync(join(tmpdir(), 'tenure-postgres-'));
const home = join(base, 'home');
const options = { home, rootBase: tmpdir() };
let supervisor: Supervisor | undefined;
let pid: number | undefined;

/** Runs the cluster of `home` as the embedded mode does; resolves to the url of its database. */
async function start(): Promise<string> {
  const { part, url } = postgresPart(options);
  supervisor = supervise([part], {
    say: () => undefined,
    onLine: () => undefined,
    onProcess: (_part, process) => (pid = process?.pid),
    logFile: (name) => join(home, 'logs', `${name}.log`),
  });
  await supervisor.ready;
  return url();
}

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

beforeAll(() => {
  openHome(home);
});

afterEach(async () => {
  await supervisor?.stop();
});

afterAll(async () => {
  await removeRootPlace(home, tmpdir());
  rmSync(base, { recursive: true, force: true });
});

describe('the embedded PostgreSQL', () => {
  it('is made on the first start, in UTF-8 and the C locale, with passwords as scram', async () => {
    expect(await clusterExists(options)).toBe(false);
    const url = await start();
    expect(await clusterExists(options)).toBe(true);
    const [settings] = await query(
      url,
      `select current_setting('server_encoding') as encoding, current_setting('listen_addresses') as host,
        current_setting('unix_socket_directories') as sockets, current_setting('TimeZone') as zone,
        (select datcollate from pg_database where datname = current_database()) as collate,
        (select rolpassword like 'SCRAM-SHA-256$%' from pg_authid where rolname = 'tenure') as scram`,
    );
    expect(settings).toEqual({
      encoding: 'UTF8',
      host: '127.0.0.1',
      sockets: '',
      zone: 'UTC',
      collate: 'C',
      scram: true,
    });
  });

  it('refuses a login with a wrong password', async () => {
    const url = new URL(await start());
    url.password = 'wrong';
    await expect(query(url.href, 'select 1')).rejects.toThrow('password authentication failed');
  });

  it('keeps password, port and data over a restart', async () => {
    const first = await start();
    await query(first, 'create table kept (n int)');
    await supervisor?.stop();
    expect(await start()).toBe(first);
    await query(first, 'select * from kept');
    expect(statSync(join(home, 'postgres.password')).mode & 0o777).toBe(0o600);
  });

  it('comes back by itself, with its data, after a kill -9 with a query at work', async () => {
    const url = await start();
    await query(url, 'create table survived (n int)');
    const busy = query(url, 'select pg_sleep(600)').catch(() => 'cut off');
    const killed = pid ?? 0;
    send(killed, 'SIGKILL');
    expect(await busy).toBe('cut off');
    await expect
      .poll(() => query(url, 'select * from survived').catch(() => null), { timeout: 20_000 })
      .toEqual([]);
    expect(pid).not.toBe(killed);
  });

  it('takes another port when its own is in use', async () => {
    const port = Number(readFileSync(join(home, 'postgres.port'), 'utf8'));
    const squatter = createServer();
    await new Promise<void>((resolve) => squatter.listen(port, '127.0.0.1', resolve));
    const url = await start();
    squatter.close();
    expect(Number(new URL(url).port)).not.toBe(port);
    await query(url, 'select * from survived');
  });

  it.runIf(asRoot)(
    'runs as another user when we are root, from a directory of its own',
    async () => {
      await start();
      const place = await placePostgres(home, tmpdir());
      expect(
        place.binaries.startsWith(
          join(tmpdir(), readFileSync(join(home, 'postgres.id'), 'utf8').trim()),
        ),
      ).toBe(true);
      expect(statSync(`/proc/${pid ?? 0}`).uid).toBe(65_534);
      expect(statSync(place.data).uid).toBe(65_534);
      expect(statSync(place.data).mode & 0o777).toBe(0o700);
    },
  );

  it.runIf(asRoot)('does not share the database of root with a copy of the home', async () => {
    const copy = join(base, 'copy');
    cpSync(home, copy, { recursive: true });
    await expect(placePostgres(copy, tmpdir())).rejects.toThrow(`${copy} is a copy of ${home}`);
    renameSync(home, `${home}.moved`);
    await placePostgres(copy, tmpdir());
    renameSync(`${home}.moved`, home);
    rmSync(copy, { recursive: true });
    await placePostgres(home, tmpdir());
  });

  it.runIf(onLinux)('ends leftover backends of its data directory, and nothing else', async () => {
    const url = await start();
    const { data } = await placePostgres(home, tmpdir());
    await supervisor?.stop();
    const named = join(base, 'postgres');
    symlinkSync('/bin/sleep', named);
    const leftover = spawn(named, ['600'], { cwd: data });
    const visitor = spawn('/bin/sleep', ['600'], { cwd: data });
    await expect
      .poll(() => processesIn(data, 'postgres'), { timeout: 20_000 })
      .toEqual([leftover.pid]);
    await start();
    await query(url, 'select 1');
    expect(leftover.signalCode).toBe('SIGQUIT');
    expect(visitor.signalCode).toBeNull();
    visitor.kill('SIGKILL');
  });

  it('is not held up by a pid file that names a stranger', async () => {
    const { data, owner } = await placePostgres(home, tmpdir());
    const stranger = spawn(process.execPath, ['-e', 'setInterval(() => undefined, 1000)'], {
      ...owner,
      cwd: '/',
    });
    writeFileSync(
      join(data, 'postmaster.pid'),
      `${stranger.pid ?? ''}\n${data}\n1\n1\n\n127.0.0.1\n`,
    );
    const url = await start();
    await query(url, 'select 1');
    expect(stranger.exitCode ?? stranger.signalCode).toBeNull();
    stranger.kill('SIGKILL');
  });

  it('names the missing password file instead of losing the data', async () => {
    const file = join(home, 'postgres.password');
    const password = readFileSync(file, 'utf8');
    rmSync(file);
    await expect(start()).rejects.toThrow(`its password file ${file} is gone`);
    writeFileSync(file, password);
  });

  it('names a cluster that another major version made', async () => {
    const { data } = await placePostgres(home, tmpdir());
    writeFileSync(join(data, 'PG_VERSION'), '15\n');
    await expect(start()).rejects.toThrow('was made by PostgreSQL 15 and this is 18');
    writeFileSync(join(data, 'PG_VERSION'), '18\n');
  });
});

describe("the tests' own PostgreSQL", () => {
  it('gives databases of their own and cleans up after itself', async () => {
    const dir = join(base, 'support');
    const server = await startPostgres({ dir });
    const { data } = await placePostgres(dir, tmpdir());
    const one = await createDatabase(server.url);
    const two = await createDatabase(server.url);
    await query(one.url, 'create table t (n int)');
    await expect(query(two.url, 'select * from t')).rejects.toThrow('does not exist');
    await one.drop();
    await two.drop();
    await server.stop();
    if (asRoot) expect(existsSync(data)).toBe(false);
  });

  it('ends with the process that started it, even by kill -9', async () => {
    const dir = join(base, 'orphaned');
    const script = `
      const { startPostgres } = await import(${JSON.stringify(new URL('../support/postgres.ts', import.meta.url).href)});
      const { url } = await startPostgres({ dir: ${JSON.stringify(dir)} });
      console.log(url);
      setInterval(() => undefined, 1000);`;
    const owner = spawn(
      process.execPath,
      ['--import', 'tsx', '--input-type=module', '-e', script],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    const url = (await firstLine(owner)).trim();
    await query(url, 'select 1');
    owner.kill('SIGKILL');
    await expect
      .poll(() => query(url, 'select 1').catch(() => 'gone'), { timeout: 5_000 })
      .toBe('gone');
    await removeRootPlace(dir, tmpdir());
  });
});

async function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve) =>
    child.stdout?.once('data', (chunk: Buffer) => {
      resolve(chunk.toString());
    }),
  );
}
