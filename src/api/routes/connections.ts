// GET /v1/connections, GET /v1/connections/{id}. Never any private key.
import type { ConnectionAnswer } from '../../domain/answer.schema.js';
import type { Connection } from '../../domain/connection.js';
import { noQuery } from '../../domain/query.schema.js';
import type { AppDeps } from '../deps.js';
import { parse } from '../faults.js';
import type { Route } from '../route.js';
import { visibleConnection, visibleConnections } from '../visible-connection.js';

export function connectionRoutes({ store }: Pick<AppDeps, 'store'>): Route[] {
  return [
    {
      method: 'get',
      path: '/v1/connections',
      role: 'reader',
      handle: async (call) => {
        parse(noQuery, call.query);
        const found = await visibleConnections(store.connections, call.key);
        return { status: 200, body: { items: found.map(connectionView) } };
      },
    },
    {
      method: 'get',
      path: '/v1/connections/:id',
      role: 'reader',
      handle: async (call) => {
        const id = call.params['id'] ?? '';
        const found = await visibleConnection(store.connections, call.key, id);
        return { status: 200, body: connectionView(found) };
      },
    },
  ];
}

function connectionView(connection: Connection): ConnectionAnswer {
  const { id, name, domain, clientId, scopes, status, problem, settings, createdAt } = connection;
  return {
    id,
    name,
    domain,
    clientId,
    scopes,
    status,
    problem,
    publicJwk: publicHalf(connection.publicJwk),
    settings,
    createdAt,
  };
}

/** The members of a public JSON Web Key (RFC 7518); whatever else is there stays here. */
const PUBLIC_MEMBERS = ['kty', 'kid', 'use', 'alg', 'n', 'e', 'crv', 'x', 'y'];

function publicHalf(jwk: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    PUBLIC_MEMBERS.flatMap((name) => (name in jwk ? [[name, jwk[name]]] : [])),
  );
}
