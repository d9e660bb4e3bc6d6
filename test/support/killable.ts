// Servers of the tests' own that can be killed and started again on the same data and port: PostgreSQL,
// and Temporal's dev server on a file.
import { rm } from 'node:fs/promises';
import type { PostgresCluster } from '../../src/embedded/postgres.js';
import { preparedPostgres } from './postgres.js';
import type { ServerProcess } from './server-process.js';
import { preparedTemporal } from './temporal-server.js';

export interface Killable {
  /** kill -9, and its end. */
  kill(): Promise<void>;
  /** Again, on the same data and port; at once if it runs. */
  start(): Promise<void>;
  /** Ends it and removes what it kept. */
  remove(): Promise<void>;
}

async function started(
  server: ServerProcess,
  dir: string,
  stop: () => Promise<void>,
): Promise<Killable> {
  await server.start();
  return {
    kill: () => server.end('SIGKILL'),
    start: () => server.start(),
    remove: async () => {
      await stop();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** `rootBase`: where root's binaries and data go; its `data` may lie on a file system of its own. */
export async function startKillablePostgres(
  dir: string,
  rootBase?: string,
): Promise<Killable & { url: string; cluster: PostgresCluster }> {
  const { server, url, cluster, stop } = await preparedPostgres(dir, rootBase);
  return { ...(await started(server, dir, stop)), url, cluster };
}

/** Its database is a file in `dir`. */
export async function startKillableTemporal(dir: string): Promise<Killable & { address: string }> {
  const { server, address } = await preparedTemporal(dir, 'temporal.db');
  return { ...(await started(server, dir, () => server.end('SIGTERM'))), address };
}
