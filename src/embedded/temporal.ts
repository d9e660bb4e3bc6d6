// `npm run temporal`: the Temporal dev server alone, with the flags and the SQLite file that the
// embedded mode uses, for running API and worker by hand.
import { resolve } from 'node:path';
import { command } from './command.js';
import { devServer, devServerPorts } from './dev-server.js';
import { reachableHost } from './ports.js';

await command((config, env) => {
  const home = resolve(config.home);
  const address = `127.0.0.1:${config.temporalPort}`;
  const ui = `http://127.0.0.1:${config.temporalUiPort}`;
  const api = `http://${reachableHost(config.host)}:${config.apiPort}`;
  const codec = config.codecPath === null ? undefined : `${api}${config.codecPath}`;
  return {
    home,
    url: address,
    ports: devServerPorts(config),
    format: config.logFormat ?? (process.stdout.isTTY ? 'pretty' : 'json'),
    parts: () => Promise.resolve([devServer(config, env, home, codec)]),
    ready: () => `Temporal is ready\n\n  Address  ${address}\n  Web UI   ${ui}\n`,
    exitWithParent: config.exitWithParent,
  };
});
