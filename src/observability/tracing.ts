// Tracing as the processes see it, without a word of OpenTelemetry: `otel.ts` is the real thing,
// `start-tracing.ts` loads it.
import type { RequestListener } from 'node:http';
import type { WorkflowClientInterceptor } from '@temporalio/client';
import type { InjectedSinks, WorkerInterceptors } from '@temporalio/worker';
import type { Sinks } from '@temporalio/workflow';
import type { CallFacts, StepFacts } from './worker-metrics.js';

export interface Tracing {
  /** Spans round an Express app, named by the route's pattern; they go on from a caller's `traceparent`. */
  requests: (app: RequestListener) => RequestListener;
  /** Carries the context into Temporal. */
  clientInterceptors: WorkflowClientInterceptor[];
  /** Interceptors of workflows and activities, and the sink for the spans of workflows. */
  worker: {
    interceptors: Pick<WorkerInterceptors, 'workflowModules' | 'activity'>;
    sinks: InjectedSinks<Sinks>;
  };
  /** A span that has just ended, under the activity that made the call. */
  oktaCall: (call: CallFacts) => void;
  /** Writes what came of the step onto the activity's span. */
  step: (step: StepFacts) => void;
  /** Of the current span, for logs. */
  ids: () => { traceId?: string; spanId?: string };
  /** Sends what is left. */
  close: () => Promise<void>;
}
