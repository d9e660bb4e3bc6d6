// A run as it is shown: the store's row, and where it is open what one `describe` adds: what it waits
// for right now, and a step that is under way and has left no row yet.
import type { RunAnswer } from '../domain/answer.schema.js';
import { isOpen, type RunRecord, type StepRecord, type Waiting } from '../domain/run.js';
import type { PendingWork } from './pending-work.js';

export interface TemporalUi {
  /** Base address of the Web UI, without a trailing slash; null where none is known. */
  url: string | null;
  namespace: string;
}

/** What Temporal says of a run right now. */
export interface Live {
  workflowRunId: string;
  status: string;
  work: PendingWork;
}

export function runView(run: RunRecord, ui: TemporalUi, live: Live | null = null): RunAnswer {
  return {
    id: run.id,
    kind: run.kind,
    connection: run.connection,
    phase: run.phase,
    outcome: run.outcome,
    previous: run.previous,
    next: run.next,
    continuesAs: run.continuesAs,
    supersededBy: run.supersededBy,
    person: run.person,
    requestedBy: run.requestedBy,
    reason: run.reason,
    batch: run.batch,
    actor: run.apiKeyId === null ? null : `key:${run.apiKeyId}`,
    createdAt: run.createdAt,
    updatedAt: run.updatedAt,
    finishedAt: run.finishedAt,
    deadlines: run.deadlines,
    waiting: waitingOf(run, live),
    steps: stepsOf(run.steps, live),
    problem: run.problem,
    drift: [],
    actions: run.actions,
    temporal: temporalOf(run, ui, live),
  };
}

function waitingOf(run: RunRecord, live: Live | null): Waiting | null {
  if (!isOpen(run.phase)) return null;
  return live?.work.waiting ?? run.waiting;
}

/** Steps under way are the attempt that the last row of that name tells of, or a step of their own. */
function stepsOf(rows: StepRecord[], live: Live | null): StepRecord[] {
  const steps = [...rows];
  for (const pending of live?.work.steps ?? []) {
    const index = steps.findLastIndex(
      ({ name, finishedAt }) => name === pending.name && finishedAt === null,
    );
    const row = steps[index];
    if (row === undefined) steps.push(pending);
    else steps[index] = { ...row, attempts: Math.max(row.attempts, pending.attempts) };
  }
  return steps;
}

function temporalOf(run: RunRecord, ui: TemporalUi, live: Live | null): RunAnswer['temporal'] {
  const { workflowId } = run;
  const runId = live?.workflowRunId ?? run.workflowRunId;
  const page =
    ui.url === null
      ? null
      : `${ui.url}/namespaces/${encodeURIComponent(ui.namespace)}/workflows/${encodeURIComponent(workflowId)}`;
  return {
    workflowId,
    runId,
    status: live?.status ?? null,
    url: page === null || runId === null ? page : `${page}/${runId}/history`,
  };
}
