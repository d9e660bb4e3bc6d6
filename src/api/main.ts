// The API process: wires configuration, store and Temporal client into the app and serves it. It
// waits for the database only; Temporal may come later, or go and come back.
import { createServer, type RequestListener, type Server } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { ConfigError, EX_CONFIG, loadConfig, type Config } from '../config.js';
import { createDataConverter } from '../crypto/data-converter.js';
import { CryptoError } from '../crypto/errors.js';
import { readMasterKeys } from '../crypto/master-key.js';
import { createLogger, type Logger } from '../observability/logger.js';
import { createApiMetrics } from '../observability/metrics.js';
import { startTracing } from '../observability/start-tracing.js';
import { openStore, type OpenStore } from '../store/open.js';
import { temporalTarget } from '../temporal-target.js';
import { learnAdminKey } from './admin-key.js';
import { createApp } from './app.js';
import { startBlockedSweep } from './blocked-sweep.js';
import { loadConnectionFile } from './connection-file.js';
import { createInteractive } from './interactive.js';
import { startKeySweep } from './key-sweep.js';
import { startRefusedRuns } from './refused-runs.js';
import { metricSources } from './metric-sources.js';
import { createPollerLook } from './pollers.js';
import { isDatabaseTrouble } from './problem.js';
import { seedConnections } from './seed-connections.js';
import { startOrphanSearch } from './orphans.js';
import { runSetup, type Setup } from './setup.js';
import { createStarter } from './starter.js';
import { startSweep } from './sweep.js';
import { startTaskSweep } from './task-sweep.js';
import { createEngine } from './temporal.js';
import { temporalClient, temporalConnection } from './temporal-connection.js';
import { raiseRetention, registerSearchAttributes } from './temporal-setup.js';
import { waitingApp } from './waiting-app.js';

/** Answers under way may finish for this long after the signal to stop. */
const FAREWELL_MS = 8_000;

async function main(config: Config, log: Logger): Promise<void> {
  const stop = stopRequests(config);
  const databaseUrl = config.databaseUrl;
  if (databaseUrl === null) throw new ConfigError(['DATABASE_URL: the API needs a database']);
  const masterKey = () => readMasterKeys(config.masterKey);
  await masterKey();

  let answer: RequestListener = waitingApp();
  const server = createServer((req, res) => {
    answer(req, res);
  });
  await listen(server, config);

  const store = await untilThere(log, stop, () => openStore({ databaseUrl, masterKey, log }));
  if (store === null) {
    await close(server);
    return;
  }
  await untilThere(log, stop, () => learnConfigured(config, store, log));

  const tracing = await startTracing({ endpoint: config.otlpEndpoint, service: 'tenure-api' });
  const temporal = temporalTarget(config);
  const connection = temporalConnection(temporal);
  const { namespace } = temporal;
  const dataConverter = createDataConverter(store.keyRing);
  const client = temporalClient(connection, namespace, dataConverter, tracing?.clientInterceptors);
  const engine = createEngine({ client, namespace, taskQueue: config.taskQueue });
  const pollers = createPollerLook(engine);
  const interactive = createInteractive({ client, taskQueue: config.taskQueue, log });
  const setup: Setup = runSetup(
    {
      'search-attributes': () => registerSearchAttributes(connection, namespace, log),
      retention: () => raiseRetention(connection, namespace, log),
      ...seeds(config, store),
    },
    { log, signal: stop },
  );
  const app = createApp({
    store,
    engine,
    interactive,
    codecs: dataConverter.payloadCodecs ?? [],
    log,
    pollers,
    metrics: createApiMetrics(metricSources(store, pollers)),
    temporalUiUrl: config.temporalUiUrl,
    namespace,
    publicUrl: config.publicUrl,
    codecPath: config.codecPath,
    isEmbedded: config.simulatorOrigin !== null,
    pendingSetup: () => setup.pending(),
  });
  answer = tracing === null ? app : tracing.requests(app);
  const { runs, refusals, connections, connectionKeys, troubles } = store;
  const rounds = [
    startSweep({ runs, engine, log, starter: createStarter({ runs, engine, log }) }),
    startRefusedRuns({ refusals, runs, engine, log }),
    startOrphanSearch({ runs, engine, log }),
    startKeySweep({ connectionKeys, engine, log }),
    startTaskSweep({ troubles, engine, log }),
    startBlockedSweep({ connections, verifySoon: interactive.verifySoon, log }),
  ];
  log.info({ event: 'api.ready', host: config.host, port: config.apiPort, url: config.publicUrl });

  await aborted(stop);
  log.info({ event: 'api.stopping' });
  await Promise.all([close(server), ...rounds.map((each) => each.stop())]);
  await connection.close();
  await store.close();
  await tracing?.close();
  log.info({ event: 'api.stopped' });
}

/** What configuration names must be in the database before the first request is judged. */
async function learnConfigured(config: Config, store: OpenStore, log: Logger): Promise<void> {
  if (config.adminKeyFile !== null) {
    const id = await learnAdminKey(store.apiKeys, config.adminKeyFile);
    log.info({ event: 'api.admin-key', id });
  }
  if (config.connectionFile !== null) {
    const isEmbedded = config.simulatorOrigin !== null;
    const id = await loadConnectionFile(store.connections, config.connectionFile, isEmbedded);
    log.info({ event: 'api.connection', id });
  }
}

function seeds(config: Config, store: OpenStore): Record<string, () => Promise<void>> {
  const origin = config.simulatorOrigin;
  if (origin === null) return {};
  return { connections: () => seedConnections(store.connections, origin) };
}

/** Tries again, with growing pauses, while the database is away; null when told to stop meanwhile. */
async function untilThere<T>(
  log: Logger,
  stop: AbortSignal,
  open: () => Promise<T>,
): Promise<T | null> {
  for (let pause = 200; !stop.aborted; pause = Math.min(pause * 2, 5_000)) {
    try {
      return await open();
    } catch (error) {
      if (!isDatabaseTrouble(error)) throw error;
      log.warn({ event: 'database.waiting', error: sentence(error) });
      await sleep(pause, undefined, { signal: stop }).catch(() => undefined);
    }
  }
  return null;
}

/** For requests at work after a signal. */
const GRACE_MS = 15_000;
/** After the supervisor was killed, Temporal and the database are going as well. */
const ORPHAN_GRACE_MS = 1_500;

/** Aborted by a signal, or by the end of standard input where a supervisor holds it. */
function stopRequests({ exitWithParent }: Config): AbortSignal {
  const stop = new AbortController();
  const request = (withinMs: number) => () => {
    stop.abort();
    setTimeout(() => process.exit(1), withinMs).unref();
  };
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    process.on(signal, request(GRACE_MS));
  }
  if (exitWithParent) {
    const orphaned = request(ORPHAN_GRACE_MS);
    process.stdin.on('end', orphaned).on('error', orphaned).resume();
  }
  return stop.signal;
}

function listen(server: Server, { host, apiPort }: Config): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(apiPort, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

/** No new connections; those at work get a while. */
async function close(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    server.close(() => {
      resolve();
    });
  });
  server.closeIdleConnections();
  const timer = setTimeout(() => {
    server.closeAllConnections();
  }, FAREWELL_MS);
  await closed;
  clearTimeout(timer);
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => {
      resolve();
    });
  });
}

function sentence(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code } = error as { code?: unknown };
  return code === 'EADDRINUSE'
    ? 'The port is in use: set TENURE_API_PORT to another one, or stop what listens there'
    : error.message;
}

try {
  const config = loadConfig(process.env);
  const log = createLogger({ level: config.logLevel, format: config.logFormat, part: 'api' });
  await main(config, log).catch((error: unknown) => {
    log.fatal({ event: 'api.failed', error: sentence(error) });
    process.exitCode = error instanceof CryptoError ? EX_CONFIG : 1;
  });
} catch (error) {
  process.stderr.write(`tenure api: ${sentence(error)}\n`);
  process.exitCode = 1;
}
// What is left of open handles must not keep a stopped API alive.
process.exit();
