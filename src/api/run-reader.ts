// Finds a run by the id that people write, as far as their key may see it, and looks at it in Temporal
// where it is open. Never queries the workflow: without a worker a query hangs to its deadline. A list
// describes no run; one look at the pollers, shared by many requests, tells where nothing can go on.
import { parseRunAddress } from '../contract/ids.js';
import type { RunAnswer } from '../domain/answer.schema.js';
import { workflowFailing } from '../domain/problem.js';
import { isOpen, type RunRecord } from '../domain/run.js';
import type { Logger } from '../observability/logger.js';
import type { ApiKey, RunStore } from '../store/store.js';
import { mayUse } from './auth.js';
import { pendingWork, WORKER_LATE_MS, type PendingWork } from './pending-work.js';
import type { PollerLook } from './pollers.js';
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
  /** Rows of a list; those that cannot go on for want of a worker say so. */
  rows(runs: RunRecord[]): Promise<RunAnswer[]>;
}

export interface RunReaderDeps {
  runs: RunStore;
  engine: Pick<Engine, 'describe'>;
  pollers: PollerLook;
  ui: TemporalUi;
  log: Logger;
}

const DESCRIBE_MS = 2_000;
/** Before this a workflow task that nobody took yet is no news. */
const TASK_PATIENCE_MS = 1_000;

export function createRunReader({ runs, engine, pollers, ui, log }: RunReaderDeps): RunReader {
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
        work: (await lacksWorker(work)) ? { ...work, waiting: { for: 'worker' } } : work,
      };
    } catch (error) {
      log.debug({ event: 'run.describe.failed', runId: run.id, error });
      return null;
    }
  }

  // The server may remember a poller that is gone, so a task that waits long is proof without them. Of
  // a task that failed the next attempt may be put off: only the pollers tell then.
  async function lacksWorker({ workflowTaskWaitsMs, workflowTaskAttempt }: PendingWork) {
    if (workflowTaskWaitsMs === null || workflowTaskWaitsMs < TASK_PATIENCE_MS) return false;
    const isFirst = workflowTaskAttempt <= 1;
    return (isFirst && workflowTaskWaitsMs > WORKER_LATE_MS) || nobodyPolls();
  }

  /** False where that cannot be told. */
  async function nobodyPolls(): Promise<boolean> {
    try {
      return (await pollers.count('runs')) === 0;
    } catch (error) {
      log.debug({ event: 'pollers.look.failed', error });
      return false;
    }
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
      return { ...runView(withTrouble({ ...run, actions }), ui, live), request: asked };
    },
    row: (run) => runView(withTrouble(run), ui),
    async rows(found) {
      const now = Date.now();
      const lacksOne = found.some((run) => needsWorker(run, now)) && (await nobodyPolls());
      return found.map((run) =>
        runView(withTrouble(lacksOne && needsWorker(run, now) ? waitingForWorker(run) : run), ui),
      );
    },
  };
}

/** A workflow that fails can act on nothing, so that goes before what it said of itself. */
function withTrouble(run: RunRecord): RunRecord {
  return isOpen(run.phase) && run.taskFailingSince !== null
    ? { ...run, problem: workflowFailing(run.taskFailingSince) }
    : run;
}

/** No worker has seen it yet, it is at work, or its time has come: the next step is a worker's. */
function needsWorker({ phase, begun, waiting }: RunRecord, now: number): boolean {
  if (!isOpen(phase) || phase === 'parked') return false;
  if (!begun || phase === 'running') return true;
  return waiting?.until !== undefined && Date.parse(waiting.until) + TASK_PATIENCE_MS < now;
}

function waitingForWorker(run: RunRecord): RunRecord {
  return { ...run, waiting: { for: 'worker' } };
}

function notFound(id: string): Problem {
  return Problem.notFound('RUN_NOT_FOUND', `The run ${id}`);
}
