// Proofs of possession, against an org that judges them.
import { describe, expect, it, onTestFinished } from 'vitest';
import { as, type OktaGroupId, type OktaUserId } from '../../src/domain/brand.js';
import { createOktaClient, type OktaConnection } from '../../src/okta/index.js';
import { DpopOrg } from './dpop-org.js';
import { ACME, ADA, credentials, errorOf, MemoryGate, MemoryTokens, oktaError } from './support.js';

const USER = as<OktaUserId>(ADA.id);
const GROUP = as<OktaGroupId>('00g1');
const TOKEN_PATH = '/oauth2/v1/token';

/** A worker of its own; the token cache may be shared. */
function workerOf(org: DpopOrg, tokens = new MemoryTokens()): OktaConnection {
  const client = createOktaClient({
    credentials: () => Promise.resolve(credentials({ origin: org.origin })),
    tokens,
    gate: new MemoryGate(),
    allowLoopback: true,
  });
  onTestFinished(() => client.close());
  return client.connection(ACME);
}

async function anOrg(
  facts: Partial<DpopOrg> = {},
): Promise<{ org: DpopOrg; okta: OktaConnection; tokens: MemoryTokens }> {
  const org = Object.assign(await DpopOrg.start(), facts);
  const tokens = new MemoryTokens();
  return { org, okta: workerOf(org, tokens), tokens };
}

const distinct = (values: readonly unknown[]): number => new Set(values).size;

describe('an app that demands proofs of possession', () => {
  it('is noticed by itself, with a fresh assertion for every request', async () => {
    const { org, okta } = await anOrg();
    const { value } = await okta.mintToken();
    expect(value.scopes).toEqual(['okta.users.read', 'okta.groups.read']);
    expect(org.mints.map(({ proof }) => proof?.['nonce'])).toEqual([
      undefined,
      undefined,
      'token-nonce-1',
    ]);
    expect(org.mints.map(({ proof }) => proof !== null)).toEqual([false, true, true]);
    expect(distinct(org.mints.map(({ jti }) => jti))).toBe(3);
    expect(org.mints[2]?.proof).toMatchObject({ htm: 'POST', htu: org.origin + TOKEN_PATH });
  });

  it('is noticed without a nonce, too, where none is wanted', async () => {
    const { org, okta } = await anOrg({ tokenNonce: null });
    await okta.mintToken();
    expect(org.mints).toHaveLength(2);
  });

  it('gets a proof of its own with every call, bound to method, path and token', async () => {
    const { org, okta } = await anOrg();
    await okta.suspendUser(USER);
    const link = `<${org.origin}/api/v1/groups/00g1/users?after=x&limit=2>; rel="next"`;
    org.ways.push((_, response) => response.setHeader('link', link).end(JSON.stringify([ADA])));
    org.ways.push((_, response) => response.end(JSON.stringify([ADA])));
    await okta.listGroupMembers(GROUP);
    const suspend = `/api/v1/users/${USER}/lifecycle/suspend`;
    const members = '/api/v1/groups/00g1/users';
    expect(org.calls.map(({ scheme, token, proof }) => [scheme, token, proof?.['htu']])).toEqual([
      ['DPoP', 'token-1', org.origin + suspend],
      ['DPoP', 'token-1', org.origin + members],
      ['DPoP', 'token-1', org.origin + members],
    ]);
    expect(org.calls.map(({ proof }) => proof?.['htm'])).toEqual(['POST', 'GET', 'GET']);
    expect(distinct(org.calls.map(({ proof }) => proof?.jti))).toBe(3);
  });

  it('is remembered with its nonce: the next token costs one request', async () => {
    const { org, okta, tokens } = await anOrg();
    await okta.mintToken();
    const asked = org.mints.length;
    const first = tokens.token?.proofKey;
    await okta.mintToken({ renew: true });
    expect(org.mints).toHaveLength(asked + 1);
    // The private exponent: a key for every token.
    expect(tokens.token?.proofKey?.['d']).not.toBe(first?.['d']);
  });

  it('may give out another nonce with any answer', async () => {
    const { org, okta } = await anOrg();
    await okta.mintToken();
    org.tokenNonce = 'token-nonce-2';
    await okta.mintToken({ renew: true });
    await okta.mintToken({ renew: true });
    expect(org.mints.slice(3).map(({ proof }) => proof?.['nonce'])).toEqual([
      'token-nonce-1',
      'token-nonce-2',
      'token-nonce-2',
    ]);
  });

  it('has one token for all workers, with the key in the shared cache', async () => {
    const { org, okta, tokens } = await anOrg();
    const other = workerOf(org, tokens);
    await okta.getUser(USER);
    await other.getUser(USER);
    await Promise.all([okta, other].map((worker) => worker.getUser(USER)));
    expect(org.tokens.size).toBe(1);
    expect(tokens.mints).toBe(1);
    expect(distinct(org.calls.map(({ proof }) => proof?.jti))).toBe(4);
  });

  it('is known to a new worker from the cached token, though it has ended', async () => {
    const { org, okta, tokens } = await anOrg();
    await okta.mintToken();
    const asked = org.mints.length;
    if (tokens.token !== null) tokens.token.expiresAt = new Date(0).toISOString();
    await workerOf(org, tokens).mintToken();
    expect(org.mints.slice(asked).map(({ proof }) => proof !== null)).toEqual([true, true]);
  });

  it('shows its private key to nobody', async () => {
    const { org, okta, tokens } = await anOrg();
    await okta.mintToken();
    org.refuses = 'The DPoP proof JWT is invalid.';
    const error = await errorOf(okta.getUser(USER));
    const secret = String(tokens.token?.proofKey?.['d']);
    expect(secret).toMatch(/^[\w-]{300,}$/);
    const told = [error, error.cause, org.seen].map((it) => JSON.stringify(it)).join();
    expect(told + String(error.stack)).not.toContain(secret);
  });
});

describe('a call that is sent again has a new proof', () => {
  it('after a connection that broke', async () => {
    const { org, okta } = await anOrg();
    org.ways.push((request) => request.socket.resetAndDestroy());
    await okta.getUser(USER);
    expect(distinct(org.calls.map(({ proof }) => proof?.jti))).toBe(2);
    expect(org.tokens.size).toBe(1);
  });

  it('after a rate limit', async () => {
    const { org, okta } = await anOrg();
    org.ways.push((_, response) => response.writeHead(429).end());
    expect((await errorOf(okta.getUser(USER))).code).toBe('OKTA_RATE_LIMITED');
    await okta.getUser(USER);
    expect(distinct(org.calls.map(({ proof }) => proof?.jti))).toBe(2);
  });

  it('after a token that was refused', async () => {
    const { org, okta } = await anOrg();
    await okta.mintToken();
    org.tokens.clear();
    await okta.suspendUser(USER);
    expect(org.calls.map(({ token }) => token)).toEqual(['token-1', 'token-2']);
    expect(distinct(org.calls.map(({ proof }) => proof?.jti))).toBe(2);
  });
});

describe('an API that demands a nonce', () => {
  it.each([400, 401])('gets it once and from then on, with the same token (%s)', async (status) => {
    const { org, okta } = await anOrg({ apiNonce: 'api-nonce-1', apiNonceStatus: status });
    await okta.suspendUser(USER);
    await okta.getUser(USER);
    org.apiNonce = 'api-nonce-2';
    await okta.getUser(USER);
    expect(org.calls.map(({ proof }) => proof?.['nonce'])).toEqual([
      undefined,
      'api-nonce-1',
      'api-nonce-1',
      'api-nonce-1',
      'api-nonce-2',
    ]);
    expect(org.tokens.size).toBe(1);
  });

  it('is not given in to without end', async () => {
    const { org, okta } = await anOrg();
    // Another with every look: never the one that came along.
    Object.defineProperty(org, 'apiNonce', { get: () => crypto.randomUUID() });
    const error = await errorOf(okta.getUser(USER));
    expect(error).toMatchObject({ code: 'OKTA_AUTH_FAILED', oauthError: 'use_dpop_nonce' });
    expect(org.calls).toHaveLength(2);
  });
});

describe('a refused proof', () => {
  it('costs a new token and one more try', async () => {
    const { org, okta } = await anOrg();
    await okta.mintToken();
    // As if the key had been lost: the token is bound to another.
    org.tokens.set('token-1', 'another key');
    await okta.suspendUser(USER);
    expect(org.calls.map(({ token }) => token)).toEqual(['token-1', 'token-2']);
  });

  it('is the trouble of the connection where the next one is refused, too', async () => {
    const { org, okta } = await anOrg();
    await okta.mintToken();
    for (const token of ['token-1', 'token-2']) org.tokens.set(token, 'another key');
    const set = org.tokens.set.bind(org.tokens);
    org.tokens.set = (token) => set(token, 'another key');
    const error = await errorOf(okta.suspendUser(USER));
    expect(error).toMatchObject({
      code: 'OKTA_AUTH_FAILED',
      oauthError: 'invalid_dpop_proof',
      oauthDescription: null,
      outcome: 'not-done',
      hint: expect.stringContaining('DPoP') as string,
    });
    expect(org.calls).toHaveLength(2);
  });

  it.each([
    ['ahead', 20 * 60_000],
    ['behind', -20 * 60_000],
  ])("goes by Okta's clock the next time, where that is %s of ours", async (_, aheadMs) => {
    const { org, okta } = await anOrg();
    await okta.mintToken();
    org.aheadMs = aheadMs;
    await okta.getUser(USER);
    await okta.getUser(USER);
    expect(org.calls).toHaveLength(3);
  });

  it('of a token request is not sent for ever, and says what helps', async () => {
    const { org, okta } = await anOrg({ refuses: 'The DPoP proof JWT is invalid.' });
    const error = await errorOf(okta.mintToken());
    expect(error).toMatchObject({
      code: 'OKTA_AUTH_FAILED',
      oauthError: 'invalid_dpop_proof',
      hint: expect.stringContaining('DPoP') as string,
    });
    expect(org.mints).toHaveLength(3);
  });
});

describe('an app whose demand changes', () => {
  it('gets proofs from the next token on', async () => {
    const { org, okta } = await anOrg({ demandsProof: false });
    await okta.getUser(USER);
    org.demandsProof = true;
    await okta.mintToken({ renew: true });
    await okta.getUser(USER);
    expect(org.calls.map(({ scheme }) => scheme)).toEqual(['Bearer', 'DPoP']);
  });

  it('gets one at once where its Bearer token is refused for that', async () => {
    const { org, okta } = await anOrg({ demandsProof: false });
    await okta.mintToken();
    org.demandsProof = true;
    org.tokens.set('token-1', 'bound to something');
    await okta.suspendUser(USER);
    expect(org.calls.map(({ scheme }) => scheme)).toEqual(['Bearer', 'DPoP']);
  });

  it.each([
    ['a refusal in its header', undefined],
    ['a refusal of Okta', oktaError(401, 'E0000011').json],
  ])('gets none any more when it ceases: %s', async (_, json) => {
    const { org, okta, tokens } = await anOrg();
    await okta.getUser(USER);
    org.demandsProof = false;
    if (json === undefined) org.tokens.clear();
    else org.ways.push((_request, response) => response.writeHead(401).end(JSON.stringify(json)));
    await okta.getUser(USER);
    expect(org.calls.map(({ scheme }) => scheme)).toEqual(['DPoP', 'DPoP', 'Bearer']);
    expect(tokens.token?.proofKey).toBeNull();
    await okta.mintToken({ renew: true });
    expect(org.mints.at(-1)?.proof).toBeNull();
  });
});
