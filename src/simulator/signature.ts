/**
 * Signatures of JWTs that clients make: which algorithms Okta takes, and whether a key signed.
 */
import { type JWK, compactVerify, errors, importJWK } from 'jose';

export const SIGNING_ALGS = ['RS256', 'RS384', 'RS512', 'ES256', 'ES384', 'ES512'];

/** Whether the private half of `key` signed `jwt` with `alg`. A key of another type did not. */
export async function isSignedBy(jwt: string, key: JWK, alg: string): Promise<boolean> {
  try {
    await compactVerify(jwt, await importJWK(key, alg), { algorithms: [alg] });
    return true;
  } catch (error) {
    // A key that does not fit the algorithm is a TypeError or a DOMException.
    if (error instanceof errors.JOSEError || error instanceof TypeError || isDomException(error)) {
      return false;
    }
    throw error;
  }
}

export const isPrivate = ({ d, k }: JWK): boolean => d !== undefined || k !== undefined;

const isDomException = (error: unknown): boolean =>
  error instanceof Error && error.constructor.name === 'DOMException';
