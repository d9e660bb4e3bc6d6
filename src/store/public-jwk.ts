// The public half of a private JSON Web Key, by naming what is public: a member nobody thought of
// stays out. RFC 7518 section 6 and RFC 8037 section 2 say which they are.

const PUBLIC_MEMBERS = ['kty', 'crv', 'x', 'y', 'n', 'e', 'kid', 'alg', 'use'];
const KEY_MEMBERS = ['kty', 'crv', 'x', 'y', 'n', 'e', 'kid'];

export function publicHalf(privateJwk: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(privateJwk).filter(([name]) => PUBLIC_MEMBERS.includes(name)),
  );
}

/** Whether two public keys are the same key under the same id. */
export function sameKey(left: Record<string, unknown>, right: Record<string, unknown>): boolean {
  return KEY_MEMBERS.every((name) => left[name] === right[name]);
}
