// The Temporal dev server as the configuration wants it: one part, two ports, one SQLite file.
import { join, resolve } from 'node:path';
import type { Config } from '../config.js';
import type { Part } from './part.js';
import { temporalPart } from './parts.js';
import type { PortClaim } from './ports.js';
import { StartProblem } from './problem.js';

/** The part; set-up has put the CLI's path into the configuration. @throws {StartProblem} if not. */
export function devServer(
  config: Config,
  env: Record<string, string | undefined>,
  home: string,
  codecEndpoint: string | undefined,
): Part {
  if (config.temporalCli === null) {
    throw new StartProblem(
      'TENURE_TEMPORAL_CLI does not name the Temporal CLI: use `npm start` or `npm run temporal`, which find it.',
    );
  }
  return temporalPart(home, {
    cli: resolve(config.temporalCli),
    port: config.temporalPort,
    uiPort: config.temporalUiPort,
    databaseFile: join(home, 'temporal.sqlite'),
    ...(codecEndpoint === undefined ? {} : { codecEndpoint }),
    namespace: config.temporalNamespace ?? 'default',
    env,
    cwd: home,
  });
}

/** The ports it listens on, both on loopback. */
export function devServerPorts(config: Config): PortClaim[] {
  const host = '127.0.0.1';
  const port = config.temporalPort;
  const uiPort = config.temporalUiPort;
  return [
    { host, port, variable: 'TENURE_TEMPORAL_PORT', what: 'Temporal' },
    { host, port: uiPort, variable: 'TENURE_TEMPORAL_UI_PORT', what: "Temporal's Web UI" },
  ];
}
