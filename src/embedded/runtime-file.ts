// TENURE_HOME/runtime.json: addresses and processes of the running embedded mode, for scripts and
// for the next start, which ends what a killed supervisor left behind.
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { writeSecret } from './home.js';
import { endProcess, isRunning, noteProcess, type ProcessMark } from './process-mark.js';

/** Addresses under which the parts are reached. */
export interface Addresses {
  api: string;
  /** host:port */
  temporal: string;
  temporalUi: string | null;
  codecEndpoint: string;
  simulator: string;
  databaseUrl: string;
  adminKeyFile: string;
}

export interface RuntimeFile {
  update: (addresses: Addresses) => void;
  setProcess: (part: string, process: ProcessMark | null) => void;
  remove: () => void;
}

/** Starts a new file with the supervisor itself as its first process. */
export function openRuntimeFile(home: string): RuntimeFile {
  const file = join(home, 'runtime.json');
  const pids: Record<string, ProcessMark> = {};
  const self = noteProcess(process.pid);
  if (self !== null) pids['supervisor'] = self;
  let addresses: Addresses | undefined;
  const write = () => {
    writeSecret(file, JSON.stringify({ ...addresses, pids }, null, 2));
  };
  return {
    update: (value) => {
      addresses = value;
      write();
    },
    setProcess: (part, process) => {
      if (process === null) Reflect.deleteProperty(pids, part);
      else pids[part] = process;
      write();
    },
    remove: () => {
      rmSync(file, { force: true });
    },
  };
}

/**
 * Ends the processes that an earlier supervisor wrote down and that still run; returns their names.
 * Only to be called by the holder of the home's lock: a living supervisor's file is not looked at.
 */
export async function endLeftovers(home: string): Promise<string[]> {
  const left = Object.entries(readProcesses(home)).filter(
    ([part, noted]) => part !== 'supervisor' && isRunning(noted),
  );
  await Promise.all(
    left.map(async ([part, noted]) => {
      await endProcess(noted, part === 'postgres' ? 'SIGINT' : 'SIGTERM', 5_000);
    }),
  );
  return left.map(([part]) => part);
}

function readProcesses(home: string): Record<string, ProcessMark> {
  try {
    const text = readFileSync(join(home, 'runtime.json'), 'utf8');
    return (JSON.parse(text) as { pids?: Record<string, ProcessMark> }).pids ?? {};
  } catch {
    return {};
  }
}
