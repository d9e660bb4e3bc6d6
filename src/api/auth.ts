// API keys: how one is made, found again and judged. Only the SHA-256 of a key is stored; it is found
// by an id derived from that hash, and the whole hash is compared in constant time.
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { ConnectionId } from '../domain/brand.js';
import type { ApiKey, ApiKeyStore, Role } from '../store/store.js';
import { Problem } from './problem.js';

const RANK: Record<Role, number> = { reader: 0, operator: 1, admin: 2 };
const KEY = /^[\x21-\x7e]{32,200}$/;

export function newKey(): string {
  return `tnr_${randomBytes(32).toString('base64url')}`;
}

export function keyHash(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}

/** The public id of a key: the first 12 hex digits of its SHA-256. */
export function keyId(key: string): string {
  return keyHash(key).toString('hex').slice(0, 12);
}

/** @throws {Problem} 401 where the header holds no valid key. */
export async function authenticate(
  keys: Pick<ApiKeyStore, 'find'>,
  authorization: string | undefined,
): Promise<ApiKey> {
  const key = /^Bearer +(\S+)\s*$/i.exec(authorization ?? '')?.[1];
  if (key === undefined)
    throw unauthenticated('Send an API key as Authorization: Bearer <key>', '');
  const found = KEY.test(key) ? await keys.find(keyId(key)) : null;
  if (found === null || !sameHash(found.hash, keyHash(key))) {
    throw unauthenticated('This API key is not known', ', error="invalid_token"');
  }
  return found.key;
}

function sameHash(a: Buffer, b: Buffer): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}

function unauthenticated(detail: string, more: string): Problem {
  return new Problem(401, 'UNAUTHENTICATED', 'An API key is needed', detail, {
    headers: { 'WWW-Authenticate': `Bearer realm="tenure"${more}` },
  });
}

/** @throws {Problem} 403 where the key's role is too low, or it is limited where it must not be. */
export function authorize(key: ApiKey, role: Role, everywhere = false): void {
  if (RANK[key.role] < RANK[role]) {
    throw forbidden(`This needs the role ${role}; the key has ${key.role}`);
  }
  if (everywhere && key.connections !== null) {
    throw forbidden('This needs a key that is not limited to connections');
  }
}

/** Whether the key may know of that connection at all. */
export function mayUse(key: ApiKey, connection: ConnectionId): boolean {
  return key.connections === null || key.connections.includes(connection);
}

function forbidden(detail: string): Problem {
  return new Problem(403, 'FORBIDDEN', 'Not allowed with this key', detail);
}
