// A worker is the first to know that a workflow task fails: the SDK logs it with Temporal's run id. Here
// that is noted on the run, so that everybody sees it within seconds. Whether it goes on failing, and a
// failure that no worker could note, is found by `api/task-sweep.ts`.
import type { LogEntry, NativeConnection } from '@temporalio/worker';
import { parsePersonWorkflowId } from './contract/ids.js';
import type { Logger } from './observability/logger.js';
import type { TroubleStore } from './store/store.js';

/** As the SDK's core words it (1.24.0); a live test fails when that changes. */
const FAILED_TASK = 'Failing workflow task';
const RUN_ID = /^[0-9a-f-]{36}$/;
/** Failures of one bad release come together. */
const GATHER_MS = 1_000;
/** Noted with one look; of more, the sweep finds the others. */
const AT_ONCE = 100;
/** A workflow that has just begun may not be listed yet. */
const TRIES = 3;

export interface FailedTasks {
  /** For every line that the SDK logs. */
  heard: (entry: Pick<LogEntry, 'message' | 'meta'>) => void;
  /** From now on failures are noted; those before have been kept. */
  noteIn: (target: NoteTarget) => void;
}

export interface NoteTarget {
  connection: Pick<NativeConnection, 'workflowService'>;
  namespace: string;
  troubles: Pick<TroubleStore, 'noteFailedTasks'>;
  gatherMs?: number;
}

export function createFailedTasks(log: Pick<Logger, 'warn'>): FailedTasks {
  /** Temporal's run ids, each with how often it was looked for. */
  const pending = new Map<string, number>();
  let target: NoteTarget | null = null;
  let timer: NodeJS.Timeout | null = null;

  function plan(): void {
    if (target === null || timer !== null || pending.size === 0) return;
    const noteTo = target;
    timer = setTimeout(() => {
      void note(noteTo).finally(() => {
        timer = null;
        plan();
      });
    }, target.gatherMs ?? GATHER_MS).unref();
  }

  async function note(to: NoteTarget): Promise<void> {
    const runIds = [...pending.keys()];
    try {
      const found = await workflowsOf(to, runIds);
      const ofPeople = [...found.values()].filter((id) => parsePersonWorkflowId(id) !== null);
      if (ofPeople.length > 0) await to.troubles.noteFailedTasks(ofPeople);
      for (const runId of found.keys()) pending.delete(runId);
    } catch (error) {
      log.warn({ event: 'failed-tasks.failed', error });
    }
    for (const runId of runIds) countTry(runId);
  }

  function countTry(runId: string): void {
    const tries = pending.get(runId);
    if (tries === undefined) return;
    if (tries + 1 < TRIES) pending.set(runId, tries + 1);
    else pending.delete(runId);
  }

  return {
    heard({ message, meta }) {
      const runId: unknown = meta?.['runId'];
      if (message !== FAILED_TASK || typeof runId !== 'string' || !RUN_ID.test(runId)) return;
      if (pending.size >= AT_ONCE) return;
      pending.set(runId, 0);
      plan();
    },
    noteIn(to) {
      target = to;
      plan();
    },
  };
}

/** Workflow ids by Temporal's run id; what is not listed (yet) is left out. */
async function workflowsOf(
  { connection, namespace }: NoteTarget,
  runIds: string[],
): Promise<Map<string, string>> {
  const { executions } = await connection.workflowService.listWorkflowExecutions({
    namespace,
    pageSize: AT_ONCE,
    query: `RunId IN (${runIds.map((id) => `'${id}'`).join(', ')})`,
  });
  const known = executions.map(({ execution }) => [
    execution?.runId ?? '',
    execution?.workflowId ?? '',
  ]);
  return new Map(known as [string, string][]);
}
