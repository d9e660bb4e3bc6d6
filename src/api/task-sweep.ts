// Finds runs whose workflow task fails, and those of them that work again. Temporal 1.29 cannot be asked
// for them: only a `describe` of each workflow shows the attempts of its task. So a round describes one
// page of what is known to fail (a worker has noted it, or an earlier round), and one page of runs that
// should have moved; the next round takes the next pages. Runs that wait for a later day are never
// looked at. Of several APIs each does the same: twice is harmless.
import type { RunId } from '../domain/brand.js';
import type { Logger } from '../observability/logger.js';
import type { Suspect, TroubleStore } from '../store/store.js';
import { pendingWork } from './pending-work.js';
import { startRounds, type Rounds } from './rounds.js';
import type { Engine } from './temporal.js';

const EVERY_MS = 5_000;
const AT_ONCE = 25;
/**
 * A worker that was killed leaves its task to a second attempt; a third means that the second one came
 * to nothing either. It begins ten seconds after the first.
 */
const FAILING_ATTEMPT = 3;

export interface TaskSweepDeps {
  troubles: TroubleStore;
  engine: Pick<Engine, 'describe'>;
  log: Logger;
  everyMs?: number;
}

/** Starts sweeping. */
export function startTaskSweep(deps: TaskSweepDeps): Rounds {
  const { log, everyMs = EVERY_MS } = deps;
  return startRounds('task-sweep', createTaskSweep(deps), { everyMs, log });
}

/** One round; rejects when the database or Temporal cannot be asked. */
export function createTaskSweep({ troubles, engine, log }: TaskSweepDeps): () => Promise<void> {
  /** Where the next pages begin. */
  const after = { known: null as string | null, suspects: null as string | null };

  return async function once() {
    const known = await troubles.failing(after.known, AT_ONCE);
    after.known = known.next;
    const mended = await chosen(
      known.items,
      async (run) => !run.isOpen || (await attemptOf(run)) <= 1,
    );
    if (mended.length > 0) {
      await troubles.clearFailing(mended);
      log.info({ event: 'run.works-again', runIds: mended });
    }
    const page = await troubles.suspects(after.suspects, AT_ONCE);
    after.suspects = page.next;
    const failing = await chosen(
      page.items,
      async (run) => (await attemptOf(run)) >= FAILING_ATTEMPT,
    );
    if (failing.length > 0) {
      await troubles.markFailing(failing);
      log.warn({ event: 'run.failing', runIds: failing });
    }
  };

  /** Of the workflow task; 0 where there is none. */
  async function attemptOf({ workflowId }: Suspect): Promise<number> {
    const seen = await engine.describe(workflowId);
    if (seen?.status !== 'RUNNING') return 0;
    return pendingWork(seen.description.raw, Date.now()).workflowTaskAttempt;
  }
}

/** One after the other: none of this is in a hurry. */
async function chosen(
  runs: readonly Suspect[],
  matches: (run: Suspect) => Promise<boolean>,
): Promise<RunId[]> {
  const ids: RunId[] = [];
  for (const run of runs) if (await matches(run)) ids.push(run.id);
  return ids;
}
