// `npm run bench -- NAME [--json FILE] [--runs N]`: all set-up, then one benchmark as a process of its
// own. It starts what it needs on free ports, whatever else runs here, and ends all of it.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { requireNode } from './setup/node-version.mjs';

const BENCHMARKS = ['overhead', 'hires', 'lists'];
/** Of the user's settings only these are for a benchmark, too. */
const KEPT = ['TENURE_TEMPORAL_CLI', 'TENURE_WORKFLOW_BUNDLE'];

requireNode();
const { orOneSentence, SetupProblem } = await import('./setup/problem.mjs');
const { setUp } = await import('./setup/set-up.mjs');
const { checkout } = await import('./setup/place.mjs');

const [name = '', ...args] = process.argv.slice(2);
const file = join(checkout, 'bench', `${name}.ts`);
await orOneSentence(async () => {
  if (!BENCHMARKS.includes(name)) {
    throw new SetupProblem(
      `There is no benchmark "${name}": name one of ${BENCHMARKS.join(', ')}.`,
    );
  }
  await setUp({ bundle: true, temporal: true });
});

const env = Object.fromEntries(
  Object.entries(process.env).filter(
    ([key]) => KEPT.includes(key) || !/^(TENURE_|TEMPORAL_|DATABASE_URL$)/.test(key),
  ),
);
const child = spawn(process.execPath, ['--import', import.meta.resolve('tsx'), file, ...args], {
  env,
  stdio: ['ignore', 'inherit', 'inherit'],
});
// A terminal sends Ctrl-C to the benchmark, too: wait for it to clean up and end.
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
child.once('exit', (code) => process.exit(code ?? 1));
