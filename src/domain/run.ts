// The words of a run: its phases, outcomes, steps, problems and what it waits for.
// Types and closed unions only; decisions about them stand in files of their own.
import type { ConnectionId, OktaUserId, RequestId, RunId, SubjectRef } from './brand.js';

export const RUN_KINDS = ['onboarding', 'offboarding'] as const;
export type RunKind = (typeof RUN_KINDS)[number];

export const RUN_PHASES = [
  'scheduled',
  'running',
  'parked',
  'holding',
  'completed',
  'cancelled',
  'failed',
] as const;
export type RunPhase = (typeof RUN_PHASES)[number];

/** Phases in which a run still has something to do. */
export const OPEN_PHASES = ['scheduled', 'running', 'parked', 'holding'] as const;
export type OpenPhase = (typeof OPEN_PHASES)[number];

export const RUN_OUTCOMES = [
  'done',
  'partial',
  'undone',
  'superseded',
  'aborted',
  'failed',
] as const;
export type RunOutcome = (typeof RUN_OUTCOMES)[number];

export const STEP_STATUSES = ['pending', 'running', 'done', 'skipped', 'failed', 'undone'] as const;
export type StepStatus = (typeof STEP_STATUSES)[number];

export const WAITING_FOR = [
  'start',
  'suspend',
  'deprovision',
  'hold-end',
  'rate-limit',
  'retry',
  'decision',
  'connection',
  'undo',
  'worker',
] as const;
export type WaitingFor = (typeof WAITING_FOR)[number];

export const MOMENTS = ['start', 'suspend', 'deprovision'] as const;
/** What a run may be waiting to do at a deadline. */
export type Moment = (typeof MOMENTS)[number];

export const RUN_ACTIONS = ['cancel', 'reschedule', 'expedite', 'resolve'] as const;
export type RunAction = (typeof RUN_ACTIONS)[number];

export const DECISIONS = ['retry', 'abort', 'leave'] as const;
/**
 * What a person may say of a parked run. `abort`: take back what this run did, and end. `leave`: end,
 * and let everything stay as it is.
 */
export type Decision = (typeof DECISIONS)[number];

export const PROBLEM_CODES = [
  'LOGIN_TAKEN',
  'GROUP_UNKNOWN',
  'GROUP_NOT_MANAGEABLE',
  'PERSON_NOT_FOUND',
  'STATUS_UNSUPPORTED',
  'NOT_PERMITTED',
  'OUTCOME_UNKNOWN',
  'REFUSED_BY_OKTA',
  'UNDO_INCOMPLETE',
  'BRAKE',
  'ORPHANED',
  'ACCOUNT_BUSY',
  'WORKFLOW_FAILING',
] as const;
export type ProblemCode = (typeof PROBLEM_CODES)[number];

/** An instant (RFC 3339, UTC) and, where it was said so, the wall clock with its zone. */
export interface TimeValue {
  at: string;
  local?: string;
}

/** A time that was asked for and, once it was met, when that was and how late. */
export interface Deadline extends TimeValue {
  metAt?: string;
  /** Zero where it was met early, by `expedite`. */
  lateMs?: number;
}

export interface Deadlines {
  startAt?: Deadline;
  endsAt?: Deadline;
  suspendAt?: Deadline;
  deprovisionAt?: Deadline;
  /** The end of the undo window, known once the person is suspended. */
  undoUntil?: Deadline;
}

/** The deadline that each moment waits for. */
export const DEADLINE_OF = {
  start: 'startAt',
  suspend: 'suspendAt',
  deprovision: 'deprovisionAt',
} as const satisfies Record<Moment, keyof Deadlines>;

export interface Waiting {
  for: WaitingFor;
  /** Instant, where one is known. */
  until?: string;
}

/** What only a person can settle. `detail` is for people and may name the person or a group. */
export interface Problem {
  code: ProblemCode;
  title: string;
  detail: string;
  actions: Decision[];
}

/** Which run an activity works for; travels in every activity's input. */
export interface RunRef {
  id: RunId;
  connection: ConnectionId;
  subjectRef: SubjectRef;
  requestId: RequestId;
}

/** One step as it is shown: the last thing known of it. */
export interface StepRecord {
  name: string;
  status: StepStatus;
  startedAt: string;
  finishedAt: string | null;
  attempts: number;
  oktaRequestIds: string[];
  detail: string | null;
}

export interface PersonRecord {
  /** As Okta shows it, once it has; else as it was asked for. */
  login: string;
  name: string | null;
  oktaUserId: OktaUserId | null;
}

/** A run as the store keeps it. */
export interface RunRecord {
  id: RunId;
  kind: RunKind;
  connection: ConnectionId;
  subjectRef: SubjectRef;
  requestId: RequestId;
  phase: RunPhase;
  outcome: RunOutcome | null;
  previous: RunId | null;
  next: RunId | null;
  /** Its own contract end, on the same workflow id: cancel and reschedule pass on to it. */
  continuesAs: RunId | null;
  /** Somebody else's order that took its place: nothing passes on to it. */
  supersededBy: RunId | null;
  person: PersonRecord;
  requestedBy: string | null;
  reason: string | null;
  batch: string | null;
  createdAt: string;
  updatedAt: string;
  finishedAt: string | null;
  /** The API key that asked; null for a run that another one went on as. */
  apiKeyId: string | null;
  workflowId: string;
  /** Temporal's run id of the execution that works on it, as last heard. */
  workflowRunId: string | null;
  /** The account is made, or access is taken: what was asked for has been done once. */
  deedDone: boolean;
  /** It is being taken back. */
  undoing: boolean;
  deadlines: Deadlines;
  waiting: Waiting | null;
  steps: StepRecord[];
  problem: Problem | null;
  /** Since when its workflow task fails; null: it does not. */
  taskFailingSince: string | null;
  actions: RunAction[];
  /** False until Temporal has taken the start. */
  started: boolean;
  /** A worker has reported of it. */
  begun: boolean;
}

/**
 * What a workflow says of its run, whole each time. `version` grows with every report of a
 * run; the store drops a report that is not newer than what it has, so a repeat does no harm.
 */
export interface RunReport {
  run: RunRef;
  version: number;
  kind: RunKind;
  phase: RunPhase;
  outcome: RunOutcome | null;
  deadlines: Deadlines;
  waiting: Waiting | null;
  problem: Problem | null;
  actions: RunAction[];
  undoing: boolean;
  /** What the ledger should remember of this report; null where nothing happened but time. */
  event: RunEvent | null;
  /** The run that comes after this one on the same workflow id; linked in the same transaction. */
  next: NextRun | null;
}

export interface RunEvent {
  /** Unique within the run, so that a repeated report adds no second row. */
  key: string;
  /** e.g. `run.parked`, `run.completed`, `run.rescheduled`, `action.refused`. */
  action: string;
  detail: string | null;
}

/** By phase: what a worker said that died with it stays on record beside what came then. */
export function closedEvent(phase: RunPhase, detail: string): RunEvent {
  return { key: `closed/${phase}`, action: `run.${phase}`, detail };
}

export interface NextRun {
  /** `continues`: the contract's end, whose row is made. `supersedes`: accepted by the API before. */
  link: 'continues' | 'supersedes';
  run: RunRef;
  kind: RunKind;
  phase: RunPhase;
  deadlines: Deadlines;
  waiting: Waiting | null;
  actions: RunAction[];
}

export function isOpen(phase: RunPhase): phase is OpenPhase {
  return (OPEN_PHASES as readonly RunPhase[]).includes(phase);
}
