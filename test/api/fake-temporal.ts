// A workflow client in memory: one open workflow an id, as Temporal has it, and its failures on
// demand in the very shapes of the real client's errors.
import {
  ServiceError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client';
import { ApplicationFailure, WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import type { AdoptKeyInput, OffboardInput, OnboardInput } from '../../src/contract/workflows.js';
import { TenureRun } from '../../src/contract/search-attributes.js';
import type { EngineOptions } from '../../src/api/temporal.js';

export interface Workflow {
  workflowId: string;
  type: string;
  isOpen: boolean;
  /** The run that it says it is. */
  run: string;
  options: Record<string, unknown>;
  input: OnboardInput | OffboardInput | AdoptKeyInput;
  /** What `describe` adds; shapes of Temporal's API. */
  raw: Record<string, unknown>;
  signals: { name: string; args: unknown[] }[];
  updates: { name: string; updateId: string; args: unknown[] }[];
  cancels: number;
}

/** `away`: connection refused. `lost`: sent, and the answer never came. */
export type Weather = 'fine' | 'away' | 'lost' | 'full';

/** What a worker makes of an update; `none`: there is no worker. */
export type UpdateVerdict = 'apply' | 'none' | { refuse: string };

export function fakeTemporal() {
  const workflows: Workflow[] = [];
  const state = {
    weather: 'fine' as Weather,
    verdict: 'apply' as UpdateVerdict,
    pollers: 1,
    onMessage: (_workflow: Workflow): void => undefined,
  };
  const find = (workflowId: string) =>
    workflows.findLast((workflow) => workflow.workflowId === workflowId);
  const findOpen = (workflowId: string) => {
    const found = find(workflowId);
    if (found?.isOpen !== true) throw new WorkflowNotFoundError('not found', workflowId, undefined);
    return found;
  };

  const isLost = () => state.weather === 'lost';

  function begin(type: string, options: StartOptions): Workflow {
    const input = options.args[0];
    const workflow: Workflow = {
      workflowId: options.workflowId,
      type,
      isOpen: true,
      run: 'run' in input ? input.run.id : '',
      options: { ...options },
      input,
      raw: {},
      signals: [],
      updates: [],
      cancels: 0,
    };
    workflows.push(workflow);
    return workflow;
  }

  const client = {
    withDeadline: (_deadline: number, call: () => Promise<unknown>) => call(),
    workflowService: {
      getSystemInfo: () => check(state.weather, 'getSystemInfo'),
      describeTaskQueue: async () => {
        await check(state.weather, 'describeTaskQueue');
        const lastAccessTime = { seconds: Math.floor(Date.now() / 1_000), nanos: 0 };
        return { pollers: Array.from({ length: state.pollers }, () => ({ lastAccessTime })) };
      },
    },
    workflow: {
      start: async (type: string, options: StartOptions) => {
        await check(state.weather, 'start');
        if (find(options.workflowId)?.isOpen === true) {
          throw new WorkflowExecutionAlreadyStartedError('started', options.workflowId, type);
        }
        begin(type, options);
        if (isLost()) throw lost();
        return { firstExecutionRunId: `run-${workflows.length}` };
      },
      signalWithStart: async (
        type: string,
        options: StartOptions & { signal: string; signalArgs?: unknown[] },
      ) => {
        await check(state.weather, 'signalWithStart');
        const found = find(options.workflowId);
        const workflow = found?.isOpen === true ? found : begin(type, options);
        workflow.signals.push({ name: options.signal, args: options.signalArgs ?? [] });
        return { signaledRunId: 'run-signalled' };
      },
      getHandle: (workflowId: string) => ({
        describe: async () => {
          await check(state.weather, 'describe');
          const found = find(workflowId);
          if (found === undefined) throw new WorkflowNotFoundError('none', workflowId, undefined);
          return {
            runId: `run-of-${found.run}`,
            status: { name: found.isOpen ? 'RUNNING' : 'COMPLETED' },
            typedSearchAttributes: {
              get: (key: unknown) => (key === TenureRun ? found.run : undefined),
            },
            raw: { pendingActivities: [], ...found.raw },
          };
        },
        cancel: async () => {
          await check(state.weather, 'cancel');
          const found = findOpen(workflowId);
          found.cancels += 1;
          state.onMessage(found);
        },
        signal: async (name: string, ...args: unknown[]) => {
          await check(state.weather, 'signal');
          findOpen(workflowId).signals.push({ name, args });
        },
        startUpdate: async (name: string, update: { args: unknown[]; updateId: string }) => {
          await check(state.weather, 'update');
          const found = findOpen(workflowId);
          const { verdict } = state;
          if (verdict === 'none') throw new WorkflowUpdateRPCTimeoutOrCancelledError('timeout');
          if (verdict !== 'apply') {
            throw new WorkflowUpdateFailedError(
              'failed',
              ApplicationFailure.nonRetryable(verdict.refuse, 'ACTION_NOT_POSSIBLE'),
            );
          }
          found.updates.push({ name, ...update });
          state.onMessage(found);
          return { result: () => Promise.resolve(undefined) };
        },
      }),
    },
  };

  return { client: client as unknown as EngineOptions['client'], workflows, state, find };
}

interface StartOptions {
  workflowId: string;
  args: [OnboardInput | OffboardInput | AdoptKeyInput];
}

/** As the client wraps a gRPC error. */
function grpc(code: number, details: string): ServiceError {
  const cause = Object.assign(new Error(`${code}: ${details}`), { code, details, metadata: {} });
  return new ServiceError('Failed', { cause });
}

function lost(): ServiceError {
  return grpc(4, 'Deadline exceeded after 5.001s,remote_addr=127.0.0.1:7233');
}

async function check(weather: Weather, call: string): Promise<void> {
  await Promise.resolve();
  if (weather === 'away') {
    throw grpc(14, 'No connection established. Last error: connect ECONNREFUSED 127.0.0.1:7233');
  }
  if (weather === 'full') throw grpc(8, 'namespace rate limit exceeded');
  if (weather === 'lost' && call !== 'start') throw lost();
}
