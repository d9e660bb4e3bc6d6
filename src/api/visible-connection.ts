// Which connection a request is about, as far as its key may know of it.
import { as, type ConnectionId } from '../domain/brand.js';
import { CONNECTION_ID, type Connection } from '../domain/connection.js';
import type { ApiKey, ConnectionStore } from '../store/store.js';
import { mayUse } from './auth.js';
import type { Faults } from './faults.js';
import { Problem } from './problem.js';

/** @throws {Problem} 404 where it does not exist or the key may not know of it. */
export async function visibleConnection(
  connections: ConnectionStore,
  key: ApiKey,
  id: string,
): Promise<Connection> {
  const found = mayUse(key, as<ConnectionId>(id)) ? await connections.get(as(id)) : null;
  if (found === null) throw unknownConnection(id);
  return found;
}

/** 404. What is no id may be anything that somebody has pasted, and is not repeated. */
export function unknownConnection(id: string): Problem {
  const named = CONNECTION_ID.test(id) ? `The connection ${id}` : 'This connection';
  return Problem.notFound('CONNECTION_NOT_FOUND', named);
}

export async function visibleConnections(
  connections: ConnectionStore,
  key: ApiKey,
): Promise<Connection[]> {
  return (await connections.list()).filter(({ id }) => mayUse(key, id));
}

/**
 * The connection that a body names, or the only one. Null, with a fault, where it names none and
 * several could be meant; null with a 404 behind the faults for an unknown one; null alone where
 * `given` is no text (its schema says so).
 */
export async function meantConnection(
  connections: ConnectionStore,
  key: ApiKey,
  given: unknown,
  faults: Faults,
): Promise<Connection | null> {
  if (typeof given === 'string') {
    return visibleConnection(connections, key, given).catch((error: unknown) => {
      if (!(error instanceof Problem)) throw error;
      faults.orElse(error);
      return null;
    });
  }
  if (given !== undefined) return null;
  const [first, ...others] = await visibleConnections(connections, key);
  if (first !== undefined && others.length === 0) return first;
  const which = [first, ...others].map((connection) => connection?.id).join(', ');
  faults.add(
    'connection',
    'REQUIRED',
    first === undefined ? 'There is no connection yet' : `Say which one: ${which}`,
  );
  return null;
}

/** @throws {Problem} 409 `CONNECTION_UNVERIFIED`. A blocked one takes runs, which wait. */
export function requireVerified(connection: Connection): void {
  if (connection.status !== 'unverified') return;
  throw new Problem(
    409,
    'CONNECTION_UNVERIFIED',
    'The connection is not verified',
    `Verify the connection ${connection.id} before starting runs on it`,
  );
}
