// The layout of production on this machine: PostgreSQL, the cluster server, a simulated org, two APIs
// and two workers, each a process of its own that can be stopped and killed by itself.
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClients, type Clients } from '../../src/demo/clients.js';
import { ensureDatabase } from '../../src/embedded/postgres.js';
import { controlOf, type Control } from '../support/control.js';
import { startPostgres } from '../support/postgres.js';
import { freePorts, NAMESPACE, prepareCluster, type Cluster } from './cluster.js';
import { createPart, type Part } from './part.js';

export interface Api extends Part {
  origin: string;
  clients: Clients;
  /** The answer whatever its status; a connection that is refused rejects. */
  ask<T = unknown>(method: string, path: string, body?: unknown): Promise<Answer<T>>;
}

export interface Answer<T> {
  status: number;
  body: T;
}

export interface Layout {
  dir: string;
  cluster: Cluster;
  apis: [Api, Api];
  workers: [Part, Part];
  /** The control port of the simulated org. */
  sim: Control;
  /** Where Tenure and Temporal keep their data: two servers, so that each can be restored alone. */
  databases: { tenure: string; temporal: string };
  /** What an administrator's process is told, such as `npm run temporal:setup`. */
  env: Record<string, string>;
  /** Ends every process; the layout cannot be started again. */
  close(): Promise<void>;
}

/** Databases, Temporal and the simulated org run; Tenure's own processes do not yet. */
export async function prepareLayout(
  options: {
    databases?: { tenure: string; temporal: string };
  } = {},
): Promise<Layout> {
  const dir = await mkdtemp(join(tmpdir(), 'tenure-production-'));
  const stops: (() => Promise<unknown>)[] = [() => rm(dir, { recursive: true, force: true })];
  const close = async () => {
    // Newest first, one after the other, whatever the one before says.
    for (const stop of stops.splice(0).reverse()) await stop().catch(() => undefined);
  };
  try {
    const databases = options.databases ?? (await ownPostgres(join(dir, 'postgres'), stops));
    const cluster = await prepareCluster({
      dir: join(dir, 'temporal'),
      postgresUrl: databases.temporal,
    });
    await cluster.start();
    stops.push(() => cluster.stop());

    const [simulatorPort = 0, ...apiPorts] = await freePorts(3);
    const origin = `http://127.0.0.1:${simulatorPort}`;
    const simulator = createPart(
      'simulator',
      ['scripts/run.mjs', 'simulator'],
      { TENURE_SIMULATOR_PORT: String(simulatorPort) },
      (output) => output.includes('simulator.ready'),
    );
    stops.push(() => simulator.stop());
    await simulator.start();

    const key = `tnr_${randomBytes(32).toString('base64url')}`;
    const masterKeyFile = join(dir, 'master.key');
    const adminKeyFile = join(dir, 'admin.key');
    await writeFile(masterKeyFile, randomBytes(32).toString('base64'), { mode: 0o600 });
    await writeFile(adminKeyFile, key, { mode: 0o600 });
    const env = {
      DATABASE_URL: databases.tenure,
      TEMPORAL_ADDRESS: cluster.address,
      TEMPORAL_NAMESPACE: NAMESPACE,
      TENURE_MASTER_KEY_FILE: masterKeyFile,
      TENURE_ADMIN_KEY_FILE: adminKeyFile,
      TENURE_SIMULATOR_ORIGIN: origin,
      TENURE_LOG_FORMAT: 'json',
    };
    const apis = apiPorts.map((port, index) => createApi(index + 1, port, origin, key, env));
    const workers = [1, 2].map((number) =>
      createPart(`worker ${number}`, ['scripts/run.mjs', 'worker'], env, (output) =>
        output.includes('worker.ready'),
      ),
    );
    for (const part of [...apis, ...workers]) stops.push(() => part.stop());
    return {
      dir,
      cluster,
      apis: apis as [Api, Api],
      workers: workers as [Part, Part],
      sim: controlOf(origin),
      databases,
      env,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function ownPostgres(dir: string, stops: (() => Promise<unknown>)[]) {
  await mkdir(dir, { recursive: true });
  const postgres = await startPostgres({ dir });
  stops.push(() => postgres.stop());
  await ensureDatabase(postgres.url, 'tenure');
  return { tenure: withDatabase(postgres.url, 'tenure'), temporal: postgres.url };
}

/** The same server's other database. */
export function withDatabase(url: string, name: string): string {
  const other = new URL(url);
  other.pathname = `/${name}`;
  return other.href;
}

function createApi(
  number: number,
  port: number,
  simulator: string,
  key: string,
  env: Record<string, string>,
): Api {
  const origin = `http://127.0.0.1:${port}`;
  const part = createPart(
    `api ${number}`,
    ['scripts/run.mjs', 'api'],
    { ...env, TENURE_API_PORT: String(port) },
    () => isReady(origin),
  );
  return {
    ...part,
    origin,
    clients: createClients({ runtime: { api: origin, simulator }, key }),
    ask: async (method, path, body) => {
      const response = await fetch(`${origin}${path}`, {
        method,
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      return { status: response.status, body: (await response.json()) as never };
    },
  };
}

/** What a load balancer looks at. */
async function isReady(origin: string): Promise<boolean> {
  return fetch(`${origin}/readyz`).then(
    ({ status }) => status === 200,
    () => false,
  );
}
