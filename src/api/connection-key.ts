// The key of a request: made here, or read from what was pasted. Nothing of a pasted key is repeated.
import { generatePrivateKey, readPrivateKey } from '../crypto/private-key.js';
import type { KeyRequest } from '../domain/connection.schema.js';
import type { Faults } from './faults.js';

export interface GivenKey {
  privateJwk: Record<string, unknown>;
  isKidAssumed: boolean;
}

/** Null, with a fault, where it cannot be used. `path`: where in the body it stands, `key` or nothing. */
export async function readKey(
  faults: Faults,
  request: KeyRequest,
  path: string,
): Promise<GivenKey | null> {
  const { generate, alg, jwk, pem, kid, publicJwk } = request;
  if (generate === true) {
    return { privateJwk: await generatePrivateKey(alg ?? 'RS256'), isKidAssumed: false };
  }
  const text = pem ?? (typeof jwk === 'string' ? jwk : JSON.stringify(jwk));
  const read = await readPrivateKey({ text, kid, publicJwk });
  if (read.ok) return read;
  const member = pem === undefined ? 'jwk' : 'pem';
  faults.add(path === '' ? member : `${path}.${member}`, 'INVALID', read.detail, read.fault);
  return null;
}

/** What to do about a kid that nobody said. */
export function assumedKid({ isKidAssumed }: GivenKey, remedy: string): string[] {
  if (!isKidAssumed) return [];
  return [
    `The key names no key id (kid), so its thumbprint stands in. Where Okta shows another one for it, ${remedy}`,
  ];
}
