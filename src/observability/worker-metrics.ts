// The Prometheus registry of a worker: what it asks of Okta, what its steps come to, and how late
// suspensions are. Labels come from bounded sets: path templates, codes, names of activities.
import { collectDefaultMetrics, Counter, Histogram, Registry } from 'prom-client';

/** One request to Okta and its answer. */
export interface CallFacts {
  method: string;
  /** With the ids left out. */
  path: string;
  bucket: string;
  /** Null where no answer came. */
  status: number | null;
  durationMs: number;
  requestId: string | null;
}

/** How an attempt of a step ended. */
export type StepResult =
  | 'done'
  | 'skipped'
  | 'undone'
  /** Kept as done with a remark: the step itself says so. */
  | 'failed'
  /** Tried again by itself. */
  | 'retried'
  /** A person has to decide. */
  | 'parked'
  /** The connection does not work; the run waits for it. */
  | 'blocked'
  | 'cancelled'
  /** Our own store, or an error of ours. */
  | 'broken';

export interface StepFacts {
  activity: string;
  result: StepResult;
  /** Of the problem or of Okta's error; null where there is none. */
  code: string | null;
  /** Which limit said later; null for anything else. */
  limited: string | null;
  durationMs: number;
}

export interface WorkerMetrics {
  registry: Registry;
  call: (call: CallFacts) => void;
  step: (step: StepFacts) => void;
  /** The budget said: not before that. */
  budgetWait: (bucket: string, ms: number) => void;
  /** A run parked, whatever step it was in. */
  parked: (code: string) => void;
  /** From the deadline to Okta's answer. */
  suspended: (lateMs: number) => void;
}

const TOKEN_BUCKET = 'T';
const CALL_SECONDS = [0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20];
const WAIT_SECONDS = [0.1, 0.5, 1, 3, 10, 30, 60, 120, 300];
const LATE_SECONDS = [0.25, 0.5, 1, 2, 5, 10, 30, 60, 300, 900, 3_600, 14_400, 86_400];

export function createWorkerMetrics(): WorkerMetrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const calls = new Histogram({
    name: 'tenure_okta_call_duration_seconds',
    help: 'Requests to Okta by method, path template, class of status and rate-limit bucket',
    labelNames: ['method', 'path', 'status', 'bucket'],
    buckets: CALL_SECONDS,
    registers,
  });
  const limits = new Counter({
    name: 'tenure_okta_limited_total',
    help: 'Steps put off by a limit: a used-up window (429), concurrency (429), our own budget',
    labelNames: ['kind'],
    registers,
  });
  for (const kind of ['window', 'concurrency', 'budget']) limits.inc({ kind }, 0);
  const waits = new Histogram({
    name: 'tenure_okta_budget_wait_seconds',
    help: 'Waits that the rate budget asked for, by bucket',
    labelNames: ['bucket'],
    buckets: WAIT_SECONDS,
    registers,
  });
  const tokens = new Counter({
    name: 'tenure_okta_tokens_minted_total',
    help: 'Access tokens that Okta gave out to this worker',
    registers,
  });
  const steps = new Histogram({
    name: 'tenure_step_duration_seconds',
    help: 'Attempts of steps by activity and result',
    labelNames: ['activity', 'result'],
    buckets: CALL_SECONDS,
    registers,
  });
  const errors = new Counter({
    name: 'tenure_step_errors_total',
    help: 'Attempts of steps that met a problem or an error of Okta, by code',
    labelNames: ['code'],
    registers,
  });
  const parks = new Counter({
    name: 'tenure_parks_total',
    help: 'Runs parked for a person to decide, by problem code',
    labelNames: ['code'],
    registers,
  });
  const lateness = new Histogram({
    name: 'tenure_suspension_lateness_seconds',
    help: 'From the deadline of a suspension to its being done',
    buckets: LATE_SECONDS,
    registers,
  });

  return {
    registry,
    call({ method, path, bucket, status, durationMs }) {
      calls.observe({ method, path, bucket, status: statusClass(status) }, durationMs / 1000);
      if (bucket === TOKEN_BUCKET && status === 200) tokens.inc();
    },
    step({ activity, result, code, limited, durationMs }) {
      steps.observe({ activity, result }, durationMs / 1000);
      if (limited !== null) limits.inc({ kind: limited });
      if (code !== null) errors.inc({ code });
    },
    budgetWait: (bucket, ms) => {
      waits.observe({ bucket }, ms / 1000);
    },
    parked: (code) => {
      parks.inc({ code });
    },
    suspended: (lateMs) => {
      lateness.observe(lateMs / 1000);
    },
  };
}

function statusClass(status: number | null): string {
  if (status === null) return 'none';
  return status === 429 ? '429' : `${Math.floor(status / 100)}xx`;
}
