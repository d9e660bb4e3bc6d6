// `npm run temporal:setup`: what Temporal must know before the first run, done once by an operator or
// a job, and said. Every API does the same at its start; this one ends, with an exit code:
// 0 all is as it should be, 1 it could not be done, 2 the server does not let this client do it.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection } from '@temporalio/client';
import { loadConfig } from '../config.js';
import { SEARCH_ATTRIBUTES } from '../contract/search-attributes.js';
import { createLogger } from '../observability/logger.js';
import { temporalTarget } from '../temporal-target.js';
import { grpcStatus } from './grpc.js';
import { temporalConnection } from './temporal-connection.js';
import { raiseRetention, registerSearchAttributes } from './temporal-setup.js';

/** Temporal may be starting at the same time. */
const PATIENCE_MS = 60_000;
const PAUSE_MS = 500;
const CALL_MS = 10_000;
const DAY_S = 86_400;

// gRPC status codes.
const NOT_FOUND = 5;
const PERMISSION_DENIED = 7;
const UNIMPLEMENTED = 12;
const UNAUTHENTICATED = 16;

interface Target {
  connection: Connection;
  namespace: string;
}

/** What somebody can set right; the message says how. */
class TemporalSetupError extends Error {}

async function main(): Promise<number> {
  const config = loadConfig(process.env);
  const log = createLogger({ level: config.logLevel, format: config.logFormat, part: 'setup' });
  const temporal = temporalTarget(config);
  const target = { connection: temporalConnection(temporal), namespace: temporal.namespace };
  try {
    const daysBefore = await retentionDays(target);
    const known = await knownAttributes(target);
    await registerSearchAttributes(target.connection, target.namespace, log);
    const missing = SEARCH_ATTRIBUTES.filter(({ name }) => known?.includes(name) !== true);
    if (known !== null) await visible(target);
    say(
      known === null
        ? `Search attributes: this server does not let us see or add them; see that it has ${SEARCH_ATTRIBUTES.map(({ name, type }) => `${name} (${type})`).join(', ')}`
        : missing.length === 0
          ? `Search attributes: all ${SEARCH_ATTRIBUTES.length} are there`
          : `Search attributes: added ${missing.map(({ name }) => name).join(', ')}`,
    );

    await raiseRetention(target.connection, target.namespace, log);
    const days = await retentionDays(target);
    const isShort = days < 30;
    say(
      isShort
        ? `Retention: ${days} days, and this server does not let us raise it to 30`
        : days === daysBefore
          ? `Retention: ${days} days already`
          : `Retention: raised from ${daysBefore} to ${days} days`,
    );
    return known === null || isShort ? 2 : 0;
  } finally {
    await target.connection.close();
  }
}

async function retentionDays({ connection, namespace }: Target): Promise<number> {
  const { config } = await patiently(() =>
    connection.withDeadline(Date.now() + CALL_MS, () =>
      connection.workflowService.describeNamespace({ namespace }),
    ),
  ).catch((error: unknown) => {
    if (grpcStatus(error)?.code !== NOT_FOUND) throw error;
    throw new TemporalSetupError(
      `There is no namespace "${namespace}": make it first (temporal operator namespace create), or set TEMPORAL_NAMESPACE.`,
    );
  });
  return (
    Math.round((Number(config?.workflowExecutionRetentionTtl?.seconds ?? 0) / DAY_S) * 10) / 10
  );
}

/** Names, or null where the server does not tell. */
async function knownAttributes({ connection, namespace }: Target): Promise<string[] | null> {
  try {
    const { customAttributes } = await connection.withDeadline(Date.now() + CALL_MS, () =>
      connection.operatorService.listSearchAttributes({ namespace }),
    );
    return Object.keys(customAttributes);
  } catch (error) {
    const code = grpcStatus(error)?.code;
    if (code === PERMISSION_DENIED || code === UNIMPLEMENTED || code === UNAUTHENTICATED)
      return null;
    throw error;
  }
}

/** A new attribute can be used when every part of the server has heard of it, some seconds later. */
async function visible(target: Target): Promise<void> {
  const until = Date.now() + PATIENCE_MS;
  for (;;) {
    const known = await knownAttributes(target);
    if (SEARCH_ATTRIBUTES.every(({ name }) => known?.includes(name) === true)) return;
    if (Date.now() > until) {
      throw new TemporalSetupError(
        'The search attributes were added but do not show yet: run this again.',
      );
    }
    await sleep(PAUSE_MS);
  }
}

/** Waits for a server that is not up yet. */
async function patiently<T>(call: () => Promise<T>): Promise<T> {
  const until = Date.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await call();
    } catch (error) {
      const code = grpcStatus(error)?.code;
      const isAway = code === undefined || code === 4 || code === 14;
      if (!isAway) throw error;
      if (Date.now() > until) {
        throw new TemporalSetupError(
          'Temporal does not answer: see that it runs and that TEMPORAL_ADDRESS is right.',
          { cause: error },
        );
      }
      await sleep(PAUSE_MS);
    }
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`tenure: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
// A connection attempt under way must not keep the process.
process.exit();
