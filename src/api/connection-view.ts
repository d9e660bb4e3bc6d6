// A connection as the API shows it. Never any private key: what is public is named member by member.
import type { ConnectionAnswer } from '../domain/answer.schema.js';
import type { ConnectionId } from '../domain/brand.js';
import type { Connection } from '../domain/connection.js';
import { algorithmOf, publicHalf } from '../domain/jwk.js';
import { isOktasOwn } from '../domain/okta-domain.js';

/** @param corrections what was corrected or assumed in the request that is being answered. */
export function connectionView(
  connection: Connection,
  publicUrl: string,
  corrections?: string[],
): ConnectionAnswer {
  const { id, name, domain, clientId, scopes, status, problem, settings, createdAt } = connection;
  const { publicJwk, nextPublicJwk, nextKey } = connection;
  return {
    id,
    name,
    domain,
    customDomain: !isOktasOwn(domain),
    clientId,
    scopes,
    status,
    problem,
    publicJwk: publicHalf(publicJwk),
    nextPublicJwk: nextPublicJwk === null ? null : publicHalf(nextPublicJwk),
    nextKey,
    jwksUrl: jwksUrlOf(id, publicUrl),
    settings,
    createdAt,
    ...(corrections === undefined ? {} : { corrections }),
  };
}

function jwksUrlOf(id: ConnectionId, publicUrl: string): string {
  return `${publicUrl}/.well-known/jwks/${id}.json`;
}

/** The public half as a member of a key set: it says what it is for. */
export function publishedJwk(jwk: Record<string, unknown>): Record<string, unknown> {
  return { ...publicHalf(jwk), use: 'sig', alg: algorithmOf(jwk) };
}
