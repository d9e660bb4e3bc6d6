// Work that must be done once after start and may have to wait for others: tried until it succeeds,
// and until then named by /readyz.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../observability/logger.js';

export interface Setup {
  /** Names of what is still to be done. */
  pending(): string[];
}

const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 5_000;

/** Starts all tasks at once; each is tried again, with growing pauses, until it succeeds. */
export function runSetup(
  tasks: Record<string, () => Promise<void>>,
  { log, signal }: { log: Logger; signal: AbortSignal },
): Setup {
  const pending = new Set(Object.keys(tasks));
  for (const [name, task] of Object.entries(tasks)) {
    void repeat(name, task, { log, signal }).then((isDone) => {
      if (isDone) pending.delete(name);
    });
  }
  return { pending: () => [...pending] };
}

async function repeat(
  task: string,
  run: () => Promise<void>,
  { log, signal }: { log: Logger; signal: AbortSignal },
): Promise<boolean> {
  for (let pause = FIRST_PAUSE_MS; !signal.aborted; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
    try {
      await run();
      return true;
    } catch (error) {
      // At a start in parallel the first attempts meet nobody: no news yet.
      const level = pause < LONGEST_PAUSE_MS ? 'debug' : 'warn';
      log[level]({ event: 'setup.failed', task, error });
      await sleep(pause, undefined, { signal }).catch(() => undefined);
    }
  }
  return false;
}
