// GET, PUT and DELETE /v1/connections/{id}/access-profiles[/{name}]: what a job brings with it.
import { accessProfileRequest, profileName } from '../../domain/access-profile.schema.js';
import type { AccessProfile } from '../../domain/access-profile.js';
import type { ConnectionId } from '../../domain/brand.js';
import { noQuery } from '../../domain/query.schema.js';
import type { AppDeps } from '../deps.js';
import { Faults, parse } from '../faults.js';
import { Problem } from '../problem.js';
import type { Call, Route } from '../route.js';
import { visibleConnection } from '../visible-connection.js';

export function accessProfileRoutes({
  connections,
  accessProfiles,
}: Pick<AppDeps['store'], 'connections' | 'accessProfiles'>): Route[] {
  const all = '/v1/connections/:id/access-profiles';
  const path = `${all}/:name`;

  return [
    {
      method: 'get',
      path: all,
      role: 'reader',
      handle: async (call) => {
        const id = await connectionOf(call);
        parse(noQuery, call.query);
        return { status: 200, body: { items: await accessProfiles.list(id) } };
      },
    },
    {
      method: 'get',
      path,
      role: 'reader',
      handle: async (call) => {
        const found = await accessProfiles.get(await connectionOf(call), nameOf(call));
        if (found === null) throw unknown();
        return { status: 200, body: found };
      },
    },
    {
      method: 'put',
      path,
      role: 'admin',
      handle: async (call) => {
        const id = await connectionOf(call);
        const profile = read(call);
        const put = await accessProfiles.put(id, profile);
        return { status: put === 'made' ? 201 : 200, body: profile };
      },
    },
    {
      method: 'delete',
      path,
      role: 'admin',
      handle: async (call) => {
        const isRemoved = await accessProfiles.remove(await connectionOf(call), nameOf(call));
        if (!isRemoved) throw unknown();
        return { status: 204, body: null };
      },
    },
  ];

  async function connectionOf(call: Call): Promise<ConnectionId> {
    return (await visibleConnection(connections, call.key, call.params['id'] ?? '')).id;
  }
}

function nameOf(call: Call): string {
  return call.params['name'] ?? '';
}

function unknown(): Problem {
  return Problem.notFound('ACCESS_PROFILE_NOT_FOUND', 'This access profile');
}

function read(call: Call): AccessProfile {
  const faults = new Faults();
  const name = profileName.safeParse(nameOf(call));
  if (!name.success) faults.add('name', 'INVALID', name.error.issues[0]?.message ?? 'No name');
  const body = faults.parse(accessProfileRequest, call.body);
  faults.throwIfAny();
  if (body === null || !name.success) throw new Error('a request has no fault and no content');
  return { name: name.data, groups: body.groups, attributes: body.attributes ?? {} };
}
