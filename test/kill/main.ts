// `npm run test:kill -- [--seed N] [--kills N]`: as many kills as one wants. The last line counts, and
// the exit code is 0 only where no promise was broken.
import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { drive } from './drive.js';
import { planOf } from './plan.js';

const PATIENCE_MS = 300_000;

const { values } = parseArgs({
  options: { seed: { type: 'string' }, kills: { type: 'string', default: '200' } },
});
const seed = wholeNumber('seed', values.seed ?? String(randomInt(1_000_000)));
const kills = wholeNumber('kills', values.kills);
const startedAt = Date.now();
const say = (line: string) => {
  const seconds = Math.round((Date.now() - startedAt) / 1_000);
  process.stdout.write(`${String(seconds).padStart(4)} s  ${line}\n`);
};

const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    stop.abort(new Error(`stopped by ${signal}`));
  });
}

say(`seed ${seed}, ${kills} kills`);
const outcome = await drive(planOf(seed, kills), {
  patienceMs: PATIENCE_MS,
  signal: stop.signal,
  say,
});
for (const breach of outcome.breaches) say(`✗ ${breach}`);
const tally = Object.entries(outcome.kills).map(([part, count]) => `${part} ${count}`);
say(`seed ${seed}: ${tally.join(', ')}`);
process.stdout.write(
  `kills: ${kills}, people: ${outcome.people}, breaches: ${outcome.breaches.length}\n`,
);
process.exit(outcome.breaches.length === 0 ? 0 : 1);

function wholeNumber(name: string, text: string): number {
  if (!/^\d{1,9}$/.test(text)) {
    process.stderr.write(`--${name} takes a whole number, not "${text}".\n`);
    process.exit(2);
  }
  return Number(text);
}
