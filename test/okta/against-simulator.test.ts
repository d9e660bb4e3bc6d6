// The client against the simulator, which was made from the same facts by other hands: whole flows,
// and the answers that a mock would only repeat after us.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { as, type OktaGroupId, type OktaUserId } from '../../src/domain/brand.js';
import { createOktaClient, type OktaClient, type OktaConnection } from '../../src/okta/index.js';
import { startSimulator, type Simulator } from '../../src/simulator/server.js';
import { controlOf, type Control } from '../support/control.js';
import { ACME, errorOf, MemoryGate, MemoryTokens, newKeys } from './support.js';

const SCOPES = ['okta.users.read', 'okta.users.manage', 'okta.groups.read', 'okta.groups.manage'];

/** What the set-up guides ask for who do not think of reading users. */
const BLIND_ROLE = {
  permissions: [
    'okta.users.create',
    'okta.users.userprofile.manage',
    'okta.users.lifecycle.suspend',
    'okta.users.lifecycle.unsuspend',
    'okta.users.groupMembership.manage',
    'okta.groups.read',
    'okta.groups.members.manage',
  ],
  resourceSet: { users: 'all', groups: 'all' },
};

const KEYS = await newKeys();
const OTHER_KEYS = await newKeys();
const ADA = { login: 'ada@example.com', email: 'ada@example.com', firstName: 'Ada', lastName: 'L' };

let simulator: Simulator;
let control: Control;
let client: OktaClient | undefined;
let gate: MemoryGate;

beforeAll(async () => {
  simulator = await startSimulator({ port: 0, seed: 'empty' });
  control = controlOf(simulator.origin);
});
afterAll(async () => {
  await client?.close();
  await simulator.close();
});
beforeEach(async () => {
  await control('POST', '/reset', { seed: 'empty' });
});

async function connect(
  app: Record<string, unknown> = {},
  scopes = SCOPES,
): Promise<OktaConnection> {
  const jwks = { keys: [KEYS.publicJwk] };
  const { clientId } = await control<{ clientId: string }>('POST', '/apps', { jwks, ...app });
  await client?.close();
  gate = new MemoryGate();
  client = createOktaClient({
    credentials: () =>
      Promise.resolve({
        origin: simulator.origin,
        clientId,
        scopes,
        privateJwk: KEYS.privateJwk,
      }),
    tokens: new MemoryTokens(),
    gate,
    allowLoopback: true,
  });
  return client.connection(ACME);
}

async function newGroup(name: string, facts: Record<string, unknown> = {}): Promise<OktaGroupId> {
  const { id } = await control<{ id: string }>('POST', '/groups', { name, ...facts });
  return as<OktaGroupId>(id);
}

async function newUser(login: string, facts: Record<string, unknown> = {}): Promise<OktaUserId> {
  const profile = { ...ADA, login, email: login };
  const { id } = await control<{ id: string }>('POST', '/users', { profile, ...facts });
  return as<OktaUserId>(id);
}

const fault = (facts: Record<string, unknown>): Promise<unknown> =>
  control('POST', '/faults', facts);

describe('a person', () => {
  it('is created with her groups, found, suspended, let back in, deactivated', async () => {
    const okta = await connect();
    const engineering = await newGroup('Engineering');
    const { value: made } = await okta.createUser({
      profile: ADA,
      groupIds: [engineering],
      activate: true,
    });
    expect(made.status).toBe('PROVISIONED');
    expect((await okta.getUser('ADA@example.com')).value.id).toBe(made.id);
    expect((await okta.listUserGroups(made.id)).value.map(({ name }) => name)).toEqual([
      'Everyone',
      'Engineering',
    ]);
    await okta.suspendUser(made.id);
    expect((await okta.getUser(made.id)).value.status).toBe('SUSPENDED');
    await okta.revokeSessions(made.id);
    await okta.unsuspendUser(made.id);
    await okta.deactivateUser(made.id);
    const { value: gone, date, requestId } = await okta.getUser(made.id);
    expect(gone.status).toBe('DEPROVISIONED');
    expect(Math.abs(Date.parse(date ?? '') - Date.now())).toBeLessThan(5_000);
    expect(requestId).toMatch(/^[0-9a-f]{32}$/);
  });

  it('is created once: the login is taken then, in other letters too', async () => {
    const okta = await connect();
    await newUser('ada@example.com');
    const again = { profile: { ...ADA, login: 'Ada@Example.com' }, groupIds: [], activate: false };
    expect((await errorOf(okta.createUser(again))).code).toBe('OKTA_LOGIN_TAKEN');
  });

  it('is refused with the names of what is wrong', async () => {
    const okta = await connect();
    const profile = { ...ADA, firstName: '', shoeSize: 42 };
    const error = await errorOf(okta.createUser({ profile, groupIds: [], activate: false }));
    expect(error.code).toBe('OKTA_VALIDATION');
    expect(error.message).toMatch(/firstName|shoeSize/);
  });

  it('is not created where a group does not exist', async () => {
    const okta = await connect();
    const groupIds = [as<OktaGroupId>('00gnosuchgroup000005')];
    const error = await errorOf(okta.createUser({ profile: ADA, groupIds, activate: false }));
    expect(error).toMatchObject({ code: 'OKTA_NOT_FOUND', outcome: 'not-done' });
  });

  it.each(['STAGED', 'LOCKED_OUT', 'SUSPENDED', 'DEPROVISIONED'])(
    'is not suspended from %s',
    async (status) => {
      const okta = await connect();
      const ada = await newUser('ada@example.com', { status });
      expect((await errorOf(okta.suspendUser(ada))).code).toBe('OKTA_WRONG_STATUS');
    },
  );

  it('is unlocked where locked, and only there', async () => {
    const okta = await connect();
    const ada = await newUser('ada@example.com', { status: 'LOCKED_OUT' });
    await okta.unlockUser(ada);
    expect((await errorOf(okta.unlockUser(ada))).code).toBe('OKTA_WRONG_STATUS');
  });

  it('is not found twice over: unknown, and deactivated already', async () => {
    const okta = await connect();
    const ada = await newUser('ada@example.com', { status: 'DEPROVISIONED' });
    expect((await errorOf(okta.getUser('nobody@example.com'))).code).toBe('OKTA_NOT_FOUND');
    expect((await errorOf(okta.deactivateUser(ada))).code).toBe('OKTA_NOT_FOUND');
  });
});

describe('groups', () => {
  it('take and lose members', async () => {
    const okta = await connect();
    const [ada, group] = [await newUser('ada@example.com'), await newGroup('Engineering')];
    await okta.addToGroup(group, ada);
    await okta.addToGroup(group, ada);
    expect((await okta.listGroupMembers(group)).value.map(({ id }) => id)).toEqual([ada]);
    await okta.removeFromGroup(group, ada);
    expect((await okta.listGroupMembers(group)).value).toEqual([]);
  });

  it("that are not Okta's own take none", async () => {
    const okta = await connect();
    const [ada, group] = [
      await newUser('ada@example.com'),
      await newGroup('Directory', { type: 'APP_GROUP' }),
    ];
    const error = await errorOf(okta.addToGroup(group, ada));
    expect(error).toMatchObject({ code: 'OKTA_FORBIDDEN', outcome: 'not-done' });
  });

  it('are found by exact name among many that begin alike', async () => {
    const okta = await connect();
    for (let n = 0; n < 12; n += 1) await newGroup(`Sales ${n}`);
    const sales = await newGroup('Sales');
    expect((await okta.findGroupsByName('Sales')).value).toEqual([
      { id: sales, type: 'OKTA_GROUP', name: 'Sales' },
    ]);
    expect((await okta.findGroupsByName('Sale')).value).toEqual([]);
    expect((await okta.getGroup(sales)).value.name).toBe('Sales');
  });

  it('have rules, which name the groups that they fill', async () => {
    const okta = await connect();
    const berlin = await newGroup('Berlin', { rule: { expression: 'user.city=="Berlin"' } });
    const { value } = await okta.listGroupRules();
    expect(value).toMatchObject([{ status: 'ACTIVE', groupIds: [berlin] }]);
  });

  it('with more members than a page has are read to the end', async () => {
    const okta = await connect();
    const members = await Promise.all(
      Array.from({ length: 1_005 }, (_, n) => newUser(`user${n}@example.com`)),
    );
    const group = await newGroup('All staff', { members });
    const { value } = await okta.listGroupMembers(group);
    expect(new Set(value.map(({ id }) => id)).size).toBe(1_005);
    expect(gate.acquired.filter((bucket) => bucket === 'D')).toHaveLength(2);
  });
});

describe('rights', () => {
  it('that the role lacks are told apart from scopes that the app lacks', async () => {
    const blind = await connect({ roles: [BLIND_ROLE] });
    const ada = await newUser('ada@example.com');
    expect((await errorOf(blind.getUser(ada))).code).toBe('OKTA_FORBIDDEN');
    expect((await errorOf(blind.deactivateUser(ada))).code).toBe('OKTA_FORBIDDEN');
    expect(await blind.canReadUsers()).toBe(false);
    await blind.suspendUser(ada);

    const narrow = await connect({ grantedScopes: ['okta.groups.read'] });
    expect((await narrow.mintToken()).value.scopes).toEqual(['okta.groups.read']);
    const error = await errorOf(narrow.getUser(ada));
    expect(error).toMatchObject({ code: 'OKTA_SCOPE_MISSING', scope: 'okta.users.read' });
    expect(await narrow.canReadUsers()).toBe(false);
  });

  it('to read are seen where anybody is', async () => {
    const okta = await connect();
    await newUser('ada@example.com');
    expect(await okta.canReadUsers()).toBe(true);
  });

  it.each<[string, Record<string, unknown>, RegExp]>([
    ['another key', { jwks: { keys: [OTHER_KEYS.publicJwk] } }, /public key/],
    [
      'a key of another id',
      { jwks: { keys: [{ ...KEYS.publicJwk, kid: 'other' }] } },
      /public key/,
    ],
    ['no key', { jwks: { keys: [] } }, /public key/],
    ['a client secret', { authMethod: 'client_secret' }, /General tab/],
    ['no scope', { grantedScopes: [] }, /Okta API Scopes/],
    ['no life', { status: 'INACTIVE' }, /active/],
  ])('end at the token for an app with %s', async (_, app, hint) => {
    const okta = await connect(app);
    const error = await errorOf(okta.mintToken());
    expect(error.code).toBe('OKTA_AUTH_FAILED');
    expect(error.code === 'OKTA_AUTH_FAILED' ? error.hint : '').toMatch(hint);
  });
});

describe('time', () => {
  it.each([-3_000, 3_000])(
    "may be another on Okta's side, %i seconds",
    async (clockSkewSeconds) => {
      const okta = await connect();
      await control('PATCH', '/org', { clockSkewSeconds });
      await okta.mintToken();
      expect(await okta.canReadUsers()).toBe(false);
      await control('PATCH', '/org', { clockSkewSeconds: 0 });
    },
  );

  it('ends tokens early where Okta says so, unnoticed', async () => {
    const okta = await connect();
    await newUser('ada@example.com');
    await fault({ fault: '401', path: '/api/v1/users/*' });
    expect((await okta.getUser('ada@example.com')).value.status).toBe('ACTIVE');
  });
});

describe('trouble', () => {
  const create = { profile: ADA, groupIds: [], activate: true };

  it('after the deed leaves it open, and reading settles it', async () => {
    const okta = await connect();
    await okta.mintToken();
    await fault({ fault: 'lost-answer', method: 'POST', path: '/api/v1/users' });
    const error = await errorOf(okta.createUser(create));
    expect(error).toMatchObject({ code: 'OKTA_UNAVAILABLE', outcome: 'unknown' });
    expect((await okta.getUser(ADA.login)).value.status).toBe('PROVISIONED');
    expect((await errorOf(okta.createUser(create))).code).toBe('OKTA_LOGIN_TAKEN');
  });

  it.each([
    ['reset', 'OKTA_UNAVAILABLE', 'unknown'],
    ['500', 'OKTA_UNAVAILABLE', 'unknown'],
    ['502-html', 'OKTA_UNAVAILABLE', 'unknown'],
    ['503-readonly', 'OKTA_UNAVAILABLE', 'not-done'],
    ['429', 'OKTA_RATE_LIMITED', 'not-done'],
    ['429-concurrency', 'OKTA_RATE_LIMITED', 'not-done'],
  ])('has its name: %s', async (name, code, outcome) => {
    const okta = await connect();
    await okta.mintToken();
    await fault({ fault: name, method: 'POST', path: '/api/v1/users' });
    expect(await errorOf(okta.createUser(create))).toMatchObject({ code, outcome });
    expect((await okta.createUser(create)).value.status).toBe('PROVISIONED');
  });

  it('of one connection costs a read nothing', async () => {
    const okta = await connect();
    await newUser('ada@example.com');
    await okta.mintToken();
    await fault({ fault: 'reset', method: 'GET', path: '/api/v1/users/*' });
    expect((await okta.getUser('ada@example.com')).value.status).toBe('ACTIVE');
  });

  it('of too many calls is seen coming, in numbers', async () => {
    const okta = await connect();
    await okta.createUser(create);
    const learned = gate.learned.find(({ bucket }) => bucket === 'A');
    expect(learned).toMatchObject({ kind: 'ok', limit: 300, remaining: 299 });
    expect(learned?.resetInMs).toBeGreaterThan(55_000);
    expect(learned?.resetInMs).toBeLessThanOrEqual(62_000);
  });
});
