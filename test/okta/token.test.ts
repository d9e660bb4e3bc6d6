import { decodeJwt, importJWK, jwtVerify, type JWTVerifyResult } from 'jose';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createOktaClient } from '../../src/okta/index.js';
import {
  ACME,
  ADA,
  assertionOf,
  bench,
  CLIENT_ID,
  credentials,
  DATE,
  errorOf,
  formOf,
  MemoryGate,
  newKeys,
  oauthRefusal,
  oktaError,
  ORIGIN,
  SCOPES,
  TOKEN_LINE,
  tokenReply,
  type Keys,
  type Recorded,
} from './support.js';

const TOKEN_URL = `${ORIGIN}/oauth2/v1/token`;
const NOW = Date.parse(DATE);
const PUBLIC_JWK = (await newKeys()).publicJwk as Record<string, unknown>;
const ADA_LINE = 'GET /api/v1/users/ada%40example.com';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: NOW });
});
afterEach(() => {
  vi.useRealTimers();
});

async function verified(request: Recorded | undefined, keys: Keys): Promise<JWTVerifyResult> {
  const key = await importJWK(
    keys.publicJwk,
    String(keys.publicJwk.kty) === 'RSA' ? 'RS256' : 'ES256',
  );
  return jwtVerify(assertionOf(request), key, { currentDate: new Date() });
}

describe('the token request', () => {
  it.each(['ES256', 'RS256'] as const)('is signed as Okta wants it, with %s', async (alg) => {
    const keys = await newKeys(alg, 'my-key');
    const { privateJwk } = keys;
    const { okta, org } = bench({
      credentials: () => Promise.resolve(credentials({ privateJwk })),
    });
    await okta.mintToken();
    const { protectedHeader, payload } = await verified(org.tokenRequests[0], keys);
    expect(protectedHeader).toMatchObject({ alg, kid: 'my-key' });
    expect(payload).toEqual({
      iss: CLIENT_ID,
      sub: CLIENT_ID,
      aud: TOKEN_URL,
      iat: NOW / 1000 - 5,
      exp: NOW / 1000 + 295,
      jti: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
    });
  });

  it('has the form of the grant, and no client_id beside the assertion', async () => {
    const { okta, org } = bench();
    await okta.mintToken();
    const [request] = org.tokenRequests;
    expect(Object.fromEntries(formOf(request))).toEqual({
      grant_type: 'client_credentials',
      scope: SCOPES.join(' '),
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: expect.any(String) as string,
    });
    expect(request?.headers).toMatchObject({
      accept: 'application/json',
      'content-type': 'application/x-www-form-urlencoded;charset=UTF-8',
      'user-agent': 'tenure',
    });
  });

  it('takes its slot of the budget and teaches it', async () => {
    const { okta, org, gate } = bench();
    const reset = String(NOW / 1000 + 60);
    org.plan(TOKEN_LINE, {
      ...tokenReply('t'),
      headers: {
        'x-rate-limit-limit': '150',
        'x-rate-limit-remaining': '149',
        'x-rate-limit-reset': reset,
      },
    });
    await okta.mintToken();
    expect(gate.acquired).toEqual(['T']);
    expect(gate.learned).toEqual([
      { bucket: 'T', kind: 'ok', limit: 150, remaining: 149, resetInMs: 61_000 },
    ]);
  });

  it.each([
    ['another host over http', 'http://acme.okta.com'],
    ['a path', 'https://acme.okta.com/oauth2/default'],
    ['credentials in it', 'https://me:secret@acme.okta.com'],
    ['no URL', 'acme.okta.com'],
  ])('is not sent to %s', async (_, origin) => {
    const { okta, org } = bench({ credentials: () => Promise.resolve(credentials({ origin })) });
    const error = await errorOf(okta.mintToken());
    expect(error.code).toBe('OKTA_AUTH_FAILED');
    expect(org.requests).toEqual([]);
  });

  it('takes a trailing slash off, since the audience must match to the letter', async () => {
    const { okta, org } = bench({
      credentials: () => Promise.resolve(credentials({ origin: `${ORIGIN}/` })),
    });
    await okta.mintToken();
    expect(decodeJwt(assertionOf(org.tokenRequests[0])).aud).toBe(TOKEN_URL);
  });

  it.each([
    ['there is no connection', null],
    ['the key is nonsense', credentials({ privateJwk: { kty: 'RSA', n: 'secret-number' } })],
    ['the key is a public one', credentials({ privateJwk: PUBLIC_JWK })],
  ])('fails plainly where %s', async (_, given) => {
    const { okta } = bench({ credentials: () => Promise.resolve(given) });
    const error = await errorOf(okta.mintToken());
    expect(error).toMatchObject({
      code: 'OKTA_AUTH_FAILED',
      outcome: 'not-done',
      httpStatus: null,
    });
    expect(JSON.stringify(error) + String(error.stack)).not.toContain('secret-number');
  });
});

describe('the token', () => {
  it('says when it ends and which scopes were granted, fewer than asked for too', async () => {
    const { okta, org } = bench();
    org.plan(TOKEN_LINE, tokenReply('t', 3600, 'okta.users.read'));
    const answer = await okta.mintToken();
    expect(answer).toEqual({
      value: { expiresAt: new Date(NOW + 3_600_000).toISOString(), scopes: ['okta.users.read'] },
      requestId: 'd41d8cd98f00b204e9800998ecf8427e',
      date: '2027-03-31T15:00:00.000Z',
    });
  });

  it('is minted once and used until five minutes before its end', async () => {
    const { okta, org, tokens } = bench();
    org.plan(ADA_LINE, ...Array.from({ length: 3 }, () => ({ json: ADA })));
    await okta.getUser('ada@example.com');
    vi.setSystemTime(NOW + 54 * 60_000);
    await okta.getUser('ada@example.com');
    expect(tokens.mints).toBe(1);
    vi.setSystemTime(NOW + 56 * 60_000);
    await okta.getUser('ada@example.com');
    expect(tokens.mints).toBe(2);
    expect(org.requests.map(({ headers }) => headers['authorization'])).toEqual([
      undefined,
      'Bearer access-token-1',
      'Bearer access-token-1',
      undefined,
      'Bearer access-token-2',
    ]);
  });

  it('is used for nine tenths of a short life', async () => {
    const { okta, org, tokens } = bench();
    org.tokenLifetimeSeconds = 10;
    org.plan(ADA_LINE, ...Array.from({ length: 3 }, () => ({ json: ADA })));
    await okta.getUser('ada@example.com');
    vi.setSystemTime(NOW + 8_900);
    await okta.getUser('ada@example.com');
    expect(tokens.mints).toBe(1);
    vi.setSystemTime(NOW + 9_100);
    await okta.getUser('ada@example.com');
    expect(tokens.mints).toBe(2);
  });

  it('is shared with other workers', async () => {
    const { okta, org, tokens } = bench();
    const other = createOktaClient({
      credentials: () => Promise.resolve(credentials()),
      tokens,
      gate: new MemoryGate(),
      dispatcher: org.agent,
    }).connection(ACME);
    await okta.mintToken();
    const answer = await other.mintToken();
    expect(answer.requestId).toBeNull();
    expect(tokens.mints).toBe(1);
  });

  it('is minted once however many want it at the same time', async () => {
    const { okta, org, tokens } = bench();
    org.plan(ADA_LINE, ...Array.from({ length: 20 }, () => ({ json: ADA })));
    await Promise.all(Array.from({ length: 20 }, () => okta.getUser('ada@example.com')));
    expect(tokens.mints).toBe(1);
  });

  it('is refused once for all who wait for it', async () => {
    const { okta, org } = bench();
    org.plan(
      TOKEN_LINE,
      oauthRefusal(401, 'invalid_client', 'The client_assertion signature is invalid.'),
    );
    const errors = await Promise.all([1, 2, 3].map(() => errorOf(okta.getUser('ada@example.com'))));
    expect(errors.map(({ code }) => code)).toEqual(Array(3).fill('OKTA_AUTH_FAILED'));
    expect(org.tokenRequests).toHaveLength(1);
  });

  it('is awaited by others when the one who asked first gives up', async () => {
    const { okta, org } = bench();
    org.plan(ADA_LINE, { json: ADA });
    const caller = new AbortController();
    const first = okta.getUser('ada@example.com', { signal: caller.signal });
    const second = okta.getUser('ada@example.com');
    const reason = new Error('cancelled');
    caller.abort(reason);
    await expect(first).rejects.toBe(reason);
    expect((await second).value.id).toBe(ADA.id);
  });

  it('is minted anew on demand, though the shared one is fresh', async () => {
    const { okta, tokens } = bench();
    await okta.mintToken();
    expect((await okta.mintToken()).requestId).toBeNull();
    expect((await okta.mintToken({ renew: true })).requestId).not.toBeNull();
    expect(tokens.mints).toBe(2);
  });

  it('is dropped with the credentials that it was minted with', async () => {
    let given = credentials();
    const { okta, org, tokens } = bench({ credentials: () => Promise.resolve(given) });
    await okta.mintToken();
    const keys = await newKeys('ES256', 'next-key');
    given = credentials({ privateJwk: keys.privateJwk });
    await okta.mintToken({ renew: true });
    expect(tokens.mints).toBe(2);
    expect((await verified(org.tokenRequests[1], keys)).protectedHeader.kid).toBe('next-key');
  });
});

describe('the org that calls go to', () => {
  it('is told without a call, and is another once calls go there', async () => {
    let given = credentials();
    const { okta, org } = bench({ credentials: () => Promise.resolve(given) });
    expect(await okta.origin()).toBe(ORIGIN);
    expect(org.requests).toEqual([]);
    given = credentials({ origin: 'https://globex.okta.com' });
    expect(await okta.origin()).toBe(ORIGIN);
    await errorOf(okta.mintToken({ renew: true }));
    expect(await okta.origin()).toBe('https://globex.okta.com');
  });

  it('costs one look at the credentials for all who ask at the same time, and none for a while', async () => {
    let looks = 0;
    const { okta } = bench({
      credentials: () => {
        looks += 1;
        return Promise.resolve(credentials());
      },
    });
    await Promise.all(Array.from({ length: 20 }, () => okta.origin()));
    await okta.origin();
    expect(looks).toBe(1);
  });

  it('is none where there is no such connection', async () => {
    const { okta } = bench({ credentials: () => Promise.resolve(null) });
    expect((await errorOf(okta.origin())).code).toBe('OKTA_AUTH_FAILED');
  });
});

describe('a token that Okta does not take any more', () => {
  it('is replaced once, and the call made again', async () => {
    const { okta, org, tokens } = bench();
    org.plan('POST /api/v1/users/00u1/lifecycle/suspend', oktaError(401, 'E0000011'), { json: {} });
    await okta.suspendUser('00u1');
    expect(tokens.mints).toBe(2);
    expect(org.requests.at(-1)?.headers['authorization']).toBe('Bearer access-token-2');
  });

  it('is replaced by what another worker has minted meanwhile', async () => {
    const { okta, org, tokens } = bench();
    await okta.mintToken();
    const expiresAt = new Date(NOW + 3_600_000).toISOString();
    tokens.token = {
      accessToken: 'of another',
      proofKey: null,
      scopes: SCOPES,
      expiresAt,
      generation: 'other',
    };
    org.plan(ADA_LINE, oktaError(401, 'E0000011'), { json: ADA });
    await okta.getUser('ada@example.com');
    expect(tokens.mints).toBe(1);
    expect(org.requests.at(-1)?.headers['authorization']).toBe('Bearer of another');
  });

  it('is not replaced twice', async () => {
    const { okta, org, tokens } = bench();
    org.plan(ADA_LINE, oktaError(401, 'E0000011'), oktaError(401, 'E0000011'));
    const error = await errorOf(okta.getUser('ada@example.com'));
    expect(error).toMatchObject({ code: 'OKTA_AUTH_FAILED', oktaErrorCode: 'E0000011' });
    expect(tokens.mints).toBe(2);
  });

  it('is replaced once for all calls that it failed', async () => {
    const { okta, org, tokens } = bench();
    await okta.mintToken();
    const replies = [1, 2, 3].map(() => oktaError(401, 'E0000011'));
    org.plan(ADA_LINE, ...replies, { json: ADA }, { json: ADA }, { json: ADA });
    await Promise.all([1, 2, 3].map(() => okta.getUser('ada@example.com')));
    expect(tokens.mints).toBe(2);
  });
});
