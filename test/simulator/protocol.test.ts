import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Client, send, useOrg } from './harness.js';

const sim = useOrg();
let client: Client;
beforeAll(async () => {
  client = await sim.org.client();
});

describe('every answer', () => {
  it('carries the headers that Okta sends', async () => {
    const { headers } = await client.call('GET', '/users');
    expect(headers.get('content-type')).toBe('application/json');
    expect(headers.get('x-okta-request-id')).toMatch(/^[0-9a-f]{32}$/);
    expect(headers.get('cache-control')).toBe('no-cache, no-store');
    for (const name of ['date', 'server', 'pragma', 'expires', 'set-cookie', 'p3p']) {
      expect(headers.has(name)).toBe(true);
    }
    expect(headers.has('x-powered-by')).toBe(false);
    expect(headers.has('etag')).toBe(false);
  });

  it('that is an error has five keys', async () => {
    const { json } = await client.call('GET', '/users/nobody');
    expect(Object.keys(json)).toEqual([
      'errorCode',
      'errorSummary',
      'errorLink',
      'errorId',
      'errorCauses',
    ]);
    expect(json['errorId']).toMatch(/^oae[0-9A-Za-z]{22}$/);
  });
});

describe('a call', () => {
  it('to a path that does not exist is 404 E0000008', async () => {
    for (const path of ['/nothing', '/users/x/nothing', '/users/', '//users', '/users/%zz/x']) {
      const reply = await client.call('GET', path);
      expect([reply.status, reply.json.errorCode]).toEqual([404, 'E0000008']);
    }
  });

  it('with a method that the path does not take is 405 E0000022 without a request id', async () => {
    const reply = await client.call('PATCH', '/users');
    expect([reply.status, reply.json.errorCode]).toEqual([405, 'E0000022']);
    expect(reply.headers.has('x-okta-request-id')).toBe(false);
    expect(reply.headers.has('x-rate-limit-limit')).toBe(false);
  });

  it('without a token is 403 E0000005', async () => {
    const reply = await send(`${sim.org.origin}/api/v1/users`);
    expect([reply.status, reply.json.errorCode]).toEqual([403, 'E0000005']);
  });

  it('with a body that is not JSON is refused', async () => {
    const reply = await client.call('POST', '/users', '<user/>', { 'content-type': 'text/xml' });
    expect([reply.status, reply.json.errorCode]).toEqual([400, 'E0000021']);
  });

  it('without a body may name any media type', async () => {
    const { id } = await sim.org.seedUser('java@example.com');
    const reply = await client.call('POST', `/users/${id}/lifecycle/suspend`, undefined, {
      'content-type': 'text/xml',
    });
    expect(reply.status).toBe(200);
  });

  it('that writes without saying how long its body is, is 411', async () => {
    const call = request(`${sim.org.origin}/api/v1/users`, { method: 'POST' });
    call.useChunkedEncodingByDefault = false;
    const [answer] = (await once(call.end(), 'response')) as [IncomingMessage];
    answer.resume();
    expect(answer.statusCode).toBe(411);
  });
});

describe('the metadata', () => {
  it('tells the org', async () => {
    const { json } = await send(`${sim.org.origin}/.well-known/okta-organization`);
    expect(json.id).toMatch(/^00o[0-9A-Za-z]{17}$/);
    expect(json).toMatchObject({
      pipeline: 'idx',
      _links: { organization: { href: sim.org.origin } },
    });
  });

  it.each(['oauth-authorization-server', 'openid-configuration'])('tells %s', async (name) => {
    const url = `${sim.org.origin}/.well-known/${name}`;
    const { json, headers } = await send(url);
    expect(json).toMatchObject({
      issuer: sim.org.origin,
      token_endpoint: sim.org.tokenUrl,
      token_endpoint_auth_methods_supported: expect.arrayContaining(['private_key_jwt']) as unknown,
      dpop_signing_alg_values_supported: expect.arrayContaining(['RS256']) as unknown,
    });
    expect(headers.has('x-rate-limit-limit')).toBe(false);
    expect((await send(`${url}?client_id=${client.clientId}`)).status).toBe(200);
    const refused = await send(`${url}?client_id=unknown`);
    expect([refused.status, refused.json.errorCode]).toEqual([400, 'invalid_client']);
  });

  it('publishes the public half of the signing key only', async () => {
    const { json } = await send(`${sim.org.origin}/oauth2/v1/keys`);
    const [key] = json['keys'] as Record<string, unknown>[];
    expect(Object.keys(key ?? {})).toEqual(['kty', 'alg', 'kid', 'use', 'e', 'n']);
  });
});
