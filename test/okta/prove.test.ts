// The proof of a key by a token of its own, which touches nothing that work under way depends on.
import { decodeJwt } from 'jose';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createOktaClient, type ObservedCall, type OktaClient } from '../../src/okta/index.js';
import { DpopOrg } from './dpop-org.js';
import {
  credentials,
  DATE,
  errorOf,
  MemoryGate,
  MemoryTokens,
  MockOrg,
  newKeys,
  SCOPES,
  TOKEN_LINE,
  tokenReply,
} from './support.js';

function aClient(dispatcher?: MockOrg['agent']): {
  client: OktaClient;
  tokens: MemoryTokens;
  gate: MemoryGate;
  calls: ObservedCall[];
} {
  const tokens = new MemoryTokens();
  const gate = new MemoryGate();
  const calls: ObservedCall[] = [];
  const client = createOktaClient({
    credentials: () => Promise.reject(new Error('not asked for')),
    tokens,
    gate,
    allowLoopback: true,
    observe: (call) => calls.push(call),
    ...(dispatcher === undefined ? {} : { dispatcher }),
  });
  onTestFinished(() => client.close());
  return { client, tokens, gate, calls };
}

describe('the proof of a key', () => {
  it('mints a token with the given key and leaves cache and budget alone', async () => {
    const org = new MockOrg();
    const { client, tokens, gate, calls } = aClient(org.agent);
    org.plan(TOKEN_LINE, tokenReply('t', 3600, 'okta.users.read'));
    const { privateJwk } = await newKeys('ES256', 'next-key');
    expect(await client.prove(credentials({ privateJwk }))).toEqual({
      value: { scopes: ['okta.users.read'], tokenType: 'Bearer' },
      requestId: 'd41d8cd98f00b204e9800998ecf8427e',
      date: new Date(DATE).toISOString(),
    });
    const assertion = new URLSearchParams(org.tokenRequests[0]?.body).get('client_assertion') ?? '';
    expect(decodeJwt(assertion).iss).toBe(credentials().clientId);
    expect(JSON.parse(Buffer.from(assertion.split('.')[0] ?? '', 'base64url').toString())).toEqual({
      alg: 'ES256',
      kid: 'next-key',
    });
    expect(tokens.token).toBeNull();
    expect(gate).toMatchObject({ acquired: [], learned: [] });
    expect(calls).toMatchObject([{ method: 'POST', path: '/oauth2/v1/token', status: 200 }]);
  });

  it('says that the app demands proofs of possession', async () => {
    const org = await DpopOrg.start();
    const { client } = aClient();
    const { value } = await client.prove(credentials({ origin: org.origin }));
    expect(value).toEqual({ scopes: SCOPES, tokenType: 'DPoP' });
  });

  it('fails as a mint does, with what a diagnosis needs', async () => {
    const org = new MockOrg();
    const { client } = aClient(org.agent);
    const words = 'The client_assertion JWT kid is invalid.';
    const json = { error: 'invalid_client', error_description: words };
    // Twice: by the clock of this org, the first assertion was out of its time.
    org.plan(TOKEN_LINE, { status: 401, json }, { status: 401, json });
    expect(await errorOf(client.prove(credentials()))).toMatchObject({
      code: 'OKTA_AUTH_FAILED',
      oauthError: 'invalid_client',
      oauthDescription: words,
      date: new Date(DATE).toISOString(),
    });
  });

  it('is not asked of an address that may not be called', async () => {
    const { client } = aClient();
    const error = await errorOf(client.prove(credentials({ origin: 'https://127.0.0.1' })));
    expect(error).toMatchObject({ code: 'OKTA_AUTH_FAILED', httpStatus: null });
  });

  it('may be given up', async () => {
    const org = await DpopOrg.start();
    const { client } = aClient();
    const signal = AbortSignal.abort(new Error('cancelled'));
    await expect(client.prove(credentials({ origin: org.origin }), { signal })).rejects.toThrow(
      'cancelled',
    );
    expect(org.mints).toEqual([]);
  });
});
