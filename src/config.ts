// The only reader of the environment. `loadConfig` is a pure function over one schema: it reports
// every problem at once and knows nothing of files or sockets.
import { z } from 'zod';

const port = (fallback: number) => z.coerce.number().int().min(1).max(65_535).default(fallback);
const text = z.string().min(1);

const environment = z.object({
  TENURE_HOME: text.default('.tenure'),
  TENURE_HOST: text.default('127.0.0.1'),
  TENURE_API_PORT: port(8080),
  TENURE_TEMPORAL_PORT: port(7233),
  TENURE_TEMPORAL_UI_PORT: port(8233),
  TENURE_SIMULATOR_PORT: port(8090),
  TENURE_PUBLIC_URL: z.url().optional(),
  TENURE_TEMPORAL_UI_URL: z.url().optional(),
  TENURE_TEMPORAL_CLI: text.optional(),
  DATABASE_URL: text.optional(),
  TEMPORAL_ADDRESS: text.optional(),
  TEMPORAL_NAMESPACE: text.optional(),
  TENURE_TASK_QUEUE: text.default('tenure'),
  TENURE_MASTER_KEY_FILE: text.optional(),
  TENURE_MASTER_KEY: text.optional(),
  TENURE_MASTER_KEY_NEXT: text.optional(),
  TENURE_ADMIN_KEY_FILE: text.optional(),
  TENURE_CONNECTION_FILE: text.optional(),
  TENURE_SIMULATOR_ORIGIN: z.url().optional(),
  TENURE_CODEC_PATH: z
    .string()
    .regex(/^\/[\w-]{16,}$/)
    .optional(),
  TENURE_WORKFLOW_BUNDLE: text.optional(),
  TENURE_LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace']).default('info'),
  TENURE_LOG_FORMAT: z.enum(['pretty', 'json']).optional(),
  TENURE_METRICS_PORT: z.coerce.number().int().min(1).max(65_535).optional(),
  OTEL_EXPORTER_OTLP_ENDPOINT: z.url({ protocol: /^https?$/ }).optional(),
  TENURE_EXIT_WITH_PARENT: z.stringbool().default(false),
  TENURE_OKTA_TIMEOUT_MS: z.coerce.number().int().min(100).max(120_000).default(20_000),
});

/** Exit code of sysexits.h: what a process ends with where no second try can help, but a person. */
export const EX_CONFIG = 78;

/**
 * Where the master key comes from: a file, the environment (with the one that a rekey may put in its
 * place), or nowhere (the caller decides).
 */
export type MasterKeySource =
  | { kind: 'file'; path: string }
  | { kind: 'value'; base64: string; next: string | null }
  | { kind: 'none' };

export interface Config {
  /** Directory of keys, embedded databases and logs; created with mode 0700 by the embedded mode. */
  home: string;
  host: string;
  apiPort: number;
  temporalPort: number;
  temporalUiPort: number;
  simulatorPort: number;
  /** How browsers and Okta reach the API, without a trailing slash. */
  publicUrl: string;
  /** Where the Temporal Web UI is, for links; null where none is known. */
  temporalUiUrl: string | null;
  temporalCli: string | null;
  databaseUrl: string | null;
  /** host:port, or null for the embedded server. */
  temporalAddress: string | null;
  /** Null: that of Temporal's profile, else `default`. */
  temporalNamespace: string | null;
  taskQueue: string;
  masterKey: MasterKeySource;
  adminKeyFile: string | null;
  /** One connection from configuration: a JSON file `{ id, domain, clientId, privateKeyFile }`. */
  connectionFile: string | null;
  /** Origin of the simulated Okta; set by the embedded mode only, and with it loopback is allowed. */
  simulatorOrigin: string | null;
  /** Unguessable path under which `/codec/decode` works without a key; embedded mode only. */
  codecPath: string | null;
  workflowBundle: string | null;
  logLevel: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace';
  /** Undefined: pretty on a terminal, else json. */
  logFormat: 'pretty' | 'json' | undefined;
  /** Where a worker serves `/metrics`, on `host`; null: nowhere. */
  metricsPort: number | null;
  /** Base URL of an OTLP/HTTP receiver of traces; null turns tracing off. */
  otlpEndpoint: string | null;
  /** End at end of standard input: how a child notices that its supervisor was killed. */
  exitWithParent: boolean;
  oktaTimeoutMs: number;
}

/** Thrown with every problem of the environment, one line each: `TENURE_API_PORT: …`. */
export class ConfigError extends Error {
  readonly code = 'CONFIG_INVALID';
  readonly problems: string[];
  constructor(problems: string[]) {
    super(`The configuration has ${problems.length} problem(s):\n  ${problems.join('\n  ')}`);
    this.problems = problems;
  }
}

/** Reads the whole configuration from `env`. @throws {ConfigError} naming every wrong variable. */
export function loadConfig(env: Record<string, string | undefined>): Config {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const parsed = environment.safeParse(given);
  if (!parsed.success) {
    throw new ConfigError(
      parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`),
    );
  }
  const e = parsed.data;
  return {
    home: e.TENURE_HOME,
    host: e.TENURE_HOST,
    apiPort: e.TENURE_API_PORT,
    temporalPort: e.TENURE_TEMPORAL_PORT,
    temporalUiPort: e.TENURE_TEMPORAL_UI_PORT,
    simulatorPort: e.TENURE_SIMULATOR_PORT,
    publicUrl: (
      e.TENURE_PUBLIC_URL ?? ownUrl({ host: e.TENURE_HOST, apiPort: e.TENURE_API_PORT })
    ).replace(/\/+$/, ''),
    temporalUiUrl: e.TENURE_TEMPORAL_UI_URL?.replace(/\/+$/, '') ?? null,
    temporalCli: e.TENURE_TEMPORAL_CLI ?? null,
    databaseUrl: e.DATABASE_URL ?? null,
    temporalAddress: e.TEMPORAL_ADDRESS ?? null,
    temporalNamespace: e.TEMPORAL_NAMESPACE ?? null,
    taskQueue: e.TENURE_TASK_QUEUE,
    masterKey: masterKeySource(e),
    adminKeyFile: e.TENURE_ADMIN_KEY_FILE ?? null,
    connectionFile: e.TENURE_CONNECTION_FILE ?? null,
    simulatorOrigin: e.TENURE_SIMULATOR_ORIGIN?.replace(/\/+$/, '') ?? null,
    codecPath: e.TENURE_CODEC_PATH ?? null,
    workflowBundle: e.TENURE_WORKFLOW_BUNDLE ?? null,
    logLevel: e.TENURE_LOG_LEVEL,
    logFormat: e.TENURE_LOG_FORMAT,
    metricsPort: e.TENURE_METRICS_PORT ?? null,
    otlpEndpoint: e.OTEL_EXPORTER_OTLP_ENDPOINT ?? null,
    exitWithParent: e.TENURE_EXIT_WITH_PARENT,
    oktaTimeoutMs: e.TENURE_OKTA_TIMEOUT_MS,
  };
}

/** Where the API listens: its public address where nothing else is said. */
export function ownUrl({ host, apiPort }: Pick<Config, 'host' | 'apiPort'>): string {
  return `http://${inUrl(host)}:${apiPort}`;
}

/** A host as it stands in a URL (RFC 3986, section 3.2.2). */
export function inUrl(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

function masterKeySource(e: z.infer<typeof environment>): MasterKeySource {
  const { TENURE_MASTER_KEY_FILE: path, TENURE_MASTER_KEY: base64 } = e;
  if (path !== undefined) return { kind: 'file', path };
  if (base64 === undefined) return { kind: 'none' };
  return { kind: 'value', base64, next: e.TENURE_MASTER_KEY_NEXT ?? null };
}
