// A hire, a leaver, a park, a rate limit and an outage, seen through metrics, logs and traces of the
// real processes.
import { Client, Connection } from '@temporalio/client';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { createDataConverter } from '../../src/crypto/data-converter.js';
import { as } from '../../src/domain/brand.js';
import { controlOf } from '../support/control.js';
import { eventually } from '../support/eventually.js';
import { startOtlpReceiver, type OtlpReceiver, type ReceivedSpan } from './otlp-receiver.js';
import { startProcesses, type Processes } from './processes.js';

Runtime.install({ logger: new DefaultLogger('WARN') });

const PERSON = {
  firstName: 'Zerlina',
  lastName: 'Canaryfield',
  email: 'zerlina.canaryfield@example.com',
  attributes: { mobilePhone: '+49 555 0123987' },
};
const OTHER = { firstName: 'Ottavia', lastName: 'Kestrelwood', email: 'o.kestrelwood@example.com' };
const REASON = 'moves to Utrecht';
const CANARIES = [
  ...[PERSON.firstName, PERSON.lastName, PERSON.email, PERSON.attributes.mobilePhone],
  ...[OTHER.firstName, OTHER.lastName, OTHER.email, REASON],
];

let otlp: OtlpReceiver;
let tenure: Processes;
let hired: string;
let suspendAt: number;
let output = '';
beforeAll(async () => {
  otlp = await startOtlpReceiver();
  tenure = await startProcesses({ OTEL_EXPORTER_OTLP_ENDPOINT: otlp.endpoint });
  await live();
}, 180_000);
afterAll(async () => {
  await tenure.stop();
  await otlp.close();
});

async function live(): Promise<void> {
  const { clients } = tenure;
  const phase = (id: string, wanted: string) =>
    eventually(`${id} is ${wanted}`, async () => (await clients.run(id)).phase === wanted, 60_000);
  await sim('/faults', { method: 'POST', path: '/api/v1/users', fault: '500', times: 1 });
  await sim('/faults', {
    ...{ method: 'GET', path: '/api/v1/users/*', times: 1 },
    ...{ fault: '429', resetSeconds: 2, after: 2 },
  });
  const run = await clients.post('/v1/onboardings', {
    connection: 'demo',
    person: PERSON,
    groups: ['Engineering'],
    reason: REASON,
  });
  hired = run.id;
  await phase(hired, 'completed');

  // Somebody is there already: parked.
  await sim('/users', { profile: { ...OTHER, login: OTHER.email }, status: 'ACTIVE' });
  const parked = await clients.post('/v1/onboardings', { connection: 'demo', person: OTHER });
  await phase(parked.id, 'parked');
  await clients.post(`/v1/runs/${parked.id}/resolve`, { decision: 'abort', reason: REASON });
  await eventually('it is given up', async () => {
    return (await clients.run(parked.id)).outcome === 'aborted';
  });

  await clients.firstSignIn(PERSON.email);
  suspendAt = Date.now() + 3_000;
  await sim('/faults', {
    ...{ method: 'POST', path: '/api/v1/users/*/lifecycle/suspend', times: 1 },
    fault: 'lost-answer',
  });
  const left = await clients.post('/v1/offboardings', {
    connection: 'demo',
    login: PERSON.email,
    suspendAt: new Date(suspendAt).toISOString(),
    reason: REASON,
  });
  await phase(left.id, 'holding');
  await clients.post(`/v1/runs/${left.id}/cancel`, { reason: REASON });
  await phase(left.id, 'cancelled');
  output = tenure.output();
}

async function sim(path: string, body: unknown): Promise<void> {
  await controlOf(tenure.simulator)('POST', path, body);
}

describe('the metrics of a worker', () => {
  it('have ours and the Temporal SDK’s on one scrape', async () => {
    const text = await scrape(`${tenure.metrics}/metrics`);
    expect(text).toMatch(/^temporal_workflow_completed_total\{.*workflow_type="onboard"/m);
    expect(text).toMatch(/^temporal_activity_schedule_to_start_latency_seconds_bucket\{/m);
    expect(text).toMatch(/^process_resident_memory_bytes \d/m);
    const names = [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name);
    expect(new Set(names).size).toBe(names.length);
  });

  it('answer what an operator asks', async () => {
    const text = await scrape(`${tenure.metrics}/metrics`);
    const create = { method: 'POST', path: '/api/v1/users', status: '2xx', bucket: 'A' };
    const value = (name: string, labels: Record<string, string> = {}) => {
      const found = text.split('\n').find((line) => {
        const all = Object.entries(labels).every(([key, word]) =>
          line.includes(`${key}="${word}"`),
        );
        return all && (line.startsWith(`${name}{`) || line.startsWith(`${name} `));
      });
      return Number(found?.split(' ').at(-1) ?? Number.NaN);
    };
    expect(value('tenure_okta_call_duration_seconds_count', create)).toBe(1);
    expect(value('tenure_okta_call_duration_seconds_count', { ...create, status: '5xx' })).toBe(1);
    expect(value('tenure_okta_call_duration_seconds_count', { status: 'none' })).toBe(1);
    expect(value('tenure_okta_tokens_minted_total')).toBe(1);
    expect(value('tenure_okta_limited_total', { kind: 'window' })).toBeGreaterThanOrEqual(1);
    expect(
      value('tenure_step_duration_seconds_count', { activity: 'createUser', result: 'done' }),
    ).toBe(1);
    expect(value('tenure_step_errors_total', { code: 'OKTA_UNAVAILABLE' })).toBeGreaterThanOrEqual(
      1,
    );
    expect(value('tenure_parks_total', { code: 'LOGIN_TAKEN' })).toBe(1);
    expect(value('tenure_suspension_lateness_seconds_count')).toBe(1);
  });

  it('have no label that names a person or a run', async () => {
    const text = await scrape(`${tenure.metrics}/metrics`);
    for (const canary of CANARIES) expect(text).not.toContain(canary);
    expect(text).not.toMatch(/00u\w{10}|[0-9a-f]{8}-[0-9a-f]{4}/);
  });

  it('are served under their one path', async () => {
    expect((await fetch(tenure.metrics)).status).toBe(404);
  });
});

describe('the metrics of the API', () => {
  it('tell runs by phase, connections by status and what waits for Temporal', async () => {
    const text = await scrape(`${tenure.api}/metrics`, tenure.key);
    expect(text).toMatch(/^tenure_connections\{status="ready"\} 2$/m);
    expect(text).toMatch(/^tenure_oldest_unstarted_run_seconds 0$/m);
    expect(text).toMatch(
      /^tenure_http_request_duration_seconds_count\{method="POST",route="\/v1\/onboardings",status="202"\} 2$/m,
    );
  });
});

describe('logs', () => {
  interface Line extends Record<string, unknown> {
    event: string;
    level: string;
  }
  const lines = () =>
    output
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as Line);
  const ids = () => ({
    requestId: hired.split('.')[2],
    runId: hired,
    workflowId: expect.stringMatching(/^person\/demo\/[0-9a-f]{16}$/) as string,
    workflowRunId: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
    traceId: expect.stringMatching(/^[0-9a-f]{32}$/) as string,
  });

  it('have every step with its ids and Okta’s', () => {
    expect(lines()).toContainEqual(
      expect.objectContaining({
        ...ids(),
        ...{ event: 'step', level: 'info', activity: 'createUser', result: 'done', attempt: 2 },
        oktaRequestIds: expect.arrayContaining([expect.any(String)]) as string[],
        durationMs: expect.any(Number) as number,
      }),
    );
  });

  it('have every call to Okta at debug', () => {
    expect(lines()).toContainEqual(
      expect.objectContaining({
        ...ids(),
        ...{ event: 'okta.call', level: 'debug', activity: 'createUser', method: 'POST' },
        ...{ path: '/api/v1/users', status: 200, bucket: 'A' },
        oktaRequestId: expect.any(String) as string,
        durationMs: expect.any(Number) as number,
      }),
    );
  });

  it('say how late a suspension was', () => {
    const late = lines().find(({ event }) => event === 'suspension');
    expect(late?.['lateMs']).toBeGreaterThanOrEqual(0);
  });

  it('hold no name, login, e-mail, reason, token or key, failures included', async () => {
    const token = await tenure.store.tokens.read(as('demo'));
    const credentials = await tenure.store.connections.credentials(as('demo'));
    const secrets = [token?.accessToken, credentials?.privateJwk['d'], tenure.key];
    const events = lines().map(({ event, result }) => result ?? event);
    expect(events).toEqual(expect.arrayContaining(['retried', 'run.parked', 'run.cancelled']));
    for (const secret of secrets) expect(secret).toEqual(expect.any(String));
    const found = [...CANARIES, ...secrets].filter((canary) =>
      output.toLowerCase().includes(String(canary).toLowerCase()),
    );
    expect(found).toEqual([]);
  });
});

describe('traces', () => {
  it('lead from the request over workflow and activity to the call that creates the account', async () => {
    const create = await eventually('the call has arrived', () =>
      otlp.spans.find(
        ({ name, attributes }) =>
          name === 'POST /api/v1/users' && attributes['http.response.status_code'] === 200,
      ),
    );
    const path = await eventually('the way back to the request', () => {
      const way = ancestors(create);
      return way.at(-1)?.parentSpanId === undefined && way.length > 3 ? way : undefined;
    });
    expect(path.map(({ service, name }) => `${service}: ${name}`)).toEqual([
      'tenure-worker: POST /api/v1/users',
      'tenure-worker: RunActivity:createUser',
      'tenure-worker: StartActivity:createUser',
      'tenure-worker: RunWorkflow:onboard',
      'tenure-api: StartWorkflow:onboard',
      'tenure-api: POST /v1/onboardings',
    ]);
    expect(new Set(path.map(({ traceId }) => traceId)).size).toBe(1);
    expect(create.attributes).toMatchObject({
      'http.request.method': 'POST',
      'url.template': '/api/v1/users',
      'okta.bucket': 'A',
      'okta.request_id': expect.any(String) as string,
    });
    expect(path[1]?.attributes).toMatchObject({ 'tenure.step.result': 'done' });
  });

  it('hold no personal data and no secret', async () => {
    // The last step of all: spans come in the order of their end.
    await eventually('the last span', () =>
      otlp.spans.some(({ name }) => name === 'RunActivity:unsuspendUser'),
    );
    const token = await tenure.store.tokens.read(as('demo'));
    const secrets = [token?.accessToken, tenure.key];
    expect(secrets).toEqual([expect.any(String), expect.any(String)]);
    const all = otlp.bodies.join('\n').toLowerCase();
    const found = [...CANARIES, ...secrets].filter((canary = '') =>
      all.includes(canary.toLowerCase()),
    );
    expect(found).toEqual([]);
    expect(otlp.spans.some(({ name }) => /healthz|readyz|metrics/.test(name))).toBe(false);
  });

  it('may be switched off again while runs are under way: a traced one replays without', async () => {
    const connection = await Connection.connect({ address: inject('temporalAddress') });
    const { temporal } = (await tenure.clients.run(hired)) as unknown as {
      temporal: { workflowId: string; runId: string };
    };
    const handle = new Client({ connection }).workflow.getHandle(
      temporal.workflowId,
      temporal.runId,
    );
    await Worker.runReplayHistory(
      {
        workflowBundle: { codePath: inject('workflowBundle') },
        dataConverter: createDataConverter(tenure.store.keyRing),
      },
      await handle.fetchHistory(),
      temporal.workflowId,
    );
    await connection.close();
  });

  function ancestors(span: ReceivedSpan): ReceivedSpan[] {
    const parent = otlp.spans.find(({ spanId }) => spanId === span.parentSpanId);
    return parent === undefined ? [span] : [span, ...ancestors(parent)];
  }
});

async function scrape(url: string, key?: string): Promise<string> {
  const response = await fetch(url, {
    headers: key === undefined ? {} : { authorization: `Bearer ${key}` },
  });
  expect(response.status).toBe(200);
  return response.text();
}
