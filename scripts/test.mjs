// `npm test`: all set-up, then the suite. Arguments go to vitest. The last line counts what ran, and
// the exit code is honest: a runner that crashed, or that ran nothing, has failed.
import { requireNode } from './setup/node-version.mjs';

requireNode();
const { orOneSentence } = await import('./setup/problem.mjs');
const { setUp } = await import('./setup/set-up.mjs');
await orOneSentence(() => setUp({ bundle: true, temporal: true }));

const { runSuite } = await import('./setup/suite.mjs');
process.exit(await runSuite(process.argv.slice(2)));
