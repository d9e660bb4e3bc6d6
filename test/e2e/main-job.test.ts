import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { eventually } from '../support/eventually.js';
import { startTenure, type RunView, type Tenure } from '../support/tenure.js';

let tenure: Tenure;
beforeAll(async () => {
  tenure = await startTenure();
});
afterAll(() => tenure.close());

let people = 0;
const somebody = () => {
  people += 1;
  return {
    firstName: 'Ada',
    lastName: `Lovelace ${people}`,
    email: `ada.lovelace.${people}@example.com`,
  };
};
const isDone = ({ phase }: RunView): boolean => phase === 'completed';
const isHeld = ({ phase }: RunView): boolean => phase === 'holding';
const isCancelled = ({ phase }: RunView): boolean => phase === 'cancelled';

async function hire(
  connection = 'demo',
  groups = ['Engineering', 'Sales'],
): Promise<{ login: string; run: RunView }> {
  const person = somebody();
  const { status, body } = await tenure.api('POST', '/v1/onboardings', {
    connection,
    person,
    groups,
  });
  expect(status).toBe(202);
  return { login: person.email, run: await tenure.until(body.id, 'hired', isDone) };
}
async function employ(connection = 'demo'): Promise<string> {
  const { login } = await hire(connection);
  await tenure.sim('POST', `/users/${encodeURIComponent(login)}/first-sign-in`);
  return login;
}
async function only(login: string) {
  const users = await tenure.users(login);
  expect(users).toHaveLength(1);
  const [user] = users;
  if (user === undefined) throw new Error('nobody');
  return user;
}
async function groupNames(ids: string[]): Promise<string[]> {
  const groups = await tenure.sim<{ id: string; name: string }[]>('GET', '/groups');
  return ids.map((id) => groups.find((group) => group.id === id)?.name ?? id).sort();
}

describe('onboarding', () => {
  it.each(['demo', 'seed-role'])(
    'makes one account in exactly the two groups (%s)',
    async (connection) => {
      const { login, run } = await hire(connection);
      const user = await only(login);
      expect(user.status).toBe('PROVISIONED');
      expect(await groupNames(user.groups)).toEqual(['Engineering', 'Sales']);
      expect(run).toMatchObject({ outcome: 'done', person: { oktaUserId: user.id }, actions: [] });
      const steps = run.steps.map(({ name }) => name);
      expect(steps.slice(0, 3).toSorted()).toEqual(['mintToken', 'readUser', 'resolveGroups']);
      expect(steps.slice(3)).toEqual(['createUser', 'readBack']);
      expect(run.steps.find(({ name }) => name === 'createUser')?.oktaRequestIds).toHaveLength(1);
    },
  );

  it('makes one account in exactly 25 groups', async () => {
    const all = await tenure.sim<{ name: string; type: string; rule?: unknown }[]>(
      'GET',
      '/groups',
    );
    const names = all
      .filter(({ type, rule }) => type === 'OKTA_GROUP' && rule === undefined)
      .map(({ name }) => name)
      .slice(0, 25);
    expect(names).toHaveLength(25);
    const { login } = await hire('demo', names);
    expect(await groupNames((await only(login)).groups)).toEqual([...names].sort());
  });

  it('stays without access where no activation is asked for', async () => {
    const person = somebody();
    const { body } = await tenure.api('POST', '/v1/onboardings', {
      connection: 'demo',
      person: { ...person, attributes: { department: 'Analysis' } },
      activation: 'none',
    });
    await tenure.until(body.id, 'hired', isDone);
    expect(await only(person.email)).toMatchObject({
      status: 'STAGED',
      profile: { department: 'Analysis' },
    });
  });

  it('answers the same request twice with the same run, and another one with what is open', async () => {
    const request = {
      connection: 'demo',
      person: somebody(),
      groups: ['Sales'],
      startAt: new Date(Date.now() + 3_600_000).toISOString(),
    };
    const first = await tenure.api('POST', '/v1/onboardings', request);
    const again = await tenure.api('POST', '/v1/onboardings', request);
    expect([first.status, again.status]).toEqual([202, 200]);
    expect(again.body.id).toBe(first.body.id);
    expect(first.body).toMatchObject({ phase: 'scheduled', waiting: { for: 'start' } });

    const other = await tenure.api<{ code: string }>('POST', '/v1/onboardings', {
      ...request,
      groups: [],
    });
    expect(other.status).toBe(409);
    expect(other.body.code).toBe('RUN_OPEN');
    await tenure.api('POST', `/v1/runs/${first.body.id}/cancel`, {});
    await tenure.until(first.body.id, 'cancelled', isCancelled);
    expect(await tenure.users(request.person.email)).toEqual([]);
  });

  it('parks before anything is created when a group does not exist or cannot be managed', async () => {
    for (const [group, code] of [
      ['Enginering', 'GROUP_UNKNOWN'],
      ['Everyone', 'GROUP_NOT_MANAGEABLE'],
    ]) {
      const person = somebody();
      const { body } = await tenure.api('POST', '/v1/onboardings', {
        connection: 'demo',
        person,
        groups: [group],
      });
      const run = await tenure.until(body.id, 'parked', ({ phase }) => phase === 'parked');
      expect(run.problem?.code).toBe(code);
      expect(run.actions).toEqual(['cancel', 'resolve']);
      expect(await tenure.users(person.email)).toEqual([]);
      const answer = await tenure.api('POST', `/v1/runs/${body.id}/resolve`, { decision: 'abort' });
      expect(answer.status).toBe(200);
      expect(await tenure.until(body.id, 'aborted', isCancelled)).toMatchObject({
        outcome: 'aborted',
      });
    }
  });

  it('goes on by itself as the offboarding of the contract end', async () => {
    const person = somebody();
    const { body } = await tenure.api('POST', '/v1/onboardings', {
      connection: 'demo',
      person,
      groups: ['Sales'],
      endsAt: '2031-03-31T17:00[Europe/Berlin]',
    });
    const run = await tenure.until(body.id, 'hired', isDone);
    expect(run.deadlines).toEqual({});
    const next = await tenure.until(
      run.next ?? '',
      'the contract end',
      ({ phase }) => phase === 'scheduled',
    );
    expect(next).toMatchObject({
      kind: 'offboarding',
      previous: run.id,
      waiting: { for: 'suspend' },
      deadlines: {
        suspendAt: {
          at: '2031-03-31T15:00:00Z',
          local: expect.stringContaining('Europe/Berlin') as string,
        },
      },
    });

    // A cancel of the onboarding now means the contract end: it becomes open-ended.
    const cancelled = await tenure.api('POST', `/v1/runs/${run.id}/cancel`, {});
    expect([200, 202]).toContain(cancelled.status);
    await tenure.until(next.id, 'open-ended', isCancelled);
    expect((await only(person.email)).status).toBe('PROVISIONED');
  });
});

describe('offboarding', () => {
  it.each(['demo', 'seed-role'])(
    'suspends within a second of the moment, never before, and gives access back on cancel (%s)',
    async (connection) => {
      const login = await employ(connection);
      const suspendAt = new Date(Date.now() + 3_000);
      const { status, body } = await tenure.api('POST', '/v1/offboardings', {
        connection,
        login,
        suspendAt: suspendAt.toISOString(),
      });
      expect(status).toBe(202);
      expect(body).toMatchObject({ phase: 'scheduled', waiting: { for: 'suspend' } });
      const held = await tenure.until(body.id, 'suspended', isHeld);
      const user = await only(login);
      expect(user.status).toBe('SUSPENDED');
      const suspended = user.changes.find(({ what }) => /suspend/i.test(what));
      const lateMs = Date.parse(suspended?.at ?? '') - suspendAt.getTime();
      expect(lateMs).toBeGreaterThanOrEqual(0);
      expect(lateMs).toBeLessThanOrEqual(1_000);
      expect(held.actions).toEqual(['cancel']);

      const cancel = await tenure.api('POST', `/v1/runs/${body.id}/cancel`, { reason: 'stays' });
      expect(cancel.status).toBe(200);
      expect(await tenure.until(body.id, 'undone', isCancelled)).toMatchObject({
        outcome: 'undone',
      });
      expect((await only(login)).status).toBe('ACTIVE');
    },
  );

  it('gives access back on `temporal workflow cancel`, too', async () => {
    const login = await employ();
    const { body } = await tenure.api('POST', '/v1/offboardings', { connection: 'demo', login });
    const held = await tenure.until(body.id, 'suspended', isHeld);
    await promisify(execFile)(inject('temporalCli'), [
      ...['workflow', 'cancel', '--address', inject('temporalAddress')],
      ...['--workflow-id', held.temporal.workflowId],
    ]);
    await tenure.until(body.id, 'undone', isCancelled);
    expect((await only(login)).status).toBe('ACTIVE');
    // The run is on record before its workflow closes.
    const workflow = tenure.client.workflow.getHandle(held.temporal.workflowId);
    await eventually(
      'it is cancelled in Temporal, too',
      async () => (await workflow.describe()).status.name === 'CANCELLED',
    );
  });

  it('deactivates at the end of the hold, once it is brought forward', async () => {
    const login = await employ();
    const { body } = await tenure.api('POST', '/v1/offboardings', {
      connection: 'demo',
      login,
      removeGroups: 'direct',
      deprovisionAt: new Date(Date.now() + 3_600_000).toISOString(),
    });
    await tenure.until(body.id, 'suspended', isHeld);
    expect((await only(login)).groups).toEqual([]);
    const expedited = await tenure.api('POST', `/v1/runs/${body.id}/expedite`, {
      what: 'deprovision',
    });
    expect(expedited.status).toBe(200);
    expect(await tenure.until(body.id, 'gone', isDone)).toMatchObject({ outcome: 'done' });
    expect((await only(login)).status).toBe('DEPROVISIONED');
    const tooLate = await tenure.api<{ code: string }>('POST', `/v1/runs/${body.id}/cancel`, {});
    expect([tooLate.status, tooLate.body.code]).toEqual([409, 'ACTION_NOT_POSSIBLE']);
  });

  it('puts back the groups that it took, and no others', async () => {
    const login = await employ();
    const { body } = await tenure.api('POST', '/v1/offboardings', {
      connection: 'demo',
      login,
      removeGroups: 'direct',
    });
    await tenure.until(body.id, 'suspended', isHeld);
    await tenure.api('POST', `/v1/runs/${body.id}/cancel`, {});
    await tenure.until(body.id, 'undone', isCancelled);
    expect(await groupNames((await only(login)).groups)).toEqual(['Engineering', 'Sales']);
  });

  it('moves its deadline while it waits', async () => {
    const login = await employ();
    const at = (ms: number) => new Date(Date.now() + ms).toISOString();
    const { body } = await tenure.api('POST', '/v1/offboardings', {
      connection: 'demo',
      login,
      suspendAt: at(3_600_000),
    });
    const moved = await tenure.api('POST', `/v1/runs/${body.id}/reschedule`, {
      suspendAt: at(7_200_000),
    });
    expect(moved.status).toBe(200);
    expect(Date.parse(moved.body.deadlines['suspendAt']?.at ?? '')).toBeGreaterThan(
      Date.now() + 7_000_000,
    );
    const now = await tenure.api('POST', `/v1/runs/${body.id}/expedite`, { what: 'suspend' });
    expect(now.status).toBe(200);
    await tenure.until(body.id, 'suspended', isHeld);
  });

  it('takes over an open run when it is urgent', async () => {
    const login = await employ();
    const first = await tenure.api('POST', '/v1/offboardings', {
      connection: 'demo',
      login,
      suspendAt: new Date(Date.now() + 3_600_000).toISOString(),
    });
    const refused = await tenure.api('POST', '/v1/offboardings', { connection: 'demo', login });
    expect(refused.status).toBe(409);
    const urgent = await tenure.api('POST', '/v1/offboardings', {
      connection: 'demo',
      login,
      ifOpen: 'takeover',
    });
    expect(urgent.status).toBe(202);
    await tenure.until(urgent.body.id, 'suspended', isHeld);
    expect((await tenure.api('GET', `/v1/runs/${first.body.id}`)).body).toMatchObject({
      outcome: 'superseded',
      next: urgent.body.id,
    });
    expect((await only(login)).status).toBe('SUSPENDED');
  });

  it('parks early when nobody has the login', async () => {
    const { body } = await tenure.api('POST', '/v1/offboardings', {
      connection: 'demo',
      login: 'nobody@example.com',
      suspendAt: new Date(Date.now() + 3_600_000).toISOString(),
    });
    const run = await tenure.until(body.id, 'parked', ({ phase }) => phase === 'parked');
    expect(run.problem?.code).toBe('PERSON_NOT_FOUND');
    await tenure.api('POST', `/v1/runs/${body.id}/cancel`, {});
    await tenure.until(body.id, 'cancelled', isCancelled);
  });
});

describe('a run without a worker', () => {
  it('is taken, says what it waits for, and goes on when one comes', async () => {
    await tenure.stopWorker();
    const person = somebody();
    const { status, body } = await tenure.api('POST', '/v1/onboardings', {
      connection: 'demo',
      person,
    });
    expect(status).toBe(202);
    await eventually('it waits for a worker', async () => {
      const run = await tenure.api('GET', `/v1/runs/${body.id}`);
      return run.body.waiting?.for === 'worker';
    });
    const cancel = await tenure.api<RunView & { confirmed?: boolean }>(
      'POST',
      `/v1/runs/${body.id}/cancel`,
      {},
    );
    expect([cancel.status, cancel.body.confirmed]).toEqual([202, false]);
    await tenure.startWorker();
    await tenure.until(body.id, 'cancelled', isCancelled);
    expect(await tenure.users(person.email)).toEqual([]);
  });
});
