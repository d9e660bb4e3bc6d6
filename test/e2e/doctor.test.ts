import { randomBytes } from 'node:crypto';
import { exportJWK, generateKeyPair } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { as, type ConnectionId } from '../../src/domain/brand.js';
import type { Check } from '../../src/domain/check.js';
import { OKTA_SCOPES, type Connection } from '../../src/domain/connection.js';
import type { NewConnection } from '../../src/store/store.js';
import { eventually } from '../support/eventually.js';
import { startTenure, type Tenure } from '../support/tenure.js';

let tenure: Tenure;
beforeAll(async () => {
  tenure = await startTenure();
});
afterAll(() => tenure.close());

/** The connection of a test: verifications are known to Temporal by its id. */
let id = as<ConnectionId>('');
beforeEach(async () => {
  id = as(`acme-${randomBytes(8).toString('hex')}`);
  await tenure.sim('POST', '/reset', { seed: 'demo' });
});

const CLIENT_ID = '0oaDoctor00000000000';
const GUIDE = [
  'okta.users.create',
  'okta.users.userprofile.manage',
  'okta.users.lifecycle.suspend',
  'okta.users.lifecycle.unsuspend',
  'okta.users.groupMembership.manage',
  'okta.groups.read',
  'okta.groups.members.manage',
];

/** Those of the guide, and what makes Tenure see more or do more. */
const EVERY_PERMISSION = [
  ...GUIDE,
  'okta.users.read',
  'okta.users.lifecycle.activate',
  'okta.users.lifecycle.clearSessions',
  'okta.users.lifecycle.deactivate',
  'okta.users.lifecycle.unlock',
];

async function newKey(kid = 'key-1') {
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
  return {
    privateJwk: { ...(await exportJWK(privateKey)), kid },
    publicJwk: { ...(await exportJWK(publicKey)), kid },
  };
}

/** A connection to the simulated org, with an app that is as `app` says. */
async function connect(app: object = {}, changes: Partial<NewConnection> = {}): Promise<void> {
  const { privateJwk, publicJwk } = await newKey();
  await tenure.sim('POST', '/apps', {
    clientId: CLIENT_ID,
    jwks: { keys: [publicJwk] },
    ...app,
  });
  await tenure.store.connections.put({
    id,
    name: null,
    domain: (await tenure.store.connections.get(as('demo')))?.domain ?? '',
    clientId: CLIENT_ID,
    scopes: [...OKTA_SCOPES],
    privateJwk,
    status: 'unverified',
    ...changes,
  });
}

interface Verified {
  ok: boolean;
  checks: Check[];
}

async function verify(query = ''): Promise<Verified> {
  const { status, body } = await tenure.api<Verified>(
    'POST',
    `/v1/connections/${id}/verify${query}`,
  );
  expect({ status, body }).toMatchObject({ status: 200 });
  return body;
}

const failedIds = ({ checks }: Verified) =>
  checks.filter(({ status }) => status === 'fail').map(({ id }) => id);
const find = ({ checks }: Verified, id: string) => checks.find((check) => check.id === id);
const connection = async () => (await tenure.api<Connection>('GET', `/v1/connections/${id}`)).body;

async function calls() {
  return tenure.sim<{ method: string; path: string; status: number }[]>('GET', '/requests');
}
const writes = async () =>
  (await calls()).filter(({ method, path }) => method !== 'GET' && path !== '/oauth2/v1/token');

const role = (permissions: 'all' | string[], resourceSet: object = {}) => ({
  roles: [{ permissions, resourceSet: { users: 'all', groups: 'all', ...resourceSet } }],
});

describe('a set-up in which all is well', () => {
  it('passes, without a write, and makes the connection ready', async () => {
    await connect();
    await tenure.sim('DELETE', '/requests');
    const verified = await verify();
    expect(verified.ok).toBe(true);
    expect(failedIds(verified)).toEqual([]);
    expect(verified.checks.filter(({ status }) => status === 'warn')).toEqual([]);
    expect(await connection()).toMatchObject({ status: 'ready', problem: null });
    expect(await writes()).toEqual([]);
    const { checks } = verified;
    expect(checks.every(({ title, detail }) => title !== '' && detail !== '')).toBe(true);
    expect(new Set(checks.map(({ id }) => id)).size).toBe(checks.length);
  });

  it.each([403, 404])(
    'is ready with the role of the guide, which cannot view users (%i)',
    async (readWithoutPermission) => {
      await tenure.sim('PATCH', '/org', { readWithoutPermission });
      await connect(role(GUIDE));
      const verified = await verify();
      expect(failedIds(verified)).toEqual([]);
      expect(find(verified, 'resources.users')?.status).toBe('warn');
      expect((await connection()).status).toBe('ready');
    },
  );

  it('has every permission proven by probes, and nothing changed by them', async () => {
    await connect();
    const before = await tenure.sim('GET', '/users');
    const groups = await tenure.sim('GET', '/groups');
    const verified = await verify('?probe=true');
    const roles = verified.checks.filter(({ id }) => id.startsWith('role.okta.'));
    expect(roles.map(({ id, status }) => [id, status])).toEqual(
      EVERY_PERMISSION.map((permission) => [`role.${permission}`, 'pass']),
    );
    expect(await tenure.sim('GET', '/users')).toEqual(before);
    expect(await tenure.sim('GET', '/groups')).toEqual(groups);
    const sent = await writes();
    // Two are reads, and one call proves each of the others.
    expect(sent).toHaveLength(EVERY_PERMISSION.length - 2);
    expect(sent.every(({ status }) => status >= 400)).toBe(true);
  });
});

describe('a broken set-up is named, with what mends it and without a write', () => {
  interface Broken {
    app?: object;
    org?: object;
    changes?: Partial<NewConnection>;
    failed: string[];
    fix: RegExp;
  }
  const cases: Record<string, Broken> = {
    'admin host': {
      changes: { domain: 'acme-admin.okta.com' },
      failed: ['domain.host'],
      fix: /acme\.okta\.com/,
    },
    'unknown client': {
      changes: { clientId: '0oaNobody00000000000' },
      failed: ['app.client'],
      fix: /Client ID/,
    },
    'inactive app': { app: { status: 'INACTIVE' }, failed: ['app.client'], fix: /Active/ },
    'client secret': {
      app: { authMethod: 'client_secret' },
      failed: ['app.auth-method'],
      fix: /Public key \/ Private key/,
    },
    'clock 10 minutes off': {
      org: { clockSkewSeconds: -600 },
      failed: ['clock'],
      fix: /time server/,
    },
    'one scope not granted': {
      app: { grantedScopes: OKTA_SCOPES.filter((scope) => scope !== 'okta.groups.manage') },
      failed: ['scope.okta.groups.manage'],
      fix: /Okta API Scopes > okta\.groups\.manage > Grant/,
    },
    'no role': {
      app: { roles: [] },
      failed: ['role.none', 'role.okta.groups.read'],
      fix: /Admin roles/,
    },
    'no users in the resource set': {
      app: role('all', { users: [] }),
      failed: ['resources.users'],
      fix: /Users > All users/,
    },
    'no groups in the resource set': {
      app: role('all', { groups: [] }),
      failed: ['resources.groups'],
      fix: /Groups > All groups/,
    },
    'a role that cannot view groups': {
      app: role([...GUIDE, 'okta.users.read'].filter((held) => held !== 'okta.groups.read')),
      failed: ['role.okta.groups.read'],
      fix: /View groups and their details/,
    },
  };

  it.each(Object.keys(cases))('%s', async (name) => {
    const { app, org, changes, failed, fix } = cases[name] ?? expect.fail();
    if (org !== undefined) await tenure.sim('PATCH', '/org', org);
    await connect(app, changes);
    await tenure.sim('DELETE', '/requests');
    const verified = await verify();
    expect(verified.ok).toBe(false);
    expect(failedIds(verified)).toEqual(failed);
    const first = find(verified, failed[0] ?? '');
    expect(first?.fix).toMatch(fix);
    const { status, problem } = await connection();
    expect(status).toBe('unverified');
    expect(problem?.detail).toContain(first?.detail);
    expect(await writes()).toEqual([]);
  });

  it('unknown key id', async () => {
    await connect({}, { privateJwk: (await newKey('another')).privateJwk });
    const verified = await verify();
    expect(failedIds(verified)).toEqual(['app.key']);
    expect(find(verified, 'app.client')?.status).toBe('pass');
    expect(find(verified, 'app.key')?.detail).toContain('another');
    expect(await writes()).toEqual([]);
  });

  it('another key under the same id', async () => {
    await connect({}, { privateJwk: (await newKey()).privateJwk });
    const verified = await verify();
    expect(failedIds(verified)).toEqual(['app.key']);
    expect(find(verified, 'app.key')?.detail).toContain('signature');
  });

  it('two faults at once are both named', async () => {
    await tenure.sim('PATCH', '/org', { clockSkewSeconds: 600 });
    await connect(role('all', { groups: [] }));
    expect(failedIds(await verify())).toEqual(['clock', 'resources.groups']);
  });

  it('an org that gives out no tokens for the moment fails, and blocks nobody', async () => {
    await connect({}, { status: 'ready' });
    await tenure.sim('POST', '/faults', { path: '/oauth2/v1/token', times: 5, fault: '500' });
    const verified = await verify();
    expect(failedIds(verified)).toEqual(['app.client']);
    expect(await connection()).toMatchObject({ status: 'ready', problem: null });
  });

  it.each(GUIDE.filter((held) => held !== 'okta.groups.read'))(
    'a role without %s, by a probe that changes nothing',
    async (missing) => {
      await connect(role(GUIDE.filter((held) => held !== missing)));
      const before = await tenure.sim('GET', '/users');
      const verified = await verify('?probe=true');
      expect(failedIds(verified)).toEqual([`role.${missing}`]);
      expect(find(verified, `role.${missing}`)?.fix).toContain('Save role');
      expect(await tenure.sim('GET', '/users')).toEqual(before);
    },
  );
});

describe('what a verification makes of the connection', () => {
  const grantedScopes = OKTA_SCOPES.filter((scope) => scope !== 'okta.users.manage');

  it('blocks a ready one that no run could use, and lets it go on when that is mended', async () => {
    await connect({ grantedScopes }, { status: 'ready' });
    await verify();
    expect(await connection()).toMatchObject({
      status: 'blocked',
      problem: { code: 'OKTA_SCOPE_MISSING' },
    });
    await tenure.sim('PATCH', `/apps/${CLIENT_ID}`, { grantedScopes: [...OKTA_SCOPES] });
    expect((await verify()).ok).toBe(true);
    expect(await connection()).toMatchObject({ status: 'ready', problem: null });
  });

  it('leaves a ready one ready where its runs may still do something', async () => {
    await connect(role('all', { groups: [] }), { status: 'ready' });
    expect((await verify()).ok).toBe(false);
    expect((await connection()).status).toBe('ready');
  });

  it('comes by itself, and again where the connection is changed meanwhile', async () => {
    await connect({ status: 'INACTIVE' });
    await tenure.sim('PATCH', '/org', { latencyMs: [150, 150] });
    tenure.verifySoon(id);
    await eventually('it is at work', async () =>
      (await calls()).some(({ path }) => path.endsWith('/token')),
    );
    await tenure.sim('PATCH', `/apps/${CLIENT_ID}`, { status: 'ACTIVE' });
    tenure.verifySoon(id);
    await eventually('it is ready', async () => (await connection()).status === 'ready');
    await tenure.client.workflow.getHandle(`verify/${id}`).result();
  });

  it('is shared by all who ask at once', async () => {
    await connect();
    await tenure.sim('PATCH', '/org', { latencyMs: [100, 100] });
    await tenure.sim('DELETE', '/requests');
    const [one, ...others] = await Promise.all([verify(), verify(), verify()]);
    expect(others).toEqual([one, one]);
    expect((await calls()).filter(({ path }) => path.endsWith('/token'))).toHaveLength(1);
  });
});

describe('groups', () => {
  it('are listed by the start of their name', async () => {
    await connect();
    const { status, body } = await tenure.api<{ name: string; type: string }[]>(
      'GET',
      `/v1/connections/${id}/groups?q=team%200`,
    );
    expect(status).toBe(200);
    expect(body).toHaveLength(9);
    expect(body[0]).toMatchObject({ name: 'Team 01', type: 'OKTA_GROUP' });
    const all = await tenure.api<{ name: string }[]>('GET', `/v1/connections/${id}/groups`);
    expect(all.body.map(({ name }) => name)).toContain('Everyone');
  });

  it.each([
    [{ status: 'INACTIVE' }, 409, 'OKTA_AUTH_FAILED'],
    [{ grantedScopes: ['okta.users.read'] }, 409, 'OKTA_SCOPE_MISSING'],
  ])('are refused in Okta’s name (%j)', async (app, status, code) => {
    await connect(app);
    const answer = await tenure.api<{ code: string }>('GET', `/v1/connections/${id}/groups`);
    expect(answer).toMatchObject({ status, body: { code } });
  });

  it('are worth asking again after an outage', async () => {
    await connect();
    await tenure.sim('POST', '/faults', { path: '/api/v1/groups', times: 5, fault: '500' });
    const answer = await tenure.api<{ code: string }>('GET', `/v1/connections/${id}/groups`);
    expect(answer).toMatchObject({ status: 503, body: { code: 'OKTA_UNAVAILABLE' } });
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
  });
});

it('says 503 WORKER_UNAVAILABLE where no worker answers in time', async () => {
  const alone = await startTenure({ worker: false, interactive: { waitMs: 800 } });
  onTestFinished(() => alone.close());
  const demo = await alone.store.connections.get(as('demo'));
  const privateJwk = (await newKey()).privateJwk;
  await alone.store.connections.put({ ...(demo ?? expect.fail()), id, privateJwk });
  for (const [method, path] of [
    ['POST', 'verify'],
    ['GET', 'groups'],
  ] as const) {
    const answer = await alone.api<{ code: string }>(method, `/v1/connections/${id}/${path}`);
    expect(answer).toMatchObject({ status: 503, body: { code: 'WORKER_UNAVAILABLE' } });
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
  }
});
