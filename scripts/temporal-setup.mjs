// `npm run temporal:setup`: set-up, then what Temporal must know. See src/api/temporal-setup-main.ts.
import { requireNode } from './setup/node-version.mjs';

requireNode();
const { orOneSentence } = await import('./setup/problem.mjs');
const { becomeProgram, setUp } = await import('./setup/set-up.mjs');

await orOneSentence(() => setUp());
await becomeProgram('api/temporal-setup-main.js', process.argv.slice(2));
