// The Prometheus registry of the API. Labels come from bounded sets: route patterns, never paths. What
// a scrape asks the database for is asked then; an answer that does not come leaves its numbers out.
import { collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

export interface ApiMetrics {
  registry: Registry;
  /** One answered request; `route` is the pattern, `unmatched` where there is none. */
  observeRequest: (labels: { method: string; route: string; status: number }, ms: number) => void;
}

/** Asked at every scrape. */
export interface ApiMetricSources {
  /** Open runs by phase. */
  countRuns: () => Promise<Record<string, number>>;
  /** The status of every connection. */
  connectionStatuses: () => Promise<string[]>;
  /** The request id (a UUIDv7) of the oldest run that Temporal has not taken; null where all are. */
  oldestUnstarted: () => Promise<string | null>;
  trouble: () => Promise<TroubleNumbers>;
  /** How many workers poll, by task queue. */
  pollers: () => Promise<Record<string, number>>;
}

/** What no run says of itself. */
export interface TroubleNumbers {
  /** Seconds, by kind of run. */
  overdue: Record<string, number>;
  /** Parked runs by problem code. */
  parked: Record<string, number>;
  /** Open runs whose workflow task fails. */
  failing: number;
}

export function createApiMetrics(sources?: ApiMetricSources): ApiMetrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const requests = new Histogram({
    name: 'tenure_http_request_duration_seconds',
    help: 'Answered HTTP requests',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers: [registry],
  });
  if (sources !== undefined) addGauges(registry, sources);
  return {
    registry,
    observeRequest: ({ method, route, status }, ms) => {
      requests.observe({ method, route, status: String(status) }, ms / 1000);
    },
  };
}

function addGauges(registry: Registry, sources: ApiMetricSources): void {
  addCounts(registry, {
    name: 'tenure_runs',
    help: 'Open runs by phase',
    label: 'phase',
    count: sources.countRuns,
  });
  addCounts(registry, {
    name: 'tenure_connections',
    help: 'Connections by status',
    label: 'status',
    count: async () => tally(await sources.connectionStatuses()),
  });
  addAge(registry, sources.oldestUnstarted);
  addTrouble(registry, shared(sources.trouble));
  addCounts(registry, {
    name: 'tenure_task_queue_pollers',
    help: 'Workers that poll, by task queue',
    label: 'queue',
    count: sources.pollers,
  });
}

function addTrouble(registry: Registry, trouble: ApiMetricSources['trouble']): void {
  addCounts(registry, {
    name: 'tenure_oldest_overdue_run_seconds',
    help: 'Time since the deadline that was missed longest, by kind of run; 0 where none is overdue',
    label: 'kind',
    count: async () => (await trouble()).overdue,
  });
  addCounts(registry, {
    name: 'tenure_parked_runs',
    help: 'Runs that wait for a person to decide, by problem code',
    label: 'code',
    count: async () => (await trouble()).parked,
  });
  new Gauge({
    name: 'tenure_failing_runs',
    help: 'Open runs whose workflow task fails',
    registers: [registry],
    async collect() {
      try {
        this.set((await trouble()).failing);
      } catch {
        this.remove({});
      }
    },
  });
}

/** Callers of the same moment share one answer: the gauges of a scrape ask at once. */
function shared<T>(ask: () => Promise<T>): () => Promise<T> {
  let asked: Promise<T> | undefined;
  return () =>
    (asked ??= ask().finally(() => {
      asked = undefined;
    }));
}

interface Counts {
  name: string;
  help: string;
  label: string;
  count: () => Promise<Record<string, number>>;
}

function addCounts(registry: Registry, { name, help, label, count }: Counts): void {
  new Gauge({
    name,
    help,
    labelNames: [label],
    registers: [registry],
    async collect() {
      const counts = await count().catch(() => ({}));
      this.reset();
      for (const [value, number] of Object.entries(counts)) this.set({ [label]: value }, number);
    },
  });
}

function addAge(registry: Registry, oldest: ApiMetricSources['oldestUnstarted']): void {
  new Gauge({
    name: 'tenure_oldest_unstarted_run_seconds',
    help: 'Age of the oldest accepted run that Temporal has not taken yet; 0 where there is none',
    registers: [registry],
    async collect() {
      try {
        const id = await oldest();
        this.set(id === null ? 0 : Math.max(0, (Date.now() - madeAt(id)) / 1000));
      } catch {
        this.remove({});
      }
    },
  });
}

function tally(words: string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const word of words) counts[word] = (counts[word] ?? 0) + 1;
  return counts;
}

/** Milliseconds since 1970: the first 48 bits of a UUIDv7 (RFC 9562, section 5.7). */
function madeAt(uuid: string): number {
  return Number.parseInt(uuid.replaceAll('-', '').slice(0, 12), 16);
}
