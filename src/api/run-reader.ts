// Finds a run by the id that people write, as far as their key may see it, and looks at it in Temporal
// where it is open. Never queries the workflow: without a worker a query hangs to its deadline.
import { parseRunAddress } from '../contract/ids.js';
import type { RunAnswer } from '../domain/answer.schema.js';
import { isOpen, type RunRecord } from '../domain/run.js';
import type { Logger } from '../observability/logger.js';
import type { ApiKey, RunStore } from '../store/store.js';
import { mayUse } from './auth.js';
import { pendingWork, WORKER_LATE_MS } from './pending-work.js';
import { Problem } from './problem.js';
import { runView, type Live, type TemporalUi } from './run-view.js';
import { askedOf } from './asked.js';
import { inputOf } from './start-order.js';
import type { Engine } from './temporal.js';

export interface RunReader {
  /** @throws {Problem} 404 where it does not exist or the key may not see it. */
  find(key: ApiKey, id: string): Promise<RunRecord>;
  /** With one look at Temporal where it is open. */
  show(run: RunRecord): Promise<RunAnswer>;
  /** The row alone. */
  row(run: RunRecord): RunAnswer;
}

export interface RunReaderDeps {
  runs: RunStore;
  engine: Engine;
  ui: TemporalUi;
  log: Logger;
}

const DESCRIBE_MS = 2_000;
/** Before this a workflow task that nobody took yet is no news. */
const TASK_PATIENCE_MS = 1_000;

export function createRunReader({ runs, engine, ui, log }: RunReaderDeps): RunReader {
  async function find(key: ApiKey, id: string): Promise<RunRecord> {
    const address = parseRunAddress(id);
    // What is no id may be anything that somebody has pasted: a login, a key.
    if (address === null) throw Problem.notFound('RUN_NOT_FOUND', 'This run');
    const { connection, subjectRef } = address.kind === 'run' ? address.run : address;
    if (!mayUse(key, connection)) throw notFound(id);
    const run =
      address.kind === 'run'
        ? await runs.get(address.run.id)
        : await runs.latest(connection, subjectRef);
    if (run === null) throw notFound(id);
    return run;
  }

  async function look(run: RunRecord): Promise<Live | null> {
    try {
      const seen = await engine.describe(run.workflowId, DESCRIBE_MS);
      // The person's workflow may be another run's by now.
      if (seen?.run !== run.id) return null;
      const work = pendingWork(seen.description.raw, Date.now());
      return {
        workflowRunId: seen.workflowRunId,
        status: seen.status,
        work: (await lacksWorker(work.workflowTaskWaitsMs))
          ? { ...work, waiting: { for: 'worker' } }
          : work,
      };
    } catch (error) {
      log.debug({ event: 'run.describe.failed', runId: run.id, error });
      return null;
    }
  }

  // The server remembers pollers for minutes, so a task that waits long is proof without them.
  async function lacksWorker(waitsMs: number | null): Promise<boolean> {
    if (waitsMs === null || waitsMs < TASK_PATIENCE_MS) return false;
    return waitsMs > WORKER_LATE_MS || !(await engine.hasWorker(DESCRIBE_MS));
  }

  /** What can be done with a finished onboarding is what its contract end allows. */
  async function actionsOf(run: RunRecord): Promise<RunRecord['actions']> {
    if (isOpen(run.phase) || run.continuesAs === null) return run.actions;
    const next = await runs.get(run.continuesAs);
    if (next === null) return run.actions;
    return next.actions.filter(
      (action) =>
        action === 'cancel' || (action === 'reschedule' && next.waiting?.for === 'suspend'),
    );
  }

  return {
    find,
    show: async (run) => {
      const [live, actions, input] = await Promise.all([
        isOpen(run.phase) ? look(run) : null,
        actionsOf(run),
        runs.input(run.id),
      ]);
      const asked = input === null ? null : askedOf(inputOf(run.kind, input));
      return { ...runView({ ...run, actions }, ui, live), request: asked };
    },
    row: (run) => runView(run, ui),
  };
}

function notFound(id: string): Problem {
  return Problem.notFound('RUN_NOT_FOUND', `The run ${id}`);
}
