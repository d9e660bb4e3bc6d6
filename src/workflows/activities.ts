// The activities as the workflows call them: one group a timeout profile, a summary on every call.
import {
  ActivityCancellationType,
  proxyActivities,
  proxyLocalActivities,
} from '@temporalio/workflow';
import type { KeyActivities, OktaActivities, RecordingActivities } from '../activities/index.js';

/**
 * Steps in Okta. A call ends within 20 s, with a fresh token and one more try within 40; what is left
 * is for short waits in place and the record in the store. Heartbeats tell within 20 s when a task
 * was lost on its way to a worker, or its worker died. An outage is waited out without end. The outcome
 * of a step in flight is always awaited: compensation must know it.
 */
export const okta = proxyActivities<OktaActivities>({
  startToCloseTimeout: '1 minute',
  heartbeatTimeout: '20 seconds',
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  retry: { initialInterval: '1 second', backoffCoefficient: 2, maximumInterval: '1 minute' },
});

/**
 * A key that Okta does not know yet is tried without end, seldom enough to be no burden. An attempt is
 * one token request; two at once do no harm.
 */
export const { proveNextKey } = proxyActivities<KeyActivities>({
  startToCloseTimeout: '1 minute',
  cancellationType: ActivityCancellationType.TRY_CANCEL,
  retry: {
    initialInterval: '10 seconds',
    backoffCoefficient: 2,
    maximumInterval: '5 minutes',
  },
});

const RECORD = {
  startToCloseTimeout: '15 seconds',
  retry: {
    initialInterval: '500 milliseconds',
    backoffCoefficient: 2,
    maximumInterval: '30 seconds',
  },
} as const;

/** The run's own record: repeatable, so a local activity, tried until the database answers. */
export const { recordRun } = proxyLocalActivities<RecordingActivities>(RECORD);

/**
 * The same for a record that makes another run or moves one. A workflow task that is lost takes its local
 * activities with it, although they happened; a run that was made must not have been made in vain. So is
 * what a recovery reads: once read, it stands in the history.
 */
export const {
  recordRun: recordNextRun,
  loadJournal,
  moveRun,
  takeAccount,
} = proxyActivities<RecordingActivities>(RECORD);
