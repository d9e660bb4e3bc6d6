// The whole service in this process, on the suite's real Temporal and PostgreSQL: a database, a task
// queue and a simulated org of its own, the API on a free port. What production would use, is used.
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { Client, Connection } from '@temporalio/client';
import {
  DefaultLogger,
  NativeConnection,
  Runtime,
  Worker,
  type LogEntry,
} from '@temporalio/worker';
import { inject } from 'vitest';
import { createActivities, type Activities } from '../../src/activities/index.js';
import { createQuestionActivities } from '../../src/activities/questions.js';
import { createApp } from '../../src/api/app.js';
import { keyHash, keyId } from '../../src/api/auth.js';
import { CONNECTION_OPTIONS } from '../../src/api/grpc.js';
import {
  createInteractive,
  type Interactive,
  type InteractiveOptions,
} from '../../src/api/interactive.js';
import { seedConnections } from '../../src/api/seed-connections.js';
import { startRefusedRuns } from '../../src/api/refused-runs.js';
import { metricSources } from '../../src/api/metric-sources.js';
import { createPollerLook } from '../../src/api/pollers.js';
import { startTaskSweep } from '../../src/api/task-sweep.js';
import { createEngine, type Engine } from '../../src/api/temporal.js';
import { interactiveQueue } from '../../src/contract/questions.js';
import { createDataConverter } from '../../src/crypto/data-converter.js';
import { createFailedTasks } from '../../src/failed-tasks.js';
import { createLogger } from '../../src/observability/logger.js';
import { createApiMetrics } from '../../src/observability/metrics.js';
import { createOktaClient } from '../../src/okta/index.js';
import { startSimulator } from '../../src/simulator/server.js';
import { openStore, type OpenStore } from '../../src/store/open.js';
import { controlOf, type Control } from './control.js';
import { eventually } from './eventually.js';
import { createDatabase } from './postgres.js';

/** Told of what the SDK logs, as a worker's process is. */
const listeners = new Set<(entry: LogEntry) => void>();
Runtime.install({
  logger: new DefaultLogger('WARN', (entry) => {
    for (const listener of listeners) listener(entry);
    if (entry.level !== 'ERROR') return;
    process.stderr.write(`${entry.message} ${String(entry.meta?.['error'] ?? '')}\n`);
  }),
  telemetryOptions: { logging: { forward: {} } },
});

/** A run as the API answers it; only what tests look at is typed. */
export interface RunView {
  id: string;
  kind: string;
  phase: string;
  outcome: string | null;
  previous: string | null;
  next: string | null;
  continuesAs: string | null;
  supersededBy: string | null;
  person: { login: string; name: string | null; oktaUserId: string | null };
  deadlines: Record<string, { at: string; local?: string; metAt?: string; lateMs?: number }>;
  waiting: { for: string; until?: string } | null;
  problem: { code: string; title: string; detail: string; actions: string[] } | null;
  actions: string[];
  steps: {
    name: string;
    status: string;
    attempts: number;
    detail: string | null;
    oktaRequestIds: string[];
  }[];
  temporal: { workflowId: string; runId: string | null; url: string | null };
}

export interface Answer<T = RunView> {
  status: number;
  headers: Headers;
  body: T;
}

export interface OrgUser {
  id: string;
  status: string;
  groups: string[];
  changes: { at: string; what: string }[];
}

export interface Tenure {
  /** Of the API. */
  origin: string;
  adminKey: string;
  client: Client;
  engine: Engine;
  store: OpenStore;
  /** For what only time would do. */
  databaseUrl: string;
  api: <T = RunView>(
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ) => Promise<Answer<T>>;
  /** Waits until the run is as wished; fails at once when it parks unexpectedly. */
  until: (
    id: string,
    what: string,
    reached: (run: RunView) => boolean,
    withinMs?: number,
    /** Done before each look. */
    first?: () => Promise<void>,
  ) => Promise<RunView>;
  sim: Control;
  users: (login: string) => Promise<OrgUser[]>;
  /** Calls to Okta in order, `METHOD path`, token calls left out. */
  oktaCalls: () => Promise<string[]>;
  verifySoon: Interactive['verifySoon'];
  /** With another workflow bundle where one is named. */
  startWorker: (workflowBundle?: string) => Promise<void>;
  stopWorker: () => Promise<void>;
  close: () => Promise<void>;
}

export async function startTenure(
  options: {
    worker?: boolean;
    activities?: Partial<Activities>;
    /** Others than the suite's. */
    servers?: { temporalAddress: string; postgresUrl: string };
    interactive?: Pick<InteractiveOptions, 'waitMs' | 'places'>;
    /** Connections to the database; the product's own default where it is left out. */
    poolSize?: number;
    /** What finds failing workflow tasks: the worker that sees them, the API's sweep, or both. */
    watch?: ('worker' | 'sweep')[];
  } = {},
): Promise<Tenure> {
  const address = options.servers?.temporalAddress ?? inject('temporalAddress');
  const [database, simulator, connection, native] = await Promise.all([
    createDatabase(options.servers?.postgresUrl ?? inject('postgresUrl')),
    startSimulator({ seed: 'demo' }),
    Connection.connect({ address, ...CONNECTION_OPTIONS }),
    NativeConnection.connect({ address }),
  ]);
  const store = await openStore({
    databaseUrl: database.url,
    masterKey: randomBytes(32),
    poolSize: options.poolSize,
  });
  await seedConnections(store.connections, simulator.origin);
  const adminKey = `tnr_${randomBytes(32).toString('base64url')}`;
  await store.apiKeys.create(
    { id: keyId(adminKey), name: 'test', role: 'admin', connections: null },
    keyHash(adminKey),
  );
  const okta = createOktaClient({
    credentials: (id) => store.connections.credentials(id),
    tokens: store.tokens,
    gate: store.rates,
    timeoutMs: 2_000,
    allowLoopback: true,
  });
  const dataConverter = createDataConverter(store.keyRing);
  const client = new Client({ connection, dataConverter });
  const taskQueue = `test-${randomUUID()}`;

  let workers: Worker[] = [];
  let running: Promise<unknown> | undefined;
  const startWorker = async (codePath = inject('workflowBundle')) => {
    const common = {
      connection: native,
      dataConverter,
      workflowBundle: { codePath },
      shutdownForceTime: '10 seconds',
    };
    workers = await Promise.all([
      Worker.create({
        ...common,
        taskQueue,
        activities: {
          ...createActivities({ okta, store, now: () => new Date() }),
          ...options.activities,
        },
      }),
      Worker.create({
        ...common,
        taskQueue: interactiveQueue(taskQueue),
        activities: createQuestionActivities({ okta, store }),
      }),
    ]);
    running = Promise.all(workers.map((worker) => worker.run()));
  };
  const stopWorker = async () => {
    for (const worker of workers) worker.shutdown();
    await running;
    workers = [];
    running = undefined;
  };
  if (options.worker !== false) await startWorker();

  const log = createLogger({ level: 'fatal', format: 'json', part: 'api' });
  const interactive = createInteractive({ client, taskQueue, log, ...options.interactive });
  const engine = createEngine({ client, namespace: 'default', taskQueue });
  const pollers = createPollerLook(engine);
  const { runs, refusals, troubles } = store;
  const watch = options.watch ?? [];
  const rounds = [
    startRefusedRuns({ refusals, runs, engine, log }, 1_000),
    ...(watch.includes('sweep') ? [startTaskSweep({ troubles, engine, log })] : []),
  ];
  const failedTasks = createFailedTasks(log);
  failedTasks.noteIn({ connection: native, namespace: 'default', troubles });
  const listener = watch.includes('worker') ? failedTasks.heard : () => undefined;
  listeners.add(listener);
  const app = createApp({
    store,
    interactive,
    engine,
    codecs: dataConverter.payloadCodecs ?? [],
    log,
    pollers,
    metrics: createApiMetrics(metricSources(store, pollers)),
    temporalUiUrl: null,
    namespace: 'default',
    publicUrl: 'http://127.0.0.1',
    codecPath: null,
    isEmbedded: true,
  });
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  const api: Tenure['api'] = async <T>(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ) => {
    const response = await fetch(`${origin}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${adminKey}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      body: (text === '' ? null : JSON.parse(text)) as T,
    };
  };
  const sim = controlOf(simulator.origin);

  return {
    origin,
    adminKey,
    client,
    engine,
    store,
    databaseUrl: database.url,
    api,
    sim,
    until: (id, what, reached, withinMs = 20_000, first = () => Promise.resolve()) =>
      eventually(
        what,
        async () => {
          await first();
          const { body } = await api('GET', `/v1/runs/${id}`);
          if (reached(body)) return body;
          if (body.phase === 'parked') throw new Error(`parked: ${JSON.stringify(body.problem)}`);
          return undefined;
        },
        withinMs,
      ),
    users: (login) => sim('GET', `/users?login=${encodeURIComponent(login)}`),
    oktaCalls: async () => {
      const calls = await sim<{ method: string; path: string }[]>('GET', '/requests');
      return calls
        .filter(({ path }) => !path.startsWith('/oauth2'))
        .map(({ method, path }) => `${method} ${path}`);
    },
    verifySoon: interactive.verifySoon,
    startWorker,
    stopWorker,
    close: async () => {
      await Promise.all([stopWorker(), ...rounds.map((each) => each.stop())]);
      listeners.delete(listener);
      await new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
      });
      await okta.close();
      await store.close();
      await Promise.all([connection.close(), native.close(), simulator.close(), database.drop()]);
    },
  };
}
