// The worker process: wires configuration, store and Okta client into activities and polls Temporal.
// It decides nothing; it waits for what it depends on and lets calls in flight finish at the end.
import { fileURLToPath } from 'node:url';
import {
  DefaultLogger,
  NativeConnection,
  Runtime,
  Worker,
  type LogEntry,
  type TelemetryOptions,
  type WorkerOptions,
} from '@temporalio/worker';
import { createActivities } from './activities/index.js';
import { createQuestionActivities } from './activities/questions.js';
import { ConfigError, EX_CONFIG, loadConfig, type Config } from './config.js';
import { interactiveQueue } from './contract/questions.js';
import { createDataConverter } from './crypto/data-converter.js';
import { CryptoError } from './crypto/errors.js';
import { readMasterKeys } from './crypto/master-key.js';
import type { RunId } from './domain/brand.js';
import { createFailedTasks } from './failed-tasks.js';
import { createLogger, type Logger } from './observability/logger.js';
import {
  onFreeAddress,
  startMetricsServer,
  type MetricsServer,
} from './observability/metrics-server.js';
import { startTracing } from './observability/start-tracing.js';
import type { Tracing } from './observability/tracing.js';
import { createWorkerMetrics, type WorkerMetrics } from './observability/worker-metrics.js';
import { watchWorker } from './observability/worker-watch.js';
import { createOktaClient } from './okta/index.js';
import { openStore } from './store/open.js';
import { temporalTarget } from './temporal-target.js';

/**
 * Activities at once. What presses on Okta and on the database is bounded by itself (eight calls at once
 * a connection, ten database connections); most of these wait for answers, or for a read that they share.
 */
const MAX_ACTIVITIES = 200;
/** Each cached workflow takes about a megabyte (measured: 200 cached, 214 MB). */
const MAX_CACHED_WORKFLOWS = 100;

/** Questions that somebody waits for, on a queue of their own. The API lets 20 wait at once. */
const QUESTIONS = {
  maxConcurrentActivityTaskExecutions: 20,
  maxConcurrentWorkflowTaskExecutions: 4,
  maxConcurrentActivityTaskPolls: 2,
  maxConcurrentWorkflowTaskPolls: 2,
  // Each lives for one activity: none is worth keeping.
  maxCachedWorkflows: 0,
} satisfies Partial<WorkerOptions>;

/** For calls in flight after a signal; what is cut off then is retried elsewhere. */
const GRACE_MS = 25_000;
/** After the supervisor was killed, Temporal and the database are going as well. */
const ORPHAN_GRACE_MS = 1_500;

async function main(config: Config, log: Logger): Promise<void> {
  const metrics = createWorkerMetrics();
  const failedTasks = createFailedTasks(log);
  const metricsServer = await exposeMetrics(config, metrics, (entry) => {
    failedTasks.heard(entry);
    forward(log, entry);
  });
  const stop = new AbortController();
  const end = (withinMs: number) => () => {
    stop.abort();
    setTimeout(() => {
      log.warn({ event: 'worker.cut-off' });
      process.exit(1);
    }, withinMs).unref();
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, end(GRACE_MS));
  if (config.exitWithParent) process.stdin.once('end', end(ORPHAN_GRACE_MS)).resume();

  const databaseUrl = config.databaseUrl ?? missing('DATABASE_URL');
  const tracing = await startTracing({ endpoint: config.otlpEndpoint, service: 'tenure-worker' });
  const masterKey = () => readMasterKeys(config.masterKey);
  await masterKey();
  const store = await persist(log, 'database', stop.signal, () =>
    openStore({ databaseUrl, masterKey, poolSize: 10, log }),
  );
  const watch = watchWorker({
    log,
    metrics,
    tracing,
    suspensionDue: async (id) => {
      const run = await store.runs.get(id as RunId);
      return run === null ? null : (run.deadlines.suspendAt?.at ?? run.createdAt);
    },
  });
  const okta = createOktaClient({
    credentials: (id) => store.connections.credentials(id),
    tokens: store.tokens,
    gate: watch.gate(store.rates),
    timeoutMs: config.oktaTimeoutMs,
    allowLoopback: config.simulatorOrigin !== null,
    observe: watch.okta,
  });
  const temporal = temporalTarget(config);
  const connection = await persist(log, 'temporal', stop.signal, () =>
    NativeConnection.connect(temporal.connection),
  );
  failedTasks.noteIn({
    connection,
    namespace: temporal.namespace,
    troubles: store.troubles,
  });
  const common: Omit<WorkerOptions, 'taskQueue'> = {
    connection,
    namespace: temporal.namespace,
    dataConverter: createDataConverter(store.keyRing),
    shutdownGraceTime: '15 seconds',
    shutdownForceTime: '20 seconds',
    interceptors: {
      ...tracing?.worker.interceptors,
      activity: [...(tracing?.worker.interceptors.activity ?? []), watch.interceptor],
    },
    ...(tracing === null ? {} : { sinks: tracing.worker.sinks }),
    ...workflowSource(config, tracing),
  };
  const runs = await persist(log, 'namespace', stop.signal, () =>
    Worker.create({
      ...common,
      taskQueue: config.taskQueue,
      activities: createActivities({ okta, store, now: () => new Date(), observe: watch.step }),
      maxConcurrentActivityTaskExecutions: MAX_ACTIVITIES,
      maxCachedWorkflows: MAX_CACHED_WORKFLOWS,
    }),
  );
  const questions = await persist(log, 'namespace', stop.signal, () =>
    Worker.create({
      ...common,
      ...QUESTIONS,
      taskQueue: interactiveQueue(config.taskQueue),
      activities: createQuestionActivities({ okta, store }),
    }),
  );

  const shutDown = () => {
    runs.shutdown();
    questions.shutdown();
  };
  stop.signal.addEventListener('abort', shutDown);
  if (stop.signal.aborted) shutDown();
  log.info({ event: 'worker.ready', taskQueue: config.taskQueue });
  await Promise.all([runs.run(), questions.run()]);
  await connection.close();
  await okta.close();
  await store.close();
  await tracing?.close();
  await metricsServer?.close();
  log.info({ event: 'worker.stopped' });
}

/**
 * Production loads a prebuilt bundle; without one the sources are bundled at start. So they are where
 * traces are on: the interceptors double the bundle (1.8 to 3.6 MB) and would be at work in every
 * worker, so the prebuilt one is without them. Bundling takes 4 s.
 */
function workflowSource(
  { workflowBundle }: Config,
  tracing: Tracing | null,
): Partial<WorkerOptions> {
  return workflowBundle === null || tracing !== null
    ? { workflowsPath: fileURLToPath(new URL('./workflows/index.js', import.meta.url)) }
    : { workflowBundle: { codePath: workflowBundle } };
}

/** Sets Temporal's runtime up, which is once a process and with the choice of metrics or none. */
async function exposeMetrics(
  { host, metricsPort: port }: Config,
  { registry }: WorkerMetrics,
  hear: (entry: LogEntry) => void,
): Promise<MetricsServer | null> {
  if (port === null) {
    installRuntime(hear, {});
    return null;
  }
  const sdkAddress = await onFreeAddress((bindAddress) => {
    installRuntime(hear, { metrics: { prometheus: { bindAddress, ...PROMETHEUS_STYLE } } });
  });
  return startMetricsServer({ host, port, registry, sdkAddress });
}

/** Seconds, and the endings of names that Prometheus expects. */
const PROMETHEUS_STYLE = {
  countersTotalSuffix: true,
  unitSuffix: true,
  useSecondsForDurations: true,
};

/** What the SDK's core logs comes through us as well: it is the first to know of failing tasks. */
function installRuntime(hear: (entry: LogEntry) => void, telemetry: TelemetryOptions): void {
  Runtime.install({
    logger: new DefaultLogger('WARN', hear),
    shutdownSignals: [],
    telemetryOptions: { ...telemetry, logging: { forward: {} } },
  });
}

/** Waits for a dependency that is not up yet; ends only with the process. */
async function persist<T>(
  log: Logger,
  dependency: string,
  signal: AbortSignal,
  open: () => Promise<T>,
): Promise<T> {
  for (let waitMs = 250; ; waitMs = Math.min(waitMs * 2, 5_000)) {
    try {
      return await open();
    } catch (error) {
      if (isPermanent(error)) throw error;
      if (signal.aborted) throw new Error('stopped before it could start', { cause: error });
      log.warn({ event: 'worker.waiting', dependency, error: messageOf(error) });
      await new Promise((resolve) => setTimeout(resolve, waitMs));
    }
  }
}

/** A wrong key or setting does not mend itself. */
function isPermanent(error: unknown): boolean {
  return error instanceof ConfigError || error instanceof CryptoError;
}

function missing(variable: string): never {
  throw new ConfigError([`${variable}: is needed by a worker that runs by itself`]);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function forward(log: Logger, { level, message, meta }: LogEntry): void {
  const { workflowType, workflowId, runId }: Record<string, unknown> = meta ?? {};
  const line = { event: 'temporal.log', message, workflowType, workflowId, workflowRunId: runId };
  if (level === 'ERROR') log.error(line);
  else log.warn(line);
}

const config = loadConfigOrExit();
const log = createLogger({ level: config.logLevel, format: config.logFormat, part: 'worker' });
main(config, log)
  .catch((error: unknown) => {
    log.fatal({ event: 'worker.failed', error: messageOf(error) });
    process.exitCode = error instanceof CryptoError ? EX_CONFIG : 1;
  })
  // An open standard input would keep the process.
  .finally(() => process.exit());

function loadConfigOrExit(): Config {
  try {
    return loadConfig(process.env);
  } catch (error) {
    process.stderr.write(`${messageOf(error)}\n`);
    process.exit(1);
  }
}
