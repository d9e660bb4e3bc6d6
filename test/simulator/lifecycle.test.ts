import { beforeAll, describe, expect, it } from 'vitest';
import { LIFECYCLE_OPS, type LifecycleOp } from '../../src/simulator/lifecycle.js';
import { USER_STATUSES, type UserStatus } from '../../src/simulator/entities.js';
import { type Client, causes, useOrg } from './harness.js';

const sim = useOrg();
let client: Client;
beforeAll(async () => {
  client = await sim.org.client();
});

const OK = '200';
const ACTIVE_ALREADY = '403 E0000016';
const STATUS_FORBIDS = '403 E0000038';
const NOT_LOCKED = '403 E0000032';
const VALIDATION = '400 E0000001';
const NOT_FOUND = '404 E0000007';

/**
 * What each operation answers in each status, and where it leads. Users seeded in these statuses
 * have a password, save STAGED and PROVISIONED ones.
 */
const MATRIX: Record<LifecycleOp, Record<UserStatus, string>> = {
  activate: {
    STAGED: `${OK} PROVISIONED`,
    PROVISIONED: ACTIVE_ALREADY,
    ACTIVE: ACTIVE_ALREADY,
    RECOVERY: ACTIVE_ALREADY,
    LOCKED_OUT: ACTIVE_ALREADY,
    PASSWORD_EXPIRED: ACTIVE_ALREADY,
    SUSPENDED: ACTIVE_ALREADY,
    DEPROVISIONED: `${OK} ACTIVE`,
  },
  reactivate: {
    STAGED: STATUS_FORBIDS,
    PROVISIONED: `${OK} PROVISIONED`,
    ACTIVE: STATUS_FORBIDS,
    RECOVERY: `${OK} RECOVERY`,
    LOCKED_OUT: STATUS_FORBIDS,
    PASSWORD_EXPIRED: STATUS_FORBIDS,
    SUSPENDED: STATUS_FORBIDS,
    DEPROVISIONED: STATUS_FORBIDS,
  },
  suspend: {
    STAGED: VALIDATION,
    PROVISIONED: `${OK} SUSPENDED`,
    ACTIVE: `${OK} SUSPENDED`,
    RECOVERY: `${OK} SUSPENDED`,
    LOCKED_OUT: VALIDATION,
    PASSWORD_EXPIRED: `${OK} SUSPENDED`,
    SUSPENDED: VALIDATION,
    DEPROVISIONED: VALIDATION,
  },
  unsuspend: {
    STAGED: VALIDATION,
    PROVISIONED: VALIDATION,
    ACTIVE: VALIDATION,
    RECOVERY: VALIDATION,
    LOCKED_OUT: VALIDATION,
    PASSWORD_EXPIRED: VALIDATION,
    SUSPENDED: `${OK} ACTIVE`,
    DEPROVISIONED: VALIDATION,
  },
  deactivate: {
    STAGED: `${OK} DEPROVISIONED`,
    PROVISIONED: `${OK} DEPROVISIONED`,
    ACTIVE: `${OK} DEPROVISIONED`,
    RECOVERY: `${OK} DEPROVISIONED`,
    LOCKED_OUT: `${OK} DEPROVISIONED`,
    PASSWORD_EXPIRED: `${OK} DEPROVISIONED`,
    SUSPENDED: `${OK} DEPROVISIONED`,
    DEPROVISIONED: NOT_FOUND,
  },
  unlock: {
    STAGED: NOT_LOCKED,
    PROVISIONED: NOT_LOCKED,
    ACTIVE: NOT_LOCKED,
    RECOVERY: NOT_LOCKED,
    LOCKED_OUT: `${OK} ACTIVE`,
    PASSWORD_EXPIRED: NOT_LOCKED,
    SUSPENDED: NOT_LOCKED,
    DEPROVISIONED: NOT_LOCKED,
  },
  expire_password: {
    STAGED: STATUS_FORBIDS,
    PROVISIONED: STATUS_FORBIDS,
    ACTIVE: `${OK} PASSWORD_EXPIRED`,
    RECOVERY: STATUS_FORBIDS,
    LOCKED_OUT: STATUS_FORBIDS,
    PASSWORD_EXPIRED: `${OK} PASSWORD_EXPIRED`,
    SUSPENDED: STATUS_FORBIDS,
    DEPROVISIONED: STATUS_FORBIDS,
  },
  expire_password_with_temp_password: {
    STAGED: STATUS_FORBIDS,
    PROVISIONED: STATUS_FORBIDS,
    ACTIVE: `${OK} PASSWORD_EXPIRED`,
    RECOVERY: STATUS_FORBIDS,
    LOCKED_OUT: STATUS_FORBIDS,
    PASSWORD_EXPIRED: `${OK} PASSWORD_EXPIRED`,
    SUSPENDED: STATUS_FORBIDS,
    DEPROVISIONED: STATUS_FORBIDS,
  },
  reset_password: {
    STAGED: STATUS_FORBIDS,
    PROVISIONED: `${OK} RECOVERY`,
    ACTIVE: `${OK} RECOVERY`,
    RECOVERY: `${OK} RECOVERY`,
    LOCKED_OUT: `${OK} RECOVERY`,
    PASSWORD_EXPIRED: `${OK} RECOVERY`,
    SUSPENDED: STATUS_FORBIDS,
    DEPROVISIONED: STATUS_FORBIDS,
  },
  reset_factors: {
    STAGED: `${OK} STAGED`,
    PROVISIONED: `${OK} PROVISIONED`,
    ACTIVE: `${OK} ACTIVE`,
    RECOVERY: `${OK} RECOVERY`,
    LOCKED_OUT: `${OK} LOCKED_OUT`,
    PASSWORD_EXPIRED: `${OK} PASSWORD_EXPIRED`,
    SUSPENDED: `${OK} SUSPENDED`,
    DEPROVISIONED: `${OK} DEPROVISIONED`,
  },
};

const cases = LIFECYCLE_OPS.flatMap((op) =>
  USER_STATUSES.map((status) => [op, status, MATRIX[op][status]] as const),
);

describe('the lifecycle', () => {
  it.each(cases)('%s of a user who is %s: %s', async (op, status, expected) => {
    const login = `${op}.${status}@example.com`;
    const { id } = await sim.org.seedUser(login, { status });
    const reply = await client.call('POST', `/users/${id}/lifecycle/${op}`);
    const after = (await sim.org.truth(login)).status;
    const actual =
      reply.status === 200 ? `200 ${after}` : `${reply.status} ${reply.json.errorCode}`;
    expect(actual).toBe(expected);
    if (reply.status !== 200) expect(after).toBe(status);
  });

  it.each(USER_STATUSES)('suspends only active accounts where the org is strict: %s', async (s) => {
    await sim.org.control('PATCH', '/org', { suspendProvisioned: false });
    const { id } = await sim.org.seedUser(`strict.${s}@example.com`, { status: s });
    const reply = await client.call('POST', `/users/${id}/lifecycle/suspend`);
    await sim.org.control('PATCH', '/org', { suspendProvisioned: true });
    expect(reply.status).toBe(s === 'ACTIVE' || s === 'PASSWORD_EXPIRED' ? 200 : 400);
    if (reply.status === 400) {
      expect(reply.json.errorSummary).toBe('Api validation failed: suspendUser');
      expect(causes(reply)).toEqual(['Cannot suspend a user that is not active']);
    }
  });

  it.each(['ACTIVE', 'PASSWORD_EXPIRED', 'PROVISIONED'])(
    'unsuspends to the status before the suspension: %s',
    async (status) => {
      const login = `back.${status}@example.com`;
      const { id } = await sim.org.seedUser(login, { status, sessions: 2 });
      const suspended = await client.call('POST', `/users/${id}/lifecycle/suspend`);
      expect(suspended.text).toBe('{}');
      expect(await sim.org.truth(login)).toMatchObject({ status: 'SUSPENDED', sessions: 0 });
      await client.call('POST', `/users/${id}/lifecycle/unsuspend`);
      expect(await sim.org.truth(login)).toMatchObject({ status });
    },
  );

  it('takes a login in place of an id', async () => {
    await sim.org.seedUser('by.login@example.com');
    const reply = await client.call('POST', '/users/by.login%40example.com/lifecycle/suspend');
    expect(reply.status).toBe(200);
  });

  it.each(LIFECYCLE_OPS)('%s of nobody is 404', async (op) => {
    const reply = await client.call('POST', `/users/00uNobody/lifecycle/${op}`);
    expect(reply.status).toBe(404);
    expect(reply.json.errorSummary).toBe('Not found: Resource not found: 00uNobody (User)');
  });

  it.each([
    ['activate', 'STAGED', '', []],
    ['activate', 'STAGED', '?sendEmail=false', ['activationUrl', 'activationToken']],
    ['reactivate', 'PROVISIONED', '?sendEmail=true', []],
    ['reactivate', 'PROVISIONED', '', ['activationUrl', 'activationToken']],
    ['reset_password', 'ACTIVE', '', []],
    ['reset_password', 'ACTIVE', '?sendEmail=false', ['resetPasswordUrl']],
    ['expire_password_with_temp_password', 'ACTIVE', '', ['tempPassword']],
    ['deactivate', 'ACTIVE', '', []],
  ])('%s of a %s user%s answers the keys %j', async (op, status, query, keys) => {
    const login = `body${query.replace(/\W/g, '')}.${op}@example.com`;
    const { id } = await sim.org.seedUser(login, { status });
    const reply = await client.call('POST', `/users/${id}/lifecycle/${op}${query}`);
    expect(Object.keys(reply.json)).toEqual(keys);
  });

  it('expire_password answers the user', async () => {
    const { id } = await sim.org.seedUser('expiring@example.com');
    const reply = await client.call('POST', `/users/${id}/lifecycle/expire_password`);
    expect(reply.json).toMatchObject({ id, status: 'PASSWORD_EXPIRED' });
  });

  it('keeps a deactivated user in the groups', async () => {
    const group = await sim.org.seedGroup('Keepers');
    const { id } = await sim.org.seedUser('kept@example.com', { groups: [group.id] });
    await client.call('POST', `/users/${id}/lifecycle/deactivate`);
    const members = await client.call('GET', `/groups/${group.id}/users`);
    expect(members.list.map((user) => user.id)).toEqual([id]);
  });

  it('writes down what happened to a user', async () => {
    const { id } = await sim.org.seedUser('history@example.com', { status: 'STAGED' });
    for (const op of ['activate', 'suspend', 'unsuspend', 'deactivate']) {
      await client.call('POST', `/users/${id}/lifecycle/${op}`);
    }
    const { changes } = await sim.org.truth('history@example.com');
    expect((changes as { what: string }[]).map(({ what }) => what)).toEqual([
      'created as STAGED',
      'STAGED → PROVISIONED',
      'PROVISIONED → SUSPENDED',
      'SUSPENDED → PROVISIONED',
      'PROVISIONED → DEPROVISIONED',
    ]);
  });
});
