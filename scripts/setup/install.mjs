// `node scripts/setup/install.mjs`: the dependencies only, for what runs before anything is built.
import { requireNode } from './node-version.mjs';

requireNode();
const { orOneSentence } = await import('./problem.mjs');
const { ensureDependencies } = await import('./dependencies.mjs');
await orOneSentence(ensureDependencies);
