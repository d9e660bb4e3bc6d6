// Starts what was accepted and that Temporal may never have got: rows that are unstarted for ten
// seconds, looked for every five. No lock: starting twice is harmless, see starter.ts.
import type { Logger } from '../observability/logger.js';
import type { RunStore } from '../store/store.js';
import { startRounds, type Rounds } from './rounds.js';
import type { Starter } from './starter.js';
import type { Engine } from './temporal.js';

const EVERY_MS = 5_000;
const AGE_MS = 10_000;
const AT_ONCE = 100;

export interface Sweep extends Rounds {
  /** One round; rejects when the database or Temporal cannot be asked. */
  once(): Promise<void>;
}

export interface SweepDeps {
  runs: Pick<RunStore, 'unstarted'>;
  starter: Pick<Starter, 'ensureStarted'>;
  engine: Pick<Engine, 'ping'>;
  log: Logger;
  everyMs?: number;
  ageMs?: number;
}

/** Starts sweeping. */
export function startSweep(deps: SweepDeps): Sweep {
  const { runs, starter, engine, log, everyMs = EVERY_MS, ageMs = AGE_MS } = deps;

  async function once(stopped?: AbortSignal): Promise<void> {
    const rows = await runs.unstarted(ageMs, AT_ONCE);
    // While Temporal is away every row would only wait for the same deadline.
    if (rows.length > 0) await engine.ping();
    for (const row of rows) {
      if (stopped?.aborted === true) return;
      const settled = await starter.ensureStarted(row).catch((error: unknown) => {
        log.warn({ event: 'sweep.run.failed', runId: row.run.id, error });
        return 'unknown' as const;
      });
      log.info({ event: 'sweep.run', runId: row.run.id, settled });
    }
  }

  const rounds = startRounds('sweep', once, { everyMs, log });
  return { once, stop: () => rounds.stop() };
}
