// The image's one command: `api`, `worker`, `temporal-setup` or `tenure COMMAND`, in this very process, so that signals
// reach it.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readSecretFiles } from './secret-files.mjs';

const PROGRAMS = {
  api: 'api/main.js',
  worker: 'worker.js',
  'temporal-setup': 'api/temporal-setup-main.js',
  tenure: 'cli/main.js',
};

const [name = '', ...args] = process.argv.slice(2);
if (!Object.hasOwn(PROGRAMS, name)) {
  fail(`name one of ${Object.keys(PROGRAMS).join(', ')}, not "${name}"`);
}
try {
  readSecretFiles();
} catch (error) {
  fail(error.message);
}
const program = join(fileURLToPath(new URL('../dist/', import.meta.url)), PROGRAMS[name]);
process.argv = [process.execPath, program, ...args];
await import(program);

function fail(reason) {
  process.stderr.write(`tenure: ${reason}\n`);
  process.exit(1);
}
