// People whom the role may not touch, among people for whom it works, and a role that works for nobody.
// Administrators are people whom the role that suspends does not cover, while the one that reads does.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { as } from '../../src/domain/brand.js';
import { eventually } from '../support/eventually.js';
import { startTenure, type OrgUser, type RunView, type Tenure } from '../support/tenure.js';

let tenure: Tenure;
beforeEach(async () => {
  tenure = await startTenure();
});
afterEach(() => tenure.close());

const APP = '/apps/0oaTenureDemo0000000';
const READING = ['okta.users.read', 'okta.groups.read'];
const SUSPENDING = ['okta.users.lifecycle.suspend', 'okta.users.lifecycle.clearSessions'];
const SUSPENDED_MS = 5_000;

interface ConnectionView {
  status: string;
  problem: { code: string; title: string; detail: string; since: string; step?: string } | null;
}
const connection = async () =>
  (await tenure.api<ConnectionView>('GET', '/v1/connections/demo')).body;
const runs = async (query: string) =>
  (await tenure.api<{ items: RunView[] }>('GET', `/v1/runs?limit=200&${query}`)).body.items;

async function makePeople(prefix: string, count: number): Promise<OrgUser[]> {
  return Promise.all(
    Array.from({ length: count }, async (_, index) => {
      const login = `${prefix}${index}@example.com`;
      const profile = { firstName: prefix, lastName: `No ${index}`, email: login, login };
      await tenure.sim('POST', '/users', { profile });
      const [user] = await tenure.users(login);
      if (user === undefined) throw new Error(`${login} was not made`);
      return user;
    }),
  );
}

/** The role reads everybody, and suspends those; `all` or some by id. */
async function letSuspend(users: 'all' | OrgUser[], permissions = SUSPENDING): Promise<void> {
  const reached = users === 'all' ? 'all' : users.map(({ id }) => id);
  await tenure.sim('PATCH', APP, {
    roles: [
      { permissions: READING, resourceSet: { users: 'all', groups: 'all' } },
      { permissions, resourceSet: { users: reached, groups: 'all' } },
    ],
  });
}

async function offboard(prefix: string, count: number): Promise<string[]> {
  const answers = await Promise.all(
    Array.from({ length: count }, (_, index) =>
      tenure.api('POST', '/v1/offboardings', {
        connection: 'demo',
        login: `${prefix}${index}@example.com`,
      }),
    ),
  );
  return answers.map(({ body }) => body.id);
}

async function suspended(prefix: string, count: number): Promise<number> {
  const found = await Promise.all(
    Array.from({ length: count }, (_, index) => tenure.users(`${prefix}${index}@example.com`)),
  );
  return found.flat().filter(({ status }) => status === 'SUSPENDED').length;
}

/** Collects the reasons that the connection is blocked for, until told to stop. */
function watchBlocks(): () => Set<string> {
  const reasons = new Set<string>();
  const watching = setInterval(() => {
    void tenure.store.connections.get(as('demo')).then((found) => {
      if (found?.status === 'blocked') reasons.add(JSON.stringify(found.problem));
    });
  }, 10);
  return () => {
    clearInterval(watching);
    return reasons;
  };
}

const tellsTheCauses = {
  code: 'NOT_PERMITTED',
  detail: expect.stringMatching(/is an administrator.*outside the resource set/) as string,
};

describe('administrators among ordinary leavers', () => {
  it('three and twenty at once: the twenty are suspended within five seconds, the three are parked', async () => {
    await makePeople('admin', 3);
    await letSuspend(await makePeople('p', 20));
    const admins = offboard('admin', 3);
    await offboard('p', 20);
    await eventually(
      'all are suspended',
      async () => (await suspended('p', 20)) === 20,
      SUSPENDED_MS,
    );
    const parked = await eventually('three are parked', async () => {
      const found = await runs('phase=parked');
      return found.length === 3 && found;
    });
    expect(parked.map(({ id }) => id).sort()).toEqual((await admins).toSorted());
    for (const { problem } of parked) expect(problem).toMatchObject(tellsTheCauses);
    expect(await connection()).toMatchObject({ status: 'ready', problem: null });
  });

  it('twelve, and then ten: all ten are suspended, and the twelve are retried once', async () => {
    await makePeople('admin', 12);
    await makePeople('q', 1);
    await letSuspend([...(await makePeople('p', 10)), ...(await tenure.users('q0@example.com'))]);
    await offboard('admin', 12);
    await eventually('some are refused', async () => (await runs('phase=parked')).length >= 3);
    await offboard('p', 10);
    await eventually('ten suspended', async () => (await suspended('p', 10)) === 10, SUSPENDED_MS);
    await eventually('it is ready', async () => (await connection()).status === 'ready');
    const isQuiet = async () =>
      (await tenure.store.refusals.toRetry(100)).length === 0 &&
      (await runs('phase=parked')).length === 12;
    await eventually('twelve are parked, and none is to be retried', isQuiet);

    const acted = vi.spyOn(tenure.engine, 'act');
    const rounds = vi.spyOn(tenure.store.refusals, 'toRetry');
    await offboard('q', 1);
    await eventually('one more is suspended', async () => (await suspended('q', 1)) === 1);
    rounds.mockClear();
    await eventually('two rounds pass', () => rounds.mock.calls.length >= 2);
    expect(acted).not.toHaveBeenCalled();
    expect(await isQuiet()).toBe(true);
    expect((await connection()).status).toBe('ready');
  }, 60_000);
});

describe('a group that the role may not manage', () => {
  it('parks those who are to be put into it, and delays no other hire', async () => {
    const groups = await tenure.sim<{ id: string; name: string; type: string }[]>('GET', '/groups');
    const own = groups.filter(({ type, name }) => type === 'OKTA_GROUP' && name !== 'Engineering');
    const reached = own.map(({ id }) => id);
    await tenure.sim('PATCH', APP, {
      roles: [
        { permissions: READING, resourceSet: { users: 'all', groups: 'all' } },
        { permissions: 'all', resourceSet: { users: 'all', groups: reached } },
      ],
    });
    const hire = (prefix: string, group: string | undefined, count: number) =>
      Promise.all(
        Array.from({ length: count }, (_, index) => {
          const email = `${prefix}${index}@example.com`;
          const person = { firstName: prefix, lastName: `No ${index}`, email };
          return tenure.api('POST', '/v1/onboardings', {
            connection: 'demo',
            person,
            groups: [group],
          });
        }),
      );
    await hire('refused', 'Engineering', 8);
    await hire('p', own[0]?.name, 10);
    await eventually(
      'ten are done',
      async () => (await runs('phase=completed')).length === 10,
      2 * SUSPENDED_MS,
    );
    const parked = await eventually('eight are parked', async () => {
      const found = await runs('phase=parked');
      return found.length === 8 && found;
    });
    for (const { problem } of parked) {
      expect(problem).toMatchObject({
        code: 'NOT_PERMITTED',
        detail: expect.stringContaining('one of the groups carries an admin role') as string,
      });
    }
    await eventually('it is ready', async () => (await connection()).status === 'ready');
  });
});

describe('a role that lost a permission for everybody', () => {
  it('blocks once, with one reason; after the mend all are suspended without a click', async () => {
    await makePeople('p', 25);
    await letSuspend('all', ['okta.users.lifecycle.clearSessions']);
    const endWatch = watchBlocks();
    await offboard('p', 25);
    const { problem } = await eventually('it is blocked', async () => {
      const found = await connection();
      return found.status === 'blocked' && found;
    });
    expect(problem).toMatchObject({ code: 'OKTA_FORBIDDEN', step: 'suspendUser' });
    await eventually('trials are over for now', async () => {
      const waiting = (await runs('phase=running')).length;
      const parked = (await runs('phase=parked')).length;
      return waiting + parked === 25 && parked >= 15 && parked;
    });
    await letSuspend('all');
    await eventually('all are suspended', async () => (await suspended('p', 25)) === 25, 60_000);
    await eventually('all hold', async () => (await runs('phase=holding')).length === 25);
    expect([...endWatch()]).toHaveLength(1);
    expect(await connection()).toMatchObject({ status: 'ready', problem: null });
  }, 120_000);
});
