import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Client, type Json, useOrg } from './harness.js';

const sim = useOrg();
let group: Json;
/** What the paths below call by a name. */
const ids: Record<string, string> = {};
beforeAll(async () => {
  group = await sim.org.seedGroup('Probed');
  ids['GROUP'] = group.id;
  for (const status of ['ACTIVE', 'SUSPENDED', 'DEPROVISIONED']) {
    const { id } = await sim.org.seedUser(`${status}@example.com`, { status });
    ids[status] = id;
  }
});
beforeEach(async () => {
  await sim.org.control('PATCH', '/org', { createActivateWithoutPermission: true });
});

interface Probe {
  readonly permission: string;
  readonly method: string;
  /** A status stands for the id of somebody who has it, GROUP for the id of the group. */
  readonly path: string;
  readonly body?: unknown;
  /** What a role that has the permission is answered. */
  readonly allowed: readonly [status: number, errorCode: string];
}

const invalid = [400, 'E0000001'] as const;
const nobody = [404, 'E0000007'] as const;
const probe = (
  permission: string,
  call: string,
  allowed: Probe['allowed'],
  body?: unknown,
): Probe => {
  const [method = '', path = ''] = call.split(' ');
  return { permission: `okta.${permission}`, method, path, body, allowed };
};

/** For every permission that Tenure uses, calls that change nothing and tell whether it is there. */
const PROBES: readonly Probe[] = [
  probe('users.create', 'POST /users', invalid, { profile: {} }),
  probe('users.create', 'POST /users', [400, 'E0000003'], { profiles: {} }),
  probe('users.userprofile.manage', 'POST /users/00uNone', nobody, { profile: {} }),
  probe('users.userprofile.manage', 'POST /users/ACTIVE', invalid, { profile: { login: '' } }),
  probe('users.userprofile.manage', 'POST /users/ACTIVE', [400, 'E0000003'], 'x'),
  probe('users.lifecycle.suspend', 'POST /users/00uNone/lifecycle/suspend', nobody),
  probe('users.lifecycle.suspend', 'POST /users/SUSPENDED/lifecycle/suspend', invalid),
  probe('users.lifecycle.unsuspend', 'POST /users/00uNone/lifecycle/unsuspend', nobody),
  probe('users.lifecycle.unsuspend', 'POST /users/ACTIVE/lifecycle/unsuspend', invalid),
  probe('users.lifecycle.deactivate', 'POST /users/00uNone/lifecycle/deactivate', nobody),
  probe('users.lifecycle.deactivate', 'POST /users/DEPROVISIONED/lifecycle/deactivate', nobody),
  probe('users.lifecycle.activate', 'POST /users/00uNone/lifecycle/activate', nobody),
  probe('users.lifecycle.activate', 'POST /users/ACTIVE/lifecycle/activate', [403, 'E0000016']),
  probe('users.lifecycle.unlock', 'POST /users/00uNone/lifecycle/unlock', nobody),
  probe('users.lifecycle.unlock', 'POST /users/ACTIVE/lifecycle/unlock', [403, 'E0000032']),
  probe('users.lifecycle.clearSessions', 'DELETE /users/00uNone/sessions', nobody),
  probe('groups.members.manage', 'PUT /groups/00gNone/users/00uNone', nobody),
  probe('groups.members.manage', 'DELETE /groups/00gNone/users/00uNone', nobody),
  probe('groups.read', 'GET /groups/00gNone', nobody),
  probe('users.read', 'GET /users/00uNone', nobody),
];

const PERMISSIONS = [...new Set(PROBES.map(({ permission }) => permission))];

async function send(client: Client, { method, path, body }: Probe): Promise<unknown[]> {
  const actual = path.replace(/\b[A-Z]{5,}\b/g, (name) => ids[name] ?? name);
  const reply = await client.call(method, actual, body);
  return [reply.status, reply.json.errorCode];
}

const REFUSED = [403, 'E0000006'];
const withRole = async (permissions: readonly string[], facts = {}): Promise<Client> =>
  sim.org.client({ roles: [{ permissions, ...facts }] });

describe.each(PERMISSIONS)('a write that must fail tells of %s', (permission) => {
  const own = PROBES.filter((each) => each.permission === permission);
  const others = PROBES.filter((each) => each.permission !== permission);

  it('by what it says to a role that has nothing else', async () => {
    const client = await withRole([permission]);
    for (const each of own) expect(await send(client, each), each.path).toEqual(each.allowed);
    for (const each of others) expect(await send(client, each), each.path).toEqual(REFUSED);
  });

  it('by a refusal to a role that has all else', async () => {
    const client = await withRole(PERMISSIONS.filter((each) => each !== permission));
    for (const each of own) expect(await send(client, each), each.path).toEqual(REFUSED);
    for (const each of others) expect(await send(client, each), each.path).toEqual(each.allowed);
  });
});

describe('membership', () => {
  it.each(['PUT', 'DELETE'])(
    'needs a permission over the group and one over the user: %s',
    async (method) => {
      const [forGroup, forUser] = [
        'okta.groups.members.manage',
        'okta.users.groupMembership.manage',
      ];
      const real = { method, path: '/groups/GROUP/users/00uNone', permission: '', allowed: nobody };
      expect(await send(await withRole([forGroup]), real)).toEqual(REFUSED);
      expect(await send(await withRole([forUser]), real)).toEqual(REFUSED);
      expect(await send(await withRole([forGroup, forUser]), real)).toEqual(nobody);
    },
  );

  it('tells the group that is not there before the person who is not', async () => {
    const client = await sim.org.client();
    const summary = async (path: string): Promise<string> =>
      (await client.call('PUT', path)).json.errorSummary;
    expect(await summary('/groups/00gNone/users/00uNone')).toMatch(/00gNone \(UserGroup\)$/);
    expect(await summary(`/groups/${group.id}/users/00uNone`)).toMatch(/00uNone \(User\)$/);
  });
});

describe('an invalid create', () => {
  const attempt = async (client: Client, query: string, groupIds?: string[]): Promise<number> =>
    (await client.call('POST', `/users${query}`, { profile: {}, groupIds })).status;

  it('is refused for its groups before it is found invalid', async () => {
    const other = await sim.org.seedGroup('Not ours');
    const client = await withRole(['okta.users.create', 'okta.groups.members.manage'], {
      resourceSet: { users: 'all', groups: [group.id] },
    });
    expect(await attempt(client, '')).toBe(403);
    expect(await attempt(client, '', [other.id])).toBe(403);
    expect(await attempt(client, '', ['00gNone'])).toBe(403);
    expect(await attempt(client, '', [group.id])).toBe(400);
  });

  it('is refused for its activation before it is found invalid, as the org is set', async () => {
    const client = await withRole(['okta.users.create']);
    expect(await attempt(client, '')).toBe(400);
    await sim.org.control('PATCH', '/org', { createActivateWithoutPermission: false });
    expect(await attempt(client, '')).toBe(403);
    expect(await attempt(client, '?activate=false')).toBe(400);
  });
});

describe('a resource set', () => {
  const sees = async (client: Client, path: string): Promise<string[]> => {
    const reply = await client.call('GET', path);
    expect(reply.status).toBe(200);
    return reply.list.map(({ id }) => id);
  };

  it('without users shows none and lets nobody be changed', async () => {
    const client = await withRole(['okta.users.manage', 'okta.groups.manage'], {
      resourceSet: { users: [], groups: 'all' },
    });
    expect(await sees(client, '/users')).toEqual([]);
    expect(await sees(client, '/groups')).toContain(group.id);
    for (const call of [
      'GET /users/ACTIVE',
      'POST /users/ACTIVE/lifecycle/suspend',
      'DELETE /users/ACTIVE/sessions',
      'PUT /groups/GROUP/users/ACTIVE',
    ]) {
      expect(await send(client, probe('', call, nobody)), call).toEqual(REFUSED);
    }
  });

  it('without groups shows none and takes nobody in', async () => {
    const client = await withRole(['okta.users.manage', 'okta.groups.manage'], {
      resourceSet: { users: 'all', groups: [] },
    });
    expect(await sees(client, '/groups')).toEqual([]);
    expect(await sees(client, '/users')).toHaveLength(2);
    for (const call of [
      'GET /groups/GROUP',
      'GET /groups/GROUP/users',
      'PUT /groups/GROUP/users/ACTIVE',
    ]) {
      expect(await send(client, probe('', call, nobody)), call).toEqual(REFUSED);
    }
    const create = probe('', 'POST /users', nobody, { profile: {} });
    expect(await send(client, create)).toEqual(REFUSED);
  });

  it('of a group covers the group, and its users only if it says so', async () => {
    const { id } = await sim.org.seedUser('inside@example.com', { groups: [group.id] });
    const over = async (set: Record<string, unknown>): Promise<Client> =>
      withRole(['okta.users.manage', 'okta.groups.manage'], { resourceSet: set });
    const groupOnly = await over({ users: [], groups: [group.id] });
    expect([await sees(groupOnly, '/groups'), await sees(groupOnly, '/users')]).toEqual([
      [group.id],
      [],
    ]);
    const usersOnly = await over({ users: [group.id], groups: [] });
    expect([await sees(usersOnly, '/groups'), await sees(usersOnly, '/users')]).toEqual([[], [id]]);
  });

  it('loses a user with the last of its groups, not before', async () => {
    const other = await sim.org.seedGroup('Second window');
    const { id } = await sim.org.seedUser('leaving@example.com', { groups: [group.id, other.id] });
    const set = { users: [group.id, other.id], groups: [group.id, other.id] };
    const client = await withRole(['okta.users.manage', 'okta.groups.manage'], {
      resourceSet: set,
    });
    const leave = async ({ id: from }: Json): Promise<number> =>
      (await client.call('DELETE', `/groups/${from}/users/${id}`)).status;
    expect(await leave(group)).toBe(204);
    expect((await client.call('GET', `/users/${id}`)).status).toBe(200);
    expect(await leave(other)).toBe(204);
    expect((await client.call('GET', `/users/${id}`)).status).toBe(403);
    expect((await client.call('PUT', `/groups/${group.id}/users/${id}`)).status).toBe(403);
    expect((await client.call('POST', `/users/${id}/lifecycle/unsuspend`)).status).toBe(403);
  });

  it('hides from a role over groups whom it just created in none of them', async () => {
    const set = { users: [group.id], groups: 'all' };
    const client = await withRole(['okta.users.manage', 'okta.groups.manage'], {
      resourceSet: set,
    });
    const login = 'outside@example.com';
    const profile = { firstName: 'Ada', lastName: 'Lovelace', login, email: login };
    const created = await client.call('POST', '/users', { profile });
    expect(created.status).toBe(200);
    expect((await client.call('GET', `/users/${created.json.id}`)).status).toBe(403);
  });
});

describe('no role', () => {
  it.each([
    [403, 'E0000006'],
    [404, 'E0000007'],
  ])('is answered %i on reading a user, as the org is set', async (status, code) => {
    await sim.org.control('PATCH', '/org', { readWithoutPermission: status });
    const client = await sim.org.client({ roles: [] });
    for (const path of ['/users/ACTIVE', '/users/00uNone', '/users/ACTIVE/groups']) {
      expect(await send(client, probe('', `GET ${path}`, nobody)), path).toEqual([status, code]);
    }
    await sim.org.control('PATCH', '/org', { readWithoutPermission: 403 });
  });

  it('is refused every write, and the token is given all the same', async () => {
    const client = await sim.org.client({ roles: [] });
    for (const each of PROBES) expect(await send(client, each), each.path).toEqual(REFUSED);
  });
});
