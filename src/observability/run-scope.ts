// Which run an activity works for, known to everything that happens inside it without being handed
// through: taken from the activity's input by an interceptor. Ids only, nothing of the person.
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Context } from '@temporalio/activity';
import type { ActivityInterceptorsFactory } from '@temporalio/worker';

/** As log fields. Temporal's run id is `workflowRunId`; `runId` is Tenure's. */
export interface RunScope {
  requestId?: string;
  runId?: string;
  workflowId?: string;
  workflowRunId?: string;
  activity: string;
  attempt: number;
}

const scopes = new AsyncLocalStorage<RunScope>();

/** Empty outside an activity. */
export function runScope(): Partial<RunScope> {
  return scopes.getStore() ?? {};
}

/** `report` gets what the workflow says of its run, after it is on record. */
export function scopeInterceptor(report: (said: unknown) => void): ActivityInterceptorsFactory {
  return (context) => ({
    inbound: {
      execute: (input, next) =>
        scopes.run(scopeOf(context, input.args[0]), async () => {
          const result: unknown = await next(input);
          if (context.info.activityType === 'recordRun') report(input.args[0]);
          return result;
        }),
    },
  });
}

function scopeOf({ info }: Context, input: unknown): RunScope {
  const run = field(input, 'run');
  const { workflowExecution } = info;
  return {
    ...text('requestId', field(run, 'requestId')),
    ...text('runId', field(run, 'id')),
    ...text('workflowId', workflowExecution?.workflowId),
    ...text('workflowRunId', workflowExecution?.runId),
    activity: info.activityType,
    attempt: info.attempt,
  };
}

function text<K extends string>(name: K, value: unknown): { [key in K]?: string } {
  return typeof value === 'string' ? ({ [name]: value } as Record<K, string>) : {};
}

/** A field of what came as JSON; undefined where there is none. */
export function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null
    ? (value as Record<string, unknown>)[name]
    : undefined;
}
