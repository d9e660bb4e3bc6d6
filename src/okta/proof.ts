// Proofs of possession (DPoP, RFC 9449): by them Okta knows that a token is used by the one it was given
// to. A proof is good for one sending of one request. Signing is `jose`'s; no I/O here.
import { createHash, randomUUID } from 'node:crypto';
import { exportJWK, generateKeyPair, importJWK, SignJWT, type JWK } from 'jose';
import type { Call } from './call.js';
import type { Clock } from './clock.js';
import type { HttpAnswer } from './exchange.js';
import { oauthErrorOf } from './oauth-error.js';
import type { AccessToken, ProofKey } from './ports.js';

/** RSA: nothing of Okta's shows another key in a proof, and one connector reports that only RSA works. */
const ALGORITHM = 'RS256';

/** A private key for one token. Takes some tenths of a second, off the main thread. */
export async function newProofKey(): Promise<ProofKey> {
  const options = { modulusLength: 2048, extractable: true };
  const { privateKey } = await generateKeyPair(ALGORITHM, options);
  return { ...(await exportJWK(privateKey)) };
}

/**
 * Makes proofs for the token endpoint or for the API of an org: each has nonces of its own (RFC 9449,
 * sections 8 and 9).
 */
export class Prover {
  readonly #clock: Clock;
  /** By origin. */
  readonly #nonces = new Map<string, string>();
  readonly #imported = new WeakMap<ProofKey, ReturnType<typeof importJWK>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The headers that give one sending of `call` the right of this token. */
  async authorize(
    { accessToken, proofKey }: Pick<AccessToken, 'accessToken' | 'proofKey'>,
    origin: string,
    call: Call,
  ): Promise<Record<string, string>> {
    if (proofKey === null) return { authorization: `Bearer ${accessToken}` };
    const ath = createHash('sha256').update(accessToken).digest('base64url');
    return {
      authorization: `DPoP ${accessToken}`,
      ...(await this.prove(proofKey, origin, call, ath)),
    };
  }

  /** The proof alone. `ath`: the digest of the token that comes with it (RFC 9449, section 4.2). */
  async prove(
    proofKey: ProofKey,
    origin: string,
    { method, path }: Call,
    ath?: string,
  ): Promise<{ dpop: string }> {
    const { pathname } = new URL(path, origin);
    const nonce = this.#nonces.get(origin);
    const dpop = await new SignJWT({
      htm: method,
      htu: origin + pathname,
      jti: randomUUID(),
      iat: this.#clock.issuedAt(),
      ...(nonce === undefined ? {} : { nonce }),
      ...(ath === undefined ? {} : { ath }),
    })
      .setProtectedHeader({ alg: ALGORITHM, typ: 'dpop+jwt', jwk: publicPart(proofKey) })
      .sign(await this.#keyOf(proofKey));
    return { dpop };
  }

  /** Any answer may bring the nonce for the next proof; one that refuses a proof, the right time. */
  hear(origin: string, answer: HttpAnswer): void {
    const nonce = answer.headers['dpop-nonce'];
    if (typeof nonce === 'string') this.#nonces.set(origin, nonce);
    if (answer.status !== 400) return;
    if (oauthErrorOf(answer).error === 'invalid_dpop_proof') this.#clock.learn(answer.headers);
  }

  #keyOf(proofKey: ProofKey): ReturnType<typeof importJWK> {
    const known = this.#imported.get(proofKey) ?? importJWK(proofKey as JWK, ALGORITHM);
    this.#imported.set(proofKey, known);
    return known;
  }
}

function publicPart({ kty, n, e }: ProofKey): JWK {
  return { kty, n, e } as JWK;
}
