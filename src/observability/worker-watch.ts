// What a worker shows of its work: every call to Okta and every step as a measurement, a log event and,
// where tracing is on, a span. Ids, codes, templates and times; never a name, a login or a token.
import type { ActivityInterceptorsFactory } from '@temporalio/worker';
import type { Logger } from './logger.js';
import { field, runScope, scopeInterceptor } from './run-scope.js';
import type { Tracing } from './tracing.js';
import type { CallFacts, StepFacts, WorkerMetrics } from './worker-metrics.js';

/** A step with the Okta request ids that it kept. */
export interface WatchedStep extends StepFacts {
  oktaRequestIds: string[];
}

export interface WorkerWatch {
  okta: (call: CallFacts) => void;
  step: (step: WatchedStep) => void;
  interceptor: ActivityInterceptorsFactory;
  /** The same gate, its waits measured. */
  gate: <G extends Gate>(gate: G) => G;
}

interface Gate {
  acquire(connection: never, bucket: string): Promise<number>;
}

export interface WorkerWatchOptions {
  log: Logger;
  metrics: WorkerMetrics;
  tracing: Tracing | null;
  /** When a run was to suspend, RFC 3339; null where it is not known. */
  suspensionDue: (runId: string) => Promise<string | null>;
}

/** The clock of whoever set the deadline may be this far ahead of ours. */
const CLOCK_MARGIN_MS = 5_000;

export function watchWorker(options: WorkerWatchOptions): WorkerWatch {
  const { log, metrics, tracing } = options;
  return {
    okta(call) {
      metrics.call(call);
      tracing?.oktaCall(call);
      const { method, path, bucket, status, durationMs, requestId } = call;
      log.debug({
        event: 'okta.call',
        ...runScope(),
        ...tracing?.ids(),
        method,
        path,
        bucket,
        status,
        oktaRequestId: requestId,
        durationMs: Math.round(durationMs),
      });
    },

    step(step) {
      metrics.step(step);
      tracing?.step(step);
      const { result, code, limited, oktaRequestIds, durationMs } = step;
      const line = {
        event: 'step',
        ...runScope(),
        ...tracing?.ids(),
        result,
        ...(code === null ? {} : { code }),
        ...(limited === null ? {} : { limited }),
        oktaRequestIds,
        durationMs: Math.round(durationMs),
      };
      // An outage is waited out without end: its first try is news, the others are not.
      const isRepeated = result === 'retried' || result === 'blocked';
      if (isRepeated && (runScope().attempt ?? 1) > 1) log.debug(line);
      else log.info(line);
      if (step.activity === 'suspendUser' && result === 'done') void measureLateness(options);
    },

    interceptor: scopeInterceptor((said) => {
      const event = field(field(said, 'event'), 'action');
      if (typeof event !== 'string') return;
      const code = field(field(said, 'problem'), 'code');
      if (event === 'run.parked' && typeof code === 'string') metrics.parked(code);
      const [phase, outcome] = [field(said, 'phase'), field(said, 'outcome')];
      log.info({ event, ...runScope(), ...tracing?.ids(), phase, outcome, code });
    }),

    gate: (gate) => ({
      ...gate,
      acquire: async (connection: never, bucket: string) => {
        const waitMs = await gate.acquire(connection, bucket);
        if (waitMs > 0) metrics.budgetWait(bucket, waitMs);
        return waitMs;
      },
    }),
  };
}

async function measureLateness({ suspensionDue, metrics, log }: WorkerWatchOptions): Promise<void> {
  const doneAt = Date.now();
  const { runId } = runScope();
  if (runId === undefined) return;
  const due = await suspensionDue(runId).catch(() => null);
  if (due === null) return;
  const lateMs = doneAt - Date.parse(due);
  // Brought forward: there was no deadline to meet.
  if (lateMs < -CLOCK_MARGIN_MS) return;
  metrics.suspended(Math.max(0, lateMs));
  log.info({ event: 'suspension', ...runScope(), lateMs: Math.max(0, lateMs) });
}
