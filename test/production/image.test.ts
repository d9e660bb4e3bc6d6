// What the image runs, from the checkout: its entrypoint with secrets in files, its health check, and
// the script for after a restore, against the real PostgreSQL and Temporal.
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { Connection } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { freePort } from '../../src/embedded/ports.js';
import { createDatabase } from '../support/postgres.js';
import { createPart, runScript, type Part } from './part.js';

const NAMESPACE = `image-${randomBytes(6).toString('hex')}`;
const HAS_IPV6 = Object.values(networkInterfaces()).some((addresses) =>
  addresses?.some(({ address }) => address === '::1'),
);

let directory: string;
let database: Awaited<ReturnType<typeof createDatabase>>;
/** As Compose sets it: the database by a file, Temporal by a profile alone. */
let env: Record<string, string>;
const parts: Part[] = [];

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tenure-image-'));
  database = await createDatabase(inject('postgresUrl'));
  const address = inject('temporalAddress');
  await makeNamespace(address);
  env = {
    DATABASE_URL_FILE: await file('database-url', `${database.url}\n`),
    TEMPORAL_CONFIG_FILE: await file(
      'temporal.toml',
      `[profile.default]\naddress = "${address}"\nnamespace = "${NAMESPACE}"\n`,
    ),
    TENURE_MASTER_KEY_FILE: await file('master.key', randomBytes(32).toString('base64')),
    TENURE_LOG_FORMAT: 'json',
    TENURE_API_PORT: String(await freePort()),
    TENURE_HOST: HAS_IPV6 ? '::1' : '127.0.0.1',
  };
});

afterAll(async () => {
  await Promise.all(parts.map((part) => part.stop()));
  await database.drop();
  await rm(directory, { recursive: true });
});

async function file(name: string, text: string): Promise<string> {
  const path = join(directory, name);
  await writeFile(path, text, { mode: 0o600 });
  return path;
}

async function makeNamespace(address: string): Promise<void> {
  const connection = await Connection.connect({ address });
  try {
    await connection.workflowService.registerNamespace({
      namespace: NAMESPACE,
      workflowExecutionRetentionPeriod: msToTs('1 day'),
    });
  } finally {
    await connection.close();
  }
}

async function started(name: string, isReady: Parameters<typeof createPart>[3]): Promise<Part> {
  const part = createPart(name, ['deploy/entrypoint.mjs', name], env, isReady);
  parts.push(part);
  await part.start();
  return part;
}

const health = (kind: string, more: Record<string, string> = {}) =>
  runScript(['deploy/healthcheck.mjs', kind], { ...env, ...more });

describe('the entrypoint', () => {
  it('names its programs where it is given another', async () => {
    const { code, stderr } = await runScript(['deploy/entrypoint.mjs', 'constructor'], env);
    expect(code).toBe(1);
    expect(stderr).toBe(
      'tenure: name one of api, worker, temporal-setup, tenure, not "constructor"\n',
    );
  });

  it('names the secret whose file cannot be read', async () => {
    const missing = { ...env, DATABASE_URL_FILE: join(directory, 'none') };
    const { code, stderr } = await runScript(['deploy/entrypoint.mjs', 'api'], missing);
    expect(code).toBe(1);
    expect(stderr).toBe(
      `tenure: DATABASE_URL_FILE: ${join(directory, 'none')} cannot be read (ENOENT)\n`,
    );
  });
});

describe('the API of the image', () => {
  it('is unhealthy while it does not run', async () => {
    expect(await health('api')).toMatchObject({ code: 1 });
  });

  it('takes its secrets from files, is healthy (on an IPv6 address, where there is one), and ends on SIGTERM', async () => {
    const origin = `http://${HAS_IPV6 ? '[::1]' : '127.0.0.1'}:${env['TENURE_API_PORT'] ?? ''}`;
    const api = await started('api', () =>
      fetch(`${origin}/readyz`).then(
        ({ ok }) => ok,
        () => false,
      ),
    );
    expect(await health('api')).toMatchObject({ code: 0, stderr: '' });
    expect(await api.stop()).toBe('exit code 0');
  });
});

describe('the worker of the image', () => {
  it("works in the namespace of Temporal's profile, where its health is asked, too", async () => {
    const worker = await started('worker', (output) => output.includes('worker.ready'));
    expect(await health('worker')).toMatchObject({ code: 0, stderr: '', stdout: '' });
    expect(await health('worker', { TEMPORAL_NAMESPACE: 'default' })).toMatchObject({ code: 1 });
    expect(await worker.stop()).toBe('exit code 0');
  });

  it('is not called unhealthy for a Temporal that is away', async () => {
    const away = await health('worker', { TEMPORAL_ADDRESS: `127.0.0.1:${await freePort()}` });
    expect(away).toMatchObject({ code: 0 });
    expect(away.stdout).toContain('Temporal cannot be asked');
  });
});

describe('the script for after a restore', () => {
  it('looks where the service works', async () => {
    expect(await runScript(['deploy/reconcile.mjs'], env)).toMatchObject({
      code: 0,
      stdout: 'Tenure and Temporal agree about every open run.\n',
    });
  });

  it('says in a sentence what it lacks', async () => {
    const { DATABASE_URL_FILE: _, ...without } = env;
    const { code, stderr } = await runScript(['deploy/reconcile.mjs'], without);
    expect(code).toBe(2);
    expect(stderr).toBe('tenure: DATABASE_URL is not set\n');
  });
});
