// The private key that signs for an Okta app: made here, or read from what somebody pasted and proved
// fit to sign before it is kept. Okta's rules: RSA of 2048 bits and more, or EC (API-FACTS 1.2).
import { createPublicKey, sign, verify, type JsonWebKey, type KeyObject } from 'node:crypto';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK } from 'jose';
import { KeyRefused, type KeyFault } from './key-fault.js';
import { parsePastedKey } from './pasted-key.js';

export type { KeyFault } from './key-fault.js';

export interface PastedKey {
  /** PEM (PKCS#8, PKCS#1, SEC1) or a JSON Web Key as text. */
  text: string;
  /** How Okta names the key; a JSON Web Key says it itself. */
  kid?: string | undefined;
  /** The public half as Okta shows it, to be compared. */
  publicJwk?: Record<string, unknown> | undefined;
}

export type ReadKey =
  | {
      ok: true;
      /** With `kid`, `alg` and `use`, and nothing that is no part of the key. */
      privateJwk: Record<string, unknown>;
      /** Nobody said a `kid`: the thumbprint (RFC 7638) stands in. */
      isKidAssumed: boolean;
    }
  | { ok: false; fault: KeyFault; detail: string };

/** Reads what was pasted; `detail` of a refusal says what it looks like and repeats nothing of it. */
export async function readPrivateKey(pasted: PastedKey): Promise<ReadKey> {
  try {
    const { key, jwk: given } = parsePastedKey(pasted.text);
    const algorithm = algorithmOf(key, given);
    const jwk = key.export({ format: 'jwk' });
    // The members as pasted: in its own export OpenSSL may have put right what did not fit.
    requireOneKey(key, given ?? jwk);
    if (pasted.publicJwk !== undefined) requireSamePublic(jwk, pasted.publicJwk);
    const kid = kidOf(pasted, given);
    return {
      ok: true,
      privateJwk: await named(jwk, algorithm, kid),
      isKidAssumed: kid === null,
    };
  } catch (error) {
    if (!(error instanceof KeyRefused)) throw error;
    return { ok: false, fault: error.fault, detail: error.message };
  }
}

/** A new pair, named by its thumbprint; RSA has 2048 bits. */
export async function generatePrivateKey(
  algorithm: 'RS256' | 'ES256',
): Promise<Record<string, unknown>> {
  const { privateKey } = await generateKeyPair(algorithm, { extractable: true });
  return named(await exportJWK(privateKey), algorithm, null);
}

async function named(jwk: JWK, alg: string, kid: string | null): Promise<Record<string, unknown>> {
  return { ...jwk, kid: kid ?? (await calculateJwkThumbprint(jwk)), alg, use: 'sig' };
}

const MIN_RSA_BITS = 2048;
const RSA_ALGORITHMS = ['RS256', 'RS384', 'RS512'];
const CURVE_ALGORITHMS: Readonly<Record<string, string>> = {
  prime256v1: 'ES256',
  secp384r1: 'ES384',
  secp521r1: 'ES512',
};

/** The algorithm that the key says or, where it says none, the one of its kind. */
function algorithmOf(key: KeyObject, given: JsonWebKey | null): string {
  const possible = algorithmsFor(key);
  const [usual] = possible;
  const wanted = given?.['alg'] ?? usual;
  const isForSigning = given?.['use'] === undefined || given['use'] === 'sig';
  const algorithm = possible.find((name) => name === wanted);
  if (algorithm === undefined || !isForSigning) throw new KeyRefused('KEY_ALGORITHM');
  return algorithm;
}

function algorithmsFor({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): string[] {
  const { modulusLength = 0, namedCurve = '' } = asymmetricKeyDetails ?? {};
  const ofCurve = CURVE_ALGORITHMS[namedCurve];
  if (asymmetricKeyType === 'ec' && ofCurve !== undefined) return [ofCurve];
  if (asymmetricKeyType !== 'rsa') throw new KeyRefused('KEY_TYPE');
  if (modulusLength < MIN_RSA_BITS) throw new KeyRefused('KEY_WEAK');
  return RSA_ALGORITHMS;
}

/** Proves by a signature, and for RSA by arithmetic too: signing uses d or the primes, never both. */
function requireOneKey(key: KeyObject, jwk: JsonWebKey): void {
  const { kty = '', n = '', e = '', crv = '', x = '', y = '' } = jwk;
  const half = kty === 'RSA' ? { kty, n, e } : { kty, crv, x, y };
  const text = Buffer.from('tenure');
  const fits =
    (kty !== 'RSA' || isConsistent(jwk)) &&
    verify(
      'sha256',
      text,
      createPublicKey({ key: half, format: 'jwk' }),
      sign('sha256', text, key),
    );
  if (!fits) throw new KeyRefused('KEY_MISMATCH');
}

/** RFC 8017, section 3.2. */
function isConsistent(jwk: JsonWebKey): boolean {
  const [n, e, d, p, q, dp, dq, qi] = [
    jwk.n,
    jwk.e,
    jwk.d,
    jwk.p,
    jwk.q,
    jwk.dp,
    jwk.dq,
    jwk.qi,
  ].map(numberOf) as [bigint, bigint, bigint, bigint, bigint, bigint, bigint, bigint];
  if (e < 3n || p < 3n || q < 3n || p * q !== n) return false;
  return (
    (e * d) % (p - 1n) === 1n &&
    (e * d) % (q - 1n) === 1n &&
    dp === d % (p - 1n) &&
    dq === d % (q - 1n) &&
    (q * qi) % p === 1n
  );
}

function numberOf(base64url = ''): bigint {
  return BigInt(`0x0${Buffer.from(base64url, 'base64url').toString('hex')}`);
}

function requireSamePublic(jwk: JsonWebKey, shown: Record<string, unknown>): void {
  const members = ['kty', 'n', 'e', 'crv', 'x', 'y'] as const;
  if (members.some((name) => jwk[name] !== shown[name])) throw new KeyRefused('KEY_MISMATCH');
}

const MAX_KID = 255;

/** Null where nobody said one. */
function kidOf({ kid, publicJwk }: PastedKey, given: JsonWebKey | null): string | null {
  const said = kid ?? given?.['kid'] ?? publicJwk?.['kid'];
  if (said === undefined) return null;
  if (typeof said === 'string' && said !== '' && said.length <= MAX_KID) return said;
  throw new KeyRefused('KEY_ID');
}
