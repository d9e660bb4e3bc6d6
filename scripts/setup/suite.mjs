// Runs vitest as a process and counts, with a reporter of ours, what it ran.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkout } from './place.mjs';

/** Runs the suite; its last line of output is `N passed, N failed`. Resolves to the exit code. */
export async function runSuite(args) {
  const directory = mkdtempSync(join(tmpdir(), 'tenure-suite-'));
  const countsFile = join(directory, 'counts.json');
  try {
    const code = await vitest(args, countsFile);
    const counts = countsIn(countsFile);
    if (counts === null) console.log(`The test runner ended without a result (${code}).`);
    else if (counts.passed + counts.failed === 0) console.log('No test was run.');
    const result = honest(counts, code);
    const skipped = result.skipped > 0 ? `, ${result.skipped} skipped` : '';
    console.log(`${result.passed} passed, ${result.failed} failed${skipped}`);
    return result.failed > 0 ? 1 : 0;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** A failure that no test stands for (a crash, an empty run) counts as one. */
function honest(counts, code) {
  const { passed, failed, skipped } = counts ?? { passed: 0, failed: 0, skipped: 0 };
  const unseen = failed === 0 && (code !== 0 || passed === 0);
  return { passed, failed: unseen ? 1 : failed, skipped };
}

async function vitest(args, countsFile) {
  const child = spawn(
    process.execPath,
    [
      join(checkout, 'node_modules', 'vitest', 'vitest.mjs'),
      'run',
      '--reporter=default',
      `--reporter=${join(checkout, 'scripts', 'setup', 'count-reporter.mjs')}`,
      ...args,
    ],
    {
      cwd: checkout,
      stdio: ['ignore', 'inherit', 'inherit'],
      env: { ...process.env, TENURE_TEST_COUNTS_FILE: countsFile },
    },
  );
  const pass = (signal) => child.kill(signal);
  process.on('SIGTERM', pass);
  // A terminal sends Ctrl-C to vitest, too: wait for it to end.
  process.on('SIGINT', () => undefined);
  return new Promise((resolve) => {
    child.once('error', () => resolve('could not start'));
    child.once('exit', (code, signal) => resolve(code ?? signal));
  });
}

function countsIn(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return null;
  }
}
