// Health, metrics, description, codec, and what surrounds every answer.
import { Buffer } from 'node:buffer';
import { request } from 'node:http';
import type { PayloadCodec } from '@temporalio/common';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { keyId } from '../../src/api/auth.js';
import { StoreUnavailableError } from '../../src/store/errors.js';
import { KEYS, onboarding, startHarness, type Harness } from './harness.js';

const CODEC_PATH = '/abcdefghijklmnopqrstuvwx';
/** Encodes by turning bytes around. */
const reversing: PayloadCodec = {
  encode: (payloads) => Promise.resolve(payloads.map(turned)),
  decode: (payloads) => Promise.resolve(payloads.map(turned)),
};
function turned<P extends { data?: Uint8Array | null }>(payload: P): P {
  if (payload.data == null) throw new Error('secret insides');
  return { ...payload, data: Buffer.from(payload.data).reverse() };
}

let api: Harness;
let pendingSetup: string[] = [];
beforeEach(async () => {
  pendingSetup = [];
  api = await startHarness({
    codecs: [reversing],
    codecPath: CODEC_PATH,
    pendingSetup: () => pendingSetup,
  });
});
afterEach(() => api.close());

const open = (path: string) => api.call('GET', path, { key: null });

describe('/healthz and /readyz', () => {
  it('tell life from readiness', async () => {
    expect((await open('/readyz')).body).toEqual({
      status: 'ready',
      parts: { database: 'ok', temporal: 'ok', setup: 'ok', worker: 'ok' },
    });
    api.fake.state.isAway = true;
    api.temporal.state.weather = 'away';
    pendingSetup = ['search-attributes'];
    const { status, body } = await open('/readyz');
    expect(status).toBe(503);
    expect(body.parts).toEqual({
      database: 'unavailable',
      temporal: 'unavailable',
      setup: 'pending: search-attributes',
      worker: 'ok',
    });
    expect((await open('/healthz')).status).toBe(200);
  });

  it('call an API degraded, and leave it in service, where no worker polls', async () => {
    api.temporal.state.pollers = 0;
    expect(await open('/readyz')).toMatchObject({
      status: 200,
      body: { status: 'degraded', parts: { temporal: 'ok', worker: 'nobody polls' } },
    });
  });

  it('do not call it degraded where that cannot be told', async () => {
    vi.spyOn(api.temporal.client.workflowService, 'describeTaskQueue').mockImplementation(() =>
      Promise.reject(new Error('not allowed')),
    );
    expect((await open('/readyz')).body).toMatchObject({
      status: 'ready',
      parts: { worker: 'unknown' },
    });
  });

  it('say that runs go on, and questions are not answered', async () => {
    const polled = api.temporal.client.workflowService.describeTaskQueue;
    vi.spyOn(api.temporal.client.workflowService, 'describeTaskQueue').mockImplementation(
      (request) =>
        request.taskQueue?.name?.endsWith('-interactive') === true
          ? Promise.resolve({ pollers: [] } as never)
          : polled(request),
    );
    expect((await open('/readyz')).body).toMatchObject({
      status: 'degraded',
      parts: { worker: 'nobody answers questions' },
    });
  });
});

describe('/metrics', () => {
  it('counts by route, never by path', async () => {
    await api.get('/v1/runs/demo.0123456789abcdef');
    await api.get('/v1/runs?login=ada@example.com');
    await open('/no/such/thing');
    const { text } = await api.call('GET', '/metrics', { key: KEYS.reader });
    expect(text).toContain(
      'tenure_http_request_duration_seconds_count{method="GET",route="/v1/runs/:id",status="404"} 1',
    );
    expect(text).toContain('route="unmatched",status="404"');
    expect(text).not.toContain('ada@');
    expect(text).toContain('process_cpu_seconds_total');
  });
});

describe('/openapi.json', () => {
  it('describes every route that is served', async () => {
    const { body } = await open('/openapi.json');
    expect(body.openapi).toBe('3.1.0');
    expect(body.components.securitySchemes.apiKey).toMatchObject({
      type: 'http',
      scheme: 'bearer',
    });
    const described = Object.entries(body.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method} ${path}`),
    );
    expect(described.sort()).toEqual([
      'delete /v1/api-keys/{id}',
      'delete /v1/connections/{id}',
      'delete /v1/connections/{id}/access-profiles/{name}',
      'get /.well-known/jwks/{connectionId}.json',
      'get /healthz',
      'get /metrics',
      'get /readyz',
      'get /v1/api-keys',
      'get /v1/connections',
      'get /v1/connections/{id}',
      'get /v1/connections/{id}/access-profiles',
      'get /v1/connections/{id}/access-profiles/{name}',
      'get /v1/connections/{id}/groups',
      'get /v1/runs',
      'get /v1/runs/{id}',
      'patch /v1/connections/{id}',
      'post /codec/decode',
      'post /v1/api-keys',
      'post /v1/connections',
      'post /v1/connections/{id}/keys',
      'post /v1/connections/{id}/verify',
      'post /v1/offboardings',
      'post /v1/onboardings',
      'post /v1/runs/{id}/cancel',
      'post /v1/runs/{id}/expedite',
      'post /v1/runs/{id}/reschedule',
      'post /v1/runs/{id}/resolve',
      'put /v1/connections/{id}/access-profiles/{name}',
    ]);
    for (const line of described) {
      const [method = '', path = ''] = line.split(' ');
      const url = path.replace('{id}', 'demo.0123456789abcdef');
      const { status } = await api.call(method.toUpperCase(), url, { key: KEYS.admin });
      expect([line, status]).not.toEqual([line, 405]);
    }
  });

  it('has every reference that it makes, and problems for every failure', async () => {
    const { body, text } = await open('/openapi.json');
    for (const [, name] of text.matchAll(/"#\/components\/schemas\/(\w+)"/g)) {
      expect(body.components.schemas).toHaveProperty(name ?? '');
    }
    const responses = body.paths['/v1/onboardings']?.['post']?.responses ?? {};
    expect(Object.keys(responses)).toEqual(
      expect.arrayContaining([
        '202',
        '200',
        '400',
        '401',
        '403',
        '404',
        '409',
        '413',
        '415',
        '422',
        '503',
      ]),
    );
    expect(JSON.stringify(responses['409'])).toContain('application/problem+json');
    expect(body.components.schemas.OnboardingRequest).toMatchObject({
      additionalProperties: false,
      required: ['person'],
    });
  });

  it('has examples that are accepted', async () => {
    const { body } = await open('/openapi.json');
    const { OnboardingRequest, OffboardingRequest } = body.components.schemas;
    for (const [path, schema] of [
      ['/v1/onboardings', OnboardingRequest],
      [
        '/v1/offboardings',
        { example: { ...OffboardingRequest.example, login: 'bob@example.com' } },
      ],
    ] as const) {
      expect([path, (await api.post(path, schema.example)).status]).toEqual([path, 202]);
    }
  });
});

describe('/docs', () => {
  it('loads from here alone, without inline scripts', async () => {
    const page = await open('/docs');
    expect(page.headers.get('content-type')).toContain('text/html');
    expect(page.text).not.toMatch(/<script>|https?:/);
    const csp = page.headers.get('content-security-policy') ?? '';
    expect(csp).toContain("script-src 'self';");
    expect(csp).not.toContain('upgrade-insecure-requests');
    const assets = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map(
      ([, asset]) => asset ?? '',
    );
    expect(assets).toHaveLength(4);
    for (const asset of assets) {
      const { status, text } = await open(asset);
      expect([asset, status, text.length > 0]).toEqual([asset, 200, true]);
    }
    expect((await open('/docs/package.json')).status).toBe(404);
  });
});

describe('the codec', () => {
  const data = Buffer.from('"olleh"').toString('base64');
  const decoded = Buffer.from('"hello"').toString('base64');
  const metadata = { encoding: Buffer.from('json/plain').toString('base64') };
  const body = { payloads: [{ metadata, data }] };
  const ui = { origin: 'http://127.0.0.1:8233' };

  it('decodes with a key', async () => {
    const { status, body: answer } = await api.post('/codec/decode', body);
    expect(status).toBe(200);
    expect(answer).toEqual({ payloads: [{ metadata, data: decoded }] });
    expect((await api.post('/codec/encode', body)).status).toBe(404);
  });

  it('says of a damaged payload only that', async () => {
    const {
      status,
      body: answer,
      text,
    } = await api.post('/codec/decode', { payloads: [{ metadata }] });
    expect([status, answer.code]).toEqual([400, 'UNDECODABLE']);
    expect(text).not.toContain('insides');
  });

  it('decodes for the Web UI under the path of this start', async () => {
    for (const origin of ['http://127.0.0.1:8233', 'http://localhost:8233']) {
      const headers = { origin };
      const preflight = await api.call('OPTIONS', `${CODEC_PATH}/decode`, { key: null, headers });
      expect(preflight.status).toBe(204);
      expect(preflight.headers.get('access-control-allow-headers')).toContain('x-namespace');
      const answer = await api.call('POST', `${CODEC_PATH}/decode`, { key: null, body, headers });
      expect(answer.body).toEqual({ payloads: [{ metadata, data: decoded }] });
      expect(answer.headers.get('access-control-allow-origin')).toBe(origin);
    }
  });

  it('writes down who asks, and for how much, before anything is decoded', async () => {
    const { decodes } = api.fake;
    await api.post('/codec/decode', { payloads: [...body.payloads, ...body.payloads] });
    await api.call('POST', `${CODEC_PATH}/decode`, { key: null, body, headers: ui });
    await api.post('/codec/decode', { payloads: [{ metadata }] });
    await api.post('/codec/decode', { payloads: 'none' });
    await api.call('POST', '/codec/decode', { key: KEYS.reader, body });
    const operator = keyId(KEYS.operator);
    expect(decodes).toEqual([
      { apiKeyId: operator, payloads: 2 },
      { apiKeyId: null, payloads: 1 },
      { apiKeyId: operator, payloads: 1 },
    ]);
  });

  it('decodes nothing where that cannot be written down', async () => {
    api.fake.store.decodes.record = () =>
      Promise.reject(new StoreUnavailableError('The database does not answer (test).'));
    for (const path of ['/codec', CODEC_PATH]) {
      const answer = await api.call('POST', `${path}/decode`, { body, headers: ui });
      expect([answer.status, answer.body.code]).toEqual([503, 'DATABASE_UNAVAILABLE']);
      expect(answer.text).not.toContain(decoded);
    }
  });

  it.each([
    ['another page', { origin: 'https://evil.example' }],
    ['another port', { origin: 'http://127.0.0.1:9999' }],
    ['no page', {}],
    ['a page without origin', { origin: 'null' }],
  ])('refuses %s there', async (_name, headers) => {
    const answer = await api.call('POST', `${CODEC_PATH}/decode`, { key: null, body, headers });
    expect(answer.status).toBe(403);
    expect(answer.headers.get('access-control-allow-origin')).toBeNull();
  });

  it('refuses another host name there', async () => {
    const { hostname, port } = new URL(api.url);
    const status = await new Promise((resolve, reject) => {
      const headers = { ...ui, host: 'rebound.example', 'content-type': 'application/json' };
      request(
        { hostname, port, method: 'POST', path: `${CODEC_PATH}/decode`, headers },
        (answer) => {
          answer.resume();
          resolve(answer.statusCode);
        },
      )
        .on('error', reject)
        .end(JSON.stringify(body));
    });
    expect(status).toBe(403);
  });
});

describe('every answer', () => {
  it('has a request id, the caller’s where it is a sane one', async () => {
    const id = async (given: string) =>
      (await api.call('GET', '/healthz', { headers: { 'x-request-id': given } })).headers.get(
        'x-request-id',
      );
    expect(await id('trace-1:a.b_c')).toBe('trace-1:a.b_c');
    expect(await id('no good id')).toMatch(/^[0-9a-f-]{36}$/);
    expect(await id('x'.repeat(200))).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('is not to be stored, framed or sniffed, and says nothing of what made it', async () => {
    const { headers } = await api.get('/v1/runs');
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
    expect(headers.get('x-powered-by')).toBeNull();
    expect(headers.get('strict-transport-security')).toBeNull();
    expect(headers.get('access-control-allow-origin')).toBeNull();
  });

  it('leaves no key and no person in the log', async () => {
    await api.post('/v1/onboardings', onboarding());
    await api.get('/v1/runs?login=ada@example.com');
    api.temporal.state.weather = 'away';
    await api.post('/v1/offboardings', { connection: 'demo', login: 'eve@example.com' });
    const log = api.log.join('\n');
    expect(log).toContain('http.request');
    expect(log).toContain('run.start.not-taken');
    for (const canary of [KEYS.operator, 'ada@', 'eve@', 'Lovelace'])
      expect(log).not.toContain(canary);
  });
});
