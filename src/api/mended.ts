// Lets runs go on that parked for a refusal which turned out to be their connection's: once it permits
// the step again, nobody has to decide for each of them.
import type { Logger } from '../observability/logger.js';
import type { RefusalStore, RunStore } from '../store/store.js';
import { startRounds, type Rounds } from './rounds.js';
import type { Engine } from './temporal.js';

export interface MendedDeps {
  refusals: Pick<RefusalStore, 'mended' | 'forget'>;
  runs: Pick<RunStore, 'get' | 'note'>;
  engine: Pick<Engine, 'act'>;
  log: Logger;
}

const EVERY_MS = 5_000;
const AT_ONCE = 100;

/** Starts the rounds. */
export function startMended(deps: MendedDeps, everyMs = EVERY_MS): Rounds {
  return startRounds('mended', () => retryMended(deps), { everyMs, log: deps.log });
}

/** Repeatable: a run hears of the same mend once. @throws Temporal's or the database's errors. */
async function retryMended({ refusals, runs, engine, log }: MendedDeps): Promise<void> {
  for (const { run, step, at } of await refusals.mended(AT_ONCE)) {
    const found = await runs.get(run.id);
    if (found?.phase === 'parked') {
      const actionId = `mended/${step}/${at}`;
      const reason = 'Okta permits it again';
      const event = { key: `asked/${actionId}`, action: 'resolve.asked', detail: reason };
      await runs.note(run, event, null);
      const message = { actionId, runId: run.id, requestedBy: null, reason };
      const { kind } = await engine.act(found.workflowId, {
        name: 'resolve',
        args: { ...message, decision: 'retry' },
      });
      log.info({ event: 'sweep.mended', runId: run.id, result: kind });
    }
    await refusals.forget(run, step);
  }
}
