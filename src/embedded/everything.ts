// The embedded mode as parts: addresses, ports, keys and what each part is told. Makes the keys on
// the first start; starts nothing itself.
import { randomBytes } from 'node:crypto';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Config } from '../config.js';
import { adminKeyFile, masterKeyFile } from './home.js';
import type { Part } from './part.js';
import { apiPart, postgresPart, simulatorPart, workerPart } from './parts.js';
import { reachableHost, type PortClaim } from './ports.js';
import { clusterExists } from './postgres.js';
import type { Life } from './run-parts.js';
import type { Addresses, RuntimeFile } from './runtime-file.js';
import { devServer, devServerPorts } from './dev-server.js';
import type { Terminal } from './terminal.js';

type Environment = Record<string, string | undefined>;

/** Everything that `npm start` runs. `env` is handed on to the parts. */
export function everything(config: Config, env: Environment): Life {
  const home = resolve(config.home);
  const addresses = addressesOf(config, home);
  return {
    home,
    url: addresses.api,
    ports: portClaims(config),
    format: config.logFormat ?? (process.stdout.isTTY ? 'pretty' : 'json'),
    parts: (runtime, terminal) => parts({ config, env, home, addresses }, runtime, terminal),
    ready: () => readyText(config, addresses),
    exitWithParent: config.exitWithParent,
  };
}

type KnownAddresses = Omit<Addresses, 'databaseUrl'> & { codecPath: string };

function addressesOf(config: Config, home: string): KnownAddresses {
  const api = `http://${reachableHost(config.host)}:${config.apiPort}`;
  const codecPath = config.codecPath ?? `/${randomBytes(24).toString('base64url')}`;
  const embedded = config.temporalAddress === null;
  return {
    api,
    temporal: config.temporalAddress ?? `127.0.0.1:${config.temporalPort}`,
    temporalUi: embedded ? `http://127.0.0.1:${config.temporalUiPort}` : config.temporalUiUrl,
    codecEndpoint: `${api}${codecPath}`,
    simulator: `http://127.0.0.1:${config.simulatorPort}`,
    adminKeyFile: config.adminKeyFile ?? join(home, 'admin.key'),
    codecPath,
  };
}

function portClaims(config: Config): PortClaim[] {
  const { host } = config;
  const metrics = { host, variable: 'TENURE_METRICS_PORT', what: 'the metrics of the worker' };
  const claims = [
    { host, port: config.apiPort, variable: 'TENURE_API_PORT', what: 'the API' },
    ...(config.metricsPort === null ? [] : [{ ...metrics, port: config.metricsPort }]),
    {
      host: '127.0.0.1',
      port: config.simulatorPort,
      variable: 'TENURE_SIMULATOR_PORT',
      what: 'the simulated Okta',
    },
  ];
  return config.temporalAddress === null ? [...claims, ...devServerPorts(config)] : claims;
}

interface Setting {
  config: Config;
  env: Environment;
  home: string;
  addresses: KnownAddresses;
}

async function parts(setting: Setting, runtime: RuntimeFile, terminal: Terminal): Promise<Part[]> {
  const { config, env, home, addresses } = setting;
  const hasCluster = config.databaseUrl === null && (await clusterExists({ home }));
  const keys = {
    master: config.masterKey.kind === 'none' ? masterKeyFile(home, hasCluster) : undefined,
    admin: config.adminKeyFile ?? adminKeyFile(home),
  };
  const { codecPath, ...known } = addresses;
  let databaseUrl = config.databaseUrl ?? '';
  const table: Part[] = [];
  if (config.databaseUrl === null) {
    if (!hasCluster) terminal.say('Making the database, once (about 2 s) …');
    const postgres = postgresPart({ home });
    table.push(postgres.part);
    // A failure is reported by the part itself, which prepares the same cluster.
    postgres.url().then(
      (url) => {
        databaseUrl = url;
        runtime.update({ ...known, databaseUrl });
      },
      () => undefined,
    );
  } else runtime.update({ ...known, databaseUrl });
  if (config.temporalAddress === null) {
    table.push(devServer(config, env, home, addresses.codecEndpoint));
  }
  const node = {
    dist: dirname(dirname(fileURLToPath(import.meta.url))),
    env: () => ({
      ...environment(setting),
      DATABASE_URL: databaseUrl,
      TENURE_CODEC_PATH: codecPath,
      TENURE_ADMIN_KEY_FILE: keys.admin,
      ...(keys.master === undefined ? {} : { TENURE_MASTER_KEY_FILE: keys.master }),
    }),
  };
  table.push(simulatorPart(node), workerPart(node), apiPart(node, addresses.api));
  return table;
}

/** Settings of other Temporal servers, which must not reach parts that use the embedded one. */
const FOREIGN = /^TEMPORAL_(API_KEY|TLS|CONFIG_FILE|PROFILE|GRPC_META|CLIENT_|CODEC)/;

function environment({ config, env, home, addresses }: Setting): Environment {
  const inherited = Object.entries(env).filter(
    ([name]) => config.temporalAddress !== null || !FOREIGN.test(name),
  );
  return {
    ...Object.fromEntries(inherited),
    TENURE_HOME: home,
    TENURE_HOST: config.host,
    TENURE_API_PORT: String(config.apiPort),
    TENURE_SIMULATOR_PORT: String(config.simulatorPort),
    TENURE_SIMULATOR_STATE: join(home, 'simulator.jsonl'),
    TENURE_SIMULATOR_ORIGIN: addresses.simulator,
    TENURE_TEMPORAL_UI_URL: addresses.temporalUi ?? undefined,
    TENURE_WORKFLOW_BUNDLE: config.workflowBundle ?? undefined,
    TENURE_LOG_LEVEL: config.logLevel,
    TENURE_LOG_FORMAT: 'json',
    TENURE_EXIT_WITH_PARENT: '1',
    TEMPORAL_ADDRESS: addresses.temporal,
    TEMPORAL_NAMESPACE: config.temporalNamespace ?? undefined,
    // The user's own profile is about other servers; a file that is not there is no profile.
    ...(config.temporalAddress === null ? { TEMPORAL_CONFIG_FILE: join(home, 'no-profile') } : {}),
    // glibc keeps an arena per thread otherwise, and the worker has many threads.
    MALLOC_ARENA_MAX: '2',
  };
}

function readyText(config: Config, addresses: KnownAddresses): string {
  const rows = [
    ['API', addresses.api],
    ['API documentation', `${addresses.api}/docs`],
    ['Temporal Web UI', addresses.temporalUi ?? `(that of ${addresses.temporal})`],
    ['Simulated Okta', addresses.simulator],
    ['Admin API key', `in ${addresses.adminKeyFile}`],
    ['To stop', `Ctrl-C, or kill ${process.pid}; the next start goes on with the same data`],
  ];
  if (config.publicUrl !== addresses.api) rows.splice(1, 0, ['Public address', config.publicUrl]);
  const lines = rows.map(([what = '', where = '']) => `  ${what.padEnd(18)} ${where}`);
  return ['Tenure is ready', '', ...lines, ''].join('\n');
}
