// Starts what was accepted and that Temporal may never have got: rows that are unstarted for ten
// seconds, looked for every five; and sees to what else must not wait for a person. No lock: doing any of
// it twice is harmless, see starter.ts and mended.ts.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../observability/logger.js';
import type { RunStore } from '../store/store.js';
import type { Starter } from './starter.js';
import type { Engine } from './temporal.js';

const EVERY_MS = 5_000;
const AGE_MS = 10_000;
const AT_ONCE = 100;

export interface Sweep {
  /** One round; rejects when the database or Temporal cannot be asked. */
  once(): Promise<void>;
  /** Ends after the round that is under way. */
  stop(): Promise<void>;
}

export interface SweepDeps {
  runs: Pick<RunStore, 'unstarted'>;
  starter: Pick<Starter, 'ensureStarted'>;
  engine: Pick<Engine, 'ping'>;
  log: Logger;
  /** What else there is to see to in every round. */
  also?: () => Promise<void>;
  everyMs?: number;
  ageMs?: number;
}

/** Starts sweeping. */
export function startSweep(deps: SweepDeps): Sweep {
  const { runs, starter, engine, log, everyMs = EVERY_MS, ageMs = AGE_MS } = deps;
  const stopped = new AbortController();

  async function once(): Promise<void> {
    const rows = await runs.unstarted(ageMs, AT_ONCE);
    // While Temporal is away every row would only wait for the same deadline.
    if (rows.length > 0) await engine.ping();
    for (const row of rows) {
      if (stopped.signal.aborted) return;
      const settled = await starter.ensureStarted(row).catch((error: unknown) => {
        log.warn({ event: 'sweep.run.failed', runId: row.run.id, error });
        return 'unknown' as const;
      });
      log.info({ event: 'sweep.run', runId: row.run.id, settled });
    }
    await deps.also?.();
  }

  async function loop(): Promise<void> {
    while (await pause()) {
      await once().catch((error: unknown) => {
        log.warn({ event: 'sweep.failed', error });
      });
    }
  }

  /** False when stopped. */
  function pause(): Promise<boolean> {
    return sleep(everyMs, true, { signal: stopped.signal }).catch(() => false);
  }

  const running = loop();
  return {
    once,
    stop: async () => {
      stopped.abort();
      await running;
    },
  };
}
