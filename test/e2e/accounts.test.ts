// One open run an account, whatever the account is called: renamed, deleted and made anew, its login given
// to somebody else, spelled in two ways.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newLogin, oktaAdminOf, type Employee, type OktaAdmin } from '../support/okta-admin.js';
import { inMs, isDone, isHeld, isParked, requestsOf, type Requests } from '../support/requests.js';
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

const urgent = { ifOpen: 'takeover' };
const CONNECTIONS = ['demo', 'seed-role'];

async function renamed({ login, id }: Employee): Promise<string> {
  const now = login.replace('lovelace', 'king');
  await okta.update(id, { login: now });
  return now;
}
const statusOf = async (login: string) => (await okta.shown(login)).status;
const terminate = (run: RunView) =>
  tenure.client.workflow.getHandle(run.temporal.workflowId).terminate('by a test');

describe('an account that was renamed while a run holds it', () => {
  it('is taken over under its new login, and the cancel gives back what both did', async () => {
    const groups = await okta.groupIds(2);
    const ada = await okta.employee({ groups });
    const first = await hr.offboarded(ada.login);
    const login = await renamed(ada);

    const { id } = await hr.offboarded(login, { ...urgent, removeGroups: 'direct' });
    expect(await okta.shown(login)).toMatchObject({ status: 'SUSPENDED', groups: [] });
    expect(await hr.run(first.id)).toMatchObject({
      phase: 'completed',
      outcome: 'superseded',
      supersededBy: id,
      continuesAs: null,
      actions: [],
    });
    expect(await hr.run(id)).toMatchObject({ person: { login, oktaUserId: ada.id } });

    const late = await hr.cancel(first.id);
    expect([late.status, late.body.code]).toEqual([409, 'ACTION_NOT_POSSIBLE']);
    expect(JSON.stringify(late.body)).toContain(id);
    expect(await statusOf(login)).toBe('SUSPENDED');

    expect(await hr.cancelled(id)).toMatchObject({ outcome: 'undone' });
    const back = await okta.shown(login);
    expect([back.status, back.groups.toSorted()]).toEqual(['ACTIVE', groups.toSorted()]);
  });

  it('is suspended at once where the first run was for a later day', async () => {
    const ada = await okta.employee();
    const first = await hr.scheduled(ada.login, { suspendAt: inMs(3_600_000) });
    const login = await renamed(ada);
    const { id } = await hr.offboarded(login, urgent);
    expect(await statusOf(login)).toBe('SUSPENDED');
    expect(await hr.run(first.id)).toMatchObject({ outcome: 'superseded', supersededBy: id });
  });

  it('parks an order that is not urgent, naming who has the account', async () => {
    const ada = await okta.employee();
    const first = await hr.offboarded(ada.login);
    const login = await renamed(ada);

    const second = await hr.parked(hr.offboard(login));
    const { problem, person } = second;
    expect(problem?.code).toBe('ACCOUNT_BUSY');
    for (const fact of [first.id, ada.login, 'holding', await sinceOf(first)]) {
      expect(problem?.detail).toContain(fact);
    }
    expect(person).toEqual({ login, name: 'Ada Lovelace', oktaUserId: ada.id });

    await hr.cancelled(first.id);
    expect(await statusOf(login)).toBe('ACTIVE');
    await hr.resolve(second.id, 'retry');
    await tenure.until(second.id, 'suspended', isHeld, 20_000);
    expect(await statusOf(login)).toBe('SUSPENDED');
  });

  it.each(['the same login', 'the new login'])(
    'is taken over under %s where the workflow of the first run was terminated',
    async (how) => {
      const ada = await okta.employee();
      const first = await hr.offboarded(ada.login);
      const login = how === 'the new login' ? await renamed(ada) : ada.login;
      await terminate(first);

      const { id } = await hr.offboarded(login, { ...urgent, undoWindow: 'P7D' });
      expect(await statusOf(login)).toBe('SUSPENDED');
      expect(await hr.run(first.id)).toMatchObject({ outcome: 'superseded', supersededBy: id });
      expect(await hr.cancelled(id)).toMatchObject({ outcome: 'undone' });
      expect(await statusOf(login)).toBe('ACTIVE');
    },
  );
});

describe('a login that was freed', () => {
  /** X holds, renamed; Y has the login now. */
  async function handedOn(): Promise<{
    first: RunView;
    former: string;
    login: string;
    id: string;
  }> {
    const ada = await okta.employee();
    const first = await hr.offboarded(ada.login);
    const former = await renamed(ada);
    const { id } = await okta.employee({ login: ada.login, profile: { firstName: 'Eve' } });
    return { first, former, login: ada.login, id };
  }

  it.each([
    ['the very same request', {}],
    ['another request', { undoWindow: 'P7D' }],
    ['the same, urgently', urgent],
    ['another request, urgently', { ...urgent, undoWindow: 'P7D' }],
  ])('is offboarded for its new holder: %s', async (_what, more) => {
    const { first, former, login, id } = await handedOn();
    const second = await hr.offboarded(login, more);
    expect(second.id).not.toBe(first.id);
    expect(second.person).toEqual({ login, name: 'Eve Lovelace', oktaUserId: id });
    expect(await statusOf(login)).toBe('SUSPENDED');
    expect(await hr.run(first.id)).toMatchObject({ phase: 'holding' });

    await hr.cancelled(first.id);
    expect([await statusOf(former), await statusOf(login)]).toEqual(['ACTIVE', 'SUSPENDED']);
    await hr.cancelled(second.id);
    expect(await statusOf(login)).toBe('ACTIVE');
  });

  it('can be hired for, while the former holder is on hold', async () => {
    const ada = await okta.employee();
    const first = await hr.offboarded(ada.login);
    const former = await renamed(ada);
    await hr.hired(ada.login, { person: { firstName: 'Eve' } });
    expect((await okta.shown(ada.login)).profile['firstName']).toBe('Eve');
    expect(await statusOf(former)).toBe('SUSPENDED');
    expect(await hr.run(first.id)).toMatchObject({ phase: 'holding' });
  });

  it('can be hired for while the former holder was deleted in its hold', async () => {
    const ada = await okta.employee();
    await hr.offboarded(ada.login);
    await okta.remove(ada.id);
    await hr.hired(ada.login);
    expect((await okta.shown(ada.login)).id).not.toBe(ada.id);
  });
});

describe('an account that was deleted and made anew before the last day', () => {
  it('parks naming both, and "retry" takes the one that Okta shows now', async () => {
    const ada = await okta.employee();
    const { id } = await hr.scheduled(ada.login, { suspendAt: inMs(3_600_000) });
    await okta.remove(ada.id);
    const anew = await okta.employee({ login: ada.login });
    await tenure.api('POST', `/v1/runs/${id}/expedite`, { what: 'suspend' });

    const parked = await tenure.until(id, 'parked', isParked);
    expect(parked.problem?.code).toBe('PERSON_NOT_FOUND');
    expect(parked.problem?.detail).toContain(ada.id);
    expect(parked.problem?.detail).toContain(anew.id);
    expect(await statusOf(ada.login)).toBe('ACTIVE');

    await hr.resolve(id, 'retry');
    const held = await tenure.until(id, 'suspended', isHeld);
    expect(held.person.oktaUserId).toBe(anew.id);
    expect(await statusOf(ada.login)).toBe('SUSPENDED');
  });
});

describe('a name that is not the login', () => {
  it('parks with the account that a short name leads to', async () => {
    const { login } = await okta.employee({ profile: { firstName: 'Mary' } });
    const [short = ''] = login.split('@');
    const { problem } = await hr.parked(hr.offboard(short));
    expect(problem?.code).toBe('PERSON_NOT_FOUND');
    expect(problem?.detail).toContain(login);
    expect(problem?.detail).toContain('Mary Lovelace');
    expect(await statusOf(login)).toBe('ACTIVE');
  });

  it('is refused where it is the id of an account', async () => {
    const { id } = await okta.employee();
    const { status, body } = await hr.offboard(id);
    expect(status).toBe(400);
    expect(body).toMatchObject({ errors: [{ path: 'login' }] });
  });

  it('parks where it is a former login, and the account is left alone', async () => {
    const ada = await okta.employee();
    const login = await renamed(ada);
    const { problem } = await hr.parked(hr.offboard(ada.login));
    expect(problem?.code).toBe('PERSON_NOT_FOUND');
    expect(await statusOf(login)).toBe('ACTIVE');
  });
});

describe('two spellings of one login in the same second', () => {
  it.each(CONNECTIONS)('make one offboarding (%s)', async (connection) => {
    const { login } = await okta.employee();
    const spellings = [login, login.toUpperCase(), login.replace('ada', 'àdá')];
    const answers = await Promise.all(
      spellings.map((spelling) => hr.offboard(spelling, { connection })),
    );
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 200, 202]);
    const ids = new Set(answers.map(({ body }) => body.id));
    expect(ids.size).toBe(1);
    await tenure.until([...ids].join(), 'suspended', isHeld);
    expect(await statusOf(login)).toBe('SUSPENDED');
  });

  it.each(CONNECTIONS)('make one account (%s)', async (connection) => {
    const login = newLogin();
    const answers = await Promise.all(
      [login, login.toUpperCase()].map((spelling) =>
        hr.onboard(login, { connection, person: { login: spelling } }),
      ),
    );
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 202]);
    await tenure.until(answers[0]?.body.id ?? '', 'hired', isDone);
    expect(await tenure.users(login)).toHaveLength(1);
  });
});

describe('what is shown of a person', () => {
  it('is found by the login that was asked for, the present one and a former one', async () => {
    const ada = await okta.employee({ profile: { firstName: 'Augusta' } });
    const { id } = await hr.scheduled(ada.login.toUpperCase(), { suspendAt: inMs(3_600_000) });
    const second = await renamed(ada);
    await tenure.api('POST', `/v1/runs/${id}/expedite`, { what: 'suspend' });
    const held = await tenure.until(id, 'suspended', isHeld);
    expect(held.person).toEqual({
      login: second,
      name: 'Augusta Lovelace',
      oktaUserId: ada.id,
    });
    for (const login of [ada.login, second, second.toUpperCase()]) {
      expect(await runsOf(login)).toEqual([id]);
    }
    expect(await runsOf(newLogin())).toEqual([]);
  });

  it('is said of the run in the way, with nothing that would give anybody access', async () => {
    const { login } = await okta.employee();
    const first = await hr.offboarded(login);
    const refused = await hr.offboard(login, { removeGroups: 'all' });
    expect(refused.status).toBe(409);
    expect(refused.body).toMatchObject({
      code: 'RUN_OPEN',
      run: {
        id: first.id,
        kind: 'offboarding',
        phase: 'holding',
        login,
        since: await sinceOf(first),
        actions: [],
      },
      actions: [],
      detail: expect.stringContaining('ifOpen "takeover"') as string,
    });
    const hire = await hr.onboard(login);
    expect(hire.status).toBe(409);
    expect(JSON.stringify(hire.body)).not.toContain('takeover');
  });
});

async function runsOf(login: string): Promise<string[]> {
  const { body } = await tenure.api<{ items: RunView[] }>(
    'GET',
    `/v1/runs?login=${encodeURIComponent(login)}`,
  );
  return body.items.map(({ id }) => id);
}
async function sinceOf({ id }: RunView): Promise<string> {
  const { createdAt } = (await hr.run(id)) as RunView & { createdAt: string };
  return createdAt;
}
