// The Temporal cluster server and its schema tool, built with Go from the tag that production runs,
// once: they are kept in the cache, so that only the first run of a machine takes minutes.
import { accessSync, constants, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../../scripts/setup/command.mjs';
import { withLock } from '../../scripts/setup/lock.mjs';
import { cacheDirectory } from '../../scripts/setup/place.mjs';
import { SetupProblem } from '../../scripts/setup/problem.mjs';
import { say, step } from '../../scripts/setup/progress.mjs';

export const SERVER_VERSION = 'v1.29.1';
const MODULE = 'go.temporal.io/server';
/** What `go install` calls them (by their folder), and what everybody else does. */
const PROGRAMS = { server: 'temporal-server', sql: 'temporal-sql-tool' };

/** Paths of both programs; builds them where they are not yet. @throws {SetupProblem} */
export async function ensureCluster(env = process.env) {
  const cache = cacheDirectory(env);
  const kept = join(cache, 'temporal-cluster', SERVER_VERSION);
  if (!isThere(kept)) {
    await withLock(join(cache, 'locks', 'temporal-cluster'), say, async () => {
      if (!isThere(kept)) await build(kept, env);
    });
  }
  return { server: join(kept, PROGRAMS.server), sqlTool: join(kept, PROGRAMS.sql) };
}

/** By one rename of the folder: nobody sees half of it. */
async function build(kept, env) {
  const unfinished = `${kept}.${process.pid}.new`;
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(unfinished, { recursive: true });
  try {
    await step(
      `Building the Temporal server ${SERVER_VERSION} with Go`,
      'about 2 minutes on two cores, once',
      async (detail) => {
        let compiled = 0;
        const packages = ['cmd/server', 'cmd/tools/sql'];
        const { code, output } = await run(
          'go',
          ['install', '-v', ...packages.map((path) => `${MODULE}/${path}@${SERVER_VERSION}`)],
          {
            env: { ...env, GOBIN: unfinished },
            onLine: (line) => {
              if (line.startsWith('go: downloading')) detail('downloading sources');
              else detail(`${(compiled += 1)} packages compiled`);
            },
          },
        );
        if (code !== 0) throw new SetupProblem(problemOf(output));
      },
    );
    for (const [built, name] of Object.entries(PROGRAMS)) {
      renameSync(join(unfinished, built), join(unfinished, name));
    }
    rmSync(kept, { recursive: true, force: true });
    renameSync(unfinished, kept);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
}

function problemOf(output) {
  const reason = output.split('\n').at(-1)?.trim() ?? '';
  return `Go could not build the Temporal server (${reason}): install Go 1.25 or newer and see that it can fetch modules.`;
}

function isThere(directory) {
  try {
    for (const name of Object.values(PROGRAMS)) {
      accessSync(join(directory, name), constants.X_OK);
    }
    return true;
  } catch {
    return false;
  }
}
