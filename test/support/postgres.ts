// A PostgreSQL of the tests' own: the embedded mode's binaries and start, tuned for speed, and a
// database per test file.
import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { POSTGRES_GUARD } from '../../src/embedded/guarded-process.js';
import {
  dropDatabase,
  endLeftoverBackends,
  ensureDatabase,
  postgresAnswers,
  postgresCommand,
  postgresUrl,
  preparePostgres,
  type PostgresCluster,
} from '../../src/embedded/postgres.js';
import { removeRootPlace } from '../../src/embedded/postgres-place.js';
import { serverProcess, type ServerProcess } from './server-process.js';

export interface PostgresProcess {
  server: ServerProcess;
  /** Of the database `postgres`. */
  url: string;
  cluster: PostgresCluster;
  /** SIGINT, its end, and what root keeps elsewhere. */
  stop: () => Promise<void>;
}

/** A server whose files lie in `dir`; root's binaries and data in `rootBase`. Not started yet. */
export async function preparedPostgres(dir: string, rootBase = tmpdir()): Promise<PostgresProcess> {
  await mkdir(dir, { recursive: true });
  const cluster = await preparePostgres({ home: dir, rootBase, unsafe: true });
  const url = postgresUrl(cluster, 'postgres');
  const server = serverProcess({
    command: postgresCommand(cluster),
    plan: POSTGRES_GUARD,
    logFile: join(dir, 'postgres.log'),
    ready: (signal) => postgresAnswers(url, signal),
    prepare: () => endLeftoverBackends(cluster),
  });
  return {
    server,
    url,
    cluster,
    stop: async () => {
      await server.end('SIGINT');
      await removeRootPlace(dir, rootBase);
    },
  };
}

/** Starts a server whose files lie in `dir` (root's: beside, and removed by `stop`). */
export async function startPostgres({
  dir,
}: {
  dir: string;
}): Promise<Pick<PostgresProcess, 'url' | 'stop'>> {
  const { server, url, stop } = await preparedPostgres(dir);
  await server.start();
  return { url, stop };
}

/** Makes an empty database; `adminUrl` is the url of `startPostgres`. */
export async function createDatabase(
  adminUrl: string,
): Promise<{ url: string; drop: () => Promise<void> }> {
  const name = `t_${randomBytes(8).toString('hex')}`;
  await ensureDatabase(adminUrl, name);
  const url = new URL(adminUrl);
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => dropDatabase(adminUrl, name) };
}
