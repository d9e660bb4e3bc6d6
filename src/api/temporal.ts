// The engine behind the API, as little of Temporal as it needs, and what each of its failures means
// for a request: surely not taken, taken by another run, or unknown. Every call has a deadline.
import {
  isGrpcServiceError,
  ServiceError as TemporalServiceError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
  type Client,
  type WorkflowExecutionDescription,
} from '@temporalio/client';
import { ApplicationFailure, WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import proto from '@temporalio/proto';
import { adoptKeyWorkflowId } from '../contract/ids.js';
import { ACTION_NOT_POSSIBLE, KEY_OFFERED, TAKEOVER, type Takeover } from '../contract/messages.js';
import type {
  Expedite,
  LookAgain,
  LookedAgain,
  Reschedule,
  Resolve,
} from '../contract/messages.js';
import { interactiveQueue } from '../contract/questions.js';
import { TenureConnection, TenureRun } from '../contract/search-attributes.js';
import {
  ADOPT_KEY,
  type AdoptKeyInput,
  type OffboardInput,
  type OnboardInput,
} from '../contract/workflows.js';
import type { ConnectionId } from '../domain/brand.js';
import { isSurelyUnsent } from './grpc.js';
import { pollersIn, type WorkQueue } from './pollers.js';
import type { StartOrder } from './start-order.js';

export type { StartOrder } from './start-order.js';

export type StartOutcome =
  | { kind: 'started'; workflowRunId: string }
  /** Another workflow has the id. */
  | { kind: 'open' }
  /** Temporal surely did not take it and will not. */
  | { kind: 'not-taken'; cause: unknown }
  /** It may have been taken. */
  | { kind: 'unknown'; cause: unknown };

export type ActionMessage =
  | { name: 'reschedule'; args: Reschedule }
  | { name: 'expedite'; args: Expedite }
  | { name: 'resolve'; args: Resolve }
  | { name: 'lookAgain'; args: LookAgain };

export type ActionOutcome =
  /** `isOver`: the run that looked again ends by what it found. */
  | { kind: 'applied'; isOver: boolean }
  | { kind: 'refused'; detail: string }
  /** No worker answered; the same message waits as a signal. */
  | { kind: 'unconfirmed' }
  /** No such workflow is open. */
  | { kind: 'gone' };

/** What `describe` knows of a person's latest workflow. */
export interface Sighting {
  workflowRunId: string;
  status: string;
  /** The run that the workflow says it is; null where it says nothing. */
  run: string | null;
  closedAt: Date | null;
  description: WorkflowExecutionDescription;
}

/** Failures that are not outcomes surface as Temporal's `ServiceError`: a 503 for the caller. */
export interface Engine {
  start(order: StartOrder): Promise<StartOutcome>;
  /** Starts it, or tells the open workflow of that person to become it. */
  takeover(order: StartOrder, message: Takeover): Promise<StartOutcome>;
  /** Ids of the runs that open workflows say they are; what began or ended in the last seconds may lag. */
  openRuns(): Promise<string[]>;
  /** Null: Temporal knows no such workflow. */
  describe(workflowId: string, withinMs?: number): Promise<Sighting | null>;
  cancel(workflowId: string): Promise<'sent' | 'gone'>;
  act(workflowId: string, message: ActionMessage): Promise<ActionOutcome>;
  /** Sees to it that the connection's next key is tried; `offered`: it is a new one, to be tried at once. */
  adoptKey(connection: ConnectionId, occasion: 'offered' | 'waiting'): Promise<void>;
  /** How many workers poll a task queue. */
  countPollers(queue: WorkQueue, withinMs: number): Promise<number>;
  /** Rejects when Temporal does not answer in two seconds. */
  ping(): Promise<void>;
}

const { TaskQueueType } = proto.temporal.api.enums.v1;
/** A worker polls for both; a task that nobody fetches may be of either. */
const TASK_TYPES = [TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW, TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY];
const CALL_MS = 5_000;
const UPDATE_MS = 3_000;
const PING_MS = 2_000;
const LIST_MS = 60_000;
const OPEN_RUNS = {
  query: `ExecutionStatus = 'Running' AND ${TenureRun.name} IS NOT NULL`,
  pageSize: 1_000,
};

export interface EngineOptions {
  client: Pick<Client, 'withDeadline' | 'workflow' | 'workflowService'>;
  namespace: string;
  taskQueue: string;
}

export function createEngine({ client, namespace, taskQueue }: EngineOptions): Engine {
  const within = <T>(ms: number, call: () => Promise<T>) =>
    client.withDeadline(Date.now() + ms, call);
  const startOptions = (order: StartOrder) => ({
    workflowId: order.workflowId,
    taskQueue,
    args: [order.input] as [OnboardInput | OffboardInput],
    typedSearchAttributes: order.searchAttributes,
    priority: order.priority,
    staticSummary: order.summary,
    staticDetails: order.details,
    workflowIdReusePolicy: 'ALLOW_DUPLICATE' as const,
  });
  return {
    start: (order) =>
      outcomeOf(async () => {
        const handle = await within(CALL_MS, () =>
          client.workflow.start(order.workflowType, {
            ...startOptions(order),
            workflowIdConflictPolicy: 'FAIL',
          }),
        );
        return handle.firstExecutionRunId;
      }),
    takeover: (order, message) =>
      outcomeOf(async () => {
        const handle = await within(CALL_MS, () =>
          client.workflow.signalWithStart(order.workflowType, {
            ...startOptions(order),
            workflowIdConflictPolicy: 'USE_EXISTING',
            signal: TAKEOVER,
            signalArgs: [message],
          }),
        );
        return handle.signaledRunId;
      }),
    openRuns: () =>
      within(LIST_MS, async () => {
        const ids: string[] = [];
        for await (const { typedSearchAttributes } of client.workflow.list(OPEN_RUNS)) {
          const id = typedSearchAttributes.get(TenureRun);
          if (id !== undefined) ids.push(id);
        }
        return ids;
      }),
    describe: async (workflowId, withinMs = CALL_MS) => {
      try {
        const handle = client.workflow.getHandle(workflowId);
        return sightingOf(await within(withinMs, () => handle.describe()));
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return null;
        throw error;
      }
    },
    cancel: async (workflowId) => {
      try {
        await within(CALL_MS, () => client.workflow.getHandle(workflowId).cancel());
        return 'sent';
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return 'gone';
        throw error;
      }
    },
    act: (workflowId, message) => act(client, workflowId, message),
    adoptKey: async (connection, occasion) => {
      const options = {
        workflowId: adoptKeyWorkflowId(connection),
        taskQueue,
        args: [{ connection }] as [AdoptKeyInput],
        typedSearchAttributes: [{ key: TenureConnection, value: connection }],
        staticSummary: `Adopt the next key · ${connection}`,
        workflowIdReusePolicy: 'ALLOW_DUPLICATE' as const,
        workflowIdConflictPolicy: 'USE_EXISTING' as const,
      };
      await within<unknown>(CALL_MS, () =>
        occasion === 'offered'
          ? client.workflow.signalWithStart(ADOPT_KEY, { ...options, signal: KEY_OFFERED })
          : client.workflow.start(ADOPT_KEY, options),
      );
    },
    countPollers: async (queue, withinMs) => {
      const name = queue === 'runs' ? taskQueue : interactiveQueue(taskQueue);
      const seen = await within(withinMs, () =>
        Promise.all(
          TASK_TYPES.map((taskQueueType) =>
            client.workflowService.describeTaskQueue({
              namespace,
              taskQueue: { name },
              taskQueueType,
              reportStats: true,
            }),
          ),
        ),
      );
      return Math.min(...seen.map((one) => pollersIn(one, Date.now())));
    },
    ping: async () => {
      await within(PING_MS, () => client.workflowService.getSystemInfo({}));
    },
  };
}

async function outcomeOf(start: () => Promise<string>): Promise<StartOutcome> {
  try {
    return { kind: 'started', workflowRunId: await start() };
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return { kind: 'open' };
    if (isSurelyUnsent(error)) return { kind: 'not-taken', cause: error };
    if (error instanceof TemporalServiceError || isGrpcServiceError(error)) {
      return { kind: 'unknown', cause: error };
    }
    throw error;
  }
}

/** Only a look has something to say. */
type Said = LookedAgain | null | undefined;

/** As an update; where no worker answers in time, the same message as a signal. */
async function act(
  client: EngineOptions['client'],
  workflowId: string,
  message: ActionMessage,
): Promise<ActionOutcome> {
  const handle = client.workflow.getHandle(workflowId);
  const progress = { accepted: false };
  try {
    const said = await client.withDeadline(Date.now() + UPDATE_MS, async () => {
      const update = await handle.startUpdate<Said, [ActionMessage['args']]>(message.name, {
        args: [message.args],
        updateId: message.args.actionId,
        waitForStage: 'ACCEPTED',
      });
      progress.accepted = true;
      return update.result();
    });
    return { kind: 'applied', isOver: said?.isOver === true };
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return { kind: 'gone' };
    if (error instanceof WorkflowUpdateFailedError) return refusalOf(error);
    if (!(error instanceof WorkflowUpdateRPCTimeoutOrCancelledError)) throw error;
    if (progress.accepted) return { kind: 'applied', isOver: false };
  }
  try {
    await client.withDeadline(Date.now() + CALL_MS, () =>
      handle.signal(message.name, message.args),
    );
    return { kind: 'unconfirmed' };
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return { kind: 'gone' };
    throw error;
  }
}

function refusalOf(error: WorkflowUpdateFailedError): ActionOutcome {
  const { cause } = error;
  if (!(cause instanceof ApplicationFailure)) throw error;
  if (cause.type === ACTION_NOT_POSSIBLE) return { kind: 'refused', detail: cause.message };
  // The run ended while the update was at work: what came of it shows in the run.
  if (cause.type === 'AcceptedUpdateCompletedWorkflow') return { kind: 'applied', isOver: false };
  throw error;
}

function sightingOf(description: WorkflowExecutionDescription): Sighting {
  return {
    workflowRunId: description.runId,
    status: description.status.name,
    run: description.typedSearchAttributes.get(TenureRun) ?? null,
    closedAt: description.closeTime ?? null,
    description,
  };
}
