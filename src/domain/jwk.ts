// JSON Web Keys (RFC 7517). Pure; making and reading keys is in `crypto`.

const PUBLIC_MEMBERS = ['kty', 'crv', 'x', 'y', 'n', 'e', 'kid', 'alg', 'use'];
const KEY_MEMBERS = ['kty', 'crv', 'x', 'y', 'n', 'e', 'kid'];

/** By naming what is public (RFC 7518, section 6): a member nobody thought of stays out. */
export function publicHalf(privateJwk: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(privateJwk).filter(([name]) => PUBLIC_MEMBERS.includes(name)),
  );
}

/** Whether two public keys are the same key under the same id. */
export function sameKey(left: Record<string, unknown>, right: Record<string, unknown>): boolean {
  return KEY_MEMBERS.every((name) => left[name] === right[name]);
}

const BY_CURVE: Readonly<Record<string, string>> = {
  'P-256': 'ES256',
  'P-384': 'ES384',
  'P-521': 'ES512',
};

/** What a key signs with: as it says itself, else by its curve, else RS256 (RFC 7518, section 3.1). */
export function algorithmOf(jwk: Record<string, unknown>): string {
  const { alg, crv } = jwk;
  if (typeof alg === 'string' && /^(RS|ES)(256|384|512)$/.test(alg)) return alg;
  return (typeof crv === 'string' ? BY_CURVE[crv] : undefined) ?? 'RS256';
}
