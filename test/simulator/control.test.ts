import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { beforeEach, describe, expect, it } from 'vitest';
import { SEED_ROLE, newKeys, send, useOrg } from './harness.js';

const sim = useOrg();
beforeEach(async () => {
  await sim.org.control('POST', '/reset');
});

describe('the control surface', () => {
  it.each([
    ['POST', '/faults', { fault: 'earthquake' }, /^fault: /],
    ['POST', '/faults', { fault: '500', often: 1 }, /"often"/],
    ['PATCH', '/org', { readWithoutPermission: 500 }, /^readWithoutPermission: /],
    ['PATCH', '/org', { latencyMs: [5, 1] }, /^latencyMs: /],
    ['POST', '/apps', { dpop: 'yes' }, /^dpop: /],
    ['POST', '/apps', { jwksUri: 'http://example.com/keys' }, /^jwksUri: https, or http on the/],
    ['POST', '/apps', { jwksUri: 'keys.json' }, /^jwksUri: /],
    ['POST', '/apps', { jwks: { keys: [] }, jwksUri: 'https://x.example' }, /exclude each other/],
    ['POST', '/users', { profile: {} }, /^profile\.login: /],
    ['POST', '/groups', { name: 'x', rule: { expression: '???' } }, /^rule\.expression: /],
    ['POST', '/consumers', { bucket: 'Z', perMinute: 1 }, /^bucket: /],
    ['POST', '/faults', '{', /JSON/],
  ])('names what is wrong with %s %s %j', async (method, path, body, message) => {
    const reply = await send(`${sim.org.origin}/_sim${path}`, method, body);
    expect(reply.status).toBe(400);
    expect(reply.json['error']).toMatch(message);
  });

  it('answers 404 for what is not there and 409 for what is there already', async () => {
    const status = async (method: string, path: string, body?: unknown): Promise<number> =>
      (await send(`${sim.org.origin}/_sim${path}`, method, body)).status;
    expect(await status('GET', '/nothing')).toBe(404);
    expect(await status('PATCH', '/apps/unknown', {})).toBe(404);
    expect(await status('POST', '/users/nobody/first-sign-in')).toBe(404);
    expect(await status('POST', '/apps', { clientId: 'same' })).toBe(201);
    expect(await status('POST', '/apps', { clientId: 'same' })).toBe(409);
    await sim.org.seedUser('same@example.com');
    expect(await status('POST', '/users', { profile: { login: 'SAME@example.com' } })).toBe(409);
  });

  it('refuses a private key and a short one', async () => {
    const { publicJwk } = await newKeys('RS256');
    const post = async (key: Record<string, unknown>): Promise<unknown> =>
      (await send(`${sim.org.origin}/_sim/apps`, 'POST', { jwks: { keys: [key] } })).json['error'];
    expect(await post({ ...publicJwk, d: 'x' })).toMatch(/private key/);
    expect(await post({ ...publicJwk, n: 'AQAB' })).toMatch(/2048 bits/);
  });

  it('does not answer under a foreign host name', async () => {
    const status = async (host: string): Promise<number | undefined> => {
      const call = request(`${sim.org.origin}/_sim/org`, { headers: { host } }).end();
      const [answer] = (await once(call, 'response')) as [IncomingMessage];
      answer.resume();
      return answer.statusCode;
    };
    expect(await status('localhost:8090')).toBe(200);
    expect(await status('rebound.example.com')).toBe(403);
  });

  it('gives an app everything that was left out', async () => {
    const { json } = await sim.org.control('POST', '/apps', { clientId: 'plain' });
    expect(json).toEqual({
      clientId: 'plain',
      authMethod: 'private_key_jwt',
      jwks: { keys: [] },
      grantedScopes: [
        'okta.users.read',
        'okta.users.manage',
        'okta.groups.read',
        'okta.groups.manage',
      ],
      dpop: false,
      roles: [{ permissions: 'all', resourceSet: { users: 'all', groups: 'all' } }],
      status: 'ACTIVE',
    });
  });

  it('changes the role of an app under its token', async () => {
    const client = await sim.org.client();
    expect((await client.call('GET', '/users/nobody')).status).toBe(404);
    await sim.org.control('PATCH', `/apps/${client.clientId}`, { roles: [SEED_ROLE] });
    expect((await client.call('GET', '/users/nobody')).status).toBe(403);
  });

  it('tells the settings of the org and keeps what a change leaves out', async () => {
    await sim.org.control('PATCH', '/org', { rateLimits: { tier: 'integrator' }, readLagMs: 5 });
    expect((await sim.org.control('GET', '/org')).json).toEqual({
      rateLimits: { tier: 'integrator', appShare: 0.5, overrides: {} },
      concurrency: 75,
      latencyMs: [0, 0],
      readLagMs: 5,
      tokenLifetimeSeconds: 3600,
      clockSkewSeconds: 0,
      suspendProvisioned: true,
      readWithoutPermission: 403,
      createActivateWithoutPermission: true,
      customAttributes: [],
    });
  });

  it('resets everything, tokens included', async () => {
    const client = await sim.org.client();
    await sim.org.seedUser('past@example.com');
    await sim.org.control('POST', '/reset', { seed: 'demo' });
    expect((await client.call('GET', '/users')).status).toBe(401);
    expect((await sim.org.control('GET', '/users?login=past@example.com')).list).toEqual([]);
    const { list: groups } = await sim.org.control('GET', '/groups');
    expect(groups.filter(({ type }) => type === 'OKTA_GROUP').length).toBeGreaterThanOrEqual(30);
    expect(groups.filter(({ type }) => type === 'APP_GROUP')).toHaveLength(1);
    const office = groups.find(({ name }) => name === 'Berlin Office');
    expect(office?.members.length).toBeGreaterThan(0);
  });

  it('lets a person follow the activation mail', async () => {
    await sim.org.seedUser('new@example.com', { status: 'PROVISIONED' });
    await sim.org.control('POST', '/users/new%40example.com/first-sign-in');
    expect(await sim.org.truth('new@example.com')).toMatchObject({ status: 'ACTIVE', sessions: 1 });
    const again = await send(
      `${sim.org.origin}/_sim/users/new%40example.com/first-sign-in`,
      'POST',
    );
    expect(again.status).toBe(409);
  });

  it('logs every call to the org in order, and no secret', async () => {
    const client = await sim.org.client();
    await client.call('GET', '/users?limit=5');
    await client.call('POST', '/users', { profile: {} });
    await client.call('GET', '/nothing');
    const { list, text } = await sim.org.control('GET', '/requests');
    const first = Number(list[0]?.['seq']);
    expect(list.map(({ seq }) => Number(seq) - first)).toEqual([0, 1, 2, 3]);
    expect(list).toMatchObject([
      { method: 'POST', path: '/oauth2/v1/token', bucket: 'T', status: 200, query: '' },
      { method: 'GET', path: '/api/v1/users', bucket: 'A', status: 200, query: 'limit=5' },
      { method: 'POST', bucket: 'A', status: 400, clientId: client.clientId },
      { path: '/api/v1/nothing', bucket: null, status: 404, rateLimitRemaining: null },
    ]);
    expect(list[1]).toMatchObject({ rateLimitRemaining: 299 });
    expect(text).not.toContain(client.token);
    const { list: later } = await sim.org.control('GET', `/requests?since=${first + 2}`);
    expect(later).toHaveLength(1);
    await sim.org.control('DELETE', '/requests');
    expect((await sim.org.control('GET', '/requests')).list).toEqual([]);
  });

  it('starts one more org that knows nothing of this one', async () => {
    const { json } = await sim.org.control('POST', '/orgs', {});
    const { list } = await send(`${String(json['origin'])}/_sim/groups`);
    expect(list.map(({ name }) => name)).toEqual(['Everyone']);
  });
});

describe('a lagging org', () => {
  const search = 'search=profile.login%20eq%20%22late@example.com%22';
  const hour = 3_600_000;

  it('does not show a new user at once, but takes writes to it', async () => {
    const client = await sim.org.client();
    const group = await sim.org.seedGroup('Late');
    await sim.org.control('PATCH', '/org', { readLagMs: hour });
    const { json } = await client.call('POST', '/users', {
      profile: {
        firstName: 'Late',
        lastName: 'Comer',
        login: 'late@example.com',
        email: 'late@example.com',
      },
    });
    expect((await client.call('GET', `/users/${json.id}`)).status).toBe(404);
    expect((await client.call('GET', `/users?${search}`)).text).toBe('[]');
    const path = `/groups/${group.id}/users`;
    expect((await client.call('PUT', `${path}/${json.id}`)).status).toBe(204);
    expect((await client.call('GET', path)).text).toBe('[]');
    expect(await sim.org.truth('late@example.com')).toMatchObject({ groups: [group.id] });
  });

  it('shows the status and the members from before a write', async () => {
    const client = await sim.org.client();
    const group = await sim.org.seedGroup('Before');
    const { id } = await sim.org.seedUser('late@example.com', { groups: [group.id] });
    await sim.org.control('PATCH', '/org', { readLagMs: hour });
    await client.call('POST', `/users/${id}/lifecycle/suspend`);
    await client.call('DELETE', `/groups/${group.id}/users/${id}`);
    expect((await client.call('GET', `/users/${id}`)).json.status).toBe('ACTIVE');
    expect((await client.call('GET', `/users?${search}`)).list).toMatchObject([
      { status: 'ACTIVE' },
    ]);
    const { list } = await client.call('GET', `/groups/${group.id}/users`);
    expect(list.map((user) => user.id)).toEqual([id]);
  });

  it('catches up', async () => {
    const client = await sim.org.client();
    const { id } = await sim.org.seedUser('late@example.com');
    await sim.org.control('PATCH', '/org', { readLagMs: 30 });
    await client.call('POST', `/users/${id}/lifecycle/suspend`);
    await expect
      .poll(async () => (await client.call('GET', `/users/${id}`)).json.status, { timeout: 5000 })
      .toBe('SUSPENDED');
  });
});
