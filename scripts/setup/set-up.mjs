// All set-up, in order, each step only where the command needs it and skipped when done.
// Two set-ups of one checkout wait for each other.
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { ensureDist, ensureWorkflowBundle, workflowBundle } from './build.mjs';
import { ensureDependencies } from './dependencies.mjs';
import { withLock } from './lock.mjs';
import { cacheDirectory, checkout } from './place.mjs';
import { SetupProblem } from './problem.mjs';
import { say } from './progress.mjs';
import { ensureTemporalCli } from './temporal-cli.mjs';

/**
 * Makes what a command needs: `bundle` the workflow bundle, `temporal` the Temporal CLI;
 * dependencies and dist/ always. What it finds is put into the environment of this process.
 */
export async function setUp({ bundle = false, temporal = false } = {}) {
  if (process.platform === 'win32') {
    throw new SetupProblem('Tenure runs on Linux and macOS: on Windows, use it inside WSL.');
  }
  const name = createHash('sha256').update(checkout).digest('hex').slice(0, 16);
  await withLock(join(cacheDirectory(), 'locks', name), say, async () => {
    await ensureDependencies();
    await ensureDist();
    if (bundle) await ensureWorkflowBundle();
  });
  if (bundle) process.env.TENURE_WORKFLOW_BUNDLE ??= workflowBundle;
  if (temporal) process.env.TENURE_TEMPORAL_CLI = await ensureTemporalCli();
}

/** Goes on as the compiled program, in this very process: nothing stands between it and its signals. */
export async function becomeProgram(file, args) {
  const path = join(checkout, 'dist', file);
  process.argv = [process.execPath, path, ...args];
  await import(path);
}
