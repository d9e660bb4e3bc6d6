// Runs in flight, and processes from before and after, across a rekey.
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, inject, it, onTestFinished } from 'vitest';
import { createClients } from '../../src/demo/clients.js';
import {
  freePorts,
  removeHome,
  startInstallation,
  type Ports,
} from '../../src/demo/installation.js';
import { tenure } from '../cli/tenure.js';
import { eventually } from '../support/eventually.js';
import { checkout, startPart, type Part } from '../support/part.js';
import { createDatabase } from '../support/postgres.js';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'tenure-rekeyed-'));
  onTestFinished(() => removeHome(dir));
});

function part(name: string, env: Record<string, string>): Part {
  const started = startPart(name, env);
  onTestFinished(async () => {
    await started.stop();
  });
  return started;
}

const ADA = { firstName: 'Ada', lastName: 'Lovelace', email: 'ada@example.com' };
const BOB = { firstName: 'Bob', lastName: 'Babbage', email: 'bob@example.com' };

describe('a rekey while everything runs', () => {
  it('stops no run, and processes from before and after read each other', async () => {
    const database = await createDatabase(inject('postgresUrl'));
    onTestFinished(() => database.drop());
    const [ports, more] = [await freePorts(), await freePorts()];
    const [masterKey, adminKey] = [join(dir, 'master.key'), join(dir, 'admin.key')];
    const key = `tnr_${randomBytes(32).toString('base64url')}`;
    await writeFile(masterKey, randomBytes(32).toString('base64'), { mode: 0o600 });
    await writeFile(adminKey, key, { mode: 0o600 });
    const simulator = `http://127.0.0.1:${ports.simulator}`;
    const env = {
      DATABASE_URL: database.url,
      TEMPORAL_ADDRESS: inject('temporalAddress'),
      TENURE_TASK_QUEUE: `rekey-${randomBytes(6).toString('hex')}`,
      TENURE_MASTER_KEY_FILE: masterKey,
      TENURE_ADMIN_KEY_FILE: adminKey,
      TENURE_SIMULATOR_ORIGIN: simulator,
      TENURE_LOG_FORMAT: 'json',
    };
    const startApi = async ({ api }: Ports) => {
      await part('api', { ...env, TENURE_API_PORT: String(api) }).says('api.ready');
      const clients = createClients({
        runtime: { api: `http://127.0.0.1:${api}`, simulator },
        key,
      });
      // Its demo connections are there.
      await eventually('is ready', async () => (await fetch(`http://127.0.0.1:${api}/readyz`)).ok);
      return clients;
    };
    part('simulator', { TENURE_SIMULATOR_PORT: String(ports.simulator) });
    const before = await startApi(ports);
    const oldWorker = part('worker', env);
    await oldWorker.says('worker.ready');
    const hire = async (clients: typeof before, person: typeof ADA) => {
      const { id } = await clients.post('/v1/onboardings', { connection: 'demo', person });
      await eventually(
        'is hired',
        async () => (await clients.run(id)).phase === 'completed',
        30_000,
      );
      await clients.firstSignIn(person.email);
      return id;
    };
    await hire(before, ADA);
    const suspendAt = new Date(Date.now() + 3_600_000).toISOString();
    const leaving = { connection: 'demo', login: ADA.email, suspendAt };
    const { id } = await before.post('/v1/offboardings', leaving);
    await eventually(
      'waits',
      async () => (await before.run(id)).waiting?.for === 'suspend',
      30_000,
    );

    const former = await readFile(masterKey, 'utf8');
    expect(await tenure(['rekey'], env)).toMatchObject({ exitCode: 0 });
    expect(await readFile(masterKey, 'utf8')).not.toBe(former);

    // A second API knows the new key alone; the worker is from before.
    const after = await startApi(more);
    expect((await after.run(id)).waiting?.for).toBe('suspend');
    const bob = await hire(after, BOB);
    expect((await before.run(bob)).phase).toBe('completed');
    await before.post(`/v1/runs/${id}/expedite`, { what: 'suspend' });
    await eventually(
      'she is suspended',
      async () => (await before.run(id)).phase === 'holding',
      60_000,
    );

    // A worker that knows the new key alone reads the history from before.
    await oldWorker.stop();
    await part('worker', env).says('worker.ready');
    await before.post(`/v1/runs/${id}/cancel`, {});
    await eventually(
      'she is back',
      async () => (await after.run(id)).phase === 'cancelled',
      30_000,
    );
    expect((await after.usersInOkta(ADA.email)).map(({ status }) => status)).toEqual(['ACTIVE']);
  }, 240_000);
});

describe('the embedded mode', () => {
  it('is rekeyed while it runs, and starts with no key but the right one', async () => {
    const ports = await freePorts();
    const keyFile = join(dir, 'master.key');
    const keyText = (file = keyFile) => readFile(file, 'utf8');
    let output = '';
    const start = async () => {
      const installation = await startInstallation({
        home: dir,
        ports,
        supervisorPath: join(checkout, 'dist', 'embedded', 'main.js'),
        onOutput: (text) => (output += text),
      });
      onTestFinished(() => installation.stop());
      return installation;
    };
    const life = await start();
    const former = await keyText();
    const outcome = await tenure(['rekey'], { TENURE_HOME: dir });
    expect(outcome).toMatchObject({ exitCode: 0, err: '' });
    const key = await keyText();
    expect(key).not.toBe(former);
    const clients = createClients(life);
    const { id } = await clients.post('/v1/onboardings', { connection: 'demo', person: ADA });
    await eventually('is hired', async () => (await clients.run(id)).phase === 'completed', 30_000);
    await life.stop();

    // The former key does not open it any more.
    await writeFile(keyFile, former);
    await expect(start()).rejects.toThrow(
      `The master key in ${keyFile} is not the one that this database was made with: put the right one back`,
    );
    expect(await keyText()).toBe(former);
    expect(output).not.toContain('starting it again');

    // Nor does none at all, and none is made.
    await rm(keyFile);
    await expect(start()).rejects.toThrow(`its master key ${keyFile} is gone: put the key back`);
    await expect(keyText()).rejects.toThrow('ENOENT');

    // As a rekey leaves it that was killed in the middle.
    await writeFile(keyFile, former, { mode: 0o600 });
    await writeFile(`${keyFile}.next`, key, { mode: 0o600 });
    output = '';
    const again = await start();
    expect(output).toContain('store.rekey_finished');
    expect(await keyText()).toBe(key);
    expect((await createClients(again).run(id)).phase).toBe('completed');
  }, 240_000);
});
