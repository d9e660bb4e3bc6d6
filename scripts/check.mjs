// `npm run check`: what a reviewer would run, in order, each part whole; the suite comes last, so that
// its closing line is the last one. The exit code is 0 only if every part passed.
import { spawnSync } from 'node:child_process';
import { requireNode } from './setup/node-version.mjs';

requireNode();
const { orOneSentence } = await import('./setup/problem.mjs');
const { setUp } = await import('./setup/set-up.mjs');
await orOneSentence(() => setUp({ bundle: true, temporal: true }));

const PARTS = [
  ['types', ['npm', ['run', '--silent', 'typecheck']]],
  ['lint', ['npm', ['run', '--silent', 'lint']]],
  ['format', ['npm', ['run', '--silent', 'format:check']]],
  ['arrows', ['npm', ['run', '--silent', 'deps']]],
  ['unused code', ['npm', ['run', '--silent', 'unused']]],
  ['tests', ['npm', ['test']]],
];

const failed = [];
for (const [name, [command, args]] of PARTS) {
  const start = Date.now();
  console.log(`\n── ${name}`);
  const { status } = spawnSync(command, args, { stdio: ['ignore', 'inherit', 'inherit'] });
  if (status !== 0) failed.push(name);
  if (name !== 'tests') console.log(`${status === 0 ? 'passed' : 'FAILED'} in ${seconds(start)} s`);
}
if (failed.length > 0) console.error(`Failed: ${failed.join(', ')}.`);
process.exit(failed.length === 0 ? 0 : 1);

function seconds(start) {
  return Math.round((Date.now() - start) / 1000);
}
