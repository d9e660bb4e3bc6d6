// A PostgreSQL of the tests' own: the embedded mode's binaries and start, tuned for speed, and a
// database per test file. Ends with the process that started it, even by kill -9.
import { randomBytes } from 'node:crypto';
import { mkdir, open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { POSTGRES_GUARD, ended, guard, spawnApart } from '../../src/embedded/guarded-process.js';
import {
  dropDatabase,
  endLeftoverBackends,
  ensureDatabase,
  postgresAnswers,
  postgresCommand,
  postgresUrl,
  preparePostgres,
} from '../../src/embedded/postgres.js';
import { removeRootPlace } from '../../src/embedded/postgres-place.js';
import { waitFor } from './wait-for-process.js';

/** Starts a server whose files lie in `dir` (root's: beside, and removed by `stop`). */
export async function startPostgres(options: {
  dir: string;
}): Promise<{ url: string; stop: () => Promise<void> }> {
  const { dir } = options;
  await mkdir(dir, { recursive: true });
  const cluster = await preparePostgres({ home: dir, rootBase: tmpdir(), unsafe: true });
  await endLeftoverBackends(cluster);
  const log = await open(join(dir, 'postgres.log'), 'a');
  const child = spawnApart(postgresCommand(cluster), ['ignore', log.fd, log.fd]);
  await log.close();
  guard(child, POSTGRES_GUARD);
  const url = postgresUrl(cluster, 'postgres');
  await waitFor(child, (signal) => postgresAnswers(url, signal), join(dir, 'postgres.log'));
  return {
    url,
    stop: async () => {
      child.kill('SIGINT');
      await ended(child);
      await removeRootPlace(dir, tmpdir());
    },
  };
}

/** Makes an empty database; `adminUrl` is the url of `startPostgres`. */
export async function createDatabase(
  adminUrl: string,
): Promise<{ url: string; drop: () => Promise<void> }> {
  const name = `t_${randomBytes(8).toString('hex')}`;
  await ensureDatabase(adminUrl, name);
  const url = new URL(adminUrl);
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => dropDatabase(adminUrl, name) };
}
