// Workflows that are ended from outside (terminated, deleted) in the middle of runs, on a real server:
// each run is found, parked, and then does what somebody decides, by what the store knows alone.
import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createOrphanSearch } from '../../src/api/orphans.js';
import { createStarter } from '../../src/api/starter.js';
import { startSweep } from '../../src/api/sweep.js';
import type { RunId } from '../../src/domain/brand.js';
import { eventually } from '../support/eventually.js';
import { startTenure, type OrgUser, type RunView, type Tenure } from '../support/tenure.js';

let tenure: Tenure;
beforeAll(async () => {
  tenure = await startTenure();
});
afterAll(() => tenure.close());
beforeEach(() => tenure.sim('DELETE', '/faults'));

const log = pino({ level: 'silent' });
const search = () => {
  const { engine, store } = tenure;
  return createOrphanSearch({ runs: store.runs, engine, log });
};
/** Lists lag, so rounds go on until the run is parked. */
const find = async (id: string) => {
  const once = search();
  const orphan = async () => {
    await once();
    const run = await row(id);
    return isOrphaned(run) ? run : undefined;
  };
  return eventually('found as an orphan', orphan);
};
const isDone = ({ phase }: RunView): boolean => phase === 'completed';
const isHeld = ({ phase }: RunView): boolean => phase === 'holding';
const isParked = ({ phase }: RunView): boolean => phase === 'parked';
const isPlanned = ({ phase }: RunView): boolean => phase === 'scheduled';
const isCancelled = ({ phase }: RunView): boolean => phase === 'cancelled';
const isOrphaned = (run: RunView): boolean => isParked(run) && run.problem?.code === 'ORPHANED';
const inMs = (ms: number): string => new Date(Date.now() + ms).toISOString();

let people = 0;
const somebody = () => {
  people += 1;
  return { firstName: 'Ada', lastName: `Orphan ${people}`, email: `orphan.${people}@example.com` };
};
async function groupIds(...names: string[]): Promise<string[]> {
  const groups = await tenure.sim<{ id: string; name: string }[]>('GET', '/groups');
  return names.map((name) => groups.find((group) => group.name === name)?.id ?? name);
}
async function employ(groups: string[] = []): Promise<string> {
  const person = somebody();
  await tenure.sim('POST', '/users', {
    profile: { ...person, login: person.email },
    groups: await groupIds(...groups),
  });
  return person.email;
}
async function ask(path: string, body: object): Promise<string> {
  const answer = await tenure.api('POST', path, { connection: 'demo', ...body });
  expect(answer.status).toBe(202);
  return answer.body.id;
}
const offboard = (login: string, more: object = {}) => ask('/v1/offboardings', { login, ...more });
const post = async (id: string, action: string, body: object = {}) => {
  const { status } = await tenure.api('POST', `/v1/runs/${id}/${action}`, body);
  expect(status).toBe(200);
};
const decide = (id: string, decision: 'retry' | 'abort' | 'leave') =>
  post(id, 'resolve', { decision });
async function user(login: string): Promise<OrgUser> {
  const [found, ...others] = await tenure.users(login);
  expect(others).toEqual([]);
  if (found === undefined) throw new Error('nobody');
  return found;
}
const row = async (id: string) => (await tenure.api('GET', `/v1/runs/${id}`)).body;
async function terminate(id: string): Promise<void> {
  const { temporal } = await row(id);
  await tenure.client.workflow.getHandle(temporal.workflowId).terminate('by hand');
}
const actionsOf = async (id: string): Promise<string[]> =>
  (await tenure.store.ledger.ofRun(id as RunId)).map(({ action }) => action);
const writes = async (): Promise<string[]> =>
  (await tenure.oktaCalls()).filter((call) => !call.startsWith('GET '));
const temporalStatus = async ({ temporal }: RunView): Promise<string> =>
  (await tenure.client.workflow.getHandle(temporal.workflowId).describe()).status.name;

describe('a hold that was terminated', () => {
  it('is parked as it stood, touches nothing, and a cancel takes back exactly what was done', async () => {
    const login = await employ(['Engineering', 'Sales']);
    const before = await user(login);
    const id = await offboard(login, { removeGroups: 'direct' });
    const held = await tenure.until(id, 'suspended', isHeld);
    const done = await writes();
    await terminate(id);

    const orphan = await find(id);
    expect(orphan.actions).toEqual(['cancel', 'resolve']);
    expect(orphan.deadlines).toEqual(held.deadlines);
    expect(orphan.problem?.detail).toContain('was terminated in Temporal');
    expect(orphan.temporal.workflowId).toBe(held.temporal.workflowId);
    expect(await writes()).toEqual(done);

    await post(id, 'cancel');
    const run = await tenure.until(id, 'undone', isCancelled);
    expect(run.outcome).toBe('undone');
    // A workflow ends just after its last report.
    await eventually('it ends', async () => (await temporalStatus(run)) === 'CANCELLED');
    const after = await user(login);
    expect([after.status, after.groups.sort()]).toEqual(['ACTIVE', before.groups.sort()]);
    const actions = await actionsOf(id);
    for (const action of ['user.suspended', 'groups.removed', 'user.unsuspended']) {
      expect(actions.filter((known) => known === action)).toHaveLength(1);
    }
    expect(actions).toContain('run.orphaned');
  });

  it('goes on to its deprovisioning, with nothing done twice', async () => {
    const login = await employ();
    const id = await offboard(login, { deprovisionAt: inMs(3_600_000) });
    await tenure.until(id, 'suspended', isHeld);
    const done = await writes();
    await terminate(id);
    await find(id);
    await decide(id, 'retry');
    await tenure.until(id, 'holds again', isHeld);
    expect(await writes()).toEqual(done);
    await post(id, 'expedite', { what: 'deprovision' });
    expect((await tenure.until(id, 'over', isDone)).outcome).toBe('done');
    expect((await user(login)).status).toBe('DEPROVISIONED');
  });

  it('is known without looking where the role may not look, too', async () => {
    const login = await employ();
    const id = await offboard(login, { connection: 'seed-role' });
    const { deadlines } = await tenure.until(id, 'suspended', isHeld);
    const done = await writes();
    await terminate(id);
    await find(id);
    await decide(id, 'retry');
    expect((await tenure.until(id, 'holds again', isHeld)).deadlines).toEqual(deadlines);
    expect(await writes()).toEqual(done);
    await post(id, 'cancel');
    await tenure.until(id, 'undone', isCancelled);
    expect((await user(login)).status).toBe('ACTIVE');
  });

  it('stays as it is when it is left', async () => {
    const login = await employ();
    const id = await offboard(login);
    await tenure.until(id, 'suspended', isHeld);
    await terminate(id);
    await find(id);
    const done = await writes();
    await decide(id, 'leave');
    expect((await tenure.until(id, 'left', isDone)).outcome).toBe('partial');
    expect((await user(login)).status).toBe('SUSPENDED');
    expect(await writes()).toEqual(done);
  });

  it('is taken back when it is aborted', async () => {
    const login = await employ(['Engineering']);
    const before = await user(login);
    const id = await offboard(login, { removeGroups: 'direct' });
    await tenure.until(id, 'suspended', isHeld);
    await terminate(id);
    await find(id);
    await decide(id, 'abort');
    expect((await tenure.until(id, 'aborted', isCancelled)).outcome).toBe('aborted');
    const after = await user(login);
    expect([after.status, after.groups]).toEqual(['ACTIVE', before.groups]);
  });

  it('can be terminated again, and again knows what it did', async () => {
    const login = await employ();
    const id = await offboard(login);
    await tenure.until(id, 'suspended', isHeld);
    await terminate(id);
    await find(id);
    await decide(id, 'retry');
    await tenure.until(id, 'holds again', isHeld);
    await terminate(id);
    await find(id);
    await terminate(id);
    const again = search();
    await eventually('a third time', async () => {
      await again();
      const found = (await actionsOf(id)).filter((action) => action === 'run.orphaned');
      return found.length === 3;
    });
    await post(id, 'cancel');
    await tenure.until(id, 'undone', isCancelled);
    expect((await user(login)).status).toBe('ACTIVE');
  });

  it('that was being taken back is taken back to its end', async () => {
    const login = await employ();
    const id = await offboard(login);
    await tenure.until(id, 'suspended', isHeld);
    await tenure.sim('POST', '/faults', {
      method: 'POST',
      path: '/api/v1/users/*/lifecycle/unsuspend',
      fault: '500',
      times: 1_000,
    });
    await post(id, 'cancel');
    await tenure.until(id, 'undo is tried', ({ waiting }) => waiting?.for === 'retry');
    await terminate(id);
    await tenure.sim('DELETE', '/faults');
    expect((await find(id)).actions).toEqual(['resolve']);
    expect((await user(login)).status).toBe('SUSPENDED');
    await decide(id, 'retry');
    expect((await tenure.until(id, 'undone', isCancelled)).outcome).toBe('undone');
    expect((await user(login)).status).toBe('ACTIVE');
  });
});

describe('a suspension that lies ahead', () => {
  it('says that its moment passed, does nothing by itself, and is made up for on retry', async () => {
    const login = await employ();
    const id = await offboard(login, { suspendAt: inMs(6_000) });
    await tenure.until(id, 'waits', isPlanned);
    await terminate(id);
    await find(id);
    await eventually('lateness is said', async () =>
      (await row(id)).problem?.detail.includes('Overdue: suspend'),
    );
    expect((await user(login)).status).toBe('ACTIVE');
    await decide(id, 'retry');
    await tenure.until(id, 'suspended', isHeld);
    expect((await user(login)).status).toBe('SUSPENDED');
  });

  it('is taken away by a cancel without a call to Okta', async () => {
    const login = await employ();
    const id = await offboard(login, { suspendAt: inMs(3_600_000) });
    await tenure.until(id, 'waits', isPlanned);
    await terminate(id);
    expect((await find(id)).problem?.detail).not.toContain('Overdue');
    const done = await tenure.oktaCalls();
    await post(id, 'cancel');
    await tenure.until(id, 'cancelled', isCancelled);
    expect(await tenure.oktaCalls()).toEqual(done);
  });

  it('of a contract end is asked for anew by what its onboarding said', async () => {
    const person = somebody();
    const hired = await ask('/v1/onboardings', { person, endsAt: inMs(3_600_000) });
    const { next } = await tenure.until(hired, 'hired', isDone);
    const id = next ?? '';
    await tenure.until(id, 'waits', isPlanned);
    await tenure.sim('POST', `/users/${person.email}/first-sign-in`);
    await terminate(id);
    await find(id);
    await decide(id, 'retry');
    await tenure.until(id, 'waits again', isPlanned);
    await post(id, 'expedite', { what: 'suspend' });
    await tenure.until(id, 'suspended', isHeld);
    expect((await user(person.email)).status).toBe('SUSPENDED');
  });
});

describe.each(['demo', 'seed-role'])('an onboarding that was terminated (%s)', (connection) => {
  const CREATES = 'POST /api/v1/users';
  /** Created, and kept from being read back. */
  async function halfDone(): Promise<{ id: string; login: string }> {
    const { email, ...names } = somebody();
    // The first look finds nobody; from the second on, the read-back, Okta does not answer.
    const looks = { method: 'GET', path: '/api/v1/users/*', after: 1 };
    await tenure.sim('POST', '/faults', { ...looks, fault: '500', times: 1_000 });
    const person = { ...names, email };
    const id = await ask('/v1/onboardings', { connection, person, groups: ['Engineering'] });
    await tenure.until(id, 'created', ({ steps }) =>
      steps.some(({ name, status }) => name === 'createUser' && status === 'done'),
    );
    await terminate(id);
    await tenure.sim('DELETE', '/faults');
    await find(id);
    return { id, login: email };
  }

  it('goes on with the account that it made', async () => {
    const { id, login } = await halfDone();
    const before = (await writes()).filter((call) => call === CREATES).length;
    await decide(id, 'retry');
    expect((await tenure.until(id, 'hired', isDone)).outcome).toBe('done');
    expect((await user(login)).groups).toEqual(await groupIds('Engineering'));
    expect((await writes()).filter((call) => call === CREATES)).toHaveLength(before);
  });

  it('stays as it is when it is left', async () => {
    const { id, login } = await halfDone();
    await decide(id, 'leave');
    expect((await tenure.until(id, 'left', isDone)).outcome).toBe('partial');
    expect((await user(login)).groups).toEqual(await groupIds('Engineering'));
  });

  it.each(['cancel', 'abort'] as const)('is taken back: %s', async (how) => {
    const { id, login } = await halfDone();
    await (how === 'cancel' ? post(id, how) : decide(id, how));
    await tenure.until(id, 'undone', isCancelled);
    const { status, groups } = await user(login);
    expect(status).toMatch(/SUSPENDED|DEPROVISIONED/);
    expect(groups).toEqual([]);
  });

  it.each(['retry', 'cancel'] as const)(
    'while the answer of its create was lost: %s finds the account',
    async (decision) => {
      const { email, ...names } = somebody();
      await tenure.sim('POST', '/faults', {
        method: 'POST',
        path: '/api/v1/users',
        fault: 'lost-answer',
      });
      const looks = [
        { path: '/api/v1/users/*', after: 1 },
        { path: '/api/v1/groups/*/users', after: 0 },
      ];
      for (const look of looks) {
        await tenure.sim('POST', '/faults', { method: 'GET', ...look, fault: '500', times: 1_000 });
      }
      const person = { ...names, email };
      const id = await ask('/v1/onboardings', { connection, person, groups: ['Engineering'] });
      await tenure.until(
        id,
        'in doubt',
        ({ waiting, steps }) =>
          waiting?.for === 'retry' && steps.some(({ name }) => name === 'createUser'),
      );
      await terminate(id);
      await tenure.sim('DELETE', '/faults');
      await find(id);

      if (decision === 'cancel') {
        await post(id, 'cancel');
        await tenure.until(id, 'undone', isCancelled);
        expect((await user(email)).status).toMatch(/SUSPENDED|DEPROVISIONED/);
        expect((await user(email)).groups).toEqual([]);
      } else {
        await decide(id, 'retry');
        await tenure.until(id, 'hired', isDone);
        expect((await user(email)).groups).toEqual(await groupIds('Engineering'));
      }
    },
  );
});

describe('an onboarding that was terminated before it could create', () => {
  it.each(['demo', 'seed-role'])(
    'takes no account of somebody else for its own (%s)',
    async (connection) => {
      const person = somebody();
      const refused = { ...person, attributes: { shoeSize: 'unknown to the schema' } };
      const id = await ask('/v1/onboardings', { connection, person: refused });
      await tenure.until(id, 'its create is refused', isParked);
      await tenure.sim('POST', '/users', { profile: { ...person, login: person.email } });
      await terminate(id);
      await find(id);
      await post(id, 'cancel');
      await tenure.until(id, 'over', isCancelled);
      expect((await user(person.email)).status).not.toMatch(/SUSPENDED|DEPROVISIONED/);
      expect(await actionsOf(id)).not.toContain('user.suspended');
    },
  );
});

describe('what Temporal does not know any more', () => {
  it('is an orphan as well', async () => {
    const login = await employ();
    const id = await offboard(login);
    const { temporal } = await tenure.until(id, 'suspended', isHeld);
    await tenure.client.workflowService.deleteWorkflowExecution({
      namespace: 'default',
      workflowExecution: { workflowId: temporal.workflowId },
    });
    expect((await find(id)).problem?.detail).toContain('is unknown to Temporal');
    await post(id, 'cancel');
    await tenure.until(id, 'undone', isCancelled);
    expect((await user(login)).status).toBe('ACTIVE');
  });

  it('lets an urgent offboarding that it never heard go first', async () => {
    const login = await employ();
    const id = await offboard(login, { suspendAt: inMs(3_600_000) });
    await tenure.until(id, 'waits', isPlanned);
    await tenure.stopWorker();
    const urgent = await offboard(login, { ifOpen: 'takeover', removeGroups: 'direct' });
    await terminate(id);
    const {
      engine,
      store: { runs },
    } = tenure;
    const once = search();
    await tenure.until(id, 'parked', isOrphaned, 20_000, once);
    const sweep = startSweep({
      runs,
      engine,
      log,
      ageMs: 0,
      starter: createStarter({ runs, engine, log }),
    });
    await sweep.once();
    await sweep.stop();
    await tenure.startWorker();
    await tenure.until(urgent, 'suspended', isHeld);
    expect((await user(login)).status).toBe('SUSPENDED');
    expect((await tenure.api('GET', `/v1/runs/${id}`)).body).toMatchObject({
      outcome: 'superseded',
      next: urgent,
    });
  });
});

describe('no orphan', () => {
  it('is a run that waits, holds, or goes on as another one while no worker is there', async () => {
    const [planned, held] = [await employ(), await employ()];
    const person = somebody();
    const ids = [await offboard(planned, { suspendAt: inMs(3_600_000) }), await offboard(held)];
    await tenure.until(ids[1] ?? '', 'suspended', isHeld);
    const hired = await ask('/v1/onboardings', { person, endsAt: inMs(3_600_000) });
    const { next } = await tenure.until(hired, 'hired', isDone);
    await tenure.stopWorker();
    const urgent = await offboard(planned, { ifOpen: 'takeover' });
    const fresh = await offboard(await employ());

    const once = search();
    for (let round = 0; round < 3; round += 1) await once();
    for (const id of [...ids, next ?? '', urgent, fresh]) {
      expect(await actionsOf(id)).not.toContain('run.orphaned');
    }
    await tenure.startWorker();
    await tenure.until(urgent, 'suspended', isHeld);
    await tenure.until(fresh, 'suspended', isHeld);
  });

  it('is begun twice, however many look', async () => {
    const id = await offboard(await employ());
    await tenure.until(id, 'suspended', isHeld);
    await terminate(id);
    const searches = [search(), search(), search()];
    await tenure.until(id, 'parked', isOrphaned, 20_000, async () => {
      await Promise.all(searches.map((once) => once()));
    });
    expect((await actionsOf(id)).filter((action) => action === 'run.orphaned')).toHaveLength(1);
  });
});
