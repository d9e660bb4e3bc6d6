// A Temporal dev server of the tests' own, on a free port, configured as the embedded mode configures
// its own.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { loadConfig } from '../../src/config.js';
import { TEMPORAL_GUARD } from '../../src/embedded/guarded-process.js';
import { freePort } from '../../src/embedded/ports.js';
import { temporalAnswers, temporalCommand } from '../../src/embedded/temporal-server.js';
import { findTemporalCli } from '../../scripts/setup/temporal-cli.mjs';
import { serverProcess, type ServerProcess } from './server-process.js';

export interface TemporalProcess {
  server: ServerProcess;
  address: string;
  /** What `executable: existing-path` wants. */
  cliPath: string;
}

/** A server that logs to `dir`, in memory unless it is given a file there. Not started yet. */
export async function preparedTemporal(dir: string, database?: string): Promise<TemporalProcess> {
  await mkdir(dir, { recursive: true });
  const cliPath = loadConfig(process.env).temporalCli ?? (await findTemporalCli());
  const port = await freePort();
  const address = `127.0.0.1:${port}`;
  return {
    server: serverProcess({
      command: temporalCommand({
        cli: cliPath,
        port,
        ...(database === undefined ? {} : { databaseFile: join(dir, database) }),
        env: process.env,
        cwd: dir,
      }),
      plan: TEMPORAL_GUARD,
      logFile: join(dir, 'temporal.log'),
      ready: (signal) => temporalAnswers(address, signal),
    }),
    address,
    cliPath,
  };
}

/** Starts a server in memory that logs to `dir`. */
export async function startTemporal({
  dir,
}: {
  dir: string;
}): Promise<{ address: string; stop: () => Promise<void>; cliPath: string }> {
  const { server, address, cliPath } = await preparedTemporal(dir);
  await server.start();
  return { address, cliPath, stop: () => server.end('SIGTERM') };
}
