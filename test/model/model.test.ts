import fc from 'fast-check';
import { afterAll, beforeAll, expect, inject, it, vi } from 'vitest';
import { life, tell } from './life.js';
import { play } from './play.js';
import { openSandbox, type Sandbox } from './sandbox.js';
import { fakeTime } from './time.js';

const LIVES = Number(process.env['TENURE_MODEL_LIVES'] ?? 2_000);
const SEED = Number(process.env['TENURE_MODEL_SEED'] ?? 11);
/** Of the story of a life that fails. */
const LAST_LINES = 120;

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await openSandbox(inject('workflowBundle'));
  fakeTime();
});
afterAll(() => {
  vi.useRealTimers();
});

it(`keeps its promises in ${LIVES} lives (seed ${SEED})`, { timeout: 3_600_000 }, async () => {
  const details = await fc.check(
    fc.asyncProperty(life, async (lived) => {
      const { broken } = await play(sandbox, lived);
      return broken.length === 0;
    }),
    { numRuns: LIVES, seed: SEED, ...pathOf(process.env['TENURE_MODEL_PATH']) },
  );
  if (!details.failed) return;
  const [shortest] = details.counterexample ?? [];
  if (shortest === undefined)
    throw new Error(`no life to show: ${(details.errorInstance as Error).message}`);
  const { broken, story } = await play(sandbox, shortest);
  expect.fail(
    [
      `After ${details.numRuns} lives of seed ${details.seed} (path ${details.counterexamplePath ?? ''}):`,
      ...broken.map((each) => `  broken: ${each}`),
      ...(details.errorInstance === null
        ? []
        : [`  error: ${(details.errorInstance as Error).message}`]),
      'The life:',
      ...tell(shortest).map((line) => `  ${line}`),
      'The story:',
      ...story.slice(-LAST_LINES),
    ].join('\n'),
  );
});

function pathOf(path: string | undefined): { path?: string } {
  return path === undefined ? {} : { path };
}
