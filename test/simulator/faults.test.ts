import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Client, useOrg } from './harness.js';

const sim = useOrg();
let client: Client;
beforeAll(async () => {
  client = await sim.org.client();
});
beforeEach(async () => {
  await sim.org.control('DELETE', '/faults');
  await sim.org.control('DELETE', '/requests');
});

const plan = async (fault: Record<string, unknown>): Promise<void> => {
  await sim.org.control('POST', '/faults', fault);
};
const suspend = async (login: string): Promise<number | 'cut'> =>
  client.call('POST', `/users/${encodeURIComponent(login)}/lifecycle/suspend`).then(
    ({ status }) => status,
    () => 'cut' as const,
  );

describe('a fault', () => {
  it('of kind lost-answer does the deed and cuts the connection', async () => {
    await sim.org.seedUser('lost@example.com');
    await plan({ method: 'POST', path: '/api/v1/users/*/lifecycle/suspend', fault: 'lost-answer' });
    expect(await suspend('lost@example.com')).toBe('cut');
    expect((await sim.org.truth('lost@example.com')).status).toBe('SUSPENDED');
    const { list } = await sim.org.control('GET', '/requests');
    expect(list).toMatchObject([{ status: 200, fault: 'lost-answer' }]);
  });

  it('of kind reset cuts the connection before the deed', async () => {
    await sim.org.seedUser('reset@example.com');
    await plan({ method: 'POST', fault: 'reset' });
    expect(await suspend('reset@example.com')).toBe('cut');
    expect((await sim.org.truth('reset@example.com')).status).toBe('ACTIVE');
    const { list } = await sim.org.control('GET', '/requests');
    expect(list).toMatchObject([{ status: null, fault: 'reset' }]);
  });

  it('of kind slow does the deed and answers late', async () => {
    await sim.org.seedUser('slow@example.com');
    await plan({ method: 'POST', fault: 'slow', delayMs: 80 });
    const began = performance.now();
    const answer = suspend('slow@example.com');
    expect(await answer).toBe(200);
    expect(performance.now() - began).toBeGreaterThanOrEqual(75);
  });

  it.each([
    ['500', 500, 'E0000009'],
    ['503-readonly', 503, 'E0000010'],
    ['429', 429, 'E0000047'],
    ['429-concurrency', 429, 'E0000047'],
    ['401', 401, 'E0000011'],
  ])('of kind %s answers %i %s and does nothing', async (fault, status, code) => {
    const login = `kind${fault}@example.com`;
    const { id } = await sim.org.seedUser(login);
    await plan({ fault });
    const reply = await client.call('POST', `/users/${id}/lifecycle/suspend`);
    expect([reply.status, reply.json.errorCode]).toEqual([status, code]);
    expect((await sim.org.truth(login)).status).toBe('ACTIVE');
  });

  it('of kind 502-html comes from a load balancer', async () => {
    await plan({ fault: '502-html' });
    const reply = await client.call('GET', '/users');
    expect(reply.status).toBe(502);
    expect(reply.headers.get('content-type')).toBe('text/html');
    expect(reply.headers.get('server')).toBe('awselb/2.0');
    expect(reply.headers.has('x-okta-request-id')).toBe(false);
    expect(reply.text).toContain('502 Bad Gateway');
  });

  it('of kind 429 says when to come back', async () => {
    await plan({ fault: '429', resetSeconds: 7 });
    const { headers } = await client.call('GET', '/users');
    const date = Date.parse(headers.get('date') ?? '') / 1000;
    expect(Number(headers.get('x-rate-limit-reset')) - date).toBe(7);
    expect(headers.get('x-rate-limit-limit')).toBe('300');
    expect(headers.get('x-rate-limit-remaining')).toBe('0');
  });

  it('of kind 429-concurrency says limit 0', async () => {
    await plan({ fault: '429-concurrency' });
    const { headers } = await client.call('GET', '/users');
    expect(headers.get('x-rate-limit-limit')).toBe('0');
  });

  it('of kind 503-readonly spares reads', async () => {
    await plan({ fault: '503-readonly' });
    expect((await client.call('GET', '/users')).status).toBe(200);
    expect((await client.call('POST', '/users', {})).status).toBe(503);
  });

  it('can hit the token endpoint', async () => {
    await plan({ path: '/oauth2/v1/token', fault: '500' });
    expect((await client.requestToken(['okta.users.read'])).status).toBe(500);
    expect((await client.requestToken(['okta.users.read'])).status).toBe(200);
  });

  it('lets `after` calls pass and hits `times` calls', async () => {
    await plan({ method: 'GET', path: '/api/v1/users', after: 2, times: 2, fault: '500' });
    const statuses = [];
    for (let n = 0; n < 6; n += 1) statuses.push((await client.call('GET', '/users')).status);
    expect(statuses).toEqual([200, 200, 500, 500, 200, 200]);
  });

  it.each([
    ['GET', '/api/v1/users/*', '/users/a@b.example', true],
    ['GET', '/api/v1/users/a@b.example', '/users/a%40b.example', true],
    ['GET', '/api/v1/users', '/users?limit=1', true],
    ['GET', '/api/v1/users/*', '/users/x/groups', false],
    ['GET', '/api/v1/users', '/users/x', false],
    ['PUT', '/api/v1/users', '/users', false],
    ['GET', '/api/v1/*/x', '/users/x', true],
  ])('planned for %s %s meets GET %s: %s', async (method, path, called, met) => {
    await plan({ method, path, fault: '500' });
    expect((await client.call('GET', called)).status === 500).toBe(met);
  });

  it('is gone once cleared', async () => {
    await plan({ fault: '500', times: 5 });
    expect((await sim.org.control('GET', '/faults')).list).toMatchObject([{ left: 5 }]);
    await sim.org.control('DELETE', '/faults');
    expect((await client.call('GET', '/users')).status).toBe(200);
  });
});
