// Keys, roles, and the walls between connections.
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ADMIN_KEY_NAME, learnAdminKey } from '../../src/api/admin-key.js';
import { CANARY, KEYS, onboarding, startHarness, type Harness } from './harness.js';

let api: Harness;
beforeEach(async () => {
  api = await startHarness();
});
afterEach(() => api.close());

describe('without a valid key', () => {
  it.each([
    ['no header', {}],
    ['another scheme', { authorization: 'Basic abc' }],
    ['an unknown key', { authorization: `Bearer tnr_${'x'.repeat(43)}` }],
    ['a short key', { authorization: 'Bearer x' }],
    ['a key with its end cut', { authorization: `Bearer ${KEYS.admin.slice(0, -1)}` }],
  ])('everything is 401: %s', async (_name, headers) => {
    const requests: [string, string][] = [
      ['GET', '/v1/runs'],
      ['GET', '/v1/runs/demo.0123456789abcdef'],
      ['POST', '/v1/onboardings'],
      ['POST', '/v1/offboardings'],
      ['POST', '/v1/runs/demo.0123456789abcdef/cancel'],
      ['GET', '/v1/connections'],
      ['GET', '/v1/api-keys'],
      ['POST', '/codec/decode'],
      ['GET', '/metrics'],
    ];
    for (const [method, path] of requests) {
      const answer = await api.call(method, path, { key: null, headers });
      expect([path, answer.status, answer.body.code]).toEqual([path, 401, 'UNAUTHENTICATED']);
      expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer realm="tenure"/);
    }
  });

  it('only what says nothing about anybody is open', async () => {
    for (const path of ['/healthz', '/readyz', '/openapi.json', '/docs']) {
      expect((await api.call('GET', path, { key: null })).status).toBe(200);
    }
  });
});

describe('a role', () => {
  it.each<[keyof typeof KEYS, string, string, number]>([
    ['reader', 'GET', '/v1/runs', 200],
    ['reader', 'GET', '/v1/connections', 200],
    ['reader', 'GET', '/metrics', 200],
    ['reader', 'POST', '/v1/onboardings', 403],
    ['reader', 'POST', '/v1/offboardings', 403],
    ['reader', 'POST', '/v1/runs/demo.0123456789abcdef/cancel', 403],
    ['reader', 'GET', '/v1/api-keys', 403],
    ['reader', 'POST', '/codec/decode', 403],
    ['operator', 'POST', '/v1/onboardings', 400],
    ['operator', 'GET', '/v1/api-keys', 403],
    ['operator', 'POST', '/v1/api-keys', 403],
    ['operator', 'DELETE', '/v1/api-keys/abc', 403],
    ['operator', 'POST', '/codec/decode', 400],
    ['admin', 'GET', '/v1/api-keys', 200],
    ['admin', 'POST', '/v1/onboardings', 400],
    ['limitedAdmin', 'GET', '/v1/api-keys', 403],
    ['limitedAdmin', 'POST', '/v1/api-keys', 403],
    ['limited', 'POST', '/codec/decode', 403],
  ])('%s: %s %s is %i', async (key, method, path, status) => {
    expect((await api.call(method, path, { key: KEYS[key] })).status).toBe(status);
  });
});

describe('a key that is limited to a connection', () => {
  it('sees nothing of another one', async () => {
    const made = await api.post('/v1/onboardings', onboarding());
    const id = made.body.id;
    const latest = id.split('.').slice(0, 2).join('.');
    const key = KEYS.limited;
    for (const path of [`/v1/runs/${id}`, `/v1/runs/${latest}`, '/v1/connections/demo']) {
      expect((await api.call('GET', path, { key })).status).toBe(404);
    }
    for (const action of ['cancel', 'reschedule', 'expedite', 'resolve']) {
      const answer = await api.call('POST', `/v1/runs/${id}/${action}`, { key, body: {} });
      expect([answer.status, answer.body.code]).toEqual([404, 'RUN_NOT_FOUND']);
    }
    const post = await api.call('POST', '/v1/onboardings', { key, body: onboarding() });
    expect([post.status, post.body.code]).toEqual([404, 'CONNECTION_NOT_FOUND']);
    expect((await api.call('GET', '/v1/runs', { key })).body.items).toEqual([]);
    expect((await api.call('GET', '/v1/runs?connection=demo', { key })).status).toBe(404);
    const list = await api.call('GET', '/v1/connections', { key });
    expect(list.body.items.map((item) => item.id)).toEqual(['acme']);
    expect(api.temporal.workflows[0]?.cancels).toBe(0);
  });

  it('need not name the only one it has', async () => {
    const { connection: _, ...body } = onboarding();
    const answer = await api.call('POST', '/v1/onboardings', { key: KEYS.limited, body });
    expect([answer.status, answer.body.connection]).toEqual([202, 'acme']);
  });
});

describe('API keys', () => {
  const make = (body: unknown, headers = {}) =>
    api.call('POST', '/v1/api-keys', { key: KEYS.admin, body, headers });

  it('are made, shown once, used and deleted', async () => {
    const made = await make({ name: 'HR', role: 'reader', connections: ['acme'] });
    expect(made.status).toBe(201);
    const { key, id } = made.body;
    expect(key).toMatch(/^tnr_[\w-]{43}$/);
    expect((await api.call('GET', '/v1/connections', { key })).status).toBe(200);

    const list = await api.call('GET', '/v1/api-keys', { key: KEYS.admin });
    expect(list.body.items).toContainEqual(
      expect.objectContaining({ id, name: 'HR', role: 'reader', connections: ['acme'] }),
    );
    expect(list.text).not.toContain(key);
    expect(list.text).not.toContain('hash');

    const gone = await api.call('DELETE', `/v1/api-keys/${id}`, { key: KEYS.admin });
    expect([gone.status, gone.text]).toEqual([204, '']);
    expect((await api.call('GET', '/v1/connections', { key })).status).toBe(401);
    expect((await api.call('DELETE', `/v1/api-keys/${id}`, { key: KEYS.admin })).status).toBe(404);
  });

  it('show no key in a replay', async () => {
    const headers = { 'idempotency-key': 'make-hr' };
    const first = await make({ name: 'HR', role: 'reader' }, headers);
    const again = await make({ name: 'HR', role: 'reader' }, headers);
    expect([again.status, again.body.id]).toEqual([201, first.body.id]);
    expect(again.body.key).toBeUndefined();
    expect(again.headers.get('idempotent-replayed')).toBe('true');
  });

  it.each([
    [{ role: 'reader' }, { name: 'REQUIRED' }],
    [{ name: 'x', role: 'root' }, { role: 'INVALID' }],
    [{ name: 'x', role: 'reader', connections: [] }, { connections: 'INVALID' }],
    [
      { name: 'x', role: 'reader', connections: ['demo', 'nope', 'demo'] },
      { 'connections.1': 'INVALID', 'connections.2': 'DUPLICATE' },
    ],
    [{ name: ADMIN_KEY_NAME, role: 'reader' }, { name: 'INVALID' }],
  ])('are refused: %j', async (body, faults) => {
    const answer = await make(body);
    expect(answer.status).toBe(400);
    const found = answer.body.errors.map((fault) => [fault.path, fault.code]);
    expect(Object.fromEntries(found)).toEqual(faults);
  });
});

describe('the key from the file', () => {
  it('works, replaces the one before, and cannot be deleted over the API', async () => {
    const file = join(await mkdtemp(join(tmpdir(), 'tenure-key-')), 'admin.key');
    const [old, next] = [`tnr_${'a'.repeat(43)}`, `tnr_${'b'.repeat(43)}`];
    const { apiKeys } = api.fake.store;
    await writeFile(file, `${old}\n`);
    const oldId = await learnAdminKey(apiKeys, file);
    expect(await learnAdminKey(apiKeys, file)).toBe(oldId);
    expect((await api.call('GET', '/v1/api-keys', { key: old })).status).toBe(200);

    await writeFile(file, next);
    const id = await learnAdminKey(apiKeys, file);
    expect((await api.call('GET', '/v1/api-keys', { key: old })).status).toBe(401);
    const kept = await api.call('DELETE', `/v1/api-keys/${id}`, { key: next });
    expect([kept.status, kept.body.code]).toEqual([409, 'KEY_FROM_FILE']);

    await writeFile(file, 'short');
    await expect(learnAdminKey(apiKeys, file)).rejects.toThrow('32 to 200 characters');
  });
});

describe('connections', () => {
  it('are shown without their private keys', async () => {
    for (const path of ['/v1/connections', '/v1/connections/demo']) {
      const { status, text } = await api.get(path);
      expect(status).toBe(200);
      expect(text).toContain('"publicJwk":{"kty":"RSA"');
      expect(text).not.toContain(CANARY);
    }
    const { body } = await api.get('/v1/connections/acme');
    expect(body).toMatchObject({
      id: 'acme',
      status: 'ready',
      problem: null,
      settings: { timeZone: 'Europe/Berlin', undoWindow: 'P14D' },
    });
  });
});
