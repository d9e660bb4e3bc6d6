/**
 * Judges a DPoP proof by itself: whether it is one, for this very request, fresh and unused.
 * Whether it fits a nonce or an access token is for those to say who know them. The descriptions
 * are those of Okta's OAuth 2.0 error codes (release 2026.03). Source: RFC 9449, section 4.3.
 */
import {
  type JWK,
  type JWTPayload,
  calculateJwkThumbprint,
  decodeJwt,
  decodeProtectedHeader,
} from 'jose';
import { SIGNING_ALGS, isPrivate, isSignedBy } from './signature.js';
import type { UsedIds } from './used-ids.js';

/** A good proof, or what is wrong with it in Okta's words. */
export type DpopProof =
  | {
      /** Thumbprint of the key that signed (RFC 7638). */
      readonly jkt: string;
      readonly nonce: unknown;
      readonly ath: unknown;
    }
  | { readonly problem: string };

/** The request that a proof must be for. */
interface Subject {
  readonly method: string;
  /** Without query. */
  readonly url: string;
  /** Epoch seconds. */
  readonly now: number;
}

const MAX_AGE_SECONDS = 300;

/** Judges the `dpop` header of a request and uses the proof up. */
export async function readProof(
  header: string,
  subject: Subject,
  used: UsedIds,
): Promise<DpopProof> {
  if (header.includes(',')) {
    return { problem: 'Multiple DPoP proof JWT headers are not allowed.' };
  }
  const parts = parse(header);
  if (parts === undefined) return { problem: 'The DPoP proof JWT cannot be parsed.' };
  const { typ, alg, jwk, claims } = parts;
  if (typ !== 'dpop+jwt') return { problem: "'typ' must be 'dpop+jwt' in the DPoP proof JWT." };
  if (alg === undefined || !SIGNING_ALGS.includes(alg)) {
    return { problem: 'The DPoP proof JWT signature algorithm is invalid.' };
  }
  if (jwk === undefined || isPrivate(jwk)) return { problem: 'The DPoP proof JWT is invalid.' };
  if (!(await isSignedBy(header, jwk, alg))) {
    return { problem: 'The DPoP proof JWT signature is invalid.' };
  }
  const problem = claimProblem(claims, subject);
  if (problem !== undefined) return { problem };
  const jkt = await calculateJwkThumbprint(jwk);
  if (!used.take(`${jkt} ${claims.jti ?? ''}`, (claims.iat ?? 0) + MAX_AGE_SECONDS, subject.now)) {
    return { problem: 'The DPoP proof JWT has already been used.' };
  }
  return { jkt, nonce: claims['nonce'], ath: claims['ath'] };
}

interface Parts {
  readonly typ: string | undefined;
  readonly alg: string | undefined;
  readonly jwk: JWK | undefined;
  readonly claims: JWTPayload;
}

function parse(jwt: string): Parts | undefined {
  try {
    const { typ, alg, jwk } = decodeProtectedHeader(jwt);
    return { typ, alg, jwk, claims: decodeJwt(jwt) };
  } catch {
    return undefined;
  }
}

function claimProblem(
  { htm, htu, iat, exp, jti }: JWTPayload,
  { method, url, now }: Subject,
): string | undefined {
  if (htm !== method) return "'htm' claim in the DPoP proof JWT is invalid.";
  // A query in the claim is refused, as recorded; how the path is percent-encoded does not matter.
  if (typeof htu !== 'string' || decoded(htu) !== decoded(url)) {
    return "'htu' claim in the DPoP proof JWT is invalid.";
  }
  if (!Number.isInteger(iat) || iat === undefined) {
    return "'iat' claim in the DPoP proof JWT is invalid.";
  }
  if (iat > now) return 'The DPoP proof JWT is issued in the future.';
  if (iat < now - MAX_AGE_SECONDS) {
    return 'The DPoP proof JWT is issued more than five minutes in the past.';
  }
  if (exp !== undefined && exp <= now) return 'The DPoP proof JWT is expired.';
  if (typeof jti !== 'string' || jti === '') return "'jti' claim in the DPoP proof JWT is invalid.";
  return undefined;
}

function decoded(url: string): string {
  try {
    return decodeURIComponent(url);
  } catch {
    return url;
  }
}
