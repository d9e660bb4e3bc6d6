// A fingerprint of something that people could guess (a request about a known person, a key that
// somebody chose): equal texts have equal digests, and without the pepper nobody can try guesses.
import { createHmac } from 'node:crypto';

/** HMAC-SHA-256 in hex; `purpose` keeps digests of different things apart. */
export function keyedDigest(pepper: Buffer, purpose: string, text: string): string {
  return createHmac('sha256', pepper).update(`${purpose}\0${text}`, 'utf8').digest('hex');
}
