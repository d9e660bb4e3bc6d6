// What meets a run in the middle: of a list of groups at which Okta's limit was reached, and of an undo
// that waits for a decision. What was done is known, is not done twice, and is taken back in full.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { pino } from 'pino';
import { createOrphanSearch } from '../../src/api/orphans.js';
import { startTenure, type OrgUser, type RunView, type Tenure } from '../support/tenure.js';

const TEAMS = Array.from({ length: 12 }, (_, index) => `Midway ${index + 1}`);
const BEFORE_LIMIT = 4;

let tenure: Tenure;
const teamIds: string[] = [];
beforeAll(async () => {
  tenure = await startTenure();
  for (const name of TEAMS) {
    const { id } = await tenure.sim<{ id: string }>('POST', '/groups', {
      name,
      type: 'OKTA_GROUP',
    });
    teamIds.push(id);
  }
});
afterAll(() => tenure.close());
beforeEach(async () => {
  await tenure.sim('DELETE', '/faults');
  await tenure.sim('DELETE', '/requests');
});

let people = 0;
async function employ(): Promise<string> {
  people += 1;
  const login = `midway.${people}@example.com`;
  const profile = { firstName: 'Ada', lastName: `Midway ${people}`, email: login, login };
  await tenure.sim('POST', '/users', { profile, groups: teamIds });
  return login;
}
async function offboard(login: string, more: object = {}): Promise<string> {
  const body = { connection: 'demo', login, removeGroups: 'direct', ...more };
  const { status, body: run } = await tenure.api('POST', '/v1/offboardings', body);
  expect(status).toBe(202);
  return run.id;
}
const act = async (id: string, action: string, body: object = {}) => {
  expect((await tenure.api('POST', `/v1/runs/${id}/${action}`, body)).status).toBe(200);
};
async function user(login: string): Promise<Pick<OrgUser, 'status' | 'groups'>> {
  const [found] = await tenure.users(login);
  return { status: found?.status ?? 'nobody', groups: found?.groups.toSorted() ?? [] };
}
const ALL_BACK = () => ({ status: 'ACTIVE', groups: teamIds.toSorted() });
/** Groups of the calls that Okta carried out, in order. */
async function carriedOut(method: 'PUT' | 'DELETE'): Promise<string[]> {
  const calls = await tenure.sim<{ method: string; path: string; status: number | null }[]>(
    'GET',
    '/requests',
  );
  return calls
    .filter((call) => call.method === method && call.status === 204)
    .map(({ path }) => /\/groups\/(\w+)\/users\//.exec(path)?.[1])
    .filter((group) => group !== undefined);
}
const isHeld = ({ phase }: RunView): boolean => phase === 'holding';
const isCancelled = ({ phase }: RunView): boolean => phase === 'cancelled';

describe('Okta’s limit in the middle of a list of groups', () => {
  /** @param resetSeconds when Okta allows the next call */
  async function limited(resetSeconds: number): Promise<{ login: string; id: string }> {
    const login = await employ();
    await tenure.sim('POST', '/faults', {
      method: 'DELETE',
      path: '/api/v1/groups/*/users/*',
      after: BEFORE_LIMIT,
      fault: '429',
      resetSeconds,
    });
    const id = await offboard(login);
    await tenure.until(id, 'waits', ({ waiting }) => waiting?.for === 'rate-limit');
    return { login, id };
  }

  it('is waited for, and no call is made twice', async () => {
    const { login, id } = await limited(2);
    await tenure.until(id, 'out of all groups', isHeld);
    expect(await user(login)).toEqual({ status: 'SUSPENDED', groups: [] });
    expect((await carriedOut('DELETE')).toSorted()).toEqual(teamIds.toSorted());
  });

  it('is met by a cancel: what was done is taken back, and nothing else', async () => {
    const { login, id } = await limited(3);
    await act(id, 'cancel');
    expect((await tenure.until(id, 'undone', isCancelled)).outcome).toBe('undone');
    expect(await user(login)).toEqual(ALL_BACK());
    const removed = await carriedOut('DELETE');
    expect(removed).toHaveLength(BEFORE_LIMIT);
    expect((await carriedOut('PUT')).toSorted()).toEqual(removed.toSorted());
  });

  it.each(['retry', 'cancel'] as const)(
    'is where the workflow is terminated: %s knows how far it came',
    async (decision) => {
      const { login, id } = await limited(4);
      const removed = await carriedOut('DELETE');
      const { body } = await tenure.api('GET', `/v1/runs/${id}`);
      await tenure.client.workflow.getHandle(body.temporal.workflowId).terminate('by hand');
      const { engine, store } = tenure;
      const log = pino({ level: 'silent' });
      const search = createOrphanSearch({ runs: store.runs, engine, log });
      const isOrphaned = ({ problem }: RunView) => problem?.code === 'ORPHANED';
      await tenure.until(id, 'an orphan', isOrphaned, 20_000, search);

      if (decision === 'retry') {
        await act(id, 'resolve', { decision });
        await tenure.until(id, 'out of all groups', isHeld);
        expect(await user(login)).toEqual({ status: 'SUSPENDED', groups: [] });
        expect((await carriedOut('DELETE')).toSorted()).toEqual(teamIds.toSorted());
      } else {
        await act(id, 'cancel');
        await tenure.until(id, 'undone', isCancelled);
        expect(await user(login)).toEqual(ALL_BACK());
        // Those that it was about to remove may have been removed.
        expect(await carriedOut('PUT')).toEqual(expect.arrayContaining(removed));
      }
    },
  );
});

describe('an undo that waits for a decision', () => {
  it('gives way to an urgent offboarding, which can give back what both took', async () => {
    const login = await employ();
    const id = await offboard(login);
    await tenure.until(id, 'suspended', isHeld);
    await allow(EVERYTHING_BUT_LIFECYCLE);
    await act(id, 'cancel');
    const isIncomplete = ({ problem }: RunView) => problem?.code === 'UNDO_INCOMPLETE';
    await tenure.until(id, 'the undo is parked', isIncomplete);

    await allow('all');
    const urgent = await offboard(login, { ifOpen: 'takeover', removeGroups: false });
    await tenure.until(urgent, 'holds', isHeld);
    const { body: former } = await tenure.api('GET', `/v1/runs/${id}`);
    expect(former).toMatchObject({ outcome: 'superseded', supersededBy: urgent });
    expect(await user(login)).toEqual({ status: 'SUSPENDED', groups: [] });

    await act(urgent, 'cancel');
    await tenure.until(urgent, 'undone', isCancelled);
    expect(await user(login)).toEqual(ALL_BACK());
  });
});

const EVERYTHING_BUT_LIFECYCLE = [
  'okta.users.create',
  'okta.users.read',
  'okta.users.userprofile.manage',
  'okta.users.groupMembership.manage',
  'okta.groups.read',
  'okta.groups.members.manage',
];

async function allow(permissions: 'all' | string[]): Promise<void> {
  const apps = await tenure.sim<{ clientId: string }[]>('GET', '/apps');
  const app = apps.find(({ clientId }) => clientId.includes('Demo'));
  await tenure.sim('PATCH', `/apps/${app?.clientId ?? ''}`, {
    roles: [{ permissions, resourceSet: { users: 'all', groups: 'all' } }],
  });
}
