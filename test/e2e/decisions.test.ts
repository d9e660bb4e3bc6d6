// What a person decides of a parked run: take everything back, leave everything as it is, or go on. And
// what an undo does where Okta refused a part.
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createOrphanSearch } from '../../src/api/orphans.js';
import { eventually } from '../support/eventually.js';
import { oktaAdminOf, type OktaAdmin } from '../support/okta-admin.js';
import { isDone, isCancelled, isParked, requestsOf, type Requests } from '../support/requests.js';
import { startTenure, type RunView, type Tenure } from '../support/tenure.js';

let tenure: Tenure;
let okta: OktaAdmin;
let hr: Requests;
beforeAll(async () => {
  tenure = await startTenure();
  okta = await oktaAdminOf(tenure);
  hr = requestsOf(tenure);
});
afterAll(() => tenure.close());

const EVERYTHING = { permissions: 'all', resourceSet: { users: 'all', groups: 'all' } };
const roles = (...given: object[]) =>
  tenure.sim('PATCH', '/apps/0oaTenureDemo0000000', { roles: given });
afterEach(async () => {
  await tenure.sim('DELETE', '/faults');
  await roles(EVERYTHING);
});

const statusOf = async (login: string) => (await okta.shown(login)).status;

describe('a group that the role may not manage', () => {
  /** Somebody in three groups, whose offboarding is parked at the third. */
  async function parkedAtAGroup() {
    const groups = await okta.groupIds(3);
    const [out, ...within] = groups;
    const { login } = await okta.employee({ groups });
    await roles(
      { permissions: 'all', resourceSet: { users: 'all', groups: within } },
      { permissions: ['okta.groups.read'], resourceSet: { users: 'all', groups: 'all' } },
    );
    const run = await hr.parked(hr.offboard(login, { removeGroups: 'all' }));
    expect(run.problem).toMatchObject({
      code: 'NOT_PERMITTED',
      actions: ['retry', 'abort', 'leave'],
    });
    expect(await okta.shown(login)).toMatchObject({ status: 'SUSPENDED', groups: [out] });
    return { run, login, groups, out };
  }

  it('is not put back by the undo, which gives access back all the same', async () => {
    const { run, login, groups, out } = await parkedAtAGroup();
    const since = await okta.now();
    await hr.resolve(run.id, 'abort');
    expect(await tenure.until(run.id, 'taken back', isCancelled)).toMatchObject({
      outcome: 'aborted',
      problem: null,
    });
    const now = await okta.shown(login);
    expect([now.status, now.groups.toSorted()]).toEqual(['ACTIVE', groups.toSorted()]);
    const puts = (await okta.writes(since)).filter((call) => call.startsWith('PUT'));
    expect(puts).toHaveLength(2);
    expect(puts.join()).not.toContain(out);
  });

  it('stays where somebody decides to leave it, with everything that was done', async () => {
    const { run, login, out } = await parkedAtAGroup();
    await hr.resolve(run.id, 'leave');
    expect(await tenure.until(run.id, 'left', isDone)).toMatchObject({ outcome: 'partial' });
    expect(await okta.shown(login)).toMatchObject({ status: 'SUSPENDED', groups: [out] });
  });
});

describe('a run whose workflow was terminated', () => {
  async function orphaned(): Promise<{ run: RunView; login: string }> {
    const { login } = await okta.employee();
    const held = await hr.offboarded(login);
    await tenure.client.workflow.getHandle(held.temporal.workflowId).terminate('by a test');
    const { engine, store } = tenure;
    const log = pino({ level: 'silent' });
    const search = createOrphanSearch({ runs: store.runs, engine, log });
    const run = await eventually('found as an orphan', async () => {
      await search();
      const seen = await hr.run(held.id);
      return isParked(seen) && seen.problem?.code === 'ORPHANED' ? seen : undefined;
    });
    expect(run.problem?.actions).toEqual(['retry', 'abort', 'leave']);
    // The recovery has taken it up once it can be spoken to.
    return { run, login };
  }
  const decide = (id: string, decision: string) =>
    eventually('it is heard', async () => {
      const { status } = await tenure.api('POST', `/v1/runs/${id}/resolve`, { decision });
      return status === 200;
    });

  it.each([
    ['abort', 'cancelled', 'aborted', 'ACTIVE'],
    ['leave', 'completed', 'partial', 'SUSPENDED'],
  ])('%s: the run ends %s, %s, and the account is %s', async (decision, phase, outcome, status) => {
    const { run, login } = await orphaned();
    await decide(run.id, decision);
    expect(await tenure.until(run.id, 'over', (seen) => seen.phase === phase)).toMatchObject({
      outcome,
    });
    expect(await statusOf(login)).toBe(status);
  });
});

describe('an account that is adopted', () => {
  const adopting = {
    onExisting: 'adopt',
    groups: ['Engineering'],
    person: { attributes: { department: 'Analysis' } },
  };

  it('is brought to the attributes and groups that were asked for', async () => {
    const { login } = await okta.employee({ profile: { department: 'Sales' } });
    const run = await hr.hired(login, adopting);
    expect(run.outcome).toBe('done');
    const { profile, groups } = await okta.shown(login);
    expect([profile['department'], groups.length]).toEqual(['Analysis', 1]);
  });

  it('gets back what it had when the run is cancelled', async () => {
    const { login } = await okta.employee({ profile: { department: 'Sales' } });
    await tenure.sim('POST', '/faults', {
      ...{ method: 'PUT', path: '/api/v1/groups/*/users/*', fault: '500', times: 1_000 },
    });
    const { body } = await hr.onboard(login, adopting);
    await eventually('the attributes are changed, and the groups are tried', async () => {
      const { steps } = await hr.run(body.id);
      return steps.some(({ name, attempts }) => name === 'assignGroups' && attempts > 1);
    });
    expect((await okta.shown(login)).profile['department']).toBe('Analysis');
    await tenure.sim('DELETE', '/faults');

    expect(await hr.cancelled(body.id)).toMatchObject({ outcome: 'undone' });
    const { profile, groups, status } = await okta.shown(login);
    expect([profile['department'], groups, status]).toEqual(['Sales', [], 'ACTIVE']);
  });

  it('parks naming the attributes that the role may not change', async () => {
    const { login } = await okta.employee({ profile: { department: 'Sales' } });
    await roles({
      ...EVERYTHING,
      permissions: [
        'okta.users.read',
        'okta.users.create',
        'okta.users.groupMembership.manage',
        'okta.groups.read',
        'okta.groups.members.manage',
      ],
    });
    const { problem } = await hr.parked(hr.onboard(login, adopting));
    expect(problem?.code).toBe('NOT_PERMITTED');
    expect(problem?.detail).toContain('department');
    expect((await okta.shown(login)).profile['department']).toBe('Sales');
  });

  it.each([
    ['SUSPENDED', 'Unsuspend', 'unsuspend'],
    ['DEPROVISIONED', 'Activate', 'activate'],
  ] as const)(
    'parks while it is %s with the click %s, and goes on after it',
    async (status, click, op) => {
      const { login } = await okta.employee({ status });
      const { id, problem } = await hr.parked(hr.onboard(login, adopting));
      expect(problem?.code).toBe('STATUS_UNSUPPORTED');
      expect(problem?.detail).toContain(click);
      await okta.lifecycle(login, op);
      await hr.resolve(id, 'retry');
      expect(await tenure.until(id, 'hired', isDone)).toMatchObject({ outcome: 'done' });
      expect((await okta.shown(login)).groups).toHaveLength(1);
    },
  );
});
