// An org that demands proofs of possession and judges them as strictly as RFC 9449 and Okta's error
// codes allow, over real sockets. Made of `jose` alone: it must not share a mistake with the client.
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import {
  calculateJwkThumbprint,
  decodeJwt,
  decodeProtectedHeader,
  EmbeddedJWK,
  jwtVerify,
  type JWTPayload,
} from 'jose';
import { onTestFinished } from 'vitest';
import { ADA, SCOPES } from './support.js';

export interface Seen {
  /** `GET /api/v1/users/00u1`, without its query. */
  line: string;
  scheme: 'Bearer' | 'DPoP' | null;
  token: string | null;
  /** The claims of the proof. */
  proof: JWTPayload | null;
  /** Of the assertion. */
  jti: string | null;
}

type Judged = { key: string } | { error: string; words: string };
type Way = (request: IncomingMessage, response: ServerResponse) => void;

const MAX_AGE_SECONDS = 300;

export class DpopOrg {
  demandsProof = true;
  /** What a proof must carry; null for nothing. */
  tokenNonce: string | null = 'token-nonce-1';
  apiNonce: string | null = null;
  /** Status of the API's answer to a proof without its nonce. */
  apiNonceStatus = 401;
  /** How far its clock is ahead of ours. */
  aheadMs = 0;
  tokenLifetimeSeconds = 3600;
  /** Refuses every proof with these words, however good it is. */
  refuses: string | null = null;
  /** Answers to the next calls that were found in order; then Ada. */
  readonly ways: Way[] = [];
  readonly seen: Seen[] = [];
  /** By token: the thumbprint of the key that it is bound to, null for a Bearer token. */
  readonly tokens = new Map<string, string | null>();
  origin = '';
  readonly #usedIds = new Set<string>();
  #issued = 0;

  static async start(): Promise<DpopOrg> {
    const org = new DpopOrg();
    const server = createServer((request, response) => {
      org.#answer(request, response).catch((error: unknown) => response.destroy(error as Error));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    org.origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    return org;
  }

  get mints(): Seen[] {
    return this.seen.filter(({ line }) => line === 'POST /oauth2/v1/token');
  }

  get calls(): Seen[] {
    return this.seen.filter(({ line }) => line !== 'POST /oauth2/v1/token');
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.setHeader('date', new Date(Date.now() + this.aheadMs).toUTCString());
    response.setHeader('content-type', 'application/json');
    const { pathname } = new URL(request.url ?? '', this.origin);
    const [scheme = null, token = null] = request.headers.authorization?.split(' ') ?? [];
    const proof = request.headers['dpop'];
    const form = new URLSearchParams(await text(request));
    const assertion = form.get('client_assertion');
    this.seen.push({
      line: `${request.method ?? ''} ${pathname}`,
      scheme: scheme as Seen['scheme'],
      token,
      proof: typeof proof === 'string' ? decodeJwt(proof) : null,
      jti: assertion === null ? null : (decodeJwt(assertion).jti ?? null),
    });
    if (pathname === '/oauth2/v1/token') await this.#token(request, response, assertion ?? '');
    else await this.#call(request, response, scheme, token ?? '');
  }

  async #token(
    request: IncomingMessage,
    response: ServerResponse,
    assertion: string,
  ): Promise<void> {
    const refuse = (status: number, error: string, words: string): void => {
      response.writeHead(status).end(JSON.stringify({ error, error_description: words }));
    };
    const { jti = '' } = decodeJwt(assertion);
    if (this.#usedIds.has(jti)) {
      refuse(401, 'invalid_client', 'The client_assertion token has already been used.');
      return;
    }
    this.#usedIds.add(jti);
    let key: string | null = null;
    if (this.demandsProof) {
      const judged = await this.#judge(request, this.tokenNonce, null);
      tellNonce(response, judged, this.tokenNonce);
      if ('error' in judged) {
        refuse(400, judged.error, judged.words);
        return;
      }
      key = judged.key;
    }
    this.#issued += 1;
    const token = `token-${this.#issued}`;
    this.tokens.set(token, key);
    response.end(
      JSON.stringify({
        token_type: key === null ? 'Bearer' : 'DPoP',
        expires_in: this.tokenLifetimeSeconds,
        access_token: token,
        scope: SCOPES.join(' '),
      }),
    );
  }

  async #call(
    request: IncomingMessage,
    response: ServerResponse,
    scheme: string | null,
    token: string,
  ): Promise<void> {
    const challenge = (status: number, error: string, words: string): void => {
      const header = `DPoP algs="RS256 ES256", realm="${this.origin}", scope="okta.users.read", error="${error}", error_description="${words}"`;
      response.writeHead(status, { 'www-authenticate': header }).end();
    };
    const key = this.tokens.get(token);
    if (key === undefined) {
      challenge(401, 'invalid_token', 'The access token is invalid.');
      return;
    }
    if (key !== null) {
      if (scheme !== 'DPoP') {
        challenge(400, 'invalid_request', 'The DPoP proof JWT header is missing.');
        return;
      }
      const judged = await this.#judge(request, this.apiNonce, token);
      tellNonce(response, judged, this.apiNonce);
      if ('error' in judged) {
        const status = judged.error === 'use_dpop_nonce' ? this.apiNonceStatus : 400;
        challenge(status, judged.error, judged.words);
        return;
      }
      if (judged.key !== key) {
        const words = 'The access_token is not bound to the provided DPoP proof.';
        challenge(400, 'invalid_dpop_proof', words);
        return;
      }
    }
    const way = this.ways.shift() ?? ((_, it) => it.end(JSON.stringify(ADA)));
    way(request, response);
  }

  async #judge(
    request: IncomingMessage,
    nonce: string | null,
    token: string | null,
  ): Promise<Judged> {
    const invalid = (words: string) => ({ error: 'invalid_dpop_proof', words });
    const proof = request.headers['dpop'];
    if (typeof proof !== 'string') return invalid('The DPoP proof JWT header is missing.');
    if (this.refuses !== null) return invalid(this.refuses);
    const { payload } = await jwtVerify(proof, EmbeddedJWK, {
      typ: 'dpop+jwt',
      algorithms: ['RS256'],
    });
    const { jwk } = decodeProtectedHeader(proof);
    if (jwk === undefined || Object.keys(jwk).sort().join() !== 'e,kty,n') {
      throw new Error('the key of a proof is public and nothing else');
    }
    const { htm, htu, iat = 0, jti = '', ath } = payload;
    const now = (Date.now() + this.aheadMs) / 1000;
    const url = new URL(request.url ?? '', this.origin);
    const digest = token === null ? undefined : createHash('sha256').update(token);
    if (htm !== request.method) return invalid("'htm' claim in the DPoP proof JWT is invalid.");
    if (htu !== url.origin + url.pathname) {
      return invalid("'htu' claim in the DPoP proof JWT is invalid.");
    }
    if (iat > now) return invalid('The DPoP proof JWT is issued in the future.');
    if (iat < now - MAX_AGE_SECONDS) {
      return invalid('The DPoP proof JWT is issued more than five minutes in the past.');
    }
    if (this.#usedIds.has(jti)) return invalid('The DPoP proof JWT has already been used.');
    this.#usedIds.add(jti);
    if (ath !== digest?.digest('base64url')) {
      return invalid("'ath' claim in the DPoP proof does not match the presented access_token.");
    }
    if (nonce !== null && payload['nonce'] !== nonce) {
      return {
        error: 'use_dpop_nonce',
        words: 'Authorization server requires nonce in DPoP proof.',
      };
    }
    return { key: await calculateJwkThumbprint(jwk) };
  }
}

/** With a success and where it is asked for. */
function tellNonce(response: ServerResponse, judged: Judged, nonce: string | null): void {
  const isInvalid = 'error' in judged && judged.error !== 'use_dpop_nonce';
  if (nonce !== null && !isInvalid) response.setHeader('dpop-nonce', nonce);
}
