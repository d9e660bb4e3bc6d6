// Tokens for an app that demands DPoP: given, refused, and used by a client that we did not write.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { calculateJwkThumbprint, decodeJwt } from 'jose';
import * as oauth from 'oauth4webapi';
import { describe, expect, it } from 'vitest';
import { startSimulator } from '../../src/simulator/server.js';
import { DpopClient, now, type ProofChanges, privateJwk, useDpop } from './dpop-client.js';
import { ALL_SCOPES, type Reply, TestOrg, isBack, newKeys } from './harness.js';

const sim = useDpop();

const refusal = ({ status, json }: Reply): unknown => ({
  status,
  error: json['error'],
  description: json['error_description'],
});

const BAD_PROOFS: [string, () => ProofChanges | Promise<ProofChanges>, string][] = [
  [
    'of another type',
    () => ({ header: { typ: 'JWT' } }),
    "'typ' must be 'dpop+jwt' in the DPoP proof JWT.",
  ],
  ['without a key', () => ({ header: { jwk: undefined } }), 'The DPoP proof JWT is invalid.'],
  [
    'that shows a private key',
    async () => ({ header: { jwk: await privateJwk() } }),
    'The DPoP proof JWT is invalid.',
  ],
  [
    'by another key than it shows',
    () => ({ signedBy: sim.stranger.privateKey }),
    'The DPoP proof JWT signature is invalid.',
  ],
  [
    'for another method',
    () => ({ claims: { htm: 'DELETE' } }),
    "'htm' claim in the DPoP proof JWT is invalid.",
  ],
  [
    'for another URL',
    () => ({ claims: { htu: `${sim.org.origin}//oauth2/v1/token` } }),
    "'htu' claim in the DPoP proof JWT is invalid.",
  ],
  [
    'for a URL with a query',
    () => ({ claims: { htu: `${sim.org.tokenUrl}?limit=1` } }),
    "'htu' claim in the DPoP proof JWT is invalid.",
  ],
  [
    'without a time',
    () => ({ claims: { iat: undefined } }),
    "'iat' claim in the DPoP proof JWT is invalid.",
  ],
  [
    'from the future',
    () => ({ claims: { iat: now() + 60 } }),
    'The DPoP proof JWT is issued in the future.',
  ],
  [
    'older than five minutes',
    () => ({ claims: { iat: now() - 310 } }),
    'The DPoP proof JWT is issued more than five minutes in the past.',
  ],
  ['that has expired', () => ({ claims: { exp: now() - 1 } }), 'The DPoP proof JWT is expired.'],
  [
    'without a jti',
    () => ({ claims: { jti: undefined } }),
    "'jti' claim in the DPoP proof JWT is invalid.",
  ],
];

describe('the token endpoint, for an app that demands DPoP,', () => {
  it('refuses a request without a proof', async () => {
    const reply = await sim.client.requestToken(undefined);
    expect(refusal(reply)).toEqual({
      status: 400,
      error: 'invalid_dpop_proof',
      description: 'The DPoP proof JWT header is missing.',
    });
  });

  it('wants a nonce, names it, and binds the token to the key of the proof', async () => {
    const fresh = await DpopClient.of(sim.org);
    const first = await fresh.requestToken(await fresh.tokenProof());
    expect(refusal(first)).toEqual({
      status: 400,
      error: 'use_dpop_nonce',
      description: 'Authorization server requires nonce in DPoP proof.',
    });
    fresh.nonce = first.headers.get('dpop-nonce') ?? '';
    expect(fresh.nonce).toMatch(/^[\w-]{32}$/);
    const second = await fresh.requestToken(await fresh.tokenProof());
    expect(second.status).toBe(200);
    expect(second.json['token_type']).toBe('DPoP');
    expect(second.headers.get('dpop-nonce')).toBe(fresh.nonce);
    expect(decodeJwt(String(second.json['access_token']))).toMatchObject({
      cid: fresh.clientId,
      cnf: { jkt: await calculateJwkThumbprint(fresh.proofJwk) },
    });
  });

  it('has used up the assertion of the request that lacked the nonce', async () => {
    const signed = await sim.client.clientAssertion();
    const bare = await sim.client.tokenProof({ claims: { nonce: undefined } });
    expect((await sim.client.requestToken(bare, signed)).json['error']).toBe('use_dpop_nonce');
    expect(refusal(await sim.client.requestToken(await sim.client.tokenProof(), signed))).toEqual({
      status: 401,
      error: 'invalid_client',
      description: 'The client_assertion token has already been used.',
    });
  });

  it.each(BAD_PROOFS)('refuses a proof %s', async (_what, changes, description) => {
    const reply = await sim.client.requestToken(await sim.client.tokenProof(await changes()));
    expect(refusal(reply)).toEqual({ status: 400, error: 'invalid_dpop_proof', description });
  });

  it('refuses what is no JWT, two proofs, and an algorithm with a shared secret', async () => {
    const describe = async (proof: string): Promise<unknown> =>
      (await sim.client.requestToken(proof)).json['error_description'];
    expect(await describe('x.y.z')).toBe('The DPoP proof JWT cannot be parsed.');
    const [one, two] = [await sim.client.tokenProof(), await sim.client.tokenProof()];
    expect(await describe(`${one}, ${two}`)).toBe(
      'Multiple DPoP proof JWT headers are not allowed.',
    );
    const [, payload, signature] = (await sim.client.tokenProof()).split('.');
    const header = { typ: 'dpop+jwt', alg: 'HS256', jwk: sim.client.proofJwk };
    const encoded = Buffer.from(JSON.stringify(header)).toString('base64url');
    expect(await describe(`${encoded}.${payload ?? ''}.${signature ?? ''}`)).toBe(
      'The DPoP proof JWT signature algorithm is invalid.',
    );
  });

  it('takes a proof once', async () => {
    const proof = await sim.client.tokenProof();
    expect((await sim.client.requestToken(proof)).status).toBe(200);
    expect(refusal(await sim.client.requestToken(proof))).toEqual({
      status: 400,
      error: 'invalid_dpop_proof',
      description: 'The DPoP proof JWT has already been used.',
    });
  });

  it('judges the client before its proof', async () => {
    const signed = await sim.client.clientAssertion({ iss: '0oaUnknown', sub: '0oaUnknown' });
    expect((await sim.client.requestToken(undefined, signed)).status).toBe(401);
  });

  it.each([
    [86_400, 200],
    [2 * 86_400, 200],
    [3 * 86_400, 400],
  ])('takes a nonce for three days, another one every day: after %i s %i', async (skew, status) => {
    await sim.client.login();
    await sim.org.control('PATCH', '/org', { clockSkewSeconds: skew });
    const then = now() + skew;
    const signed = await sim.client.clientAssertion({ iat: then, exp: then + 300 });
    const reply = await sim.client.requestToken(
      await sim.client.tokenProof({ claims: { iat: then } }),
      signed,
    );
    expect(reply.status).toBe(status);
    if (status === 400) expect(reply.json['error']).toBe('use_dpop_nonce');
    expect(reply.headers.get('dpop-nonce')).not.toBe(sim.client.nonce);
  });

  it.each(['ES256', 'ES384', 'RS512'])('takes proofs with %s', async (alg) => {
    const other = await DpopClient.of(sim.org, {}, alg);
    expect((await other.login()).json['token_type']).toBe('DPoP');
    expect((await other.call('GET', '/users?limit=1')).status).toBe(200);
  });

  it('leaves an app that demands none alone, proof or not', async () => {
    const plain = await DpopClient.of(sim.org, { dpop: false });
    for (const proof of [undefined, await plain.tokenProof(), 'garbled']) {
      const reply = await plain.requestToken(proof);
      expect([reply.status, reply.json['token_type']]).toEqual([200, 'Bearer']);
      expect(reply.headers.has('dpop-nonce')).toBe(false);
    }
  });

  it('demands proofs from the moment that the app does', async () => {
    const app = await sim.org.client();
    await sim.org.control('PATCH', `/apps/${app.clientId}`, { dpop: true });
    const reply = await app.requestToken(ALL_SCOPES);
    expect([reply.status, reply.json['error']]).toEqual([400, 'invalid_dpop_proof']);
    expect((await app.call('GET', '/users')).status).toBe(200);
  });
});

describe('oauth4webapi', () => {
  it('gets a token and uses it', async () => {
    const { org } = sim;
    const keys = await newKeys('RS256');
    const jwks = { keys: [keys.publicJwk] };
    const { json } = await org.control('POST', '/apps', { jwks, dpop: true });
    const issuer = new URL(org.origin);
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- marked so to stand out; this is loopback
    const insecure = { [oauth.allowInsecureRequests]: true };
    const as = await oauth.processDiscoveryResponse(
      issuer,
      await oauth.discoveryRequest(issuer, { algorithm: 'oauth2', ...insecure }),
    );
    const app = { client_id: String(json['clientId']) };
    const dpop = oauth.DPoP({}, await oauth.generateKeyPair('ES256'));
    const request = async (): Promise<oauth.TokenEndpointResponse> =>
      oauth.processClientCredentialsResponse(
        as,
        app,
        await oauth.clientCredentialsGrantRequest(
          as,
          app,
          oauth.PrivateKeyJwt(
            { key: keys.privateKey, kid: 'key-1' },
            {
              [oauth.modifyAssertion]: (_header, payload) => {
                payload['aud'] = org.tokenUrl;
              },
            },
          ),
          { scope: 'okta.users.read' },
          { DPoP: dpop, ...insecure },
        ),
      );
    const refused: unknown = await request().catch((error: unknown) => error);
    expect(oauth.isDPoPNonceError(refused)).toBe(true);
    const token = await request();
    expect(token.token_type).toBe('dpop');
    const url = new URL(`${org.origin}/api/v1/users?limit=1`);
    for (let n = 0; n < 2; n += 1) {
      const reply = await oauth.protectedResourceRequest(
        token.access_token,
        'GET',
        url,
        undefined,
        null,
        { DPoP: dpop, ...insecure },
      );
      expect(reply.status).toBe(200);
    }
  });
});

describe('with a state file', () => {
  it('bound tokens and nonces outlive a restart', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'simulator-'));
    const statePath = join(directory, 'org.jsonl');
    const first = await startSimulator({ statePath });
    const kept = await DpopClient.of(new TestOrg(first.origin));
    await kept.login();
    await first.close();
    const second = await startSimulator({ statePath, port: Number(new URL(first.origin).port) });
    await isBack(kept.org);
    expect((await kept.call('GET', '/users')).status).toBe(200);
    expect((await kept.requestToken(await kept.tokenProof())).status).toBe(200);
    await second.close();
    rmSync(directory, { recursive: true });
  });
});
