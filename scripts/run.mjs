// `npm run api`, `worker`, `simulator`, `temporal`, `demo`, `tenure`, `temporal:setup`: the set-up that
// the part needs, then the part, in this very process.
import { requireNode } from './setup/node-version.mjs';

const PARTS = {
  api: { file: 'api/main.js', needs: {} },
  worker: { file: 'worker.js', needs: { bundle: true } },
  simulator: { file: 'simulator/main.js', needs: {} },
  temporal: { file: 'embedded/temporal.js', needs: { temporal: true } },
  demo: { file: 'demo/main.js', needs: { bundle: true, temporal: true } },
  tenure: { file: 'cli/main.js', needs: {} },
  'temporal:setup': { file: 'api/temporal-setup-main.js', needs: {} },
};

requireNode();
const { orOneSentence, SetupProblem } = await import('./setup/problem.mjs');
const { becomeProgram, setUp } = await import('./setup/set-up.mjs');

const [name = '', ...args] = process.argv.slice(2);
await orOneSentence(async () => {
  if (!Object.hasOwn(PARTS, name)) {
    throw new SetupProblem(
      `There is no part "${name}": name one of ${Object.keys(PARTS).join(', ')}.`,
    );
  }
  await setUp(PARTS[name].needs);
});
await becomeProgram(PARTS[name].file, args);
