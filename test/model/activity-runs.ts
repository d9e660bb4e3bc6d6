// Activities as a server and a worker handle them: attempts with growing pauses, heartbeats that carry
// details to the next attempt and bring a cancel back, and attempts that die with their worker.
import { createRequire } from 'node:module';
import { Context, type Info } from '@temporalio/activity';
import {
  defaultPayloadConverter,
  noopMetricMeter,
  type Payload,
  type ProtoFailure,
} from '@temporalio/common';
import { ActivityCancellationDetails } from '@temporalio/common/lib/activity-cancellation-details.js';
import { optionalTsToMs } from '@temporalio/common/lib/time.js';
import type { coresdk } from '@temporalio/proto';
import type { Activity } from '@temporalio/worker/lib/activity.js';
import { failureConverterPath } from '../../src/crypto/data-converter.js';

const require = createRequire(import.meta.url);
const worker = require('@temporalio/worker/lib/activity.js') as { Activity: typeof Activity };
const { failureConverter } = require(failureConverterPath) as {
  failureConverter: ConstructorParameters<typeof Activity>[2]['failureConverter'];
};
const CONVERTER = {
  payloadConverter: defaultPayloadConverter,
  failureConverter,
  payloadCodecs: [],
};
const SILENT = {
  ...{ log: ignore, trace: ignore, debug: ignore, info: ignore, warn: ignore, error: ignore },
};

interface Execution {
  workflowId: string;
  runId: string;
  type: string;
}
type Schedule = coresdk.workflow_commands.IScheduleActivity;
type Result = coresdk.activity_result.IActivityResolution;
export type Implementations = Record<string, (...args: never[]) => Promise<unknown>>;

/** From a command, or the end of a pause, to the attempt. */
const START_MS = 10;

export interface ActivityRun {
  /** At once where no attempt is under way, else with the next heartbeat. */
  requestCancel(): void;
  /** Its workflow is over: nobody waits for it any more. */
  abandon(): void;
  /** The worker that is at it dies. */
  crash(): void;
}

/** What a step's stand-ins can do with the attempt that calls them. */
export interface Attempt {
  activity: string;
  input: unknown;
  /** The worker dies now: nothing of this attempt is heard of again. */
  crash(): Error;
  /** Whether its worker has died. */
  isDead(): boolean;
  /** The worker dies once the attempt is through, before anybody hears of it. */
  crashAtEnd(): void;
}

const attempts = new WeakMap<Context, Attempt>();

/** Null in a local activity. @throws where its worker has died */
export function currentAttempt(): Attempt | null {
  const attempt = attempts.get(Context.current()) ?? null;
  if (attempt?.isDead() === true) throw new Error('the worker is dead');
  return attempt;
}

export function createActivityRuns(implementations: () => Implementations) {
  interface Work {
    activity: Activity;
    isDead: boolean;
    diesAtEnd: boolean;
  }

  function workOf(info: Info, args: unknown[], heartbeat: (details: unknown) => void) {
    const fn = implementations()[info.activityType];
    if (fn === undefined) throw new Error(`no activity ${info.activityType}`);
    const activity = new worker.Activity(
      info,
      fn as (...args: unknown[]) => Promise<unknown>,
      CONVERTER,
      { type: 'activity', namespace: 'model', activityId: info.activityId, isLocal: info.isLocal },
      undefined,
      heartbeat,
      undefined,
      SILENT,
      noopMetricMeter,
      [],
    );
    return { activity, run: () => activity.run({ args, headers: {} }) };
  }

  function begin(
    execution: Execution,
    schedule: Schedule,
    done: (result: Result) => void,
  ): ActivityRun {
    const name = schedule.activityType ?? '';
    const args = argsOf(schedule.arguments);
    const heartbeatMs = msOf(schedule.heartbeatTimeout ?? undefined);
    const lostAfterMs = heartbeatMs || msOf(schedule.startToCloseTimeout);
    let tries = 0;
    let details: unknown;
    let isCancelled = false;
    let isAbandoned = false;
    let work: Work | null = null;
    let next = setTimeout(attempt, START_MS);

    function attempt(): void {
      tries += 1;
      const info = infoOf(execution, schedule, { attempt: tries, heartbeatDetails: details });
      const { activity, run } = workOf(info, args, beat);
      const current: Work = { activity, isDead: false, diesAtEnd: false };
      work = current;
      attempts.set(activity.context, {
        activity: name,
        input: args[0],
        crash: () => {
          die(current);
          return new Error('the worker died');
        },
        isDead: () => current.isDead,
        crashAtEnd: () => {
          current.diesAtEnd = true;
        },
      });
      void run().then((result) => {
        ended(current, result);
      });

      function beat(said: unknown): void {
        if (current.isDead) return;
        if (said !== undefined) details = JSON.parse(JSON.stringify(said));
        if (isAbandoned) {
          activity.cancel('NOT_FOUND', new ActivityCancellationDetails({ notFound: true }));
        } else if (isCancelled) {
          activity.cancel('CANCELLED', new ActivityCancellationDetails({ cancelRequested: true }));
        }
      }
    }

    function die(current: Work): void {
      if (current.isDead) return;
      current.isDead = true;
      next = setTimeout(() => {
        work = null;
        if (isAbandoned) return;
        const failure = { message: 'activity timed out', timeoutFailureInfo: { timeoutType: 4 } };
        if (isCancelled) done({ failed: { failure: wrapped(failure) } });
        else later(undefined);
      }, lostAfterMs);
    }

    function ended(current: Work, result: coresdk.activity_result.IActivityExecutionResult): void {
      if (current.isDead) return;
      if (current.diesAtEnd) {
        die(current);
        return;
      }
      work = null;
      if (isAbandoned) return;
      if (result.completed != null) done({ completed: result.completed });
      else if (result.cancelled != null) {
        done({ cancelled: { failure: wrapped(result.cancelled.failure ?? {}) } });
      } else {
        const failure = result.failed?.failure ?? {};
        const { applicationFailureInfo: info } = failure;
        if (info?.nonRetryable === true || isCancelled)
          done({ failed: { failure: wrapped(failure) } });
        else later(info?.nextRetryDelay);
      }
    }

    function later(wanted: Parameters<typeof optionalTsToMs>[0]): void {
      const { initialInterval, backoffCoefficient, maximumInterval } = schedule.retryPolicy ?? {};
      const grown = msOf(initialInterval) * (backoffCoefficient ?? 2) ** (tries - 1);
      const pause = wanted == null ? Math.min(grown, msOf(maximumInterval)) : msOf(wanted);
      next = setTimeout(attempt, pause + START_MS);
    }

    function wrapped(cause: ProtoFailure): ProtoFailure {
      return {
        message: 'Activity task failed',
        cause,
        activityFailureInfo: {
          activityType: { name },
          activityId: schedule.activityId ?? '',
        },
      };
    }

    return {
      requestCancel() {
        isCancelled = true;
        if (work !== null) return;
        clearTimeout(next);
        done({ cancelled: { failure: wrapped({ canceledFailureInfo: {} }) } });
      },
      abandon() {
        isAbandoned = true;
        if (work === null) clearTimeout(next);
      },
      crash() {
        if (work !== null) die(work);
      },
    };
  }

  /** Done at once, whatever becomes of the workflow task. */
  function local(
    execution: Execution,
    schedule: coresdk.workflow_commands.IScheduleLocalActivity,
    done: (result: Result) => void,
  ): void {
    const info = infoOf(execution, schedule, { isLocal: true });
    void workOf(info, argsOf(schedule.arguments), () => undefined)
      .run()
      .then(({ completed, failed }) => {
        if (completed == null)
          throw new Error(`a local activity failed: ${JSON.stringify(failed)}`);
        done({ completed });
      });
  }

  return { begin, local };
}

function infoOf(
  { workflowId, runId, type: workflowType }: Execution,
  { activityId, activityType, seq }: Pick<Schedule, 'activityId' | 'activityType' | 'seq'>,
  more: Partial<Info>,
): Info {
  return {
    ...{ taskToken: new Uint8Array(), base64TaskToken: '', taskQueue: 'model', namespace: 'model' },
    workflowType,
    activityId: activityId ?? String(seq ?? 0),
    activityType: activityType ?? '',
    ...{ attempt: 1, isLocal: false, inWorkflow: true, workflowExecution: { workflowId, runId } },
    ...{ scheduledTimestampMs: Date.now(), currentAttemptScheduledTimestampMs: Date.now() },
    ...{ scheduleToCloseTimeoutMs: 0, startToCloseTimeoutMs: 0, heartbeatDetails: undefined },
    ...more,
  } as Info;
}

function argsOf(payloads: unknown): unknown[] {
  return ((payloads ?? []) as Payload[]).map((each) => defaultPayloadConverter.fromPayload(each));
}

function ignore(): void {
  // Nobody reads the log of a life.
}

function msOf(duration: Parameters<typeof optionalTsToMs>[0]): number {
  return optionalTsToMs(duration) ?? 0;
}
