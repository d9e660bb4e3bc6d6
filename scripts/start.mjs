// `npm start`: all set-up, then everything in one command. See src/embedded/main.ts.
import { requireNode } from './setup/node-version.mjs';

requireNode();
const { orOneSentence } = await import('./setup/problem.mjs');
const { becomeProgram, setUp } = await import('./setup/set-up.mjs');

await orOneSentence(() => setUp({ bundle: true, temporal: true }));
await becomeProgram('embedded/main.js', process.argv.slice(2));
