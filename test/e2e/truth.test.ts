// What is shown is what is: times as they were asked for and met, what a run really did, and what an undo
// cannot bring back.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.js';
import { newLogin, oktaAdminOf, type OktaAdmin } from '../support/okta-admin.js';
import {
  inMs,
  isCancelled,
  isDone,
  isHeld,
  isParked,
  requestsOf,
  type Requests,
} from '../support/requests.js';
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

const HOUR = 3_600_000;
const statusOf = async (login: string) => (await okta.shown(login)).status;
const detailOf = ({ steps }: RunView, name: string) =>
  steps.findLast((step) => step.name === name)?.detail;

describe('a deadline that was moved away', () => {
  it('stays away when somebody takes over for a later day still', async () => {
    const { login } = await okta.employee();
    const first = await hr.scheduled(login, { suspendAt: inMs(3_000) });
    const was = Date.parse(first.deadlines['suspendAt']?.at ?? '');
    const moved = inMs(10 * HOUR);
    const answer = await tenure.api('POST', `/v1/runs/${first.id}/reschedule`, {
      suspendAt: moved,
    });
    expect(answer.status).toBe(200);
    await eventually('the old deadline has passed', () => Date.now() > was + 500);

    const later = await hr.offboard(login, { suspendAt: inMs(20 * HOUR), ifOpen: 'takeover' });
    await tenure.until(
      later.body.id,
      'it waits for the earlier of both',
      ({ phase, previous, deadlines }) =>
        phase === 'scheduled' &&
        previous === first.id &&
        Date.parse(deadlines['suspendAt']?.at ?? '') === Date.parse(moved),
    );
    expect(await statusOf(login)).toBe('ACTIVE');

    expect((await hr.cancelled(later.body.id)).deadlines).toEqual({});
    expect((await hr.run(first.id)).deadlines).toEqual({});
  });
});

describe('the times of a run', () => {
  it('are those that were asked for, with how late they were met', async () => {
    const { login } = await okta.employee();
    const suspendAt = inMs(2_000);
    const { id } = await hr.scheduled(login, { suspendAt, undoWindow: 'PT2S' });
    const held = await tenure.until(id, 'suspended', isHeld);
    const { at, metAt = '', lateMs } = held.deadlines['suspendAt'] ?? { at: '' };
    expect(Date.parse(at)).toBe(Date.parse(suspendAt));
    expect(lateMs).toBe(Date.parse(metAt) - Date.parse(at));
    expect(lateMs).toBeLessThan(2_000);
    const until = held.deadlines['undoUntil']?.at;
    expect(held.waiting).toEqual({ for: 'hold-end', until });

    const over = await tenure.until(id, 'over', isDone);
    expect(over.deadlines).toEqual({ suspendAt: held.deadlines['suspendAt'] });
    expect(over.waiting).toBeNull();
  });

  it('are kept where they had passed when they were asked for', async () => {
    const { login } = await okta.employee();
    const suspendAt = inMs(-5 * 60_000);
    const { deadlines } = await hr.offboarded(login, { suspendAt });
    expect(Date.parse(deadlines['suspendAt']?.at ?? '')).toBe(Date.parse(suspendAt));
    expect(deadlines['suspendAt']?.lateMs).toBeGreaterThanOrEqual(5 * 60_000);
  });
});

describe('a closed run', () => {
  it('keeps the Temporal run that worked on it', async () => {
    const run = await hr.hired(newLogin());
    const workflow = tenure.client.workflow.getHandle(run.temporal.workflowId);
    expect(run.temporal.runId).toBe((await workflow.describe()).runId);
  });

  it('gives back what was asked for', async () => {
    const login = newLogin();
    const run = await hr.hired(login, {
      groups: ['Engineering'],
      activation: 'none',
      externalId: 'hr-17',
      person: { attributes: { department: 'Analysis' } },
    });
    expect(run).toMatchObject({
      request: {
        groups: ['Engineering'],
        activation: 'none',
        externalId: 'hr-17',
        attributes: { department: 'Analysis' },
        onExisting: 'park',
      },
    });
  });
});

describe('an account that was suspended before', () => {
  it('is not said to be suspended by the run, and stays so when it is cancelled or over', async () => {
    const { login } = await okta.employee({ status: 'SUSPENDED' });
    const since = await okta.now();
    const run = await tenure.until((await hr.offboarded(login)).id, 'over', isDone);
    expect(run.outcome).toBe('done');
    expect(run.steps.find(({ name }) => name === 'suspendUser')).toMatchObject({
      status: 'skipped',
      detail: 'SUSPENDED already',
    });
    expect(Object.keys(await hr.ledgerOf(run))).not.toContain('user.suspended');
    expect((await okta.writes(since)).filter((call) => call.includes('/lifecycle/'))).toEqual([]);
  });
});

describe('an account that was locked', () => {
  it('is said to be unlocked on the way, and the undo says that the lock is gone', async () => {
    const { login } = await okta.employee({ status: 'LOCKED_OUT' });
    const held = await hr.offboarded(login);
    expect(detailOf(held, 'suspendUser')).toBe('Unlocked, then: Suspended');
    const undone = await hr.cancelled(held.id);
    expect(detailOf(undone, 'unsuspendUser')).toContain('the lock cannot be given back');
    expect((await hr.ledgerOf(undone))['run.cancelled']).toContain(
      'the lock is gone and cannot be given back',
    );
    expect(await statusOf(login)).toBe('ACTIVE');
  });
});

describe('a hire that was withdrawn before an account was made', () => {
  it.each(['demo', 'seed-role'])('leaves nothing to take away (%s)', async (connection) => {
    for (const hire of [{ startAt: inMs(HOUR) }, { groups: ['Enginering'] }]) {
      const login = newLogin();
      const { body } = await hr.onboard(login, { connection, ...hire });
      await tenure.until(
        body.id,
        'it waits',
        (run) => isParked(run) || run.waiting?.for === 'start',
      );
      const answer = await hr.offboard(login, { connection, ifOpen: 'takeover' });
      const run = await tenure.until(answer.body.id, 'over', isDone);
      expect(run).toMatchObject({ outcome: 'done', problem: null, previous: body.id });
      expect((await hr.ledgerOf(run))['run.completed']).toContain('nothing to take away');
      expect(await hr.run(body.id)).toMatchObject({ outcome: 'superseded', supersededBy: run.id });
      expect(await tenure.users(login)).toEqual([]);
    }
  });
});

describe('a cancel before the day', () => {
  it('leaves no deadline behind, and touches nothing', async () => {
    const { login } = await okta.employee();
    const since = await okta.now();
    const { id } = await hr.scheduled(login, {
      suspendAt: inMs(HOUR),
      deprovisionAt: inMs(2 * HOUR),
    });
    await hr.cancel(id);
    const run = await tenure.until(id, 'cancelled', isCancelled);
    expect([run.deadlines, run.waiting, run.actions]).toEqual([{}, null, []]);
    expect(await okta.writes(since)).toEqual([]);
  });
});
