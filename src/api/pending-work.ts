// What a `describe` tells of the work under way: the steps that are pending, and what they wait for.
import type { WorkflowExecutionDescription } from '@temporalio/client';
import proto from '@temporalio/proto';
import type { StepRecord, Waiting } from '../domain/run.js';
import { msOf } from './timestamp.js';

type Raw = WorkflowExecutionDescription['raw'];
type PendingActivity = NonNullable<Raw['pendingActivities']>[number];

export interface PendingWork {
  steps: StepRecord[];
  waiting: Waiting | null;
  /** Since when a workflow task has been waiting for a worker, in milliseconds; null: none does. */
  workflowTaskWaitsMs: number | null;
  /** Which attempt of the workflow task is under way or to come; 0: there is no task. */
  workflowTaskAttempt: number;
}

const { PendingActivityState, PendingWorkflowTaskState } = proto.temporal.api.enums.v1;
const ACTIVITY_SCHEDULED = PendingActivityState.PENDING_ACTIVITY_STATE_SCHEDULED;
const TASK_SCHEDULED = PendingWorkflowTaskState.PENDING_WORKFLOW_TASK_STATE_SCHEDULED;
/** A task that nobody took for this long: no worker is up, or none is free. */
export const WORKER_LATE_MS = 5_000;

export function pendingWork(raw: Raw, now: number): PendingWork {
  const activities = raw.pendingActivities ?? [];
  const task = raw.pendingWorkflowTask;
  const since = task?.state === TASK_SCHEDULED ? msOf(task.scheduledTime) : null;
  return {
    steps: activities.map(stepOf),
    waiting: firstOf(activities.map((activity) => waitOf(activity, now))),
    workflowTaskWaitsMs: since === null ? null : Math.max(0, now - since),
    workflowTaskAttempt: task == null ? 0 : (task.attempt ?? 1),
  };
}

function stepOf(activity: PendingActivity): StepRecord {
  const startedAt = msOf(activity.lastStartedTime) ?? msOf(activity.scheduledTime);
  return {
    name: activity.activityType?.name ?? 'unknown',
    status: activity.state === ACTIVITY_SCHEDULED && !hasFailed(activity) ? 'pending' : 'running',
    startedAt: new Date(startedAt ?? 0).toISOString(),
    finishedAt: null,
    attempts: activity.attempt ?? 1,
    oktaRequestIds: [],
    detail: null,
  };
}

function waitOf(activity: PendingActivity, now: number): Waiting | null {
  if (activity.state !== ACTIVITY_SCHEDULED) return null;
  const next = msOf(activity.nextAttemptScheduleTime);
  const until = next === null ? {} : { until: new Date(next).toISOString() };
  switch (activity.lastFailure?.applicationFailureInfo?.type) {
    case 'OKTA_RATE_LIMITED':
      return { for: 'rate-limit', ...until };
    case 'CONNECTION_BLOCKED':
      return { for: 'connection', ...until };
  }
  // Between attempts the time of the next one lies ahead; after it a worker should have taken it.
  const readySince = next ?? msOf(activity.scheduledTime) ?? now;
  if (now - readySince > WORKER_LATE_MS) return { for: 'worker' };
  return hasFailed(activity) ? { for: 'retry', ...until } : null;
}

function hasFailed(activity: PendingActivity): boolean {
  return (activity.attempt ?? 1) > 1;
}

/** What tells most comes first: an outside limit, then the connection, a missing worker, a retry. */
const WEIGHT = ['rate-limit', 'connection', 'worker', 'retry'];

function firstOf(waits: (Waiting | null)[]): Waiting | null {
  const found = waits.filter((wait) => wait !== null);
  found.sort((a, b) => WEIGHT.indexOf(a.for) - WEIGHT.indexOf(b.for));
  return found[0] ?? null;
}
