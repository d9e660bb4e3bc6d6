// A supervisor process for the tests: the real life of one, with stub parts.
// node --import tsx stub-life.ts HOME PORT
import { runParts } from '../../src/embedded/run-parts.js';
import { foreignStub, nodeStub } from './stub-parts.js';

const [home = '', port = '0'] = process.argv.slice(2);
process.exit(
  await runParts({
    home,
    url: `http://127.0.0.1:${port}`,
    ports: [
      { host: '127.0.0.1', port: Number(port), variable: 'TENURE_API_PORT', what: 'the API' },
    ],
    format: 'json',
    parts: () =>
      Promise.resolve([
        foreignStub('database'),
        nodeStub('worker', { script: `console.log('ready'); setInterval(() => undefined, 1000);` }),
        nodeStub('api'),
      ]),
    ready: () => 'all is ready',
    exitWithParent: false,
    timing: { firstDelayMs: 10 },
  }),
);
