// A connection's row as the rest of the service sees it, and the contexts that its envelopes are for.
import type { Selectable } from 'kysely';
import type { KeyRing } from '../crypto/key-ring.js';
import type { ConnectionId } from '../domain/brand.js';
import {
  DEFAULT_SETTINGS,
  type Connection,
  type ConnectionProblem,
  type NextKey,
} from '../domain/connection.js';
import { openJson } from './sealed.js';
import type { ConnectionCredentials } from './store.js';
import type { Tables } from './tables.js';

export type ConnectionRow = Selectable<Tables['connections']>;

/** The columns of a block where there is none. */
export const NO_BLOCK = {
  problem: null,
  blocked_step: null,
  next_probe_at: null,
  probe_pause_ms: 0,
  probed_by: null,
} as const;

export function toConnection(ring: KeyRing, row: ConnectionRow): Connection {
  return {
    id: row.id,
    name: row.name,
    domain: row.domain,
    clientId: row.client_id,
    scopes: row.scopes,
    settings: { ...DEFAULT_SETTINGS, ...row.settings },
    status: row.status,
    problem: openProblem(ring, row.problem, problemContext(row.id)),
    publicJwk: row.public_jwk,
    nextPublicJwk: row.next_public_jwk,
    nextKey: nextKeyOf(ring, row),
    createdAt: row.created_at.toISOString(),
  };
}

function nextKeyOf(ring: KeyRing, row: ConnectionRow): NextKey | null {
  if (row.next_public_jwk === null || row.next_since === null) return null;
  return {
    kid: String(row.next_public_jwk['kid']),
    since: row.next_since.toISOString(),
    problem: openProblem(ring, row.next_problem, nextProblemContext(row.id)),
  };
}

function openProblem(
  ring: KeyRing,
  sealed: Buffer | null,
  context: string,
): ConnectionProblem | null {
  return sealed === null ? null : (openJson(ring, sealed, context) as ConnectionProblem);
}

/** What signs with `sealed`, one of the row's two private keys. */
export function credentialsOf(
  ring: KeyRing,
  row: Pick<ConnectionRow, 'domain' | 'client_id' | 'scopes'>,
  sealed: Buffer,
  context: string,
): ConnectionCredentials {
  return {
    origin: originOf(row.domain),
    clientId: row.client_id,
    scopes: row.scopes,
    privateJwk: openJson(ring, sealed, context) as Record<string, unknown>,
  };
}

/** A bare host name is called over https; the simulator is named by its origin. */
function originOf(domain: string): string {
  return domain.includes('://') ? domain.replace(/\/+$/, '') : `https://${domain}`;
}

export function keyContext(id: ConnectionId): string {
  return `connections.private_jwk:${id}`;
}

export function nextKeyContext(id: ConnectionId): string {
  return `connections.next_private_jwk:${id}`;
}

export function problemContext(id: ConnectionId): string {
  return `connections.problem:${id}`;
}

export function nextProblemContext(id: ConnectionId): string {
  return `connections.next_problem:${id}`;
}
