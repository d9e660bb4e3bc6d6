// A connection as the API shows it. Never any private key: what is public is named member by member.
import type { ConnectionAnswer } from '../domain/answer.schema.js';
import type { ConnectionId } from '../domain/brand.js';
import type { Connection } from '../domain/connection.js';
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

/** The members of a public JSON Web Key (RFC 7518); whatever else is there stays here. */
const PUBLIC_MEMBERS = ['kty', 'kid', 'use', 'alg', 'n', 'e', 'crv', 'x', 'y'];

function publicHalf(jwk: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    PUBLIC_MEMBERS.flatMap((name) => (name in jwk ? [[name, jwk[name]]] : [])),
  );
}

const ALGORITHMS: Readonly<Record<string, string>> = {
  'P-256': 'ES256',
  'P-384': 'ES384',
  'P-521': 'ES512',
};

/** The same as a member of a key set: it says what it is for. */
export function publishedJwk(jwk: Record<string, unknown>): Record<string, unknown> {
  const alg = jwk['alg'] ?? ALGORITHMS[String(jwk['crv'])] ?? 'RS256';
  return { ...publicHalf(jwk), use: 'sig', alg };
}
