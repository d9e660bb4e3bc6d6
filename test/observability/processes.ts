// Simulator, API and worker as processes of their own, started as `npm run PART` starts them, with
// everything switched on that can be observed. Their output is kept.
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inject } from 'vitest';
import { createClients, type Clients } from '../../src/demo/clients.js';
import { freePorts } from '../../src/demo/installation.js';
import { openStore, type OpenStore } from '../../src/store/open.js';
import { eventually } from '../support/eventually.js';
import { startPart } from '../support/part.js';
import { createDatabase } from '../support/postgres.js';

export interface Processes {
  clients: Clients;
  key: string;
  /** Origins. */
  api: string;
  simulator: string;
  metrics: string;
  store: OpenStore;
  /** What API and worker have written to standard output and standard error. */
  output: () => string;
  stop: () => Promise<void>;
}

export async function startProcesses(settings: Record<string, string>): Promise<Processes> {
  const dir = await mkdtemp(join(tmpdir(), 'tenure-observed-'));
  const [ports, database] = await Promise.all([freePorts(), createDatabase(inject('postgresUrl'))]);
  const masterKey = randomBytes(32);
  const key = `tnr_${randomBytes(32).toString('base64url')}`;
  await writeFile(join(dir, 'master.key'), masterKey.toString('base64'), { mode: 0o600 });
  await writeFile(join(dir, 'admin.key'), key, { mode: 0o600 });
  const simulator = `http://127.0.0.1:${ports.simulator}`;
  // The embedded Temporal's ports are free here: one serves the worker's metrics.
  const metrics = `http://127.0.0.1:${ports.temporalUi}`;
  const env = {
    DATABASE_URL: database.url,
    TEMPORAL_ADDRESS: inject('temporalAddress'),
    TENURE_TASK_QUEUE: `observed-${randomBytes(6).toString('hex')}`,
    TENURE_MASTER_KEY_FILE: join(dir, 'master.key'),
    TENURE_ADMIN_KEY_FILE: join(dir, 'admin.key'),
    TENURE_API_PORT: String(ports.api),
    TENURE_METRICS_PORT: String(ports.temporalUi),
    TENURE_SIMULATOR_ORIGIN: simulator,
    TENURE_OKTA_TIMEOUT_MS: '1000',
    TENURE_LOG_FORMAT: 'json',
    TENURE_LOG_LEVEL: 'debug',
    ...settings,
  };
  const parts = [
    startPart('simulator', { TENURE_SIMULATOR_PORT: String(ports.simulator) }),
    startPart('api', env),
    startPart('worker', env),
  ] as const;
  const api = `http://127.0.0.1:${ports.api}`;
  const output = () => parts[1].output() + parts[2].output();
  const stop = async () => {
    for (const part of parts.toReversed()) await part.stop();
  };
  try {
    await eventually('the API is ready', () => isOk(`${api}/readyz`), 60_000);
    await parts[2].says('worker.ready');
  } catch (error) {
    await stop();
    throw new Error(output(), { cause: error });
  }
  const store = await openStore({ databaseUrl: database.url, masterKey });
  return {
    clients: createClients({ runtime: { api, simulator }, key }),
    key,
    api,
    simulator,
    metrics,
    store,
    output,
    stop: async () => {
      await stop();
      await store.close();
      await database.drop();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

function isOk(url: string): Promise<boolean> {
  return fetch(url).then(
    ({ status }) => status === 200,
    () => false,
  );
}
