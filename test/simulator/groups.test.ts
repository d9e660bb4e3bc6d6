import { beforeAll, describe, expect, it } from 'vitest';
import { type Client, type Json, causes, useOrg } from './harness.js';

const sim = useOrg();
let client: Client;
beforeAll(async () => {
  client = await sim.org.client();
});

const names = (list: readonly Json[]): unknown[] => list.map(({ profile }) => profile['name']);

describe('groups', () => {
  it('are created with 200 and look as recorded', async () => {
    const reply = await client.call('POST', '/groups', {
      profile: { name: 'Cartographers', description: 'They draw maps' },
    });
    expect(reply.status).toBe(200);
    expect(Object.keys(reply.json)).toEqual([
      'id',
      'created',
      'lastUpdated',
      'lastMembershipUpdated',
      'objectClass',
      'type',
      'profile',
      '_links',
    ]);
    expect(reply.json.id).toMatch(/^00g[0-9A-Za-z]{17}$/);
    expect(Object.keys(reply.json['_links'] as Json)).toEqual(['logo', 'users', 'apps']);
    const again = await client.call('POST', '/groups', { profile: { name: 'Cartographers' } });
    expect(again.status).toBe(400);
    expect(causes(again)).toEqual([
      'name: An object with this field already exists in the current organization',
    ]);
  });

  it('have links that lead somewhere: to members and to no applications', async () => {
    const { json } = await client.call('POST', '/groups', { profile: { name: 'Linked' } });
    const { users, apps } = json['_links'] as Record<string, { href: string }>;
    for (const target of [users, apps]) {
      const reply = await client.call('GET', target?.href ?? '');
      expect([reply.status, reply.list]).toEqual([200, []]);
    }
    const unknown = await client.call('GET', '/groups/00gNoSuchGroup000000/apps');
    expect([unknown.status, unknown.json.errorCode]).toEqual([404, 'E0000007']);
  });

  it('are found by the start of the name, by search and by filter', async () => {
    for (const name of ['Gardeners', 'Garden Helpers', 'Night Gardeners']) {
      await sim.org.seedGroup(name);
    }
    await sim.org.seedGroup('Garden Imports', { type: 'APP_GROUP' });
    const q = await client.call('GET', '/groups?q=garden');
    expect(names(q.list)).toEqual(['Gardeners', 'Garden Helpers', 'Garden Imports']);
    const search = async (expression: string): Promise<unknown[]> =>
      names((await client.call('GET', `/groups?search=${encodeURIComponent(expression)}`)).list);
    expect(await search('profile.name co "gardeners"')).toEqual(['Gardeners', 'Night Gardeners']);
    expect(await search('type eq "APP_GROUP" and profile.name sw "Garden"')).toEqual([
      'Garden Imports',
    ]);
    const filter = encodeURIComponent('type eq "BUILT_IN"');
    expect(names((await client.call('GET', `/groups?filter=${filter}`)).list)).toEqual([
      'Everyone',
    ]);
  });

  it.each([
    ['search=nonsense', 'E0000031'],
    ['search=id%20co%20%22x%22', 'E0000031'],
    ['filter=profile.name%20eq%20%22x%22', 'E0000053'],
    ['search=id%20pr&filter=id%20pr', 'E0000033'],
    ['limit=none', 'E0000029'],
  ])('refuse %s', async (query, code) => {
    const reply = await client.call('GET', `/groups?${query}`);
    expect(reply.status).toBe(400);
    expect(reply.json.errorCode).toBe(code);
  });

  it('are renamed, and deleted with their memberships', async () => {
    const { id } = await sim.org.seedGroup('Short-lived');
    const user = await sim.org.seedUser('short@example.com', { groups: [id] });
    const renamed = await client.call('PUT', `/groups/${id}`, { profile: { name: 'Renamed' } });
    expect(renamed.json.profile['name']).toBe('Renamed');
    expect((await client.call('DELETE', `/groups/${id}`)).status).toBe(204);
    const reply = await client.call('GET', `/groups/${id}`);
    expect(reply.status).toBe(404);
    expect(reply.json.errorSummary).toBe(`Not found: Resource not found: ${id} (UserGroup)`);
    expect((await sim.org.truth('short@example.com')).groups).toEqual([]);
    expect((await client.call('GET', `/users/${user.id}`)).status).toBe(200);
  });
});

describe('membership', () => {
  it('is added and removed with 204, once or twice', async () => {
    const group = await sim.org.seedGroup('Twice');
    const user = await sim.org.seedUser('member@example.com');
    const path = `/groups/${group.id}/users/${user.id}`;
    for (const [method, members] of [
      ['PUT', [user.id]],
      ['PUT', [user.id]],
      ['DELETE', []],
      ['DELETE', []],
    ] as const) {
      const reply = await client.call(method, path);
      expect([reply.status, reply.text]).toEqual([204, '']);
      expect(reply.headers.has('content-type')).toBe(false);
      const { list } = await client.call('GET', `/groups/${group.id}/users`);
      expect(list.map(({ id }) => id)).toEqual(members);
    }
  });

  it('names the id that does not exist', async () => {
    const group = await sim.org.seedGroup('Known');
    const user = await sim.org.seedUser('known@example.com');
    const summary = async (path: string): Promise<string> => {
      const reply = await client.call('PUT', path);
      expect(reply.status).toBe(404);
      return reply.json.errorSummary;
    };
    expect(await summary(`/groups/00gNone/users/${user.id}`)).toBe(
      'Not found: Resource not found: 00gNone (UserGroup)',
    );
    expect(await summary(`/groups/${group.id}/users/00uNone`)).toBe(
      'Not found: Resource not found: 00uNone (User)',
    );
  });

  it.each(['APP_GROUP', 'BUILT_IN'])('of a group of type %s is read-only', async (type) => {
    const group = await sim.org.seedGroup(`Imported ${type}`, { type });
    const user = await sim.org.seedUser(`readonly.${type}@example.com`);
    for (const method of ['PUT', 'DELETE']) {
      const reply = await client.call(method, `/groups/${group.id}/users/${user.id}`);
      expect(reply.status).toBe(403);
      expect(reply.json.errorCode).toBe('E0000006');
    }
  });

  it('of Everyone is everybody', async () => {
    const everyone = await sim.org.everyone();
    const { id } = await sim.org.seedUser('everybody@example.com', { status: 'STAGED' });
    const { list } = await client.call('GET', `/groups/${everyone.id}/users`);
    expect(list.map((user) => user.id)).toContain(id);
    expect(list.every((user) => Object.keys(user['_links'] as Json).join() === 'self')).toBe(true);
  });

  it('is not for deactivated users', async () => {
    const group = await sim.org.seedGroup('Living');
    const user = await sim.org.seedUser('left@example.com', { status: 'DEPROVISIONED' });
    const reply = await client.call('PUT', `/groups/${group.id}/users/${user.id}`);
    expect(reply.status).toBe(403);
  });
});

describe('group rules', () => {
  const rule = (groupId: string, value: string): unknown => ({
    type: 'group_rule',
    name: 'A rule',
    conditions: { expression: { value, type: 'urn:okta:expression:1.0' } },
    actions: { assignUserToGroups: { groupIds: [groupId] } },
  });

  it('are created inactive, fill the group once active, and follow the profile', async () => {
    const group = await sim.org.seedGroup('Berliners');
    const { id } = await sim.org.seedUser('mover@example.com');
    await client.call('POST', `/users/${id}`, { profile: { city: 'Berlin' } });
    const created = await client.call(
      'POST',
      '/groups/rules',
      rule(group.id, 'user.city=="Berlin"'),
    );
    expect(created.status).toBe(200);
    expect(created.json).toMatchObject({ type: 'group_rule', status: 'INACTIVE' });
    expect((await sim.org.truth('mover@example.com')).groups).toEqual([]);
    const activated = await client.call(
      'POST',
      `/groups/rules/${created.json.id}/lifecycle/activate`,
    );
    expect([activated.status, activated.text]).toEqual([204, '']);
    expect((await sim.org.truth('mover@example.com')).groups).toEqual([group.id]);
    await client.call('POST', `/users/${id}`, { profile: { city: 'Paris' } });
    expect((await sim.org.truth('mover@example.com')).groups).toEqual([]);
    const removed = await client.call('DELETE', `/groups/rules/${created.json.id}`);
    expect([removed.status, removed.text]).toEqual([202, '{}']);
  });

  it('exclude a user who is taken out by hand', async () => {
    const group = await sim.org.seedGroup('Romans', {
      rule: { expression: 'user.city=="Rome" && user.department!="Legal"' },
    });
    const { id } = await sim.org.seedUser('roman@example.com');
    await client.call('POST', `/users/${id}`, { profile: { city: 'Rome' } });
    expect((await sim.org.truth('roman@example.com')).groups).toEqual([group.id]);
    expect((await client.call('DELETE', `/groups/${group.id}/users/${id}`)).status).toBe(204);
    expect((await sim.org.truth('roman@example.com')).groups).toEqual([]);
    const { list } = await sim.org.control('GET', '/groups');
    expect(list.find((each) => each.id === group.id)?.['rule']).toMatchObject({
      exclusions: [id],
    });
    await client.call('POST', `/users/${id}`, { profile: { department: 'Arts' } });
    expect((await sim.org.truth('roman@example.com')).groups).toEqual([]);
  });

  it('leave a membership alone that was made by hand', async () => {
    const group = await sim.org.seedGroup('Viennese', {
      rule: { expression: 'user.city=="Vienna"' },
    });
    const { id } = await sim.org.seedUser('manual@example.com');
    await client.call('POST', `/users/${id}`, { profile: { city: 'Vienna' } });
    await client.call('PUT', `/groups/${group.id}/users/${id}`);
    await client.call('POST', `/users/${id}`, { profile: { city: 'Graz' } });
    expect((await sim.org.truth('manual@example.com')).groups).toEqual([group.id]);
  });

  it('refuse an expression that cannot be read, and an unknown id', async () => {
    const group = await sim.org.seedGroup('Unruly');
    const reply = await client.call('POST', '/groups/rules', rule(group.id, 'user.city = 1'));
    expect(reply.status).toBe(400);
    expect(reply.json.errorSummary).toBe('Api validation failed: validateRule');
    expect(causes(reply)).toHaveLength(2);
    expect((await client.call('GET', '/groups/rules/0prNone')).json.errorSummary).toBe(
      'Not found: Resource not found: 0prNone (PolicyRule)',
    );
  });
});
