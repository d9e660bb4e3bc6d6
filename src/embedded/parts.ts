// The real parts of the embedded mode: PostgreSQL, Temporal, the simulated Okta, API and worker, as
// entries of the supervisor's table. What each needs to know reaches it through its environment.
import { setTimeout as sleep } from 'node:timers/promises';
import { join } from 'node:path';
import { withDeadline } from './deadline.js';
import { NODE_GUARD, POSTGRES_GUARD, TEMPORAL_GUARD } from './guarded-process.js';
import { logFile, rotateLog } from './home.js';
import type { Part } from './part.js';
import {
  endLeftoverBackends,
  ensureDatabase,
  postgresAnswers,
  postgresCommand,
  postgresUrl,
  preparePostgres,
  type PostgresCluster,
  type PostgresOptions,
} from './postgres.js';
import { temporalAnswers, temporalCommand, type TemporalOptions } from './temporal-server.js';

const DATABASE = 'tenure';

/** PostgreSQL; `url` is known from its first preparation on. */
export function postgresPart(options: PostgresOptions): { part: Part; url: () => Promise<string> } {
  let cluster: Promise<PostgresCluster> | undefined;
  const prepared = () => (cluster ??= preparePostgres(options));
  let current: PostgresCluster | undefined;
  const part: Part = {
    name: 'postgres',
    prepare: async () => {
      current = await prepared();
      rotateLog(logFile(options.home, 'postgres'));
      await endLeftoverBackends(current);
    },
    command: () => postgresCommand(required(current)),
    ready: async ({ signal }) => {
      const admin = postgresUrl(required(current), 'postgres');
      await postgresAnswers(admin, signal);
      await ensureDatabase(admin, DATABASE);
    },
    // SIGINT is PostgreSQL's fast shutdown, SIGQUIT the immediate one; both lose nothing.
    stop: { signal: 'SIGINT', hurry: 'SIGQUIT', withinMs: 15_000 },
    output: 'file',
    guard: POSTGRES_GUARD,
  };
  return { part, url: async () => postgresUrl(await prepared(), DATABASE) };
}

/** Temporal's dev server with its Web UI. */
export function temporalPart(home: string, options: TemporalOptions): Part {
  return {
    name: 'temporal',
    prepare: async () => {
      rotateLog(logFile(home, 'temporal'));
      await Promise.resolve();
    },
    command: () => temporalCommand(options),
    ready: ({ signal }) => temporalAnswers(`127.0.0.1:${options.port}`, signal),
    stop: { signal: 'SIGTERM', hurry: 'SIGKILL', withinMs: 10_000 },
    output: 'file',
    guard: TEMPORAL_GUARD,
  };
}

export interface NodePartOptions {
  /** The folder of compiled files. */
  dist: string;
  /** What the part is told, on top of our own environment. Asked before every start. */
  env: () => Record<string, string | undefined>;
}

/** Half of V8's young generation: where little is at work, idle memory counts more than throughput. */
const SMALL_YOUNG_MIB = 1;
/** With 1 MiB, collecting garbage took 15 % of a busy worker (measured November 2026). */
const WORKER_YOUNG_MIB = 8;

/** The simulated Okta. */
export function simulatorPart(options: NodePartOptions): Part {
  return {
    ...nodePart('simulator', 'simulator/main.js', options),
    ready: ({ line }) => line('simulator.ready'),
    stop: { signal: 'SIGTERM', hurry: 'SIGKILL', withinMs: 5_000 },
  };
}

/** The API. */
export function apiPart(options: NodePartOptions, origin: string): Part {
  return {
    ...nodePart('api', 'api/main.js', options),
    after: ['postgres'],
    ready: ({ signal }) => answersOk(`${origin}/readyz`, signal),
    stop: { signal: 'SIGTERM', hurry: 'SIGKILL', withinMs: 10_000 },
  };
}

/** The worker; it may finish the activities that it has begun, for which it allows itself 20 s. */
export function workerPart(options: NodePartOptions): Part {
  return {
    ...nodePart('worker', 'worker.js', options, WORKER_YOUNG_MIB),
    after: ['postgres'],
    ready: ({ line }) => line('"worker.ready"'),
    stop: { signal: 'SIGTERM', hurry: 'SIGKILL', withinMs: 25_000 },
  };
}

function nodePart(
  name: string,
  file: string,
  options: NodePartOptions,
  youngMiB = SMALL_YOUNG_MIB,
): Pick<Part, 'name' | 'command' | 'output' | 'guard'> {
  return {
    name,
    command: () => ({
      file: process.execPath,
      args: [`--max-semi-space-size=${youngMiB}`, join(options.dist, file)],
      env: options.env(),
    }),
    output: 'lines',
    guard: NODE_GUARD,
  };
}

async function answersOk(url: string, signal: AbortSignal): Promise<void> {
  while (!(await withDeadline(signal, 5_000, (own) => isOk(url, own)))) {
    await sleep(50, undefined, { signal });
  }
}

async function isOk(url: string, signal: AbortSignal): Promise<boolean> {
  try {
    const response = await fetch(url, { signal });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}

function required(cluster: PostgresCluster | undefined): PostgresCluster {
  if (cluster === undefined) throw new Error('PostgreSQL was not prepared');
  return cluster;
}
