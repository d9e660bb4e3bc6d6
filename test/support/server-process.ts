// A server of somebody else's (PostgreSQL, Temporal) as a process of the tests' own: its output goes to
// a log, and it ends with the process that started it, even by kill -9.
import type { ChildProcess } from 'node:child_process';
import { open, readFile } from 'node:fs/promises';
import { withDeadline } from '../../src/embedded/deadline.js';
import {
  ended,
  guard,
  spawnApart,
  type Command,
  type GuardPlan,
} from '../../src/embedded/guarded-process.js';

const READY_WITHIN_MS = 60_000;

export interface Server {
  command: Command;
  plan: GuardPlan;
  logFile: string;
  /** Resolves when it answers. */
  ready: (signal: AbortSignal) => Promise<void>;
  /** Before every start. */
  prepare?: () => Promise<void>;
}

export interface ServerProcess {
  /** Resolves when it answers; at once if it runs. @throws with the end of its log when it ends before. */
  start: () => Promise<void>;
  /** Resolves when it has ended; at once if it does not run. */
  end: (signal: NodeJS.Signals) => Promise<void>;
}

/** Not started yet. */
export function serverProcess(server: Server): ServerProcess {
  const { command, plan, logFile, prepare = () => Promise.resolve() } = server;
  let child: ChildProcess | undefined;
  return {
    start: async () => {
      if (child?.exitCode === null && child.signalCode === null) return;
      await prepare();
      const log = await open(logFile, 'a');
      child = spawnApart(command, ['ignore', log.fd, log.fd]);
      await log.close();
      guard(child, plan);
      await answers(child, server);
    },
    end: async (signal) => {
      if (child === undefined) return;
      child.kill(signal);
      await ended(child);
    },
  };
}

async function answers(child: ChildProcess, { ready, logFile }: Server): Promise<void> {
  const died = ended(child).then(async (how) => {
    const log = await readFile(logFile, 'utf8').catch(() => '');
    throw new Error(`the server ended (${how}):\n${log.split('\n').slice(-12).join('\n')}`);
  });
  died.catch(() => undefined);
  await withDeadline(new AbortController().signal, READY_WITHIN_MS, (signal) =>
    Promise.race([ready(signal), died]),
  );
}
