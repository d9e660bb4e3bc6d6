/**
 * Identifiers as Okta makes them: a three-letter prefix that tells the kind, then 17 base-62
 * characters. Ours rise with time, so lists sorted by id are in order of creation, and the last
 * four characters are the same all over one org, as they are at Okta. Not secrets: see `random`.
 */
import { randomBytes, randomInt } from 'node:crypto';

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

type IdPrefix = '00u' | '00g' | '00o' | '0oa' | '0pr' | 'oty' | 'osc';

/** `length` random base-62 characters. */
export function random(length: number): string {
  return Array.from({ length }, () => ALPHABET.charAt(randomInt(ALPHABET.length))).join('');
}

/** The id of an error answer: `oae` and 22 characters (recorded traffic). */
export function errorId(): string {
  return `oae${random(22)}`;
}

/** Value of `x-okta-request-id`: 32 hexadecimal digits (recorded traffic since 2025). */
export function requestId(): string {
  return randomBytes(16).toString('hex');
}

/** Makes the ids of one org. */
export class IdSource {
  readonly #suffix: string;
  #millis = 0;
  #count = 0;

  constructor(suffix: string) {
    this.#suffix = suffix;
  }

  /** A new id, greater than every id made before it in this org. */
  next(prefix: IdPrefix): string {
    const now = Date.now();
    if (now > this.#millis) {
      this.#millis = now;
      this.#count = 0;
    } else if (++this.#count === 62 ** 2) {
      this.#millis += 1;
      this.#count = 0;
    }
    return `${prefix}${base62(this.#millis, 8)}${base62(this.#count, 2)}${random(3)}${this.#suffix}`;
  }
}

function base62(value: number, width: number): string {
  let rest = value;
  let digits = '';
  while (digits.length < width) {
    digits = ALPHABET.charAt(rest % 62) + digits;
    rest = Math.floor(rest / 62);
  }
  return digits;
}
