import { describe, expect, it, vi } from 'vitest';
import { as, type OktaGroupId, type OktaUserId } from '../../src/domain/brand.js';
import type { ObservedCall, OktaConnection } from '../../src/okta/index.js';
import { ADA, bench, errorOf, group, oktaError, ORIGIN } from './support.js';

const GROUP = as<OktaGroupId>('00g1engineering0005d7');
const USER = as<OktaUserId>(ADA.id);
const REQUEST_ID = 'd41d8cd98f00b204e9800998ecf8427e';
const OF_THE_ANSWER = { requestId: REQUEST_ID, date: '2027-03-31T15:00:00.000Z' };

const RULE = {
  type: 'group_rule',
  id: '0pr1',
  status: 'ACTIVE',
  name: 'Berlin',
  actions: { assignUserToGroups: { groupIds: [GROUP] } },
};

describe('each call', () => {
  it.each<[string, string, string, (okta: OktaConnection) => Promise<unknown>]>([
    [
      'getUser',
      'GET /api/v1/users/ada%40example.com',
      'B',
      (okta) => okta.getUser('ada@example.com'),
    ],
    [
      'suspendUser',
      `POST /api/v1/users/${USER}/lifecycle/suspend`,
      'A',
      (okta) => okta.suspendUser(USER),
    ],
    [
      'unsuspendUser',
      `POST /api/v1/users/${USER}/lifecycle/unsuspend`,
      'A',
      (okta) => okta.unsuspendUser(USER),
    ],
    [
      'deactivateUser',
      `POST /api/v1/users/${USER}/lifecycle/deactivate`,
      'A',
      (okta) => okta.deactivateUser(USER),
    ],
    [
      'unlockUser',
      `POST /api/v1/users/${USER}/lifecycle/unlock`,
      'A',
      (okta) => okta.unlockUser(USER),
    ],
    [
      'revokeSessions',
      `DELETE /api/v1/users/${USER}/sessions?oauthTokens=true`,
      'A',
      (okta) => okta.revokeSessions(USER),
    ],
    [
      'listUserGroups',
      `GET /api/v1/users/${USER}/groups`,
      'A',
      (okta) => okta.listUserGroups(USER),
    ],
    ['getGroup', `GET /api/v1/groups/${GROUP}`, 'E', (okta) => okta.getGroup(GROUP)],
    [
      'findGroupsByName',
      'GET /api/v1/groups?q=R%26D&limit=200',
      'D',
      (okta) => okta.findGroupsByName('R&D'),
    ],
    [
      'listGroupMembers',
      `GET /api/v1/groups/${GROUP}/users`,
      'D',
      (okta) => okta.listGroupMembers(GROUP),
    ],
    [
      'addToGroup',
      `PUT /api/v1/groups/${GROUP}/users/${USER}`,
      'D',
      (okta) => okta.addToGroup(GROUP, USER),
    ],
    [
      'removeFromGroup',
      `DELETE /api/v1/groups/${GROUP}/users/${USER}`,
      'D',
      (okta) => okta.removeFromGroup(GROUP, USER),
    ],
    ['listGroupRules', 'GET /api/v1/groups/rules?limit=200', 'D', (okta) => okta.listGroupRules()],
    ['canReadUsers', 'GET /api/v1/users?limit=1', 'A', (okta) => okta.canReadUsers()],
  ])('%s is one request and takes one slot', async (name, line, bucket, act) => {
    const { okta, org, gate } = bench();
    const one: Record<string, unknown> = { getUser: ADA, getGroup: group(GROUP, 'Engineering') };
    const isWrite = !line.startsWith('GET');
    org.plan(line, isWrite ? { status: 204 } : { json: one[name] ?? [] });
    await act(okta);
    expect(org.lines).toEqual([line]);
    expect(gate.acquired).toEqual(['T', bucket]);
    expect(org.requests.at(-1)?.headers).toMatchObject({
      accept: 'application/json',
      authorization: 'Bearer access-token-1',
    });
  });

  it('creates a person with her groups', async () => {
    const { okta, org } = bench();
    const created = { ...ADA, status: 'PROVISIONED', transitioningToStatus: 'ACTIVE' };
    org.plan('POST /api/v1/users?activate=true', { json: created });
    const { profile } = ADA;
    const answer = await okta.createUser({ profile, groupIds: [GROUP], activate: true });
    expect(answer).toEqual({
      value: {
        id: USER,
        status: 'PROVISIONED',
        created: ADA.created,
        statusChanged: null,
        transitioningToStatus: 'ACTIVE',
        profile,
      },
      ...OF_THE_ANSWER,
    });
    expect(JSON.parse(org.requests.at(-1)?.body ?? '')).toEqual({ profile, groupIds: [GROUP] });
    expect(org.requests.at(-1)?.headers).toMatchObject({ 'content-type': 'application/json' });
  });

  it('creates a person without groups, staged', async () => {
    const { okta, org } = bench();
    org.plan('POST /api/v1/users?activate=false', { json: { ...ADA, status: 'STAGED' } });
    await okta.createUser({ profile: ADA.profile, groupIds: [], activate: false });
    expect(JSON.parse(org.requests.at(-1)?.body ?? '')).toEqual({ profile: ADA.profile });
  });

  it('takes fields that it does not know, and lets those be missing that may be null', async () => {
    const { okta, org } = bench();
    const { statusChanged: _, ...rest } = ADA;
    org.plan(`GET /api/v1/users/${USER}`, { json: { ...rest, realmId: 'guo1', credentials: {} } });
    const { value } = await okta.getUser(USER);
    expect(value).toMatchObject({ statusChanged: null, transitioningToStatus: null });
  });

  it.each(['', '.', '..'])('does not turn "%s" into another path', async (user) => {
    const { okta, org } = bench();
    await expect(okta.suspendUser(user)).rejects.toThrow('no usable user');
    expect(org.requests).toEqual([]);
  });

  it('encodes what could lead elsewhere', async () => {
    const { okta, org } = bench();
    org.plan('GET /api/v1/users/a%2F..%2Fb%3Fc%23d', oktaError(404, 'E0000007'));
    expect((await errorOf(okta.getUser('a/../b?c#d'))).code).toBe('OKTA_NOT_FOUND');
  });

  it('tells metrics of each request, with nothing of the person', async () => {
    const calls: ObservedCall[] = [];
    const { okta, org } = bench({ observe: (call) => calls.push(call) });
    org.plan('POST /api/v1/users/ada%40example.com/lifecycle/suspend', oktaError(400, 'E0000001'));
    await errorOf(okta.suspendUser('ada@example.com'));
    expect(calls[1]).toEqual({
      method: 'POST',
      path: '/api/v1/users/{user}/lifecycle/suspend',
      bucket: 'A',
      status: 400,
      durationMs: expect.any(Number) as number,
      requestId: REQUEST_ID,
    });
    expect(JSON.stringify(calls)).not.toContain('ada');
  });
});

describe('a success that cannot be read', () => {
  it.each<[string, string, unknown, string]>([
    [
      'no status',
      `GET /api/v1/users/${USER}`,
      { ...ADA, status: undefined },
      'status: invalid_type',
    ],
    [
      'no time of creation',
      `GET /api/v1/users/${USER}`,
      { ...ADA, created: 'canary' },
      'created: invalid_format',
    ],
    ['a list instead', `GET /api/v1/users/${USER}`, ['canary'], 'body: invalid_type'],
  ])('is told by its shape alone: %s', async (_, line, json, shape) => {
    const { okta, org } = bench();
    org.plan(line, { json });
    const error = await errorOf(okta.getUser(USER));
    expect(error).toMatchObject({ code: 'OKTA_UNEXPECTED_RESPONSE', shape, outcome: 'not-done' });
    expect(JSON.stringify(error) + String(error.stack)).not.toContain('canary');
  });

  it('names the element of a list', async () => {
    const { okta, org } = bench();
    const line = `GET /api/v1/groups/${GROUP}/users`;
    org.plan(line, { json: [ADA, { ...ADA, profile: undefined }] });
    const error = await errorOf(okta.listGroupMembers(GROUP));
    expect(error).toMatchObject({ shape: '1.profile: invalid_type' });
  });

  it('leaves open whether a write was done', async () => {
    const { okta, org } = bench();
    org.plan('POST /api/v1/users?activate=true', { text: '{"id":' });
    const error = await errorOf(
      okta.createUser({ profile: ADA.profile, groupIds: [], activate: true }),
    );
    expect(error).toMatchObject({ code: 'OKTA_UNEXPECTED_RESPONSE', outcome: 'unknown' });
  });

  it('does not take the page of a proxy for a suspension', async () => {
    const { okta, org } = bench();
    org.plan(`POST /api/v1/users/${USER}/lifecycle/suspend`, { text: '<html>Please log in' });
    const error = await errorOf(okta.suspendUser(USER));
    expect(error).toMatchObject({ code: 'OKTA_UNEXPECTED_RESPONSE', outcome: 'unknown' });
  });
});

describe('lists in pages', () => {
  const MEMBERS = `/api/v1/groups/${GROUP}/users`;
  const member = (n: number): Record<string, unknown> => ({ ...ADA, id: `00u${n}` });
  const next = (path: string): Record<string, string[]> => ({
    link: [`<${ORIGIN}${MEMBERS}>; rel="self"`, `<${path}>; rel="next"`],
  });

  it('are followed to their end, the first page speaking for the list', async () => {
    const { okta, org } = bench();
    org
      .plan(`GET ${MEMBERS}`, { json: [member(1)], headers: next(`${ORIGIN}${MEMBERS}?after=1`) })
      .plan(`GET ${MEMBERS}?after=1`, {
        json: [member(2)],
        headers: {
          link: `<${ORIGIN}${MEMBERS}?after=1>; rel="self", <${MEMBERS}?after=2>; rel="next"`,
          'x-okta-request-id': 'second',
        },
      })
      .plan(`GET ${MEMBERS}?after=2`, { json: [member(3)] });
    const answer = await okta.listGroupMembers(GROUP);
    expect(answer.value.map(({ id }) => id)).toEqual(['00u1', '00u2', '00u3']);
    expect(answer).toMatchObject(OF_THE_ANSWER);
  });

  it('end early when the one looked for is found', async () => {
    const { okta, org } = bench();
    org.plan(`GET ${MEMBERS}`, {
      json: [member(1), member(2), member(3)],
      headers: next(`${ORIGIN}${MEMBERS}?after=3`),
    });
    const answer = await okta.listGroupMembers(GROUP, { until: ({ id }) => id === '00u2' });
    expect(answer.value.map(({ id }) => id)).toEqual(['00u1', '00u2']);
  });

  it.each([
    ['leads to another host', 'https://evil.example/api/v1/users'],
    ['leads to another scheme', `http://acme.okta.com${MEMBERS}?after=1`],
    ['is no URL', 'https://'],
    ['leads in a circle', `${ORIGIN}${MEMBERS}`],
  ])('are given up, token and all, where the next page %s', async (_, target) => {
    const { okta, org } = bench();
    org.plan(`GET ${MEMBERS}`, { json: [member(1)], headers: next(target) });
    expect((await errorOf(okta.listGroupMembers(GROUP))).code).toBe('OKTA_UNEXPECTED_RESPONSE');
  });

  it.each([
    [1, 'cut-short', [1]],
    [2, 'whole', [1, 2]],
  ])('tell the ids of the members, from %i pages at most', async (maxPages, ending, ids) => {
    const { okta, org } = bench();
    org
      .plan(`GET ${MEMBERS}`, { json: [member(1)], headers: next(`${ORIGIN}${MEMBERS}?after=1`) })
      .plan(`GET ${MEMBERS}?after=1`, { json: [member(2)] });
    const told: string[] = [];
    const tell = (id: string): boolean => {
      told.push(id);
      return false;
    };
    const answer = await okta.scanGroupMembers(GROUP, tell, { maxPages });
    expect(answer).toMatchObject({ value: ending, ...OF_THE_ANSWER });
    expect(told).toEqual(ids.map((id) => `00u${id}`));
    expect(org.lines).toHaveLength(ids.length);
  });

  it('tell no more members once somebody has seen enough', async () => {
    const { okta, org } = bench();
    org.plan(`GET ${MEMBERS}`, {
      json: [member(1), member(2), member(3)],
      headers: next(`${ORIGIN}${MEMBERS}?after=3`),
    });
    const told: string[] = [];
    const enough = (id: string): boolean => told.push(id) === 2;
    const { value } = await okta.scanGroupMembers(GROUP, enough, { maxPages: 10 });
    expect([value, told]).toEqual(['stopped', ['00u1', '00u2']]);
  });

  it('keep their name in errors, without the cursor', async () => {
    const { okta, org } = bench();
    org
      .plan(`GET ${MEMBERS}`, { json: [member(1)], headers: next(`${ORIGIN}${MEMBERS}?after=1`) })
      .plan(`GET ${MEMBERS}?after=1`, { status: 500 });
    expect((await errorOf(okta.listGroupMembers(GROUP))).path).toBe('/api/v1/groups/{group}/users');
  });
});

describe('groups by name', () => {
  const many = (count: number): unknown[] =>
    Array.from({ length: count }, (_, n) => group(`00g${n}`, `Sales ${n}`));
  const q = 'GET /api/v1/groups?q=Sales&limit=200';
  const search = 'GET /api/v1/groups?search=profile.name+eq+%22Sales%22&limit=200';

  it('are those of exactly this name', async () => {
    const { okta, org } = bench();
    const json = [
      group('1', 'Sales'),
      group('2', 'Sales EMEA'),
      group('3', 'sales'),
      group('4', 'Sales', 'APP_GROUP'),
    ];
    org.plan(q, { json });
    const { value } = await okta.findGroupsByName('Sales');
    expect(value).toEqual([
      { id: '1', type: 'OKTA_GROUP', name: 'Sales' },
      { id: '4', type: 'APP_GROUP', name: 'Sales' },
    ]);
  });

  it('are searched for in the index where the page may be cut short', async () => {
    const { okta, org } = bench();
    org.plan(q, { json: many(200) }).plan(search, { json: [group('1', 'Sales')] });
    expect((await okta.findGroupsByName('Sales')).value.map(({ id }) => id)).toEqual(['1']);
  });

  it('are counted once, wherever they were found', async () => {
    const { okta, org } = bench();
    org
      .plan(q, { json: [group('1', 'Sales'), ...many(199)] })
      .plan(search, { json: [group('1', 'Sales'), group('2', 'Sales')] });
    expect((await okta.findGroupsByName('Sales')).value.map(({ id }) => id)).toEqual(['1', '2']);
  });

  it('may be none', async () => {
    const { okta, org } = bench();
    org.plan(q, { json: [] });
    expect((await okta.findGroupsByName('Sales')).value).toEqual([]);
  });

  it('are searched for with quotes and backslashes escaped', async () => {
    const { okta, org } = bench();
    const name = 'a"b\\c';
    const query = new URLSearchParams({ search: 'profile.name eq "a\\"b\\\\c"', limit: '200' });
    org
      .plan(`GET /api/v1/groups?${new URLSearchParams({ q: name, limit: '200' }).toString()}`, {
        json: many(10),
      })
      .plan(`GET /api/v1/groups?${query.toString()}`, { json: [] });
    expect((await okta.findGroupsByName(name)).value).toEqual([]);
  });
});

describe('group rules', () => {
  it('say which groups they fill', async () => {
    const { okta, org } = bench();
    org.plan('GET /api/v1/groups/rules?limit=200', { json: [RULE] });
    const { value } = await okta.listGroupRules();
    expect(value).toEqual([{ id: '0pr1', name: 'Berlin', status: 'ACTIVE', groupIds: [GROUP] }]);
  });

  it('cannot be read in an edition without them', async () => {
    const { okta, org } = bench();
    org.plan('GET /api/v1/groups/rules?limit=200', oktaError(401, 'E0000015'));
    expect((await errorOf(okta.listGroupRules())).code).toBe('OKTA_FORBIDDEN');
    expect(org.tokenRequests).toHaveLength(1);
  });
});

describe('whether the role sees users', () => {
  const line = 'GET /api/v1/users?limit=1';

  it.each([
    ['sees somebody', { json: [ADA] }, true],
    ['gets an empty list', { json: [] }, false],
    ['is refused', oktaError(403, 'E0000006'), false],
  ])('is remembered when it %s', async (_, reply, sees) => {
    const { okta, org } = bench();
    org.plan(line, reply);
    expect(await okta.canReadUsers()).toBe(sees);
    expect(await okta.canReadUsers()).toBe(sees);
    expect(org.lines).toEqual([line]);
  });

  it('is looked at again after a while', async () => {
    const { okta, org } = bench();
    org.plan(line, { json: [] }, { json: [ADA] });
    vi.useFakeTimers({ toFake: ['Date'] });
    try {
      expect(await okta.canReadUsers()).toBe(false);
      vi.advanceTimersByTime(61_000);
      expect(await okta.canReadUsers()).toBe(true);
    } finally {
      vi.useRealTimers();
    }
  });

  it('needs no look once a user was read', async () => {
    const { okta, org } = bench();
    org.plan(`GET /api/v1/users/${USER}`, { json: ADA });
    await okta.getUser(USER);
    expect(await okta.canReadUsers()).toBe(true);
    expect(org.lines).toEqual([`GET /api/v1/users/${USER}`]);
  });

  it('stays open where Okta is away', async () => {
    const { okta, org } = bench();
    org.plan(line, { status: 500 });
    expect((await errorOf(okta.canReadUsers())).code).toBe('OKTA_UNAVAILABLE');
  });
});
