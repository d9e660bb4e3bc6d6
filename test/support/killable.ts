// Servers of the tests' own that can be killed and started again on the same data and port: PostgreSQL,
// and Temporal's dev server on a file.
import type { ChildProcess } from 'node:child_process';
import { mkdir, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findTemporalCli } from '../../scripts/setup/temporal-cli.mjs';
import { loadConfig } from '../../src/config.js';
import {
  ended,
  guard,
  POSTGRES_GUARD,
  spawnApart,
  TEMPORAL_GUARD,
  type Command,
  type GuardPlan,
} from '../../src/embedded/guarded-process.js';
import { freePort } from '../../src/embedded/ports.js';
import {
  endLeftoverBackends,
  postgresAnswers,
  postgresCommand,
  postgresUrl,
  preparePostgres,
  type PostgresCluster,
} from '../../src/embedded/postgres.js';
import { removeRootPlace } from '../../src/embedded/postgres-place.js';
import { temporalAnswers, temporalCommand } from '../../src/embedded/temporal-server.js';
import { waitFor } from './wait-for-process.js';

export interface Killable {
  /** kill -9, and its end. */
  kill(): Promise<void>;
  /** Again, on the same data and port; at once if it runs. */
  start(): Promise<void>;
  /** Ends it and removes what it kept. */
  remove(): Promise<void>;
}

interface Server {
  command: Command;
  plan: GuardPlan;
  logFile: string;
  ready: (signal: AbortSignal) => Promise<void>;
  /** Before every start. */
  prepare?: () => Promise<void>;
  cleanUp: () => Promise<void>;
}

async function start(server: Server): Promise<Killable> {
  const { command, plan, logFile, ready, prepare = () => Promise.resolve(), cleanUp } = server;
  let child: ChildProcess | undefined;
  const isRunning = () => child?.exitCode === null && child.signalCode === null;
  const end = async (signal: NodeJS.Signals) => {
    if (child === undefined) return;
    child.kill(signal);
    await ended(child);
  };
  const killable: Killable = {
    kill: () => end('SIGKILL'),
    start: async () => {
      if (isRunning()) return;
      await prepare();
      const log = await open(logFile, 'a');
      child = spawnApart(command, ['ignore', log.fd, log.fd]);
      await log.close();
      guard(child, plan);
      await waitFor(child, ready, logFile);
    },
    remove: async () => {
      await end(plan === POSTGRES_GUARD ? 'SIGINT' : 'SIGTERM');
      await cleanUp();
    },
  };
  await killable.start();
  return killable;
}

/** `rootBase`: where root's binaries and data go; its `data` may lie on a file system of its own. */
export async function startKillablePostgres(
  dir: string,
  rootBase = tmpdir(),
): Promise<Killable & { url: string; cluster: PostgresCluster }> {
  await mkdir(dir, { recursive: true });
  const cluster = await preparePostgres({ home: dir, rootBase, unsafe: true });
  const url = postgresUrl(cluster, 'postgres');
  const server = await start({
    command: postgresCommand(cluster),
    plan: POSTGRES_GUARD,
    logFile: join(dir, 'postgres.log'),
    ready: (signal) => postgresAnswers(url, signal),
    prepare: () => endLeftoverBackends(cluster),
    cleanUp: async () => {
      await removeRootPlace(dir, rootBase);
      await rm(dir, { recursive: true, force: true });
    },
  });
  return { ...server, url, cluster };
}

/** Its database is a file in `dir`. */
export async function startKillableTemporal(dir: string): Promise<Killable & { address: string }> {
  await mkdir(dir, { recursive: true });
  const cli = loadConfig(process.env).temporalCli ?? (await findTemporalCli());
  const port = await freePort();
  const address = `127.0.0.1:${port}`;
  const databaseFile = join(dir, 'temporal.db');
  const server = await start({
    command: temporalCommand({ cli, port, databaseFile, env: process.env, cwd: dir }),
    plan: TEMPORAL_GUARD,
    logFile: join(dir, 'temporal.log'),
    ready: (signal) => temporalAnswers(address, signal),
    cleanUp: () => rm(dir, { recursive: true, force: true }),
  });
  return { ...server, address };
}
