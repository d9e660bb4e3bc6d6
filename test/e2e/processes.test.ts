import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { createClients } from '../../src/demo/clients.js';
import { freePorts, type Ports } from '../../src/demo/installation.js';
import { eventually } from '../support/eventually.js';
import { bundleFailingWorkflows } from '../support/failing-workflows/bundle.js';
import { startPart, type Part } from '../support/part.js';
import { createDatabase } from '../support/postgres.js';

const parts: Part[] = [];
let dir: string;
let ports: Ports;
let database: Awaited<ReturnType<typeof createDatabase>>;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'tenure-processes-'));
  ports = await freePorts();
  database = await createDatabase(inject('postgresUrl'));
});
afterEach(async () => {
  for (const started of parts.splice(0).reverse()) await started.stop();
  await database.drop();
  await rm(dir, { recursive: true, force: true });
});

function part(name: string, env: Record<string, string>): Part {
  const started = startPart(name, env);
  parts.push(started);
  return started;
}

describe('each process alone', () => {
  it('does its part against a given Temporal and database', async () => {
    const masterKey = join(dir, 'master.key');
    const adminKey = join(dir, 'admin.key');
    const key = `tnr_${randomBytes(32).toString('base64url')}`;
    await writeFile(masterKey, randomBytes(32).toString('base64'), { mode: 0o600 });
    await writeFile(adminKey, key, { mode: 0o600 });
    const origin = `http://127.0.0.1:${ports.simulator}`;
    const env = {
      DATABASE_URL: database.url,
      TEMPORAL_ADDRESS: inject('temporalAddress'),
      TENURE_TASK_QUEUE: `alone-${randomBytes(6).toString('hex')}`,
      TENURE_MASTER_KEY_FILE: masterKey,
      TENURE_ADMIN_KEY_FILE: adminKey,
      TENURE_API_PORT: String(ports.api),
      TENURE_SIMULATOR_ORIGIN: origin,
      TENURE_LOG_FORMAT: 'json',
    };
    part('simulator', { TENURE_SIMULATOR_PORT: String(ports.simulator) });
    const server = part('api', env);
    const worker = part('worker', env);
    const api = `http://127.0.0.1:${ports.api}`;
    await eventually(
      'the API is ready',
      () =>
        fetch(`${api}/readyz`).then(
          ({ status }) => status === 200,
          () => false,
        ),
      60_000,
    );
    await worker.says('worker.ready');

    const clients = createClients({ runtime: { api, simulator: origin }, key });
    const hired = await clients.post('/v1/onboardings', {
      connection: 'demo',
      person: { firstName: 'Ada', lastName: 'Lovelace', email: 'ada@example.com' },
    });
    await eventually(
      'she is hired',
      async () => (await clients.run(hired.id)).phase === 'completed',
    );
    expect(await clients.usersInOkta('ada@example.com')).toHaveLength(1);

    // A worker says at once that its release fails, before the search of the API can find it.
    await worker.stop();
    const TENURE_WORKFLOW_BUNDLE = await bundleFailingWorkflows(dir);
    const wrong = part('worker', { ...env, TENURE_WORKFLOW_BUNDLE });
    await wrong.says('worker.ready');
    const { id } = await clients.post('/v1/onboardings', {
      connection: 'demo',
      person: { firstName: 'Grace', lastName: 'Hopper', email: 'grace@example.com' },
    });
    await eventually(
      'it shows',
      async () => (await clients.run(id)).problem?.code === 'WORKFLOW_FAILING',
      30_000,
    );
    expect(server.output()).not.toContain('run.failing');
    expect(wrong.output()).toContain('"message":"Failing workflow task"');
  }, 120_000);

  it.each(['api', 'worker'])('says in one sentence what the %s misses', async (name) => {
    const alone = part(name, { DATABASE_URL: '', TEMPORAL_ADDRESS: '' });
    await alone.ended();
    expect(alone.output()).toContain('DATABASE_URL');
    expect(alone.output()).not.toContain('    at ');
  });
});
