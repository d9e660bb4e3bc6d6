// The same request again: answered by what Okta shows, not by what the service remembers.
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { homeOf, run } from '../cli/harness.js';
import { newLogin, oktaAdminOf, type OktaAdmin } from '../support/okta-admin.js';
import { eventually } from '../support/eventually.js';
import { isDone, isHeld, requestsOf, type Requests } from '../support/requests.js';
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

/** Ends its hold at once, so that the run completes. */
const SHORT = { undoWindow: 'PT1S' };

/** As if the run had ended an hour ago. */
async function backDate({ id }: RunView): Promise<void> {
  const database = new pg.Client({ connectionString: tenure.databaseUrl });
  await database.connect();
  try {
    const { rowCount } = await database.query(
      `update runs set finished_at = finished_at - interval '1 hour' where id = $1`,
      [id],
    );
    expect(rowCount).toBe(1);
  } finally {
    await database.end();
  }
}

describe('a leaver whom somebody made active again', () => {
  it.each(['demo', 'seed-role'])(
    'is suspended again once the run is over (%s)',
    async (connection) => {
      const { login } = await okta.employee();
      const first = await hr.offboarded(login, { connection, ...SHORT });
      await tenure.until(first.id, 'over', isDone);
      await okta.lifecycle(login, 'unsuspend');

      const { status, body } = await hr.offboard(login, { connection, ...SHORT });
      expect(status).toBe(202);
      expect(body.id).not.toBe(first.id);
      expect(body.previous).toBe(first.id);
      await tenure.until(body.id, 'suspended again', (seen) => isDone(seen) || isHeld(seen));
      expect((await okta.shown(login)).status).toBe('SUSPENDED');
    },
  );

  it('is suspended again by the run that holds, which records who asked and what it found', async () => {
    const { login } = await okta.employee();
    const first = await hr.offboarded(login);
    await okta.lifecycle(login, 'unsuspend');

    const again = await hr.offboard(login, { requestedBy: 'hr-sync' });
    expect([again.status, again.body.id]).toEqual([200, first.id]);
    expect((await okta.shown(login)).status).toBe('SUSPENDED');
    expect(await hr.ledgerOf(first)).toMatchObject({
      'look-again.asked': 'by hr-sync',
      'run.looked-again': 'Okta showed ACTIVE: suspended again (asked by hr-sync)',
    });

    await hr.cancelled(first.id);
    expect((await okta.shown(login)).status).toBe('ACTIVE');
  });

  it('is suspended again as often as it takes, by API and by command', async () => {
    const { login } = await okta.employee();
    const { id } = await hr.offboarded(login);
    const env = { TENURE_HOME: homeOf(tenure.origin, tenure.adminKey) };
    for (let time = 1; time <= 20; time += 1) {
      await okta.lifecycle(login, 'unsuspend');
      if (time % 2 === 1) {
        expect((await hr.offboard(login)).status).toBe(200);
      } else {
        const { exitCode, out } = await run(['offboard', login, '--connection', 'demo'], { env });
        expect([exitCode, out]).toEqual([0, expect.stringContaining(id)]);
      }
      expect([time, (await okta.shown(login)).status]).toEqual([time, 'SUSPENDED']);
    }
  });
});

describe('a leaver who is suspended still', () => {
  it('costs no write: the run ends, says so and points to the one before', async () => {
    const { login } = await okta.employee();
    const first = await tenure.until((await hr.offboarded(login, SHORT)).id, 'over', isDone);
    const since = await okta.now();

    const { status, body } = await hr.offboard(login, SHORT);
    expect(status).toBe(202);
    const second = await tenure.until(body.id, 'over', isDone);
    expect(second).toMatchObject({ outcome: 'done', previous: first.id });
    expect((await hr.ledgerOf(second))['run.completed']).toContain(first.id);
    expect(await okta.writes(since)).toEqual([]);
    expect((await okta.shown(login)).status).toBe('SUSPENDED');
  });

  it('is recognized in another spelling', async () => {
    const { login } = await okta.employee();
    const first = await hr.offboarded(login);
    const again = await hr.offboard(login.toUpperCase());
    expect([again.status, again.body.id]).toEqual([200, first.id]);
  });
});

describe('the same hire again', () => {
  it('is the run before for a minute, whatever the capitals and the order of groups', async () => {
    const login = newLogin();
    const first = await hr.hired(login, { groups: ['Engineering', 'Sales'] });
    const since = await okta.now();
    const again = await hr.onboard(login.replace('ada', 'Ada'), {
      groups: ['Sales', 'Engineering'],
    });
    expect([again.status, again.body.id]).toEqual([200, first.id]);
    expect(await okta.writes(since)).toEqual([]);
  });

  it('costs no write once the minute is over: the run ends, says so and points back', async () => {
    const login = newLogin();
    const first = await hr.hired(login, { groups: ['Engineering', 'Sales'] });
    await backDate(first);
    const since = await okta.now();

    const { status, body } = await hr.onboard(login, { groups: ['Engineering', 'Sales'] });
    expect([status, body.previous]).toEqual([202, first.id]);
    const second = await tenure.until(body.id, 'over', isDone);
    expect(second).toMatchObject({ outcome: 'done', previous: first.id });
    expect((await hr.ledgerOf(second))['run.completed']).toContain(first.id);
    expect(await okta.writes(since)).toEqual([]);
  });

  it.each(['demo', 'seed-role'])(
    'is made anew where the account is gone (%s)',
    async (connection) => {
      const login = newLogin();
      const first = await hr.hired(login, { connection, groups: ['Engineering'] });
      const before = await okta.shown(login);
      await backDate(first);
      await okta.remove(before.id);

      const second = await hr.hired(login, { connection, groups: ['Engineering'] });
      expect(second).toMatchObject({ outcome: 'done', previous: first.id });
      const now = await okta.shown(login);
      expect(now.id).not.toBe(before.id);
      expect(now.groups).toHaveLength(1);
    },
  );
});

describe('the same Idempotency-Key', () => {
  it('replays the answer, marked as such, without a look', async () => {
    const { login } = await okta.employee();
    const key = { 'idempotency-key': randomUUID() };
    const request = { connection: 'demo', login, ...SHORT };
    const first = await tenure.api('POST', '/v1/offboardings', request, key);
    await tenure.until(first.body.id, 'over', isDone);
    const since = await okta.now();

    const again = await tenure.api('POST', '/v1/offboardings', request, key);
    expect([again.status, again.body.id]).toEqual([202, first.body.id]);
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    expect(await okta.now()).toBe(since);
  });
});

describe('while no worker is up', () => {
  it('says that the look is not confirmed, and does it when one comes', async () => {
    const { login } = await okta.employee();
    const first = await hr.offboarded(login);
    await okta.lifecycle(login, 'unsuspend');
    await tenure.stopWorker();
    const again = await tenure.api<RunView & { confirmed?: boolean }>('POST', '/v1/offboardings', {
      connection: 'demo',
      login,
    });
    await tenure.startWorker();
    expect([again.status, again.body.id, again.body.confirmed]).toEqual([202, first.id, false]);
    await eventually('suspended again', async () => {
      const { status } = await okta.shown(login);
      return status === 'SUSPENDED';
    });
  });
});
