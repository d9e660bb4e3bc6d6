// POST /v1/connections/{id}/verify, GET /v1/connections/{id}/groups: what only Okta knows, through a worker.
import type { z } from 'zod';
import type { GroupsAnswer } from '../../contract/questions.js';
import {
  groupsQuery,
  verifyQuery,
  verifyRequest,
  type groupsAnswer,
  type verifyAnswer,
} from '../../domain/check.schema.js';
import type { AppDeps } from '../deps.js';
import { parse } from '../faults.js';
import { Problem } from '../problem.js';
import type { Call, Route } from '../route.js';
import { unknownConnection, visibleConnection } from '../visible-connection.js';

type CheckDeps = Pick<AppDeps, 'store' | 'interactive'>;

export function connectionCheckRoutes(deps: CheckDeps): Route[] {
  const { interactive } = deps;
  return [
    {
      method: 'post',
      path: '/v1/connections/:id/verify',
      role: 'operator',
      handle: async (call) => {
        const { probe } = parse(verifyQuery, call.query);
        parse(verifyRequest, call.body);
        const connection = await idOf(deps, call);
        const input = { connection, probe: probe === 'true' };
        const verification = await interactive.ask('verifyConnection', input);
        if (verification.kind === 'unknown-connection') throw unknownConnection(connection);
        const { checks } = verification;
        const ok = checks.every(({ status }) => status !== 'fail');
        return { status: 200, body: { ok, checks } satisfies z.infer<typeof verifyAnswer> };
      },
    },
    {
      method: 'get',
      path: '/v1/connections/:id/groups',
      role: 'reader',
      handle: async (call) => {
        const { q } = parse(groupsQuery, call.query);
        const connection = await idOf(deps, call);
        const found = await interactive.ask('listGroups', { connection, prefix: q });
        return { status: 200, body: groupsOf(found) satisfies z.infer<typeof groupsAnswer> };
      },
    },
  ];
}

async function idOf({ store }: CheckDeps, call: Call) {
  return (await visibleConnection(store.connections, call.key, call.params['id'] ?? '')).id;
}

function groupsOf(answer: GroupsAnswer) {
  if (answer.kind === 'groups') return answer.groups;
  const { code, detail, retryAfterMs } = answer;
  // What passes by itself is worth asking again; the rest is for an admin to mend, and `verify` names it.
  if (retryAfterMs === null) throw new Problem(409, code, 'Okta does not answer this', detail);
  throw new Problem(503, code, 'Okta does not answer for now', detail, {
    headers: { 'Retry-After': String(Math.ceil(retryAfterMs / 1000)) },
  });
}
