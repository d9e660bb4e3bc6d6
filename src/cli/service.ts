// Where the service is, and with which key it is asked. A key is read from a file, never taken from the
// command line, and the key of TENURE_HOME is sent to the installation of that home only.
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { ownUrl, type Config } from '../config.js';
import { CliProblem } from './command.js';

/** Options of every command that asks the service. */
export const SERVICE_OPTIONS = {
  url: { type: 'string' },
  'key-file': { type: 'string' },
  json: { type: 'boolean' },
} as const;

/** npm tells on standard output what it runs, unless it is told not to. */
export const JSON_USAGE =
  "  --json               the answer as JSON; without npm's own lines: npm run tenure -s -- … --json";

export const SERVICE_USAGE = `  --url URL            where the service is; default TENURE_PUBLIC_URL, else what runs on TENURE_HOME
  --key-file FILE      an API key; default TENURE_ADMIN_KEY_FILE, else that of TENURE_HOME
${JSON_USAGE}

Exit codes: 0 done, or it waits as asked; 1 failed, done in part, or parked; 2 not understood; 3 the
service cannot be reached.`;

export interface ServiceFlags {
  url?: string | undefined;
  'key-file'?: string | undefined;
}

export interface Service {
  /** Without a trailing slash. */
  url: string;
  key: string;
}

/** @throws {CliProblem} that says what to set or to start. */
export function findService(config: Config, flags: ServiceFlags): Service {
  const home = resolve(config.home);
  const running = runtimeOf(home);
  const ours = [running.api, config.publicUrl].flatMap((url) => (url === undefined ? [] : [url]));
  const url = addressOf(flags.url ?? (isNamed(config) ? config.publicUrl : (ours[0] ?? '')));
  const isOurs = ours.some((own) => new URL(own).origin === new URL(url).origin);
  const keyFile = flags['key-file'] ?? config.adminKeyFile ?? (isOurs ? keyOfHome() : undefined);
  if (keyFile !== undefined) return { url, key: readKey(keyFile) };
  throw isOurs && !isNamed(config)
    ? new CliProblem(
        `Tenure does not run on ${home}: start it with \`npm start\`; or name another one with --url URL and --key-file FILE.`,
        3,
      )
    : new CliProblem(
        `Name the file of an API key for ${url}: --key-file FILE, or TENURE_ADMIN_KEY_FILE.`,
        2,
      );

  function keyOfHome(): string | undefined {
    return [running.adminKeyFile, join(home, 'admin.key')].find(
      (file) => file !== undefined && existsSync(file),
    );
  }
}

/** Whether the environment says how the API is reached, rather than that being the default. */
function isNamed(config: Config): boolean {
  return config.publicUrl !== ownUrl(config);
}

function addressOf(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !['http:', 'https:'].includes(url.protocol)) {
    throw new CliProblem('--url wants an address like https://tenure.example.com.', 2);
  }
  return `${url.origin}${url.pathname}`.replace(/\/+$/, '');
}

/** Of runtime.json, as far as the commands need it. */
interface Runtime {
  api?: string;
  databaseUrl?: string;
  adminKeyFile?: string;
}

/** Nothing where the embedded mode was never started, or was ended; one that was killed leaves it behind. */
export function runtimeOf(home: string): Runtime {
  try {
    return JSON.parse(readFileSync(join(home, 'runtime.json'), 'utf8')) as Runtime;
  } catch {
    return {};
  }
}

/** A header takes visible ASCII only; anything else is no key, and must not end up in an error. */
function readKey(file: string): string {
  const key = readText(file, 'The API key').trim();
  if (/^[\x21-\x7e]+$/.test(key)) return key;
  throw new CliProblem(`${file} holds no API key: it must be one line without blanks.`, 2);
}

/** @throws {CliProblem} naming the file and what is wrong with it. */
export function readText(file: string, what: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException;
    throw new CliProblem(`${what} cannot be read from ${file} (${code}).`, 2);
  }
}
