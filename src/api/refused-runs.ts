// Retries runs that parked for a refusal which turned out to be their connection's, each once: nobody has
// to decide for each of them. Where a step is blocked and no run is left that waits to try it, one of
// those that parked takes that place.
import type { ProblemCode } from '../domain/run.js';
import type { Logger } from '../observability/logger.js';
import type { RefusalStore, RefusedRun, RunStore } from '../store/store.js';
import { startRounds, type Rounds } from './rounds.js';
import type { Engine } from './temporal.js';

export interface RefusedRunDeps {
  refusals: Pick<RefusalStore, 'toRetry' | 'retrying' | 'settle' | 'postpone'>;
  runs: Pick<RunStore, 'get' | 'note'>;
  engine: Pick<Engine, 'act' | 'ping'>;
  log: Logger;
}

const EVERY_MS = 5_000;
const AT_ONCE = 100;
/** A run that was just refused may not have reported yet that it is parked. */
const PARKS_WITHIN_MS = 60_000;

/** What such a run is parked with, on its way there or on its way back. */
const REFUSED: ReadonlySet<string> = new Set<ProblemCode>(['NOT_PERMITTED', 'UNDO_INCOMPLETE']);

const REASONS: Record<RefusedRun['because'], string> = {
  lifted: 'Okta permits it again',
  unwatched: 'nobody else waits to find out whether Okta permits it again',
};

/** Starts looking for them. */
export function startRefusedRuns(deps: RefusedRunDeps, everyMs = EVERY_MS): Rounds {
  const once = (stopped: AbortSignal): Promise<void> => retryRefusedRuns(deps, stopped);
  return startRounds('refused-runs', once, { everyMs, log: deps.log });
}

/**
 * One round. A run that cannot be retried now is looked at last the next time, so it keeps no other
 * waiting. @throws Temporal's or the database's errors where neither can be asked
 */
export async function retryRefusedRuns(
  { refusals, runs, engine, log }: RefusedRunDeps,
  stopped?: AbortSignal,
): Promise<void> {
  const found = await refusals.toRetry(AT_ONCE);
  // While Temporal is away every run would only wait for the same deadline.
  if (found.length > 0) await engine.ping();
  for (const refused of found) {
    if (stopped?.aborted === true) return;
    const { id: runId } = refused.run;
    const result = await retry(refused).catch((error: unknown) => {
      log.warn({ event: 'refused-run.failed', runId, error });
      return 'failed' as const;
    });
    const isSettled =
      result === 'needless' || (result === 'retried' && refused.because === 'lifted');
    await (isSettled ? refusals.settle(refused) : refusals.postpone(refused));
    log.info({ event: 'refused-run', runId, because: refused.because, result });
  }

  /** Repeatable: a run hears once of the same refusal. */
  async function retry(refused: RefusedRun): Promise<'retried' | 'needless' | 'not-yet'> {
    const { run, step, at, because } = refused;
    const record = await runs.get(run.id);
    if (record?.phase !== 'parked') {
      const isYoung = Date.now() - Date.parse(at) < PARKS_WITHIN_MS;
      return record?.phase === 'running' && isYoung ? 'not-yet' : 'needless';
    }
    // Parked for something else by now, which is for a person to decide.
    if (!REFUSED.has(record.problem?.code ?? '')) return 'needless';
    const actionId = `refused/${step}/${at}`;
    const reason = REASONS[because];
    const event = { key: `asked/${actionId}`, action: 'resolve.asked', detail: reason };
    await runs.note(run, event, null);
    // Before the run hears of it: it may be refused once more within milliseconds.
    await refusals.retrying(refused);
    const message = { actionId, runId: run.id, requestedBy: null, reason };
    await engine.act(record.workflowId, {
      name: 'resolve',
      args: { ...message, decision: 'retry' },
    });
    return 'retried';
  }
}
