import { decodeJwt, decodeProtectedHeader } from 'jose';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  ALL_SCOPES,
  type AssertionChanges,
  type Client,
  type Keys,
  assertion,
  newKeys,
  postForm,
  send,
  tokenForm,
  useOrg,
} from './harness.js';

const sim = useOrg();
const now = (): number => Math.floor(Date.now() / 1000);

describe('the token endpoint', () => {
  let client: Client;
  let stranger: Keys;
  beforeAll(async () => {
    client = await sim.org.client();
    stranger = await newKeys();
  });

  it('answers a good assertion with a token of one hour', async () => {
    const reply = await client.requestToken(ALL_SCOPES);
    expect(reply.status).toBe(200);
    expect(Object.keys(reply.json)).toEqual(['token_type', 'expires_in', 'access_token', 'scope']);
    expect(reply.json).toMatchObject({
      token_type: 'Bearer',
      expires_in: 3600,
      scope: ALL_SCOPES.join(' '),
    });
    expect(reply.headers.get('content-type')).toBe('application/json');
    expect(reply.headers.get('x-rate-limit-limit')).toBe('1000');
  });

  it('issues JWTs in the form that was recorded', () => {
    expect(Object.keys(decodeProtectedHeader(client.token))).toEqual(['kid', 'alg']);
    const claims = decodeJwt(client.token);
    expect(claims).toMatchObject({
      ver: 1,
      iss: sim.org.origin,
      aud: sim.org.origin,
      sub: client.clientId,
      cid: client.clientId,
      scp: ALL_SCOPES,
    });
    expect(claims.jti).toMatch(/^AT\.[0-9A-Za-z]{43}$/);
    expect((claims.exp ?? 0) - (claims.iat ?? 0)).toBe(3600);
  });

  it('takes the parameters from the query of an empty request, too', async () => {
    const { org } = sim;
    const keys = await newKeys();
    const { json } = await org.control('POST', '/apps', { jwks: { keys: [keys.publicJwk] } });
    const signed = await assertion(org.tokenUrl, String(json['clientId']), keys.privateKey);
    const reply = await send(`${org.tokenUrl}?${tokenForm(signed, ALL_SCOPES).toString()}`, 'POST');
    expect(reply.status).toBe(200);
  });

  it.each(['RS256', 'RS512', 'ES384'])('verifies %s', async (alg) => {
    const { org } = sim;
    const keys = await newKeys(alg);
    const { json } = await org.control('POST', '/apps', { jwks: { keys: [keys.publicJwk] } });
    const signed = await assertion(org.tokenUrl, String(json['clientId']), keys.privateKey, {
      header: { alg },
    });
    expect((await postForm(org.tokenUrl, tokenForm(signed, ALL_SCOPES))).status).toBe(200);
  });

  it('takes an audience that is an array of one', async () => {
    const reply = await client.requestToken(ALL_SCOPES, { claims: { aud: [sim.org.tokenUrl] } });
    expect(reply.status).toBe(200);
  });

  it('does without a kid while the app has a single key', async () => {
    const reply = await client.requestToken(ALL_SCOPES, { header: { kid: undefined } });
    expect(reply.status).toBe(200);
  });

  it.each<[string, () => AssertionChanges, string]>([
    [
      'another audience',
      () => ({ claims: { aud: `${sim.org.origin}/oauth2/v1/token/` } }),
      'The audience claim for client_assertion must be the endpoint invoked for the request.',
    ],
    [
      'two audiences',
      () => ({ claims: { aud: [sim.org.tokenUrl, sim.org.origin] } }),
      'The audience claim for client_assertion must be the endpoint invoked for the request.',
    ],
    [
      'no expiry',
      () => ({ claims: { exp: undefined } }),
      "The client_assertion must contain the 'exp' claim as seconds since epoch.",
    ],
    [
      'an expiry in the past',
      () => ({ claims: { exp: now() - 1 } }),
      'The client_assertion token is expired.',
    ],
    [
      'an expiry more than an hour ahead',
      () => ({ claims: { exp: now() + 3700 } }),
      'The client_assertion token has an expiration too far into the future.',
    ],
    [
      'an issue in the future',
      () => ({ claims: { iat: now() + 60 } }),
      'The client_assertion token must be issued before the current time.',
    ],
    [
      'an unknown issuer',
      () => ({ claims: { iss: '0oaUnknown' } }),
      'The issuer claim for client_assertion is not a valid client_id.',
    ],
    [
      'a subject that is not the issuer',
      () => ({ claims: { sub: 'someone' } }),
      'The subject claim for client_assertion is not a valid client_id.',
    ],
    [
      'an unknown kid',
      () => ({ header: { kid: 'another' } }),
      'The client_assertion JWT kid is invalid.',
    ],
  ])('refuses %s', async (_what, changes, description) => {
    const reply = await client.requestToken(ALL_SCOPES, changes());
    expect(reply.status).toBe(401);
    expect(reply.json).toEqual({ error: 'invalid_client', error_description: description });
  });

  it('refuses a signature by another key', async () => {
    const { tokenUrl } = sim.org;
    const signed = await assertion(tokenUrl, client.clientId, stranger.privateKey);
    const reply = await postForm(tokenUrl, tokenForm(signed, ALL_SCOPES));
    expect(reply.status).toBe(401);
    expect(reply.json['error_description']).toBe('The client_assertion signature is invalid.');
  });

  it('takes every jti once', async () => {
    const changes = { claims: { jti: 'only-once' } };
    expect((await client.requestToken(ALL_SCOPES, changes)).status).toBe(200);
    const reply = await client.requestToken(ALL_SCOPES, changes);
    expect(reply.status).toBe(401);
    expect(reply.json['error_description']).toBe(
      'The client_assertion token has already been used.',
    );
  });

  it.each<[string, Record<string, string | undefined>, number, string, string]>([
    [
      'no grant type',
      { grant_type: undefined },
      400,
      'invalid_request',
      'The token request must specify a grant type.',
    ],
    [
      'another grant type',
      { grant_type: 'password' },
      400,
      'unsupported_grant_type',
      'The authorization grant type is not supported by the authorization server.',
    ],
    [
      'another assertion type',
      { client_assertion_type: 'urn:other' },
      400,
      'invalid_request',
      'The client_assertion_type is invalid.',
    ],
    [
      'a garbled assertion',
      { client_assertion: 'x.y.z' },
      401,
      'invalid_client',
      'The parsing of the client_assertion failed.',
    ],
    [
      'no credentials',
      { client_assertion: undefined },
      401,
      'invalid_client',
      'No client credentials found.',
    ],
    ['no scope', { scope: undefined }, 400, 'invalid_scope', 'No scopes were requested.'],
    [
      'an unknown scope',
      { scope: 'okta.users.read openid' },
      400,
      'invalid_scope',
      'One or more scopes are not configured for the authorization server resource.',
    ],
    [
      'only scopes that the app was not granted',
      { scope: 'okta.logs.read' },
      400,
      'consent_required',
      'You are not allowed any of the requested scopes.',
    ],
    [
      'a secret beside the assertion',
      { client_secret: 'x' },
      401,
      'invalid_request',
      'Cannot supply multiple client credentials. Use one of the following: credentials in the Authorization header, credentials in the post body, or a client_assertion in the post body.',
    ],
  ])('refuses %s', async (_what, changes, status, error, description) => {
    const keys = await newKeys();
    const { org } = sim;
    const { json } = await org.control('POST', '/apps', { jwks: { keys: [keys.publicJwk] } });
    const signed = await assertion(org.tokenUrl, String(json['clientId']), keys.privateKey);
    const form = tokenForm(signed, ['okta.users.read']);
    for (const [name, value] of Object.entries(changes)) {
      if (value === undefined) form.delete(name);
      else form.set(name, value);
    }
    const reply = await postForm(org.tokenUrl, form);
    expect(reply.status).toBe(status);
    expect(reply.json).toEqual({ error, error_description: description });
  });

  it('refuses a parameter that comes twice', async () => {
    const reply = await send(
      `${sim.org.tokenUrl}?grant_type=client_credentials`,
      'POST',
      'grant_type=client_credentials',
      { 'content-type': 'application/x-www-form-urlencoded' },
    );
    expect(reply.status).toBe(400);
    expect(reply.json['error']).toBe('invalid_request');
  });

  it('leaves scopes that were not granted out without a word', async () => {
    const limited = await sim.org.client({ grantedScopes: ['okta.users.read'] }, [
      'okta.users.read',
    ]);
    const reply = await limited.requestToken(ALL_SCOPES);
    expect(reply.status).toBe(200);
    expect(reply.json['scope']).toBe('okta.users.read');
  });

  it('refuses an app that is switched off, and its tokens', async () => {
    const doomed = await sim.org.client();
    await sim.org.control('PATCH', `/apps/${doomed.clientId}`, { status: 'INACTIVE' });
    const reply = await doomed.requestToken(ALL_SCOPES);
    expect(reply.status).toBe(401);
    expect(reply.json).toEqual({
      error: 'invalid_client',
      error_description:
        'Client authentication failed. Either the client or the client credentials are invalid.',
    });
    expect((await doomed.call('GET', '/users')).status).toBe(401);
  });

  it('refuses an app that authenticates by secret, however it asks', async () => {
    const { org } = sim;
    const { json } = await org.control('POST', '/apps', { authMethod: 'client_secret' });
    const clientId = String(json['clientId']);
    const form = new URLSearchParams({
      grant_type: 'client_credentials',
      scope: 'okta.users.read',
      client_id: clientId,
      client_secret: 'secret',
    });
    const { privateKey } = stranger;
    const signed = await assertion(org.tokenUrl, clientId, privateKey);
    for (const attempt of [form, tokenForm(signed, ['okta.users.read'])]) {
      const reply = await postForm(org.tokenUrl, attempt);
      expect(reply.status).toBe(401);
      expect(reply.json['error_description']).toMatch(/must use the private_key_jwt/);
    }
  });

  it('needs a kid to tell several keys apart', async () => {
    const { org } = sim;
    const [first, second] = [await newKeys('ES256', 'first'), await newKeys('ES256', 'second')];
    const { json } = await org.control('POST', '/apps', {
      jwks: { keys: [first.publicJwk, second.publicJwk] },
    });
    const clientId = String(json['clientId']);
    const attempt = async (kid: string | undefined): Promise<number> => {
      const signed = await assertion(org.tokenUrl, clientId, second.privateKey, {
        header: { kid },
      });
      return (await postForm(org.tokenUrl, tokenForm(signed, ALL_SCOPES))).status;
    };
    expect(await attempt('second')).toBe(200);
    expect(await attempt('first')).toBe(401);
    expect(await attempt(undefined)).toBe(401);
  });

  it('judges time by the clock of the org', async () => {
    const { org } = sim;
    await org.control('PATCH', '/org', { clockSkewSeconds: -600 });
    try {
      const reply = await client.requestToken(ALL_SCOPES);
      expect(reply.status).toBe(401);
      expect(reply.json['error_description']).toBe(
        'The client_assertion token must be issued before the current time.',
      );
      const offset = Date.now() - Date.parse(reply.headers.get('date') ?? '');
      expect(Math.round(offset / 1000)).toBeCloseTo(600, -1);
    } finally {
      await org.control('PATCH', '/org', { clockSkewSeconds: 0 });
    }
  });
});

describe('an access token', () => {
  it('is refused once its time is over', async () => {
    const { org } = sim;
    const client = await org.client();
    await org.control('PATCH', '/org', { clockSkewSeconds: 3601 });
    try {
      const reply = await client.call('GET', '/users');
      expect(reply.status).toBe(401);
      expect(reply.json.errorCode).toBe('E0000011');
    } finally {
      await org.control('PATCH', '/org', { clockSkewSeconds: 0 });
    }
  });

  it.each(['Bearer garbled', 'SSWS 00abc', 'Basic eDp5'])('is not %s', async (authorization) => {
    const reply = await send(`${sim.org.origin}/api/v1/users`, 'GET', undefined, { authorization });
    expect(reply.status).toBe(401);
    expect(reply.json).toMatchObject({
      errorCode: 'E0000011',
      errorSummary: 'Invalid token provided',
    });
  });

  it('of another org is refused', async () => {
    const { org } = sim;
    const client = await org.client();
    const { json } = await org.control('POST', '/orgs', {});
    const elsewhere = `${String(json['origin'])}/api/v1/users`;
    expect((await client.call('GET', elsewhere)).status).toBe(401);
  });
});
