// A person's mark where an id is visible in clear: the same for every way of writing her login, and
// nothing that a login could be guessed from without the pepper.
import { createHmac } from 'node:crypto';
import { foldLogin } from '../domain/login.js';

export const PEPPER_BYTES = 32;

/**
 * First 16 hex digits of HMAC-SHA-256(pepper, {@link foldLogin}(login)). The pepper is made once and
 * must outlive every key rotation: with another one everybody is somebody else.
 */
export function subjectRef(pepper: Buffer, login: string): string {
  return createHmac('sha256', pepper).update(foldLogin(login), 'utf8').digest('hex').slice(0, 16);
}
