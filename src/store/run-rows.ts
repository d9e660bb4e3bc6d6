// Rows of `runs` and `run_steps` and what they mean: which fields are sealed, and for what place.
import type { KeyRing } from '../crypto/key-ring.js';
import type { RunId } from '../domain/brand.js';
import type {
  Deadlines,
  Problem,
  RunAction,
  RunPhase,
  RunRecord,
  StepRecord,
  Waiting,
} from '../domain/run.js';
import { dueAt } from './due.js';
import { openJson, openOptional, sealJson } from './sealed.js';
import type { RunRow, RunStepRow } from './tables.js';

/** What of a run names somebody; one envelope, since it is always read together. */
export interface SealedPerson {
  login: string;
  name: string | null;
  requestedBy: string | null;
  reason: string | null;
}

export function sealPerson(ring: KeyRing, id: RunId, person: SealedPerson): Buffer {
  return sealJson(ring, person, `runs.person:${id}`);
}

export function openPerson(ring: KeyRing, row: Pick<RunRow, 'id' | 'person'>): SealedPerson {
  return openJson(ring, row.person, `runs.person:${row.id}`) as SealedPerson;
}

/** Login and name as Okta shows them. */
export interface ShownPerson {
  login: string;
  name: string;
}

export function sealShown(ring: KeyRing, id: RunId, shown: ShownPerson): Buffer {
  return sealJson(ring, shown, `runs.shown:${id}`);
}

/** The login asked for gives way to the one that Okta shows, and so does the name. */
export function personOf(
  ring: KeyRing,
  row: Pick<RunRow, 'id' | 'person' | 'shown'>,
): { login: string; name: string | null } {
  const { login, name } = openPerson(ring, row);
  if (row.shown === null) return { login, name };
  const shown = openJson(ring, row.shown, `runs.shown:${row.id}`) as ShownPerson;
  return { login: shown.login, name: shown.name === '' ? name : shown.name };
}

export function inputContext(id: RunId): string {
  return `runs.input:${id}`;
}

export function sealProblem(ring: KeyRing, id: RunId, problem: Problem | null): Buffer | null {
  return problem === null ? null : sealJson(ring, problem, problemContext(id));
}

/** The columns that say where a run stands, the same for a request and for a report. */
export function standing(of: {
  phase: RunPhase;
  deadlines: Deadlines;
  waiting: Waiting | null;
  actions: RunAction[];
}) {
  return {
    phase: of.phase,
    deadlines: JSON.stringify(of.deadlines),
    waiting: of.waiting === null ? null : JSON.stringify(of.waiting),
    due_at: dueAt(of),
    actions: of.actions,
  };
}

export function toRunRecord(ring: KeyRing, row: RunRow, steps: RunStepRow[] = []): RunRecord {
  const { requestedBy, reason } = openPerson(ring, row);
  return {
    id: row.id,
    kind: row.kind,
    connection: row.connection,
    subjectRef: row.subject_ref,
    requestId: row.request_id,
    phase: row.phase,
    outcome: row.outcome,
    previous: row.previous,
    next: row.next,
    continuesAs: row.continues_as,
    supersededBy: row.superseded_by,
    person: { ...personOf(ring, row), oktaUserId: row.okta_user_id },
    requestedBy,
    reason,
    batch: row.batch,
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
    finishedAt: row.finished_at?.toISOString() ?? null,
    apiKeyId: row.api_key_id,
    workflowId: row.workflow_id,
    workflowRunId: row.workflow_run_id,
    deedDone: row.deed_at !== null,
    undoing: row.undoing,
    deadlines: row.deadlines,
    waiting: row.waiting,
    steps: steps.map((step) => toStepRecord(ring, step)),
    problem:
      row.problem === null
        ? null
        : (openJson(ring, row.problem, problemContext(row.id)) as Problem),
    taskFailingSince: row.task_failing_since?.toISOString() ?? null,
    actions: row.actions,
    started: row.started,
    begun: row.version > 0,
  };
}

/** `column` of the row of one step. */
export function stepContext(
  column: 'detail' | 'effects',
  { run, workflowRunId, activityId }: { run: RunId; workflowRunId: string; activityId: string },
): string {
  return `run_steps.${column}:${run}:${workflowRunId}:${activityId}`;
}

function toStepRecord(ring: KeyRing, row: RunStepRow): StepRecord {
  return {
    name: row.name,
    status: row.status,
    startedAt: row.started_at.toISOString(),
    finishedAt: row.finished_at?.toISOString() ?? null,
    attempts: row.attempts,
    oktaRequestIds: row.okta_request_ids,
    detail: openOptional(
      ring,
      row.detail,
      stepContext('detail', {
        run: row.run,
        workflowRunId: row.workflow_run_id,
        activityId: row.activity_id,
      }),
    ),
  };
}

function problemContext(id: RunId): string {
  return `runs.problem:${id}`;
}
