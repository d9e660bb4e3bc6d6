// GET /v1/runs, GET /v1/runs/{id}
import { runQuery, type RunQuery } from '../../domain/query.schema.js';
import type { RunFilter } from '../../store/store.js';
import { Faults, parse } from '../faults.js';
import type { Call, Route } from '../route.js';
import { readTime } from '../times.js';
import { visibleConnection } from '../visible-connection.js';
import type { RequestDeps } from './accept.js';

export function runRoutes(deps: RequestDeps): Route[] {
  const { store, reader } = deps;
  return [
    {
      method: 'get',
      path: '/v1/runs',
      role: 'reader',
      handle: async (call) => {
        const filter = await filterOf(deps, call, parse(runQuery, call.query));
        const { items, nextCursor } = await store.runs.list(filter);
        return {
          status: 200,
          body: {
            items: await reader.rows(items),
            ...(nextCursor === undefined ? {} : { nextCursor }),
          },
        };
      },
    },
    {
      method: 'get',
      path: '/v1/runs/:id',
      role: 'reader',
      handle: async (call) => {
        const run = await reader.find(call.key, call.params['id'] ?? '');
        return { status: 200, body: await reader.show(run) };
      },
    },
  ];
}

async function filterOf(
  { store, now }: RequestDeps,
  { key }: Call,
  query: RunQuery,
): Promise<RunFilter> {
  const { connection, login, dueBefore, kind, phase, batch, limit, cursor } = query;
  const meant =
    connection === undefined ? null : await visibleConnection(store.connections, key, connection);
  return {
    limit,
    ...(meant === null ? {} : { connection: meant.id }),
    ...(key.connections === null ? {} : { connections: key.connections }),
    ...(kind === undefined ? {} : { kind }),
    ...(phase === undefined ? {} : { phase }),
    ...(login === undefined ? {} : { subjectRef: store.subjectRef(login) }),
    ...(batch === undefined ? {} : { batch }),
    ...(dueBefore === undefined
      ? {}
      : { dueBefore: instantOf(dueBefore, meant?.settings.timeZone ?? null, now()) }),
    ...(cursor === undefined ? {} : { cursor }),
  };
}

function instantOf(text: string, zone: string | null, now: number): string {
  const faults = new Faults();
  const time = faults.take('dueBefore', readTime(text, zone, now));
  faults.throwIfAny();
  return time?.at ?? '';
}
