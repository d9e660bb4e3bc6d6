// A Temporal dev server of the tests' own: in memory, on a free port, configured as the embedded
// mode configures its own. Ends with the process that started it, even by kill -9.
import { mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import { loadConfig } from '../../src/config.js';
import { TEMPORAL_GUARD, ended, guard, spawnApart } from '../../src/embedded/guarded-process.js';
import { freePort } from '../../src/embedded/ports.js';
import { temporalAnswers, temporalCommand } from '../../src/embedded/temporal-server.js';
import { findTemporalCli } from '../../scripts/setup/temporal-cli.mjs';
import { waitFor } from './wait-for-process.js';

/** Starts a server that logs to `dir`. `cliPath` is what `executable: existing-path` wants. */
export async function startTemporal(options: {
  dir: string;
}): Promise<{ address: string; stop: () => Promise<void>; cliPath: string }> {
  const { dir } = options;
  await mkdir(dir, { recursive: true });
  const cliPath = loadConfig(process.env).temporalCli ?? (await findTemporalCli());
  const port = await freePort();
  const logFile = join(dir, 'temporal.log');
  const log = await open(logFile, 'a');
  const command = temporalCommand({ cli: cliPath, port, env: process.env, cwd: dir });
  const child = spawnApart(command, ['ignore', log.fd, log.fd]);
  await log.close();
  guard(child, TEMPORAL_GUARD);
  const address = `127.0.0.1:${port}`;
  await waitFor(child, (signal) => temporalAnswers(address, signal), logFile);
  return {
    address,
    cliPath,
    stop: async () => {
      child.kill('SIGTERM');
      await ended(child);
    },
  };
}
