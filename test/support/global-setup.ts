// What the whole suite shares: one Temporal server, one PostgreSQL, one workflow bundle. Isolation
// comes from a database, a task queue and a connection id per test.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Connection } from '@temporalio/client';
import type { TestProject } from 'vitest/node';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { registerSearchAttributes } from '../../src/api/temporal-setup.js';
import { failureConverterPath } from '../../src/crypto/data-converter.js';
import { createLogger } from '../../src/observability/logger.js';
import { startPostgres } from './postgres.js';
import { startTemporal } from './temporal-server.js';

declare module 'vitest' {
  export interface ProvidedContext {
    temporalAddress: string;
    temporalCli: string;
    postgresUrl: string;
    workflowBundle: string;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const dir = await mkdtemp(join(tmpdir(), 'tenure-suite-'));
  const workflowBundle = join(dir, 'workflow-bundle.js');
  const [temporal, postgres] = await Promise.all([
    startTemporal({ dir: join(dir, 'temporal') }),
    startPostgres({ dir: join(dir, 'postgres') }),
    bundle().then((code) => writeFile(workflowBundle, code)),
  ]);
  await withSearchAttributes(temporal.address);
  project.provide('temporalAddress', temporal.address);
  project.provide('temporalCli', temporal.cliPath);
  project.provide('postgresUrl', postgres.url);
  project.provide('workflowBundle', workflowBundle);
  return async () => {
    await Promise.all([temporal.stop(), postgres.stop()]);
    await rm(dir, { recursive: true, force: true });
  };
}

async function withSearchAttributes(address: string): Promise<void> {
  const connection = await Connection.connect({ address });
  const log = createLogger({ level: 'fatal', format: 'json', part: 'suite' });
  await registerSearchAttributes(connection, 'default', log);
  await connection.close();
}

async function bundle(): Promise<string> {
  const { code } = await bundleWorkflowCode({
    workflowsPath: fileURLToPath(new URL('../../src/workflows/index.ts', import.meta.url)),
    failureConverterPath,
    logger: new DefaultLogger('WARN'),
  });
  return code;
}
