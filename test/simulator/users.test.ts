import { beforeAll, describe, expect, it } from 'vitest';
import { type Client, type Json, causes, useOrg } from './harness.js';

const sim = useOrg();
let client: Client;
beforeAll(async () => {
  client = await sim.org.client();
});

let count = 0;
const person = (more: Record<string, unknown> = {}): Record<string, unknown> => {
  const login = `person-${++count}@example.com`;
  return { firstName: 'Ada', lastName: 'Lovelace', login, email: login, ...more };
};

describe('a short name', () => {
  it('names the user whose login begins so, while there is one only', async () => {
    const login = 'short.name@example.com';
    const { id } = await sim.org.seedUser(login);
    expect((await client.call('GET', '/users/Short.Name')).json.id).toBe(id);
    expect((await client.call('GET', '/users/short')).status).toBe(404);
    await sim.org.seedUser('short.name@example.org');
    expect((await client.call('GET', '/users/short.name')).status).toBe(404);
  });
});

describe('creating a user', () => {
  it('answers 200 with the whole user, in the order of keys that Okta has', async () => {
    const profile = person({ department: 'Mathematics' });
    const reply = await client.call('POST', '/users', { profile });
    expect(reply.status).toBe(200);
    expect(Object.keys(reply.json)).toEqual([
      'id',
      'status',
      'created',
      'activated',
      'statusChanged',
      'lastLogin',
      'lastUpdated',
      'passwordChanged',
      'type',
      'profile',
      'credentials',
      '_links',
    ]);
    expect(reply.json.id).toMatch(/^00u[0-9A-Za-z]{17}$/);
    expect(reply.json['created']).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z$/);
    expect(reply.json.profile).toEqual({
      ...profile,
      mobilePhone: null,
      secondEmail: null,
    });
    expect(reply.headers.has('etag')).toBe(false);
  });

  it.each([
    ['without a password', '', undefined, 'PROVISIONED'],
    ['with a password', '', { password: { value: 'Xy-12345' } }, 'ACTIVE'],
    ['with activate=false', '?activate=false', undefined, 'STAGED'],
    ['with activate=false and a password', '?activate=false', { password: 'Xy-12345' }, 'STAGED'],
    [
      'with nextLogin=changePassword',
      '?activate=true&nextLogin=changePassword',
      { password: { value: 'Xy-12345' } },
      'PASSWORD_EXPIRED',
    ],
  ])('%s ends in the right status', async (_how, query, credentials, status) => {
    const reply = await client.call('POST', `/users${query}`, { profile: person(), credentials });
    expect(reply.json.status).toBe(status);
    expect(reply.json['activated'] === null).toBe(status === 'STAGED');
    expect(reply.json['passwordChanged'] === null).toBe(credentials === undefined);
  });

  it('with the hash of a password is an import, until a password is set', async () => {
    const hash = { algorithm: 'SHA-512', salt: 'c2FsdA==', saltOrder: 'PREFIX', value: 'aGFzaA==' };
    const made = await client.call('POST', '/users', {
      profile: person(),
      credentials: { password: { hash } },
    });
    expect(made.json).toMatchObject({
      status: 'ACTIVE',
      credentials: { password: {}, provider: { type: 'IMPORT', name: 'IMPORT' } },
    });
    const changed = await client.call('POST', `/users/${made.json.id}`, {
      credentials: { password: { value: 'Xy-12345' } },
    });
    expect(changed.json).toMatchObject({ credentials: { provider: { type: 'OKTA' } } });
  });

  it('puts the user into groups in the same call', async () => {
    const groups = await Promise.all(
      ['One', 'Two'].map((name) => sim.org.seedGroup(`Create ${name}`)),
    );
    const profile = person();
    await client.call('POST', '/users', { profile, groupIds: groups.map(({ id }) => id) });
    const { groups: actual } = await sim.org.truth(String(profile['login']));
    expect(actual).toEqual(groups.map(({ id }) => id));
  });

  it.each<[string, unknown, string, string, string[]]>([
    [
      'an unknown attribute',
      { profile: person({ notValid: 1 }) },
      'E0000001',
      'Api validation failed: newUser',
      ["Property name 'notValid' is not defined in profile"],
    ],
    [
      'no attributes at all',
      { profile: {} },
      'E0000001',
      'Api validation failed: login',
      [
        'login: Username must be in the form of an email address',
        'login: The field cannot be left blank',
        'firstName: The field cannot be left blank',
        'lastName: The field cannot be left blank',
        'email: The field cannot be left blank',
      ],
    ],
    [
      'a login that is no address',
      { profile: person({ login: 'ada-lovelace' }) },
      'E0000001',
      'Api validation failed: login',
      ['login: Username must be in the form of an email address'],
    ],
    [
      'a name that is too long',
      { profile: person({ firstName: 'A'.repeat(51) }) },
      'E0000001',
      'Api validation failed: firstName',
      ['firstName: The field is too long'],
    ],
    [
      'an unknown key',
      { profile: person(), nonsense: true },
      'E0000003',
      'The request body was not well-formed.',
      [],
    ],
    ['malformed JSON', '{"profile":', 'E0000003', 'The request body was not well-formed.', []],
    [
      'more than twenty groups',
      { profile: person(), groupIds: Array.from({ length: 21 }, () => '00g') },
      'E0000093',
      'Target count limit exceeded',
      ['The number of group targets is too large'],
    ],
  ])('refuses %s with 400', async (_what, body, code, summary, expected) => {
    const reply = await client.call('POST', '/users', body);
    expect(reply.status).toBe(400);
    expect(reply.json).toMatchObject({ errorCode: code, errorSummary: summary, errorLink: code });
    expect(causes(reply)).toEqual(expected);
  });

  it('refuses a login that is taken, whatever its case and marks', async () => {
    await sim.org.seedUser('ada.case@example.com');
    for (const login of ['ada.case@example.com', 'ADA.CASE@example.com', 'Àdá.Cäse@example.com']) {
      const reply = await client.call('POST', '/users', { profile: person({ login }) });
      expect(reply.status).toBe(400);
      expect(reply.json.errorSummary).toBe('Api validation failed: login');
      expect(causes(reply)).toEqual([
        'login: An object with this field already exists in the current organization',
      ]);
    }
  });

  it('refuses the login of a deactivated user until that user is deleted', async () => {
    const login = 'gone@example.com';
    const { id } = await sim.org.seedUser(login, { status: 'DEPROVISIONED' });
    const body = { profile: person({ login }) };
    expect((await client.call('POST', '/users', body)).status).toBe(400);
    expect((await client.call('DELETE', `/users/${id}`)).status).toBe(204);
    expect((await client.call('POST', '/users', body)).status).toBe(200);
  });

  it('creates nobody if one group does not exist', async () => {
    const profile = person();
    const reply = await client.call('POST', '/users', { profile, groupIds: ['00gUnknown'] });
    expect(reply.status).toBe(404);
    expect(reply.json).toMatchObject({
      errorCode: 'E0000007',
      errorSummary: 'Not found: Resource not found: 00gUnknown (UserGroup)',
    });
    const path = `/users/${encodeURIComponent(String(profile['login']))}`;
    expect((await client.call('GET', path)).status).toBe(404);
  });

  it.each([
    ['?nextLogin=changePassword', undefined, 'E0000124'],
    ['?activate=false&nextLogin=changePassword', { password: 'Xy-12345' }, 'E0000125'],
  ])('refuses %s where it makes no sense', async (query, credentials, code) => {
    const reply = await client.call('POST', `/users${query}`, { profile: person(), credentials });
    expect(reply.status).toBe(400);
    expect(reply.json.errorCode).toBe(code);
  });

  it('takes attributes that the org was told of', async () => {
    const profile = person({ badgeNumber: 7 });
    await sim.org.control('PATCH', '/org', { customAttributes: ['badgeNumber'] });
    const reply = await client.call('POST', '/users', { profile });
    expect(reply.json.profile['badgeNumber']).toBe(7);
  });
});

describe('reading a user', () => {
  it('finds by id and by url-encoded login, with etag and lifecycle links', async () => {
    const { id } = await sim.org.seedUser('read me+1@example.com');
    const byId = await client.call('GET', `/users/${id}`);
    const byLogin = await client.call('GET', '/users/READ%20me%2B1%40example.com');
    expect(byId.status).toBe(200);
    expect(byId.headers.get('etag')).toMatch(/^W\/"[0-9a-f]{32}"$/);
    expect(byLogin.json).toEqual(byId.json);
  });

  it.each([
    ['STAGED', ['activate']],
    ['PROVISIONED', ['suspend', 'deactivate', 'reactivate', 'resetPassword']],
    ['SUSPENDED', ['unsuspend', 'deactivate']],
    ['DEPROVISIONED', ['activate', 'delete']],
  ])('offers a %s user what its status allows', async (status, names) => {
    const { id } = await sim.org.seedUser(`${status}@links.example.com`, { status });
    const { json } = await client.call('GET', `/users/${id}`);
    expect(Object.keys(json['_links'] as Json).sort()).toEqual(
      [...names, 'resetFactors', 'schema', 'self', 'type'].sort(),
    );
  });

  it('names the id in a 404', async () => {
    const reply = await client.call('GET', '/users/nobody@example.com');
    expect(reply.status).toBe(404);
    expect(reply.json.errorSummary).toBe(
      'Not found: Resource not found: nobody@example.com (User)',
    );
  });

  it('shows the groups of a user, Everyone among them', async () => {
    const group = await sim.org.seedGroup('Readers');
    const { id } = await sim.org.seedUser('grouped@example.com', { groups: [group.id] });
    const reply = await client.call('GET', `/users/${id}/groups`);
    expect(reply.list.map(({ profile }) => profile['name'])).toEqual(['Everyone', 'Readers']);
    expect(reply.list.map(({ type }) => type)).toEqual(['BUILT_IN', 'OKTA_GROUP']);
  });
});

describe('updating a user', () => {
  it('by POST changes what is named and clears what is null', async () => {
    const { id } = await sim.org.seedUser('amend@example.com');
    await client.call('POST', `/users/${id}`, { profile: { title: 'Countess', city: 'London' } });
    const reply = await client.call('POST', `/users/${id}`, { profile: { title: null } });
    expect(reply.status).toBe(200);
    expect(reply.json.profile).toMatchObject({ firstName: 'Ada', city: 'London' });
    expect(reply.json.profile).not.toHaveProperty('title');
  });

  it('by PUT wants the whole profile', async () => {
    const { id } = await sim.org.seedUser('replace@example.com');
    const reply = await client.call('PUT', `/users/${id}`, {
      profile: { login: 'replace@example.com' },
    });
    expect(reply.status).toBe(400);
    expect(causes(reply)).toEqual([
      'firstName: The field cannot be left blank',
      'lastName: The field cannot be left blank',
      'email: The field cannot be left blank',
    ]);
  });

  it('refuses the login of another', async () => {
    await sim.org.seedUser('taken@example.com');
    const { id } = await sim.org.seedUser('wants@example.com');
    const reply = await client.call('POST', `/users/${id}`, {
      profile: { login: 'Taken@example.com' },
    });
    expect(reply.status).toBe(400);
  });

  it('finds a renamed user under the new login only', async () => {
    const { id } = await sim.org.seedUser('maiden@example.com');
    await client.call('POST', `/users/${id}`, { profile: { login: 'married@example.com' } });
    expect((await client.call('GET', '/users/married@example.com')).json.id).toBe(id);
    expect((await client.call('GET', '/users/maiden@example.com')).status).toBe(404);
  });

  it('is refused on a deactivated user', async () => {
    const { id } = await sim.org.seedUser('former@example.com', { status: 'DEPROVISIONED' });
    const reply = await client.call('POST', `/users/${id}`, { profile: { city: 'Paris' } });
    expect(reply.status).toBe(403);
    expect(reply.json.errorCode).toBe('E0000038');
  });

  it('honours if-match', async () => {
    const { id } = await sim.org.seedUser('etag@example.com');
    const etag = (await client.call('GET', `/users/${id}`)).headers.get('etag') ?? '';
    const amend = async (ifMatch: string): Promise<number> =>
      (
        await client.call(
          'POST',
          `/users/${id}`,
          { profile: { city: ifMatch } },
          {
            'if-match': ifMatch,
          },
        )
      ).status;
    expect(await amend(etag)).toBe(200);
    expect(await amend(etag)).toBe(412);
    expect(await amend('garbled')).toBe(400);
  });
});

describe('deleting a user', () => {
  it('deactivates first and deletes then, with 204 both times', async () => {
    const { id } = await sim.org.seedUser('twice@example.com');
    expect((await client.call('DELETE', `/users/${id}`)).status).toBe(204);
    expect((await client.call('GET', `/users/${id}`)).json.status).toBe('DEPROVISIONED');
    const second = await client.call('DELETE', `/users/${id}`);
    expect([second.status, second.text]).toEqual([204, '']);
    expect((await client.call('GET', `/users/${id}`)).status).toBe(404);
    expect((await client.call('DELETE', `/users/${id}`)).status).toBe(404);
  });
});

describe('ending sessions', () => {
  it('answers 204 and leaves none', async () => {
    const { id } = await sim.org.seedUser('busy@example.com', { sessions: 3 });
    const reply = await client.call('DELETE', `/users/${id}/sessions?oauthTokens=true`);
    expect(reply.status).toBe(204);
    expect(await sim.org.truth('busy@example.com')).toMatchObject({ sessions: 0 });
  });
});
