// A whole installation for a benchmark, as `npm start` starts it, and every side of it that a
// benchmark looks at: store, engine, Temporal's client, the simulated org, the database.
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import pg from 'pg';
import { createEngine, type Engine } from '../src/api/temporal.js';
import { createDataConverter } from '../src/crypto/data-converter.js';
import { readMasterKey } from '../src/crypto/master-key.js';
import { startInstallation, type Installation, type Ports } from '../src/demo/installation.js';
import { guard, TEMPORAL_GUARD } from '../src/embedded/guarded-process.js';
import { openStore, type OpenStore } from '../src/store/open.js';

/** What the embedded mode's worker polls. */
const TASK_QUEUE = 'tenure';

/** The name of our own database connections. */
export const OURS = 'tenure-bench';

/** What `npm start` runs, set-up included. */
const START = fileURLToPath(new URL('../scripts/start.mjs', import.meta.url));

export interface Started {
  installation: Installation;
  /** From the start of the process to "Tenure is ready". */
  seconds: number;
}

export async function timedStart(home: string, ports: Ports): Promise<Started> {
  const before = performance.now();
  const installation = await startInstallation({ home, ports, supervisorPath: START });
  const seconds = (performance.now() - before) / 1_000;
  // TERM, then KILL: its parts have guards of their own.
  guard(installation.supervisor, TEMPORAL_GUARD);
  return { installation, seconds };
}

export interface Insides {
  installation: Installation;
  home: string;
  store: OpenStore;
  engine: Engine;
  /** Decrypts and encrypts as the service does. */
  client: Client;
  /** For what is not encrypted. */
  plainClient: Client;
  database: pg.Client;
  simulator: <T>(method: string, path: string, body?: unknown) => Promise<T>;
  /** May be called twice. */
  close: () => Promise<void>;
}

export async function openInsides(home: string, installation: Installation): Promise<Insides> {
  const { runtime } = installation;
  const databaseUrl = `${runtime.databaseUrl}?application_name=${OURS}`;
  const masterKey = await readMasterKey({ kind: 'file', path: join(home, 'master.key') });
  // Few connections: the server's share of each counts in the memory that is measured.
  const store = await openStore({ databaseUrl, masterKey, poolSize: 2 });
  const connection = await Connection.connect({ address: runtime.temporal });
  const client = new Client({ connection, dataConverter: createDataConverter(store.keyRing) });
  const database = new pg.Client({ connectionString: databaseUrl });
  database.on('error', () => undefined);
  await database.connect();
  let closed: Promise<void> | undefined;
  return {
    installation,
    home,
    store,
    client,
    plainClient: new Client({ connection }),
    engine: createEngine({ client, namespace: 'default', taskQueue: TASK_QUEUE }),
    database,
    simulator: (method, path, body) => json(method, `${runtime.simulator}/_sim${path}`, body),
    close: () =>
      (closed ??= Promise.all([database.end(), store.close(), connection.close()]).then(
        () => undefined,
      )),
  };
}

/** An answer's JSON. @throws for any status but 2xx. */
export async function json<T>(
  method: string,
  url: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<T> {
  const response = await fetch(url, {
    method,
    headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${response.status} from ${method} ${url}: ${text}`);
  return (text === '' ? undefined : JSON.parse(text)) as T;
}
