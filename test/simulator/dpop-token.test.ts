// A token that is bound to a key, as the API takes it and as it does not.
import { describe, expect, it } from 'vitest';
import { DpopClient, now, type ProofChanges, useDpop } from './dpop-client.js';
import { type Reply, send } from './harness.js';

const sim = useDpop();

/** What the challenge of an answer without body says. */
function challenge({ status, text, headers }: Reply): Record<string, unknown> {
  expect(text).toBe('');
  const header = headers.get('www-authenticate') ?? '';
  const parts = [...header.matchAll(/(\w+)="([^"]*)"/g)];
  return {
    status,
    scheme: header.split(' ')[0],
    ...Object.fromEntries(parts.map(([, name = '', value]) => [name, value] as const)),
  };
}

describe('a token bound to a key', () => {
  it('opens the API with a new proof for every request', async () => {
    const user = await sim.org.seedUser('ada@example.com');
    expect((await sim.client.call('GET', '/users/ada@example.com')).json.id).toBe(user.id);
    expect((await sim.client.call('GET', '/users?limit=1')).list).toHaveLength(1);
    expect((await sim.client.call('POST', `/users/${user.id}/lifecycle/suspend`)).status).toBe(200);
  });

  it.each([
    ['encoded', '/users/encoded%40example.com', '/users/encoded@example.com'],
    ['decoded', '/users/decoded@example.com', '/users/decoded%40example.com'],
  ])('may be shown for a URL that the proof spells %s', async (how, claimed, path) => {
    const { id } = await sim.org.seedUser(`${how}@example.com`);
    const dpop = await sim.client.apiProof('GET', claimed);
    const reply = await sim.client.call('GET', path, undefined, { dpop });
    expect([reply.status, reply.json.id]).toEqual([200, id]);
  });

  it('is refused under the scheme Bearer and without a proof', async () => {
    const url = `${sim.org.origin}/api/v1/users`;
    const authorization = `Bearer ${sim.client.token}`;
    const dpop = await sim.client.apiProof('GET', '/users');
    expect(challenge(await send(url, 'GET', undefined, { authorization, dpop }))).toEqual({
      status: 400,
      scheme: 'DPoP',
      algs: 'RS256 RS384 RS512 ES256 ES384 ES512',
      authorization_uri: `${sim.org.origin}/oauth2/v1/authorize`,
      realm: sim.org.origin,
      scope: 'okta.users.read',
      error: 'invalid_request',
      error_description:
        'The resource request must use the DPoP authentication scheme when using a DPoP bound token.',
      resource: '/api/v1/users',
    });
    expect(challenge(await sim.client.call('GET', '/users', undefined, {}))).toMatchObject({
      status: 400,
      error: 'invalid_request',
      error_description: 'The resource request requires a DPoP proof.',
    });
  });

  it.each<[string, () => ProofChanges, string]>([
    [
      'without the hash of the token',
      () => ({ claims: { ath: undefined } }),
      "'ath' claim in the DPoP proof does not match the presented access_token.",
    ],
    [
      'with the hash of another one',
      () => ({ claims: { ath: 'x' } }),
      "'ath' claim in the DPoP proof does not match the presented access_token.",
    ],
    [
      'by another key',
      () => ({ header: { jwk: sim.stranger.publicJwk }, signedBy: sim.stranger.privateKey }),
      'The access_token is not bound to the provided DPoP proof.',
    ],
    [
      'with a query in the URL',
      () => ({ claims: { htu: `${sim.org.origin}/api/v1/users?limit=1` } }),
      "'htu' claim in the DPoP proof JWT is invalid.",
    ],
    [
      'for another method',
      () => ({ claims: { htm: 'POST' } }),
      "'htm' claim in the DPoP proof JWT is invalid.",
    ],
    [
      'older than five minutes',
      () => ({ claims: { iat: now() - 310 } }),
      'The DPoP proof JWT is issued more than five minutes in the past.',
    ],
  ])('is refused with a proof %s', async (_what, changes, description) => {
    const dpop = await sim.client.apiProof('GET', '/users', changes());
    const reply = await sim.client.call('GET', '/users?limit=1', undefined, { dpop });
    expect(challenge(reply)).toMatchObject({
      status: 400,
      scheme: 'DPoP',
      error: 'invalid_dpop_proof',
      error_description: description,
    });
  });

  it('says DPoP where a scope is missing, too', async () => {
    const narrow = await DpopClient.of(sim.org);
    await narrow.login(['okta.groups.read']);
    expect(challenge(await narrow.call('GET', '/users'))).toMatchObject({
      status: 403,
      scheme: 'DPoP',
      error: 'insufficient_scope',
    });
  });

  it('is no use at another org', async () => {
    const { json } = await sim.org.control('POST', '/orgs', {});
    const url = `${String(json['origin'])}/api/v1/users`;
    const dpop = await sim.client.proof('GET', url, {
      claims: { ath: sim.client.ath },
    });
    const reply = await send(url, 'GET', undefined, {
      authorization: `DPoP ${sim.client.token}`,
      dpop,
    });
    expect([reply.status, reply.json.errorCode]).toEqual([401, 'E0000011']);
  });

  it.each([
    '429',
    '429-concurrency',
    '500',
    '502-html',
    '503-readonly',
    '401',
    'reset',
    'lost-answer',
  ])('comes with a proof that a call met by %s has used up', async (fault) => {
    await sim.org.control('POST', '/faults', { fault, method: 'GET', path: '/api/v1/users' });
    const dpop = await sim.client.apiProof('GET', '/users');
    const send = async (): Promise<Reply> => sim.client.call('GET', '/users', undefined, { dpop });
    await send().catch(() => undefined);
    expect(challenge(await send())).toMatchObject({
      status: 400,
      error: 'invalid_dpop_proof',
      error_description: 'The DPoP proof JWT has already been used.',
    });
  });

  it('comes with a proof that a true 429 has used up', async () => {
    await sim.org.control('PATCH', '/org', { rateLimits: { overrides: { E: 2 } } });
    const path = '/groups/00gNone';
    expect((await sim.client.call('GET', path)).status).toBe(404);
    const dpop = await sim.client.apiProof('GET', path);
    expect((await sim.client.call('GET', path, undefined, { dpop })).status).toBe(429);
    expect((await sim.client.call('GET', path, undefined, { dpop })).status).toBe(400);
    expect((await sim.client.call('GET', path)).status).toBe(429);
  });
});

describe('a token that is not bound', () => {
  it('is refused under the scheme DPoP', async () => {
    const plain = await DpopClient.of(sim.org, { dpop: false });
    const reply = await plain.requestToken(undefined);
    plain.token = String(reply.json['access_token']);
    expect(challenge(await plain.call('GET', '/users'))).toMatchObject({
      status: 401,
      scheme: 'DPoP',
      error: 'invalid_token',
      error_description: 'The presented access_token is not DPoP bound.',
    });
  });
});
