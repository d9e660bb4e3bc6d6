import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { createClients } from '../../src/demo/clients.js';
import { freePorts, type Ports } from '../../src/demo/installation.js';
import { createDatabase } from '../support/postgres.js';
import { eventually } from '../support/eventually.js';

const checkout = fileURLToPath(new URL('../../', import.meta.url));
const children: ChildProcess[] = [];
let dir: string;
let ports: Ports;
let database: Awaited<ReturnType<typeof createDatabase>>;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'tenure-processes-'));
  ports = await freePorts();
  database = await createDatabase(inject('postgresUrl'));
});
afterEach(async () => {
  for (const child of children.splice(0).reverse()) {
    child.kill('SIGTERM');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  }
  await database.drop();
  await rm(dir, { recursive: true, force: true });
});

/** One part alone, as `npm run PART` starts it; without npm in between, so that it can be signalled. */
function part(name: string, env: Record<string, string>): { output: () => string } {
  let output = '';
  const child = spawn(process.execPath, ['scripts/run.mjs', name], {
    cwd: checkout,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  });
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => (output += chunk.toString('utf8')));
  }
  children.push(child);
  return { output: () => output };
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
    part('api', env);
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
    await eventually('the worker is ready', () => worker.output().includes('worker.ready'), 60_000);

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
  }, 120_000);

  it.each(['api', 'worker'])('says in one sentence what the %s misses', async (name) => {
    const alone = part(name, { DATABASE_URL: '', TEMPORAL_ADDRESS: '' });
    const [child] = children;
    if (child !== undefined && child.exitCode === null) await once(child, 'exit');
    expect(alone.output()).toContain('DATABASE_URL');
    expect(alone.output()).not.toContain('    at ');
  });
});
