// The Prometheus registry of a process. Labels come from bounded sets: route patterns, never paths.
import { collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

export interface ApiMetrics {
  registry: Registry;
  /** One answered request; `route` is the pattern, `unmatched` where there is none. */
  observeRequest: (labels: { method: string; route: string; status: number }, ms: number) => void;
}

/** `countRuns` is asked at every scrape: open runs by phase. A failure leaves the gauge out. */
export function createApiMetrics(countRuns?: () => Promise<Record<string, number>>): ApiMetrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const requests = new Histogram({
    name: 'tenure_http_request_duration_seconds',
    help: 'Answered HTTP requests',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers: [registry],
  });
  if (countRuns !== undefined) addRunGauge(registry, countRuns);
  return {
    registry,
    observeRequest: ({ method, route, status }, ms) => {
      requests.observe({ method, route, status: String(status) }, ms / 1000);
    },
  };
}

function addRunGauge(registry: Registry, countRuns: () => Promise<Record<string, number>>): void {
  new Gauge({
    name: 'tenure_runs',
    help: 'Runs by phase',
    labelNames: ['phase'],
    registers: [registry],
    async collect() {
      const counts = await countRuns().catch(() => null);
      this.reset();
      if (counts === null) return;
      for (const [phase, count] of Object.entries(counts)) this.set({ phase }, count);
    },
  });
}
