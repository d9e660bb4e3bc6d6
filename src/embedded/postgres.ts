// The embedded PostgreSQL: its cluster on disk, the command that runs it, and whether it answers.
// Starting and watching the process is the caller's (the supervisor's, or a test's).
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod, chown, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Client } from 'pg';
import type { Command } from './guarded-process.js';
import { freePort, isFree } from './ports.js';
import { StartProblem } from './problem.js';
import { endProcess, markOf, processesIn } from './process-mark.js';
import { placePostgres, readIfThere, type PostgresPlace } from './postgres-place.js';

/** The one database role; it owns the cluster, which listens on loopback only. */
const ROLE = 'tenure';

/** Small enough for a laptop; PostgreSQL itself then stays near 25 MB. */
const SETTINGS: Record<string, string> = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '60',
  shared_buffers: '16MB',
  max_wal_size: '256MB',
  maintenance_work_mem: '32MB',
  // No background processes that a few connections do not need.
  io_method: 'sync',
  max_parallel_workers: '0',
  max_worker_processes: '1',
  max_wal_senders: '0',
  max_logical_replication_workers: '0',
  wal_level: 'minimal',
  autovacuum_max_workers: '1',
  timezone: 'UTC',
  log_timezone: 'UTC',
  log_line_prefix: '%m [%p] ',
};

/** For tests only: nothing survives a crash of the machine, everything is faster. */
const UNSAFE_SETTINGS: Record<string, string> = {
  fsync: 'off',
  full_page_writes: 'off',
  max_connections: '200',
};

export interface PostgresOptions {
  /** Holds the password, the port, and (unless we are root) the data. */
  home: string;
  /** Where binaries and data of root's clusters go; default `/var/lib/tenure`. */
  rootBase?: string;
  /** Trades safety for speed; for tests only. */
  unsafe?: boolean;
}

export interface PostgresCluster {
  place: PostgresPlace;
  port: number;
  password: string;
  unsafe: boolean;
}

/** Whether a cluster was made for this home before. */
export async function clusterExists(options: PostgresOptions): Promise<boolean> {
  const place = await placePostgres(options.home, options.rootBase, { onlyLook: true });
  return place !== null && existsSync(join(place.data, 'PG_VERSION'));
}

/**
 * Makes the cluster where there is none (about 2 s) and picks its port: the one of last time, or a
 * new one where that is taken. May be called before every start.
 * @throws {StartProblem} where this machine cannot run it.
 */
export async function preparePostgres(options: PostgresOptions): Promise<PostgresCluster> {
  const place = await placePostgres(options.home, options.rootBase);
  const password = await keptPassword(options.home, place);
  const madeBy = (await readIfThere(join(place.data, 'PG_VERSION')))?.trim();
  if (madeBy === undefined) await makeCluster(place, password, options.unsafe === true);
  else if (madeBy !== place.major) {
    throw new StartProblem(
      `The database in ${place.data} was made by PostgreSQL ${madeBy} and this is ${place.major}: install the Tenure that made it, or move the database away to begin anew.`,
    );
  }
  return {
    place,
    password,
    port: await keptPort(options.home),
    unsafe: options.unsafe === true,
  };
}

/** The address of one database of the cluster, with role and password. */
export function postgresUrl(cluster: PostgresCluster, database: string): string {
  return `postgres://${ROLE}:${cluster.password}@127.0.0.1:${cluster.port}/${database}`;
}

/** How the server process is started; it stays in the foreground and logs to stderr. */
export function postgresCommand(cluster: PostgresCluster): Command {
  const settings = {
    ...SETTINGS,
    ...(cluster.unsafe ? UNSAFE_SETTINGS : {}),
    port: String(cluster.port),
  };
  return {
    file: join(cluster.place.binaries, 'bin', 'postgres'),
    args: [
      '-D',
      cluster.place.data,
      ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
    ],
    env: POSTGRES_ENVIRONMENT,
    cwd: cluster.place.data,
    owner: cluster.place.owner,
  };
}

/** Waits until a login succeeds. */
export async function postgresAnswers(url: string, signal: AbortSignal): Promise<void> {
  while (!(await loginWorks(url))) await sleep(40, undefined, { signal });
}

/** Makes the database where there is none. `adminUrl` names another database of the cluster. */
export async function ensureDatabase(adminUrl: string, name: string): Promise<void> {
  await withClient(adminUrl, async (client) => {
    const found = await client.query('select 1 from pg_database where datname = $1', [name]);
    if (found.rowCount === 0) await client.query(`create database ${quoted(name)}`);
  });
}

/** Drops a database, whoever is connected to it. */
export async function dropDatabase(adminUrl: string, name: string): Promise<void> {
  await withClient(adminUrl, async (client) => {
    await client.query(`drop database if exists ${quoted(name)} with (force)`);
  });
}

/**
 * Ends what a killed server left behind in the data directory: a backend that still lives keeps the
 * shared memory, and a pid file that names a zombie or a stranger looks like a running server; either
 * way the next start would be refused.
 */
export async function endLeftoverBackends(cluster: PostgresCluster): Promise<void> {
  const { data } = cluster.place;
  const pidFile = join(data, 'postmaster.pid');
  const named = Number((await readIfThere(pidFile))?.split('\n')[0]);
  const pids =
    process.platform === 'linux' ? processesIn(data, 'postgres') : await postmaster(named);
  await Promise.all(
    pids.map(async (pid) => {
      const mark = markOf(pid);
      if (mark !== null) await endProcess({ pid, startedAt: '', mark }, 'SIGQUIT', 2_000);
    }),
  );
  await rm(pidFile, { force: true });
}

/** The process that the pid file names, if it is a PostgreSQL; where no /proc shows all of them. */
async function postmaster(pid: number): Promise<number[]> {
  if (!Number.isInteger(pid) || pid <= 1) return [];
  const { stdout } = await promisify(execFile)('ps', ['-o', 'comm=', '-p', String(pid)]).catch(
    () => ({ stdout: '' }),
  );
  return stdout.includes('postgres') ? [pid] : [];
}

// PG* variables of the user's shell must not reach the server or initdb.
const POSTGRES_ENVIRONMENT = { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' };

async function keptPassword(home: string, place: PostgresPlace): Promise<string> {
  const file = join(home, 'postgres.password');
  const kept = (await readIfThere(file))?.trim();
  if (kept !== undefined && kept !== '') return kept;
  if (existsSync(join(place.data, 'PG_VERSION'))) {
    throw new StartProblem(
      `The database in ${place.data} exists but its password file ${file} is gone: put it back from a backup, or move the database away to begin anew.`,
    );
  }
  const password = randomBytes(24).toString('hex');
  await writeFile(`${file}.new`, `${password}\n`, { mode: 0o600 });
  await rename(`${file}.new`, file);
  return password;
}

async function keptPort(home: string): Promise<number> {
  const file = join(home, 'postgres.port');
  const kept = Number(await readIfThere(file));
  if (Number.isInteger(kept) && kept > 0 && (await isFree(kept))) return kept;
  const port = await freePort();
  await writeFile(file, `${port}\n`, { mode: 0o600 });
  return port;
}

/** initdb into a directory beside, then one rename: a killed initdb leaves no half cluster. */
async function makeCluster(place: PostgresPlace, password: string, unsafe: boolean): Promise<void> {
  const unfinished = `${place.data}.new`;
  const passwordFile = `${place.data}.password`;
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { mode: 0o700 });
  await writeFile(passwordFile, password, { mode: 0o600 });
  if (place.owner !== undefined) {
    await chown(unfinished, place.owner.uid, place.owner.gid);
    await chown(passwordFile, place.owner.uid, place.owner.gid);
  }
  try {
    await promisify(execFile)(
      join(place.binaries, 'bin', 'initdb'),
      [
        `--pgdata=${unfinished}`,
        `--username=${ROLE}`,
        '--locale=C',
        '--encoding=UTF8',
        '--auth=scram-sha-256',
        `--pwfile=${passwordFile}`,
        '--no-instructions',
        ...(unsafe ? ['--no-sync'] : []),
      ],
      { cwd: unfinished, env: POSTGRES_ENVIRONMENT, ...place.owner },
    );
  } catch (error) {
    throw new StartProblem(
      `PostgreSQL could not make its database in ${place.data}: ${lastLine(error)}.`,
      { cause: error },
    );
  } finally {
    await rm(passwordFile, { force: true });
  }
  await chmod(unfinished, 0o700);
  await rename(unfinished, place.data);
}

function lastLine(error: unknown): string {
  const stderr = error instanceof Error && 'stderr' in error ? String(error.stderr) : '';
  const lines = stderr.split('\n').filter((line) => line.trim() !== '');
  return lines.at(-1)?.trim().replace(/\.$/, '') ?? (error as Error).message;
}

async function loginWorks(url: string): Promise<boolean> {
  try {
    await withClient(url, async (client) => {
      await client.query('select 1');
    });
    return true;
  } catch {
    return false;
  }
}

async function withClient(url: string, use: (client: Client) => Promise<void>): Promise<void> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  client.on('error', () => undefined);
  await client.connect();
  try {
    await use(client);
  } finally {
    await client.end();
  }
}

const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`;
