import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { Registry, Counter } from 'prom-client';
import { describe, expect, it, vi } from 'vitest';
import { createApiMetrics } from '../../src/observability/metrics.js';
import { onFreeAddress, startMetricsServer } from '../../src/observability/metrics-server.js';
import { createWorkerMetrics } from '../../src/observability/worker-metrics.js';
import { watchWorker } from '../../src/observability/worker-watch.js';

describe('the metrics of the API', () => {
  const sources = {
    countRuns: () => Promise.resolve({ parked: 2 }),
    connectionStatuses: () => Promise.resolve(['ready', 'blocked', 'ready']),
    oldestUnstarted: () => Promise.resolve<string | null>(null),
    trouble: () =>
      Promise.resolve({
        overdue: { offboarding: 75.5, onboarding: 0 },
        parked: { LOGIN_TAKEN: 2 },
        failing: 1,
      }),
    pollers: () => Promise.resolve({ runs: 2, questions: 0 }),
  };

  it('count runs by phase and connections by status', async () => {
    const text = await createApiMetrics(sources).registry.metrics();
    expect(text).toContain('tenure_runs{phase="parked"} 2');
    expect(text).toContain('tenure_connections{status="ready"} 2');
    expect(text).toContain('tenure_connections{status="blocked"} 1');
  });

  it('tell how long the oldest accepted run waits for Temporal', async () => {
    const madeAt = (Date.now() - 90_000).toString(16).padStart(12, '0');
    const id = `${madeAt.slice(0, 8)}-${madeAt.slice(8)}-7000-8000-000000000000`;
    const { registry } = createApiMetrics({
      ...sources,
      oldestUnstarted: () => Promise.resolve(id),
    });
    const [, seconds] =
      /^tenure_oldest_unstarted_run_seconds (\S+)$/m.exec(await registry.metrics()) ?? [];
    expect(Number(seconds)).toBeGreaterThanOrEqual(90);
    expect(Number(seconds)).toBeLessThan(100);
  });

  it('tell of overdue, parked and failing runs, and of pollers', async () => {
    const text = await createApiMetrics(sources).registry.metrics();
    expect(text.split('\n')).toEqual(
      expect.arrayContaining([
        'tenure_oldest_overdue_run_seconds{kind="offboarding"} 75.5',
        'tenure_oldest_overdue_run_seconds{kind="onboarding"} 0',
        'tenure_parked_runs{code="LOGIN_TAKEN"} 2',
        'tenure_failing_runs 1',
        'tenure_task_queue_pollers{queue="runs"} 2',
        'tenure_task_queue_pollers{queue="questions"} 0',
      ]),
    );
  });

  it('ask for trouble once a scrape, and again at the next', async () => {
    const trouble = vi.fn(sources.trouble);
    const { registry } = createApiMetrics({ ...sources, trouble });
    await registry.metrics();
    expect(trouble).toHaveBeenCalledTimes(1);
    await registry.metrics();
    expect(trouble).toHaveBeenCalledTimes(2);
  });

  it('leave out what cannot be asked, rather than call it zero', async () => {
    const away = () => Promise.reject(new Error('away'));
    const metrics = {
      countRuns: away,
      connectionStatuses: away,
      oldestUnstarted: away,
      trouble: away,
      pollers: away,
    };
    const text = await createApiMetrics(metrics).registry.metrics();
    expect(text).not.toMatch(/^tenure_(?!http_)/m);
    expect(text).toMatch(/^process_cpu_user_seconds_total /m);
  });
});

describe('the metrics of a worker', () => {
  it('have classes of status, and 429 by itself', async () => {
    const metrics = createWorkerMetrics();
    const call = { method: 'GET', path: '/api/v1/users/{user}', bucket: 'B' };
    for (const status of [200, 204, 404, 429, 503, null]) {
      metrics.call({ ...call, status, durationMs: 30, requestId: 'kept-out' });
    }
    const text = await metrics.registry.metrics();
    const counts = [...text.matchAll(/call_duration_seconds_count\{.*status="(\w+)".*\} (\d)/g)];
    expect(counts.map(([, status, count]) => `${status} ${count}`)).toEqual([
      ...['2xx 2', '4xx 1', '429 1', '5xx 1', 'none 1'],
    ]);
    expect(text).not.toContain('kept-out');
  });

  it('count tokens only where Okta gave one out', async () => {
    const metrics = createWorkerMetrics();
    const call = { method: 'POST', path: '/oauth2/v1/token', bucket: 'T', durationMs: 5 };
    metrics.call({ ...call, status: 401, requestId: null });
    metrics.call({ ...call, status: 200, requestId: null });
    expect(await metrics.registry.metrics()).toContain('tenure_okta_tokens_minted_total 1');
  });
});

describe('a watched gate', () => {
  it('measures by bucket the waits that the budget asked for, and only those', async () => {
    const metrics = createWorkerMetrics();
    const { gate } = watchWorker({
      log: pino({ level: 'silent' }),
      metrics,
      tracing: null,
      suspensionDue: () => Promise.resolve(null),
    });
    const waits = [0, 2_000, 500, 0];
    const learned: unknown[] = [];
    const watched = gate({
      acquire: (connection: string, bucket: string) => {
        learned.push([connection, bucket]);
        return Promise.resolve(waits[learned.length - 1] ?? expect.fail());
      },
      learn: (bucket: string) => learned.push(bucket),
    });
    for (const bucket of ['A', 'A', 'A', 'B']) await watched.acquire('demo', bucket);
    expect(learned).toEqual(['A', 'A', 'A', 'B'].map((bucket) => ['demo', bucket]));
    watched.learn('A');
    expect(learned.at(-1)).toBe('A');
    const text = await metrics.registry.metrics();
    const lines = text.split('\n').filter((line) => /_budget_wait_seconds_(sum|count)/.test(line));
    expect(lines).toEqual([
      'tenure_okta_budget_wait_seconds_sum{bucket="A"} 2.5',
      'tenure_okta_budget_wait_seconds_count{bucket="A"} 2',
    ]);
  });
});

describe('a metrics server', () => {
  const registry = new Registry();
  new Counter({ name: 'ours_total', help: 'ours', registers: [registry] }).inc();

  it('puts the SDK’s numbers behind ours, and does without them', async () => {
    const sdk = createServer((_req, res) => res.end('temporal_x 1\n\n\n')).listen(0, '127.0.0.1');
    await once(sdk, 'listening');
    const sdkAddress = `127.0.0.1:${(sdk.address() as AddressInfo).port}`;
    const server = await startMetricsServer({ host: '127.0.0.1', port: 0, registry, sdkAddress });
    const scrape = async () => (await fetch(`http://127.0.0.1:${server.port}/metrics`)).text();
    expect(await scrape()).toMatch(/^ours_total 1\n[^]*^temporal_x 1\n$/m);
    sdk.close();
    sdk.closeAllConnections();
    expect(await scrape()).toMatch(/^ours_total 1\n[^]*^# The Temporal SDK gave no metrics/m);
    await server.close();
  });

  it('says in one sentence that its port is in use', async () => {
    const options = { host: '127.0.0.1', registry, sdkAddress: null };
    const first = await startMetricsServer({ ...options, port: 0 });
    await expect(startMetricsServer({ ...options, port: first.port })).rejects.toThrow(
      `TENURE_METRICS_PORT: port ${first.port} is in use`,
    );
    await first.close();
  });

  it('tries another address where somebody was faster', async () => {
    const tried: string[] = [];
    const address = await onFreeAddress((offered) => {
      tried.push(offered);
      if (tried.length === 1) throw new Error('in use');
    });
    expect(tried).toHaveLength(2);
    expect(address).toBe(tried[1]);
  });
});
