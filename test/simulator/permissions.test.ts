import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ALL_SCOPES, type Client, type Json, SEED_ROLE, useOrg } from './harness.js';

const sim = useOrg();

const newcomer = (login: string, more: Record<string, unknown> = {}): Record<string, unknown> => ({
  profile: { firstName: 'Ada', lastName: 'Lovelace', login, email: login },
  ...more,
});

describe('a scope', () => {
  it.each([
    ['GET', '/users', 'okta.users.read'],
    ['GET', '/users/someone', 'okta.users.read'],
    ['GET', '/users/someone/groups', 'okta.users.read'],
    ['POST', '/users', 'okta.users.manage'],
    ['POST', '/users/someone', 'okta.users.manage'],
    ['POST', '/users/someone/lifecycle/suspend', 'okta.users.manage'],
    ['DELETE', '/users/someone/sessions', 'okta.users.manage'],
    ['GET', '/groups', 'okta.groups.read'],
    ['GET', '/groups/some/users', 'okta.groups.read'],
    ['PUT', '/groups/some/users/someone', 'okta.groups.manage'],
    ['POST', '/groups/rules', 'okta.groups.manage'],
  ])('that %s %s needs is asked for in an empty 403: %s', async (method, path, scope) => {
    const others = ALL_SCOPES.filter((each) => each !== scope);
    const client = await sim.org.client({}, others);
    const reply = await client.call(method, path);
    expect([reply.status, reply.text]).toEqual([403, '']);
    const challenge = reply.headers.get('www-authenticate');
    expect(challenge).toContain(`scope="${scope}"`);
    expect(challenge).toContain('error="insufficient_scope"');
    expect(challenge).toContain(
      'error_description="The access token provided does not contain the required scopes."',
    );
  });
});

describe('a role with all permissions', () => {
  it('may do everything', async () => {
    const client = await sim.org.client();
    const group = await sim.org.seedGroup('Everything');
    const created = await client.call('POST', '/users', newcomer('everything@example.com'));
    const { id } = created.json;
    const calls = [
      ['GET', `/users/${id}`],
      ['GET', '/groups/rules'],
      ['PUT', `/groups/${group.id}/users/${id}`],
      ['DELETE', `/groups/${group.id}/users/${id}`],
      ['POST', `/users/${id}/lifecycle/suspend`],
      ['DELETE', `/users/${id}/sessions`],
      ['POST', `/users/${id}/lifecycle/deactivate`],
    ] as const;
    for (const [method, path] of calls) {
      expect((await client.call(method, path)).status).toBeLessThan(300);
    }
  });
});

describe('no role at all', () => {
  let client: Client;
  let user: Json;
  beforeAll(async () => {
    client = await sim.org.client({ roles: [] });
    user = await sim.org.seedUser('untouched@example.com');
  });

  it.each([
    ['POST', '/users'],
    ['POST', '/users/ID/lifecycle/suspend'],
    ['DELETE', '/users/ID'],
    ['POST', '/groups'],
    ['GET', '/groups/00gNone'],
    ['GET', '/groups/rules'],
    ['PUT', '/groups/00gNone/users/ID'],
  ])('is refused %s %s', async (method, path) => {
    const reply = await client.call(method, path.replace('ID', user.id));
    expect(reply.status).toBe(403);
    expect(reply.json).toMatchObject({
      errorCode: 'E0000006',
      errorSummary: 'You do not have permission to perform the requested action',
    });
  });

  it('sees empty lists', async () => {
    for (const path of ['/users', '/groups']) {
      const reply = await client.call('GET', path);
      expect([reply.status, reply.text]).toEqual([200, '[]']);
    }
  });
});

describe('a role that can write users but not read them', () => {
  let client: Client;
  beforeAll(async () => {
    client = await sim.org.client({ roles: [SEED_ROLE] });
  });
  beforeEach(async () => {
    await sim.org.control('PATCH', '/org', {
      readWithoutPermission: 403,
      createActivateWithoutPermission: true,
    });
  });

  it('creates, changes, groups, suspends and unsuspends', async () => {
    const group = await sim.org.seedGroup('Seeded');
    const body = newcomer('seeded@example.com', { groupIds: [group.id] });
    const { json, status } = await client.call('POST', '/users', body);
    expect([status, json.status]).toEqual([200, 'PROVISIONED']);
    const calls = [
      ['POST', `/users/${json.id}`, { profile: { city: 'Rome' } }],
      ['POST', `/users/${json.id}/lifecycle/suspend`, undefined],
      ['POST', '/users/seeded@example.com/lifecycle/unsuspend', undefined],
      ['DELETE', `/groups/${group.id}/users/${json.id}`, undefined],
      ['PUT', `/groups/${group.id}/users/${json.id}`, undefined],
    ] as const;
    for (const [method, path, payload] of calls) {
      expect((await client.call(method, path, payload)).status).toBeLessThan(300);
    }
  });

  it('sees nobody in the list, but the members of a group', async () => {
    const { id } = await sim.org.seedUser('visible@example.com');
    const group = await sim.org.seedGroup('Window', { members: ['visible@example.com'] });
    expect((await client.call('GET', '/users')).text).toBe('[]');
    expect((await client.call('GET', `/users?search=id%20eq%20%22${id}%22`)).text).toBe('[]');
    const { list } = await client.call('GET', `/groups/${group.id}/users`);
    expect(list.map((user) => user.id)).toEqual([id]);
  });

  it.each([
    [403, 'E0000006'],
    [404, 'E0000007'],
  ])('is answered %i on reading a user, as the org is set', async (status, code) => {
    await sim.org.control('PATCH', '/org', { readWithoutPermission: status });
    const { id } = await sim.org.seedUser(`secret.${status}@example.com`);
    for (const path of [`/users/${id}`, `/users/${id}/groups`, '/users/nobody@example.com']) {
      const reply = await client.call('GET', path);
      expect([reply.status, reply.json.errorCode]).toEqual([status, code]);
    }
  });

  it('may or may not activate on creation, as the org is set', async () => {
    await sim.org.control('PATCH', '/org', { createActivateWithoutPermission: false });
    const refused = await client.call('POST', '/users', newcomer('staged@example.com'));
    expect(refused.status).toBe(403);
    const staged = await client.call(
      'POST',
      '/users?activate=false',
      newcomer('staged@example.com'),
    );
    expect([staged.status, staged.json.status]).toEqual([200, 'STAGED']);
  });

  it.each(['deactivate', 'activate', 'reactivate', 'unlock', 'reset_factors'])(
    'may not %s',
    async (op) => {
      const { id } = await sim.org.seedUser(`may-not-${op}@example.com`);
      const reply = await client.call('POST', `/users/${id}/lifecycle/${op}`);
      expect([reply.status, reply.json.errorCode]).toEqual([403, 'E0000006']);
    },
  );

  it('may neither end sessions nor delete nor read rules', async () => {
    const { id } = await sim.org.seedUser('whole@example.com');
    const calls = [
      ['DELETE', `/users/${id}/sessions`],
      ['DELETE', `/users/${id}`],
      ['GET', '/groups/rules'],
    ] as const;
    for (const [method, path] of calls) {
      expect((await client.call(method, path)).status).toBe(403);
    }
  });

  it('learns by an invalid write what it may: 400 or 404 if allowed, else 403', async () => {
    expect((await client.call('POST', '/users', { profile: {} })).status).toBe(400);
    expect((await client.call('POST', '/users/00uNone/lifecycle/suspend')).status).toBe(404);
    expect((await client.call('POST', '/users/00uNone/lifecycle/deactivate')).status).toBe(403);
  });
});

describe('a role over some groups', () => {
  it('has to name one of them on creation, and no other', async () => {
    const [ours, others] = [await sim.org.seedGroup('Ours'), await sim.org.seedGroup('Others')];
    const client = await sim.org.client({
      roles: [{ ...SEED_ROLE, resourceSet: { users: 'all', groups: [ours.id] } }],
    });
    const create = async (groupIds: string[]): Promise<number> =>
      (await client.call('POST', '/users', newcomer('scoped@example.com', { groupIds }))).status;
    expect(await create([])).toBe(403);
    expect(await create([ours.id, others.id])).toBe(403);
    expect(await create([ours.id])).toBe(200);
    const { list } = await client.call('GET', '/groups');
    expect(list.map(({ id }) => id)).toEqual([ours.id]);
    expect((await client.call('GET', `/groups/${others.id}`)).status).toBe(403);
  });

  it('loses sight of a user who leaves them', async () => {
    const group = await sim.org.seedGroup('Sighted');
    const { id } = await sim.org.seedUser('sighted@example.com', { groups: [group.id] });
    const client = await sim.org.client({
      roles: [{ permissions: 'all', resourceSet: { users: [group.id], groups: [group.id] } }],
    });
    expect((await client.call('GET', '/users')).list.map((user) => user.id)).toEqual([id]);
    expect((await client.call('DELETE', `/groups/${group.id}/users/${id}`)).status).toBe(204);
    expect((await client.call('GET', '/users')).text).toBe('[]');
    expect((await client.call('POST', `/users/${id}/lifecycle/suspend`)).status).toBe(403);
  });

  it('covers by a permission for many what the many are', async () => {
    const { id } = await sim.org.seedUser('umbrella@example.com');
    const client = await sim.org.client({
      roles: [{ permissions: ['okta.users.lifecycle.manage'] }],
    });
    expect((await client.call('POST', `/users/${id}/lifecycle/suspend`)).status).toBe(200);
    expect((await client.call('POST', `/users/${id}`, { profile: {} })).status).toBe(403);
  });
});
