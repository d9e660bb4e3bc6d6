// Many orgs in one installation: keys, tokens and API keys of one never serve another, and a key is
// changed while runs are under way.
import { exportJWK, generateKeyPair, type JWK } from 'jose';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { controlOf } from '../support/control.js';
import { eventually } from '../support/eventually.js';
import { startTenure, type RunView, type Tenure } from '../support/tenure.js';

let tenure: Tenure;
beforeEach(async () => {
  tenure = await startTenure();
});
afterEach(() => tenure.close());

interface ConnectionView {
  id: string;
  status: string;
  problem: unknown;
  domain: string;
  publicJwk: { kid: string };
  nextKey: { kid: string; problem: unknown } | null;
}
interface Call {
  path: string;
  clientId: string | null;
  status: number;
}

const connection = async (id: string) =>
  (await tenure.api<ConnectionView>('GET', `/v1/connections/${id}`)).body;
const completed = async (query: string) => {
  const path = `/v1/runs?phase=completed&limit=200&${query}`;
  return (await tenure.api<{ items: RunView[] }>('GET', path)).body.items;
};

/** With a key that Okta knows already; made over HTTP, and verified by itself. */
async function connect(id: string, domain: string, app: (jwk: JWK) => unknown): Promise<void> {
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
  const named = { kid: id, alg: 'ES256', use: 'sig' };
  const clientId = `0oa${id}`;
  const publicJwk = { ...(await exportJWK(publicKey)), ...named };
  await controlOf(domain)('POST', '/apps', { clientId, ...(app(publicJwk) as object) });
  const key = { jwk: { ...(await exportJWK(privateKey)), ...named } };
  const wanted = { id, domain, clientId, key };
  expect((await tenure.api('POST', '/v1/connections', wanted)).status).toBe(201);
}

async function verified(id: string): Promise<ConnectionView> {
  return eventually(
    `${id} is verified`,
    async () => {
      const seen = await connection(id);
      return seen.status === 'ready' && seen;
    },
    90_000,
  );
}

const hire = async (connectionId: string, email: string) => {
  const person = { firstName: 'Ada', lastName: 'Lovelace', email };
  const { status, body } = await tenure.api('POST', '/v1/onboardings', {
    connection: connectionId,
    person,
  });
  expect(status).toBe(202);
  return body.id;
};

it('a hundred orgs at once: no call leaves with the key or the token of another', async () => {
  const orgs = await Promise.all(
    Array.from({ length: 100 }, async (_, index) => {
      const { origin } = await tenure.sim<{ origin: string }>('POST', '/orgs', {});
      const id = `org-${index}`;
      // An org without anybody cannot be: it has an administrator.
      const profile = { firstName: 'Root', lastName: 'User', email: 'root@example.com' };
      await controlOf(origin)('POST', '/users', { profile: { ...profile, login: profile.email } });
      await connect(id, origin, (publicJwk) => ({ jwks: { keys: [publicJwk] } }));
      return { id, origin, email: `person@${id}.example` };
    }),
  );
  await eventually(
    'all are verified',
    async () => {
      const { body } = await tenure.api<{ items: ConnectionView[] }>('GET', '/v1/connections');
      return body.items.every(({ status }) => status === 'ready');
    },
    120_000,
  );
  await Promise.all(orgs.map(({ id, email }) => hire(id, email)));
  await eventually('all are done', async () => (await completed('')).length === 100, 120_000);

  for (const { id, origin, email } of orgs) {
    const all = await controlOf(origin)<Call[]>('GET', '/requests');
    const calls = all.filter(({ path }) => !path.startsWith('/.well-known/'));
    expect(new Set(calls.map(({ clientId }) => clientId))).toEqual(new Set([`0oa${id}`]));
    expect(calls.filter(({ status }) => status === 401)).toEqual([]);
    const tokens = calls.filter(({ path }) => path === '/oauth2/v1/token');
    expect(new Set(tokens.map(({ status }) => status))).toEqual(new Set([200]));
    const users = await controlOf(origin)<{ profile: { login: string } }[]>('GET', '/users');
    expect(users.map(({ profile }) => profile.login)).toContain(email);
    expect(users.filter(({ profile }) => profile.login.startsWith('person@'))).toHaveLength(1);
  }
}, 240_000);

it('a new key while 50 runs are under way, read by Okta from our URL: none of them notices', async () => {
  const { domain } = await connection('demo');
  const jwksUri = `${tenure.origin}/.well-known/jwks/turning.json`;
  await connect('turning', domain, () => ({ jwksUri }));
  const before = await verified('turning');

  const ids: string[] = [];
  for (let index = 0; index < 50; index += 1) {
    ids.push(await hire('turning', `turning-${index}@example.com`));
    if (index !== 20) continue;
    const key = { generate: true, alg: 'ES256' };
    expect((await tenure.api('POST', '/v1/connections/turning/keys', key)).status).toBe(202);
  }
  const after = await eventually(
    'the new key has taken over',
    async () => {
      const seen = await connection('turning');
      expect(seen.problem).toBeNull();
      return seen.nextKey === null && seen;
    },
    90_000,
  );
  expect(after.publicJwk.kid).not.toBe(before.publicJwk.kid);
  ids.push(await hire('turning', 'turning-after@example.com'));
  const done = await eventually(
    'all are done',
    async () => {
      const items = await completed('connection=turning');
      return items.length === ids.length && items;
    },
    90_000,
  );
  expect(new Set(done.map(({ outcome }) => outcome))).toEqual(new Set(['done']));
  const calls = await tenure.sim<Call[]>('GET', '/requests');
  const refused = calls.filter(({ path, status }) => !path.startsWith('/oauth2') && status === 401);
  expect(refused).toEqual([]);
}, 240_000);

it('an app that demands DPoP: found out by itself, and a 429 is waited out', async () => {
  await tenure.sim('PATCH', '/apps/0oaTenureDemo0000000', { dpop: true });
  const create = { method: 'POST', path: '/api/v1/users' };
  await tenure.sim('POST', '/faults', { ...create, fault: '429', resetSeconds: 2 });
  const id = await hire('demo', 'dpop@example.com');
  const run = await tenure.until(id, 'hired', ({ phase }) => phase === 'completed', 60_000);
  expect(run.outcome).toBe('done');
  expect(run.steps.find(({ name }) => name === 'createUser')?.attempts).toBeGreaterThan(1);
  expect(await tenure.users('dpop@example.com')).toHaveLength(1);
  const calls = await tenure.sim<Call[]>('GET', '/requests');
  const refused = calls.filter(
    ({ path, status }) => !path.startsWith('/oauth2') && (status === 400 || status === 401),
  );
  expect(refused).toEqual([]);
}, 90_000);

describe('an API key limited to one connection', () => {
  it('gets 404 for everything of another, and sees none of it in lists', async () => {
    const id = await hire('demo', 'hidden@example.com');
    await tenure.until(id, 'hired', ({ phase }) => phase === 'completed');
    const limited = await tenure.api<{ key: string }>('POST', '/v1/api-keys', {
      name: 'of one connection',
      role: 'admin',
      connections: ['seed-role'],
    });
    expect(limited.status).toBe(201);
    const ask = (method: string, path: string, body?: unknown) =>
      tenure.api<{ items?: unknown[] }>(method, path, body, {
        authorization: `Bearer ${limited.body.key}`,
      });
    const { body: api } = await tenure.api<{ paths: Record<string, Record<string, unknown>> }>(
      'GET',
      '/openapi.json',
    );

    const person = { firstName: 'Ada', lastName: 'Lovelace', email: 'ada@example.com' };
    const bodies: Record<string, unknown> = {
      'PATCH /v1/connections/{id}': { name: 'Other' },
      'POST /v1/connections/{id}/keys': { generate: true },
      'PUT /v1/connections/{id}/access-profiles/{name}': { groups: [] },
      'POST /v1/runs/{id}/reschedule': { endsAt: '2099-01-01T00:00:00Z' },
      'POST /v1/runs/{id}/expedite': { what: 'start' },
      'POST /v1/runs/{id}/resolve': { decision: 'retry' },
    };
    const asked: string[] = [];
    for (const [path, methods] of Object.entries(api.paths)) {
      if (!/^\/v1\/(connections|runs)\/\{id\}/.test(path)) continue;
      const filled = path
        .replace('{id}', path.startsWith('/v1/runs') ? id : 'demo')
        .replace('{name}', 'engineer');
      for (const method of Object.keys(methods)) {
        const name = `${method.toUpperCase()} ${path}`;
        const isWrite = method !== 'get' && method !== 'delete';
        const body = isWrite ? (bodies[name] ?? {}) : undefined;
        const answer = await ask(method.toUpperCase(), filled, body);
        expect(answer.status, name).toBe(404);
        asked.push(name);
      }
    }
    expect(asked.length).toBeGreaterThan(10);
    const onDemo = { connection: 'demo' };
    expect((await ask('POST', '/v1/onboardings', { ...onDemo, person })).status).toBe(404);
    const leaver = { ...onDemo, login: 'hidden@example.com' };
    expect((await ask('POST', '/v1/offboardings', leaver)).status).toBe(404);

    expect((await ask('GET', '/v1/runs')).body.items).toEqual([]);
    expect((await ask('GET', '/v1/connections')).body.items).toMatchObject([{ id: 'seed-role' }]);
  });
});
