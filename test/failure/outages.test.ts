// One half is killed in the middle of onboardings and offboardings while the other goes on, and comes
// back: PostgreSQL without Temporal, Temporal without PostgreSQL. Servers of this file's own.
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Connection } from '@temporalio/client';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createStarter } from '../../src/api/starter.js';
import { startSweep, type Sweep } from '../../src/api/sweep.js';
import { registerSearchAttributes } from '../../src/api/temporal-setup.js';
import { personWorkflowId } from '../../src/contract/ids.js';
import { as, type RunId } from '../../src/domain/brand.js';
import { eventually } from '../support/eventually.js';
import {
  startKillablePostgres,
  startKillableTemporal,
  type Killable,
} from '../support/killable.js';
import { startTenure, type Answer, type RunView, type Tenure } from '../support/tenure.js';

const log = pino({ level: 'silent' });
const PEOPLE = 3;

let postgres: Killable & { url: string };
let temporal: Killable & { address: string };
beforeAll(async () => {
  const dir = await mkdtemp(join(tmpdir(), 'tenure-outages-'));
  [postgres, temporal] = await Promise.all([
    startKillablePostgres(join(dir, 'postgres')),
    startKillableTemporal(join(dir, 'temporal')),
  ]);
  const connection = await Connection.connect({ address: temporal.address });
  await registerSearchAttributes(connection, 'default', log);
  await connection.close();
});
afterAll(() => Promise.all([postgres.remove(), temporal.remove()]));

let tenure: Tenure;
let sweep: Sweep;
beforeEach(async () => {
  const { address } = temporal;
  tenure = await startTenure({ servers: { temporalAddress: address, postgresUrl: postgres.url } });
  const { engine, store } = tenure;
  const starter = createStarter({ runs: store.runs, engine, log });
  sweep = startSweep({ runs: store.runs, engine, starter, log, everyMs: 500, ageMs: 500 });
});
afterEach(async () => {
  await Promise.all([postgres.start(), temporal.start()]);
  await sweep.stop();
  await tenure.close();
});

let people = 0;
const somebody = () => {
  people += 1;
  const email = `outage.${people}@example.com`;
  return { firstName: 'Ada', lastName: `Outage ${people}`, email, login: email };
};
type Person = ReturnType<typeof somebody>;
const hire = (person: Person): Promise<Answer> =>
  tenure.api('POST', '/v1/onboardings', {
    connection: 'demo',
    person,
    groups: ['Engineering', 'Sales'],
  });
const dismiss = ({ login }: Person): Promise<Answer> =>
  tenure.api('POST', '/v1/offboardings', { connection: 'demo', login, removeGroups: 'direct' });
const codeOf = ({ body }: Answer): string => (body as unknown as { code: string }).code;

interface Told {
  hired: { person: Person; id: string }[];
  dismissed: { person: Person; id: string }[];
}

/** Several of both kinds, each with an answer of Okta's under way. */
async function inTheMiddle(): Promise<Told> {
  const leaving = Array.from({ length: PEOPLE }, somebody);
  for (const profile of leaving) await tenure.sim('POST', '/users', { profile });
  await tenure.sim('PATCH', '/org', { latencyMs: [150, 300] });
  const told = async (person: Person, ask: (person: Person) => Promise<Answer>) => {
    const { status, body } = await ask(person);
    expect(status).toBe(202);
    return { person, id: body.id };
  };
  const [hired, dismissed] = await Promise.all([
    Promise.all(Array.from({ length: PEOPLE }, somebody).map((person) => told(person, hire))),
    Promise.all(leaving.map((person) => told(person, dismiss))),
  ]);
  await eventually('writes are under way', async () => {
    const calls = await tenure.oktaCalls();
    return calls.includes('POST /api/v1/users') && calls.some((call) => call.endsWith('/suspend'));
  });
  return { hired, dismissed };
}

/** Which attempt Temporal is at, by run and step; steps that are over are left out. */
async function attempts({ hired, dismissed }: Told): Promise<Map<string, number>> {
  const found = new Map<string, number>();
  for (const { id } of [...hired, ...dismissed]) {
    const [connection = '', subjectRef = ''] = id.split('.');
    const workflowId = personWorkflowId(as(connection), as(subjectRef));
    const { raw } = await tenure.client.workflow.getHandle(workflowId).describe();
    for (const { activityId, attempt } of raw.pendingActivities ?? [])
      found.set(`${id} ${activityId ?? ''}`, attempt ?? 1);
  }
  return found;
}

/** All of them got where they were going, with every deed done and recorded once. */
async function endedWell({ hired, dismissed }: Told): Promise<void> {
  const reach = (id: string, phase: RunView['phase']) =>
    tenure.until(id, phase, (run) => run.phase === phase, 90_000);
  await Promise.all([
    ...hired.map(({ id }) => reach(id, 'completed')),
    ...dismissed.map(({ id }) => reach(id, 'holding')),
  ]);
  const recorded = async (id: string) =>
    (await tenure.store.ledger.ofRun(id as RunId)).map(({ action }) => action);
  const once = (all: string[], one: string) => all.filter((known) => known === one).length;
  for (const { person, id } of hired) {
    const users = await tenure.users(person.login);
    expect(users.map(({ groups }) => groups.length)).toEqual([2]);
    expect(once(await recorded(id), 'user.created')).toBe(1);
  }
  for (const { person, id } of dismissed) {
    const [user] = await tenure.users(person.login);
    expect(user).toMatchObject({ status: 'SUSPENDED', groups: [] });
    expect(user?.changes.filter(({ what }) => /suspend/i.test(what))).toHaveLength(1);
    expect(once(await recorded(id), 'user.suspended')).toBe(1);
  }
}

describe('while one half is away', { timeout: 150_000 }, () => {
  it('PostgreSQL: requests are told so, runs wait, and what happened in Okta is on record when it is back', async () => {
    const told = await inTheMiddle();
    await postgres.kill();

    const asked = await hire(somebody());
    expect([asked.status, codeOf(asked)]).toEqual([503, 'DATABASE_UNAVAILABLE']);
    expect(asked.headers.get('retry-after')).not.toBeNull();
    const read = await tenure.api('GET', `/v1/runs/${told.hired[0]?.id ?? ''}`);
    expect([read.status, codeOf(read)]).toEqual([503, 'DATABASE_UNAVAILABLE']);
    // An attempt that was under way may end its call; a whole one after it has nothing to ask.
    const steps = await eventually('steps are tried', async () => {
      const found = await attempts(told);
      return found.size > 0 && found;
    });
    const triedAgain = (times: number) =>
      eventually(`each is tried ${times} times more`, async () => {
        const now = await attempts(told);
        const left = [...steps].filter(([step]) => now.has(step));
        const risen = left.filter(([step, attempt]) => (now.get(step) ?? 0) >= attempt + times);
        return left.length > 0 && risen.length === left.length;
      });
    await triedAgain(1);
    const calls = await tenure.oktaCalls();
    await triedAgain(2);
    expect(await tenure.oktaCalls()).toEqual(calls);

    await postgres.start();
    await endedWell(told);
    const again = await hire(somebody());
    expect(again.status).toBe(202);
    await tenure.until(again.body.id, 'hired', ({ phase }) => phase === 'completed', 60_000);
  });

  it('Temporal: requests are told so, nothing accepted is lost, and the worker finds it again', async () => {
    const told = await inTheMiddle();
    await temporal.kill();

    // The first call may meet the end of its connection: it may have been heard, and is accepted then.
    const refused = await eventually('a request is refused', async () => {
      const person = somebody();
      const answer = await hire(person);
      if (answer.status !== 202) return { person, answer };
      told.hired.push({ person, id: answer.body.id });
      return undefined;
    });
    expect([refused.answer.status, codeOf(refused.answer)]).toEqual([503, 'TEMPORAL_UNAVAILABLE']);
    const read = await tenure.api('GET', `/v1/runs/${told.hired[0]?.id ?? ''}`);
    expect(read.status).toBe(200);

    await temporal.start();
    await endedWell(told);
    expect(await tenure.users(refused.person.login)).toEqual([]);
    const again = await hire(refused.person);
    expect(again.status).toBe(202);
    await tenure.until(again.body.id, 'hired', ({ phase }) => phase === 'completed', 60_000);
  });
});
