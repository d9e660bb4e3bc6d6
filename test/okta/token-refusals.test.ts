// Token requests that Okta refuses: which are made anew, and what is told of the others.
import { decodeJwt } from 'jose';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  assertionOf,
  bench,
  DATE,
  errorOf,
  oauthRefusal,
  oktaError,
  TOKEN_LINE,
  type Reply,
} from './support.js';

const NOW = Date.parse(DATE);

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: NOW });
});
afterEach(() => {
  vi.useRealTimers();
});

describe('a refused assertion', () => {
  const REFUSED = 'invalid_client';

  it('is made anew, once, where Okta has seen it already', async () => {
    const { okta, org } = bench();
    org.plan(
      TOKEN_LINE,
      oauthRefusal(401, REFUSED, 'The client_assertion token has already been used.'),
    );
    await okta.mintToken();
    const [first, second] = org.tokenRequests.map((request) => decodeJwt(assertionOf(request)));
    expect(second?.jti).not.toBe(first?.jti);
  });

  it("is made anew by Okta's clock where ours is wrong, and stays so", async () => {
    vi.setSystemTime(NOW + 20 * 60_000);
    const { okta, org } = bench();
    org.plan(
      TOKEN_LINE,
      oauthRefusal(
        401,
        REFUSED,
        'The client_assertion token must be issued before the current time.',
      ),
    );
    await okta.mintToken();
    await okta.mintToken({ renew: true });
    const issued = org.tokenRequests.map((request) => decodeJwt(assertionOf(request)).iat);
    const right = NOW / 1000 - 5;
    expect(issued).toEqual([right + 20 * 60, right, right]);
  });

  it("needs no words where Okta's clock shows that it was out of its time", async () => {
    vi.setSystemTime(NOW - 20 * 60_000);
    const { okta, org } = bench();
    org.plan(TOKEN_LINE, oauthRefusal(401, REFUSED, 'In einer anderen Sprache.'));
    await okta.mintToken();
    expect(org.tokenRequests).toHaveLength(2);
  });

  it('is not made a third time', async () => {
    const { okta, org } = bench();
    const expired = oauthRefusal(401, REFUSED, 'The client_assertion token is expired.');
    org.plan(TOKEN_LINE, expired, expired);
    const error = await errorOf(okta.mintToken());
    expect(error).toMatchObject({
      code: 'OKTA_AUTH_FAILED',
      oauthError: 'invalid_client',
      oauthDescription: 'The client_assertion token is expired.',
      date: '2027-03-31T15:00:00.000Z',
      hint: expect.stringContaining('clock') as string,
    });
    expect(org.tokenRequests).toHaveLength(2);
  });
});

describe('a refused token request', () => {
  it.each<[string, Reply, string, RegExp]>([
    [
      'an unknown key',
      oauthRefusal(401, 'invalid_client', 'The client_assertion JWT kid is invalid.'),
      'OKTA_AUTH_FAILED',
      /public key/,
    ],
    [
      'a wrong signature',
      oauthRefusal(401, 'invalid_client', 'The client_assertion signature is invalid.'),
      'OKTA_AUTH_FAILED',
      /public key/,
    ],
    [
      'an unknown client',
      oauthRefusal(
        401,
        'invalid_client',
        'The issuer claim for client_assertion is not a valid client_id.',
      ),
      'OKTA_AUTH_FAILED',
      /Client ID/,
    ],
    [
      'another method',
      oauthRefusal(
        401,
        'invalid_client',
        'Client Credentials requests to the Org Authorization Server must use the private_key_jwt token_endpoint_auth_method.',
      ),
      'OKTA_AUTH_FAILED',
      /General tab/,
    ],
    [
      'words of tomorrow',
      oauthRefusal(401, 'invalid_client', 'ada@example.com is not allowed.'),
      'OKTA_AUTH_FAILED',
      /Client ID/,
    ],
    [
      'no scope granted',
      oauthRefusal(400, 'consent_required', 'You are not allowed any of the requested scopes.'),
      'OKTA_AUTH_FAILED',
      /Okta API Scopes/,
    ],
    [
      'an unknown scope',
      oauthRefusal(
        400,
        'invalid_scope',
        'One or more scopes are not configured for the authorization server resource.',
      ),
      'OKTA_AUTH_FAILED',
      /spelling/,
    ],
    [
      'another type of app',
      oauthRefusal(400, 'unauthorized_client', 'x'),
      'OKTA_AUTH_FAILED',
      /API Services/,
    ],
    ['a network zone', oauthRefusal(403, 'access_denied', 'x'), 'OKTA_AUTH_FAILED', /network zone/],
    ['401 without OAuth', { status: 401, text: 'no' }, 'OKTA_AUTH_FAILED', /domain/],
    ['overload', oauthRefusal(400, 'temporarily_unavailable', 'x'), 'OKTA_UNAVAILABLE', /^$/],
    ['an error inside', oauthRefusal(500, 'server_error', 'x'), 'OKTA_UNAVAILABLE', /^$/],
    ['a load balancer', { status: 502, text: '<html>' }, 'OKTA_UNAVAILABLE', /^$/],
    ['the rate limit', oktaError(429, 'E0000047'), 'OKTA_RATE_LIMITED', /^$/],
    [
      'the console instead of the org',
      { status: 404, text: '<html>' },
      'OKTA_UNEXPECTED_RESPONSE',
      /-admin/,
    ],
    [
      'a redirect',
      { status: 302, headers: { location: 'https://elsewhere.example/' } },
      'OKTA_UNEXPECTED_RESPONSE',
      /-admin/,
    ],
    [
      'a token without its end',
      { json: { token_type: 'Bearer', access_token: 'canary-token' } },
      'OKTA_UNEXPECTED_RESPONSE',
      /^$/,
    ],
    [
      'a token that is none',
      { json: { token_type: 'Bearer', access_token: ['canary-token'], expires_in: 9 } },
      'OKTA_UNEXPECTED_RESPONSE',
      /^$/,
    ],
    [
      'a token bound to a proof',
      { json: { token_type: 'DPoP', access_token: 'canary-token', expires_in: 9 } },
      'OKTA_UNEXPECTED_RESPONSE',
      /^$/,
    ],
    ['a success that is no JSON', { text: '<html>canary-token' }, 'OKTA_UNEXPECTED_RESPONSE', /^$/],
  ])('is told plainly: %s', async (_, reply, code, hint) => {
    const { okta, org } = bench();
    org.plan(TOKEN_LINE, reply);
    const error = await errorOf(okta.mintToken());
    expect(error).toMatchObject({ code, path: '/oauth2/v1/token', outcome: 'not-done' });
    expect('hint' in error && error.hint !== null ? error.hint : '').toMatch(hint);
    const told = JSON.stringify(error) + String(error.stack) + JSON.stringify(error.cause ?? '');
    expect(told).not.toContain('canary-token');
    expect(told).not.toContain('ada@example.com');
    expect(told).not.toContain(assertionOf(org.tokenRequests[0]));
  });
});
