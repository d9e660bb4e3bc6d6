/**
 * Nonces that the token endpoint wants in DPoP proofs: a new one every 24 hours, each good for
 * three days from its making (Okta's DPoP guide). Made from a secret and the day, so nothing has
 * to be kept and they outlive a restart.
 */
import { createHmac } from 'node:crypto';

const DAY_MS = 86_400_000;
const GOOD_FOR_DAYS = 3;

/** @param now the org's clock, epoch milliseconds */
export function dpopNonce(secret: string, now: number): string {
  return nonceOf(secret, today(now));
}

export function isDpopNonce(nonce: unknown, secret: string, now: number): boolean {
  return Array.from({ length: GOOD_FOR_DAYS }, (_, age) => nonceOf(secret, today(now) - age)).some(
    (good) => good === nonce,
  );
}

const today = (now: number): number => Math.floor(now / DAY_MS);

function nonceOf(secret: string, day: number): string {
  return createHmac('sha256', secret).update(`dpop-nonce/${day}`).digest('base64url').slice(0, 32);
}
