// A PostgreSQL server whose data can be kept and put back, by one of the two means that an operator
// has: a copy of the data directory while the server is down, or pg_dump while it runs.
import { execFile } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { chmod, chown, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { POSTGRES_GUARD, type Command } from '../../src/embedded/guarded-process.js';
import {
  dropDatabase,
  ensureDatabase,
  postgresAnswers,
  postgresCommand,
  postgresUrl,
  preparePostgres,
} from '../../src/embedded/postgres.js';
import { removeRootPlace } from '../../src/embedded/postgres-place.js';
import { serverProcess } from '../support/server-process.js';
import { freePorts } from './cluster.js';

export interface PostgresServer {
  /** Of the database `postgres`. */
  url: string;
  /** Keeps what the databases hold now. */
  backup(databases: string[]): Promise<void>;
  /** Puts it back; whoever uses the databases has been stopped. */
  restore(databases: string[]): Promise<void>;
  stop(): Promise<void>;
}

const run = promisify(execFile);

/** The embedded binaries; a backup is the data directory, copied while the server is down. */
export async function startWithColdCopies(): Promise<PostgresServer> {
  const home = await mkdtemp(join(tmpdir(), 'tenure-postgres-'));
  const cluster = await preparePostgres({ home, rootBase: tmpdir() });
  const { data } = cluster.place;
  const kept = `${data}.backup`;
  const url = postgresUrl(cluster, 'postgres');
  const command = postgresCommand(cluster);
  const args = [...command.args, '-c', 'max_connections=200'];
  const server = createProcess({ ...command, args }, url, join(home, 'postgres.log'));
  const replace = async (from: string, to: string) => {
    await server.stop();
    await rm(to, { recursive: true, force: true });
    await run('cp', ['-a', from, to]);
    await server.start();
  };
  await server.start();
  return {
    url,
    backup: () => replace(data, kept),
    restore: () => replace(kept, data),
    stop: async () => {
      await server.stop();
      await removeRootPlace(home, tmpdir());
      await rm(home, { recursive: true, force: true });
    },
  };
}

/** The folder of a PostgreSQL with server and client programs of one version, where there is one. */
export function installedPostgres(): string | null {
  const base = '/usr/lib/postgresql';
  if (!existsSync(base)) return null;
  const wanted = ['initdb', 'postgres', 'pg_dump', 'pg_restore'];
  const found = readdirSync(base)
    .sort((a, b) => Number(b) - Number(a))
    .map((version) => join(base, version, 'bin'))
    .find((bin) => wanted.every((name) => existsSync(join(bin, name))));
  return found ?? null;
}

/** An installed PostgreSQL; a backup is a pg_dump of each database while the server runs. */
export async function startWithDumps(bin: string): Promise<PostgresServer> {
  const home = await mkdtemp(join(tmpdir(), 'tenure-postgres-'));
  // PostgreSQL does not run as root; this user has a line in /etc/passwd everywhere.
  const owner = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : undefined;
  if (owner !== undefined) await chown(home, owner.uid, owner.gid);
  await chmod(home, 0o700);
  const data = join(home, 'data');
  const env = { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' };
  const program = (name: string, args: string[]) =>
    run(join(bin, name), args, { cwd: home, env, ...owner });
  // The socket is off and the port on loopback: nobody but this machine's users can be trusted here.
  await program('initdb', [
    ...['--pgdata', data, '--username', 'tenure', '--auth', 'trust'],
    ...['--locale=C', '--encoding=UTF8', '--no-sync'],
  ]);
  const [port = 0] = await freePorts(1);
  const url = `postgres://tenure:unused@127.0.0.1:${port}/postgres`;
  const settings = [`port=${port}`, 'listen_addresses=127.0.0.1', 'unix_socket_directories='];
  const args = [...settings, 'max_connections=200'].flatMap((setting) => ['-c', setting]);
  const server = createProcess(
    { file: join(bin, 'postgres'), args: ['-D', data, ...args], env, cwd: home, owner },
    url,
    join(tmpdir(), `tenure-postgres-${port}.log`),
  );
  await server.start();
  const where = ['--host', '127.0.0.1', '--port', String(port), '--username', 'tenure'];
  const file = (database: string) => join(home, `${database}.dump`);
  return {
    url,
    backup: async (databases) => {
      for (const database of databases) {
        await program('pg_dump', [...where, '--format=custom', '--file', file(database), database]);
      }
    },
    restore: async (databases) => {
      for (const database of databases) {
        await dropDatabase(url, database);
        await ensureDatabase(url, database);
        await program('pg_restore', [
          ...where,
          '--exit-on-error',
          '--dbname',
          database,
          file(database),
        ]);
      }
    },
    stop: async () => {
      await server.stop();
      await rm(home, { recursive: true, force: true });
      await rm(join(tmpdir(), `tenure-postgres-${port}.log`), { force: true });
    },
  };
}

function createProcess(command: Command, url: string, logFile: string) {
  const server = serverProcess({
    command,
    plan: POSTGRES_GUARD,
    logFile,
    ready: (signal) => postgresAnswers(url, signal),
  });
  // A fast shutdown.
  return { start: () => server.start(), stop: () => server.end('SIGINT') };
}
