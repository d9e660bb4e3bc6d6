// `npm run test:kill -- [--seed N] [--kills N]`: all set-up, then main.ts as a process of its own.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { requireNode } from '../../scripts/setup/node-version.mjs';

/** Of the user's settings only these are for the suite, too. */
const KEPT = ['TENURE_TEMPORAL_CLI', 'TENURE_WORKFLOW_BUNDLE'];

requireNode();
const { orOneSentence } = await import('../../scripts/setup/problem.mjs');
const { setUp } = await import('../../scripts/setup/set-up.mjs');
await orOneSentence(() => setUp({ bundle: true, temporal: true }));

const env = Object.fromEntries(
  Object.entries(process.env).filter(
    ([key]) => KEPT.includes(key) || !/^(TENURE_|TEMPORAL_|DATABASE_URL$)/.test(key),
  ),
);
const main = fileURLToPath(new URL('main.ts', import.meta.url));
const args = ['--import', import.meta.resolve('tsx'), main, ...process.argv.slice(2)];
const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'inherit', 'inherit'] });
// A terminal sends Ctrl-C to the suite, too: wait for it to clean up and end.
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
child.once('exit', (code) => process.exit(code ?? 1));
