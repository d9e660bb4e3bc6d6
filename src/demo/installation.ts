// A whole Tenure in a directory of its own, on ports of its own, started and stopped as `npm start`
// does it. For the demo and for tests; it knows the other processes by their files only.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { settlesWithin } from '../embedded/deadline.js';
import { removeRootPlace } from '../embedded/postgres-place.js';

/** What `runtime.json` says of a running installation. */
export interface Runtime {
  api: string;
  temporal: string;
  temporalUi: string;
  codecEndpoint: string;
  simulator: string;
  databaseUrl: string;
  adminKeyFile: string;
  pids: Record<string, { pid: number; startedAt: string }>;
}

export interface Installation {
  runtime: Runtime;
  /** The admin API key. */
  key: string;
  supervisor: ChildProcess;
  /** SIGTERM, and the end of every part. */
  stop(): Promise<void>;
}

interface InstallationOptions {
  home: string;
  /** From {@link freePorts}; the same again for a second start. */
  ports: Ports;
  env?: Record<string, string>;
  /** The compiled supervisor; default the one beside this file. */
  supervisorPath?: string;
  /** How long it may take to become ready, in milliseconds. */
  withinMs?: number;
  /** What the supervisor prints, as it comes. */
  onOutput?: (text: string) => void;
}

export interface Ports {
  api: number;
  temporal: number;
  temporalUi: number;
  simulator: number;
}

const SUPERVISOR = fileURLToPath(new URL('../embedded/main.js', import.meta.url));
const READY = 'Tenure is ready';

/** A supervisor waits for its parts without end, and says every twenty seconds for which. */
const READY_MS = 180_000;

/** Resolves once it prints that it is ready. @throws with its output when it ends before, or never is. */
export async function startInstallation(options: InstallationOptions): Promise<Installation> {
  const { home, ports, onOutput, withinMs = READY_MS } = options;
  const supervisor = spawn(process.execPath, [options.supervisorPath ?? SUPERVISOR], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      TENURE_HOME: home,
      TENURE_API_PORT: String(ports.api),
      TENURE_TEMPORAL_PORT: String(ports.temporal),
      TENURE_TEMPORAL_UI_PORT: String(ports.temporalUi),
      TENURE_SIMULATOR_PORT: String(ports.simulator),
      ...options.env,
    },
  });
  const ended = once(supervisor, 'exit');
  let output = '';
  const ready = new Promise<void>((resolve, reject) => {
    const read = (chunk: Buffer) => {
      const text = chunk.toString('utf8');
      output += text;
      onOutput?.(text);
      if (output.includes(READY)) resolve();
    };
    supervisor.stdout.on('data', read);
    supervisor.stderr.on('data', read);
    void ended.then(([code]) => {
      reject(new Error(`Tenure ended (${String(code)}) before it was ready:\n${output}`));
    });
  });
  if (!(await settlesWithin(ready, withinMs))) supervisor.kill('SIGTERM');
  await ready;
  const runtime = JSON.parse(await readFile(join(home, 'runtime.json'), 'utf8')) as Runtime;
  return {
    runtime,
    key: (await readFile(runtime.adminKeyFile, 'utf8')).trim(),
    supervisor,
    stop: async () => {
      if (supervisor.exitCode === null && supervisor.signalCode === null)
        supervisor.kill('SIGTERM');
      await ended;
    },
  };
}

/** Removes a stopped installation's home, and what root's PostgreSQL keeps elsewhere. */
export async function removeHome(home: string): Promise<void> {
  await removeRootPlace(home);
  await rm(home, { recursive: true, force: true });
}

/** Ports that are free now, all at once so that they differ. */
export async function freePorts(): Promise<Ports> {
  const servers = await Promise.all(
    Array.from({ length: 4 }, async () => {
      const server = createServer().listen(0, '127.0.0.1');
      await once(server, 'listening');
      return server;
    }),
  );
  const [api = 0, temporal = 0, temporalUi = 0, simulator = 0] = servers.map((server) => {
    const address = server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  });
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return { api, temporal, temporalUi, simulator };
}
