// POST and GET /v1/connections, GET, PATCH and DELETE /v1/connections/{id}. Never any private key. Only
// a key that is not limited to connections may make one, since it would belong to none of its own.
import type { Connection } from '../../domain/connection.js';
import { noQuery } from '../../domain/query.schema.js';
import type { ApiKey } from '../../store/store.js';
import { mayUse } from '../auth.js';
import { readConnectionChange, readNewConnection } from '../connection-request.js';
import { connectionView } from '../connection-view.js';
import type { AppDeps } from '../deps.js';
import { parse } from '../faults.js';
import { Problem } from '../problem.js';
import type { Answer, Call, Route } from '../route.js';
import { unknownConnection, visibleConnection, visibleConnections } from '../visible-connection.js';

export type ConnectionDeps = Pick<
  AppDeps,
  'store' | 'publicUrl' | 'isEmbedded' | 'interactive' | 'now'
>;

export function connectionRoutes(deps: ConnectionDeps): Route[] {
  const { connections } = deps.store;
  const { publicUrl, isEmbedded, interactive, now = Date.now } = deps;
  const rules = () => ({ isEmbedded, now: now() });
  const path = '/v1/connections/:id';

  return [
    {
      method: 'get',
      path: '/v1/connections',
      role: 'reader',
      handle: async (call) => {
        parse(noQuery, call.query);
        const found = await visibleConnections(connections, call.key);
        const items = found.map((connection) => connectionView(connection, publicUrl));
        return { status: 200, body: { items } };
      },
    },
    {
      method: 'post',
      path: '/v1/connections',
      role: 'admin',
      everywhere: true,
      handle: async (call) => {
        const { wanted, corrections } = await readNewConnection(call.body, rules());
        const made = await connections.create(wanted);
        if (made.kind === 'exists') throw existing(call.key, made.id, wanted.id);
        interactive.verifySoon(wanted.id);
        return { ...shown(made.connection, corrections), status: 201, resource: wanted.id };
      },
      replay: async (call, id) => shown(await visibleConnection(connections, call.key, id)),
    },
    {
      method: 'get',
      path,
      role: 'reader',
      handle: async (call) => shown(await meant(call)),
    },
    {
      method: 'patch',
      path,
      role: 'admin',
      handle: async (call) => {
        const before = await meant(call);
        const { id } = before;
        const read = await readConnectionChange(call.body, before, connections, rules());
        const changed = await connections.change(id, read.change);
        if (changed.kind === 'unknown') throw unknownConnection(id);
        if (changed.kind === 'exists') throw existing(call.key, changed.id, id);
        if (changed.connection.status !== 'ready') interactive.verifySoon(id);
        return shown(changed.connection, read.corrections);
      },
    },
    {
      method: 'delete',
      path,
      role: 'admin',
      handle: async (call) => {
        const { id } = await meant(call);
        const removed = await connections.remove(id);
        if (removed.kind === 'unknown') throw unknownConnection(id);
        if (removed.kind === 'in-use') throw inUse(removed.openRuns);
        return { status: 204, body: null };
      },
    },
  ];

  function meant(call: Call): Promise<Connection> {
    return visibleConnection(connections, call.key, call.params['id'] ?? '');
  }

  function shown(connection: Connection, corrections?: string[]): Answer {
    const headers = { Location: `/v1/connections/${connection.id}` };
    return { status: 200, body: connectionView(connection, publicUrl, corrections), headers };
  }
}

function existing(key: ApiKey, id: Connection['id'], wanted: Connection['id']): Problem {
  const which = mayUse(key, id) ? `the connection ${id}` : 'another connection';
  const detail =
    id === wanted
      ? `There is a connection ${id} already`
      : `The same client of the same org belongs to ${which}`;
  return new Problem(409, 'CONNECTION_EXISTS', 'There is such a connection already', detail);
}

function inUse(openRuns: number): Problem {
  const detail = `${openRuns === 1 ? 'One run is' : `${openRuns} runs are`} open on it: cancel them or let them end first`;
  return new Problem(409, 'CONNECTION_IN_USE', 'The connection has open runs', detail);
}
