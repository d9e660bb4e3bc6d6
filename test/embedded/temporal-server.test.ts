import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Connection } from '@temporalio/client';
import { afterAll, expect, it } from 'vitest';
import { temporalCommand } from '../../src/embedded/temporal-server.js';
import { startTemporal } from '../support/temporal-server.js';

const dir = mkdtempSync(join(tmpdir(), 'tenure-temporal-'));
afterAll(() => {
  rmSync(dir, { recursive: true, force: true });
});

it('is ready when it says so, with its namespace', async () => {
  const server = await startTemporal({ dir });
  const connection = await Connection.connect({ address: server.address });
  const { namespaceInfo } = await connection.workflowService.describeNamespace({
    namespace: 'default',
  });
  expect(namespaceInfo?.name).toBe('default');
  await connection.close();
  await server.stop();
});

it('syncs every commit to its file, and tells the Web UI where to decode', () => {
  const { args } = temporalCommand({
    cli: 'temporal',
    port: 1,
    uiPort: 2,
    databaseFile: 'file',
    codecEndpoint: 'http://127.0.0.1:3/secret',
    namespace: 'people',
    env: {},
  });
  const line = args.join(' ');
  expect(line).toContain(
    '--db-filename file --sqlite-pragma journal_mode=WAL --sqlite-pragma synchronous=FULL',
  );
  expect(line).toContain('--ui-codec-endpoint http://127.0.0.1:3/secret');
  expect(line).toContain('--namespace people');
  expect(line).toContain('--ip 127.0.0.1');
});
