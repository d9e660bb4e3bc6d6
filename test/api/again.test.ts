// An offboarding that has suspended never answers the same request by itself; what is in the way of a
// request is named without offering what would give somebody access.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { as, type OktaUserId, type RunId } from '../../src/domain/brand.js';
import type { RunRecord } from '../../src/domain/run.js';
import { offboarding, onboarding, startHarness, type Harness } from './harness.js';

let api: Harness;
beforeEach(async () => {
  api = await startHarness();
});
afterEach(() => api.close());

const asked = offboarding({ requestedBy: 'hr-sync', reason: 'left' });

/** Ada is suspended, and the run holds. */
async function suspended(changes: Partial<RunRecord> = {}): Promise<string> {
  const { body } = await api.post('/v1/offboardings', asked);
  api.fake.update(as<RunId>(body.id), {
    phase: 'holding',
    waiting: { for: 'hold-end', until: '2027-02-01T00:00:00.000Z' },
    deedDone: true,
    person: { login: 'ada@example.com', name: 'Ada', oktaUserId: as<OktaUserId>('00uAda') },
    ...changes,
  });
  return body.id;
}
const messages = () => api.temporal.workflows.flatMap(({ updates }) => updates);

describe('the same offboarding again, of a run that has suspended', () => {
  it('has the run look again, on record, and answers 200 with it', async () => {
    const id = await suspended();
    const { status, body } = await api.post('/v1/offboardings', asked);
    expect([status, body.id, body.confirmed]).toEqual([200, id, undefined]);
    expect(messages()).toMatchObject([
      { name: 'lookAgain', args: [{ runId: id, requestedBy: 'hr-sync', reason: 'left' }] },
    ]);
    expect(api.fake.notes).toMatchObject([
      { run: id, action: 'look-again.asked', detail: 'by hr-sync' },
    ]);
  });

  it('looks again for each request, also the twentieth', async () => {
    await suspended();
    for (let time = 1; time <= 20; time += 1) await api.post('/v1/offboardings', asked);
    expect(new Set(messages().map(({ updateId }) => updateId)).size).toBe(20);
  });

  it('is 202 and not confirmed while no worker is there to look', async () => {
    const id = await suspended();
    api.temporal.state.verdict = 'none';
    const { status, body } = await api.post('/v1/offboardings', asked);
    expect([status, body.id, body.confirmed]).toEqual([202, id, false]);
    expect(api.temporal.workflows[0]?.signals).toMatchObject([{ name: 'lookAgain' }]);
  });

  it('is a new run, told of the earlier one, where that ended meanwhile', async () => {
    const id = await suspended();
    api.temporal.state.onMessage = (workflow) => {
      workflow.isOpen = false;
      api.fake.update(as<RunId>(id), { phase: 'completed', outcome: 'done', actions: [] });
    };
    const { status, body } = await api.post('/v1/offboardings', asked);
    expect(status).toBe(202);
    expect(body.id).not.toBe(id);
    expect(api.temporal.workflows[1]?.input).toMatchObject({
      run: { id: body.id },
      earlier: { run: id, oktaUserId: '00uAda' },
    });
  });

  it('is a new run where the workflow was gone before it could be told', async () => {
    const id = await suspended();
    const workflow = api.temporal.workflows[0];
    if (workflow !== undefined) workflow.isOpen = false;
    api.fake.store.runs.note = () => {
      api.fake.update(as<RunId>(id), { phase: 'completed', outcome: 'done', actions: [] });
      return Promise.resolve();
    };
    const { status, body } = await api.post('/v1/offboardings', asked);
    expect([status, body.id === id]).toEqual([202, false]);
  });

  it('is never a success while the run neither looks nor ends', async () => {
    const id = await suspended();
    api.temporal.state.verdict = { refuse: 'The run has nothing to look at again now.' };
    const { status, body } = await api.post('/v1/offboardings', asked);
    expect([status, body.code]).toEqual([409, 'RUN_OPEN']);
    expect(body.detail).toContain(id);
  });

  it('is answered by an open run without a look while its part is still ahead', async () => {
    const id = await suspended({ phase: 'running', waiting: null, deedDone: false });
    const { status, body } = await api.post('/v1/offboardings', asked);
    expect([status, body.id]).toEqual([200, id]);
    expect(messages()).toEqual([]);
  });
});

describe('a request that meets another open run', () => {
  it('names it, whose it is and since when, and for an offboarding the way to take its place', async () => {
    const { body: hire } = await api.post('/v1/onboardings', onboarding());
    const run = api.fake.run(hire.id);
    const { status, body } = await api.post('/v1/offboardings', offboarding());
    expect([status, body.code]).toEqual([409, 'RUN_OPEN']);
    expect(body.detail).toBe(
      `Another run of this person is open: ${hire.id}, onboarding of ada@example.com, running since ${run?.createdAt ?? ''}; possible with it: cancel; for an urgent one send ifOpen "takeover"`,
    );
    expect(body).toMatchObject({
      run: {
        id: hire.id,
        kind: 'onboarding',
        phase: 'running',
        login: 'ada@example.com',
        since: run?.createdAt,
        actions: ['cancel'],
      },
      actions: ['cancel'],
    });
  });

  it('says nothing of a takeover to an onboarding', async () => {
    await suspended();
    const { body } = await api.post('/v1/onboardings', onboarding());
    expect(body.code).toBe('RUN_OPEN');
    expect(body.detail).not.toContain('takeover');
  });

  it.each([
    [
      'a hold is not cancelled, which would give access back',
      'offboarding',
      ['cancel', 'reschedule', 'expedite'],
      ['reschedule', 'expedite'],
    ],
    ['a parked offboarding is not decided', 'offboarding', ['cancel', 'resolve'], []],
    [
      'a hire is not made at once',
      'onboarding',
      ['cancel', 'reschedule', 'expedite'],
      ['cancel', 'reschedule'],
    ],
    ['a parked hire is not decided', 'onboarding', ['cancel', 'resolve'], ['cancel']],
  ] as const)('offers only what gives nobody access: %s', async (_name, kind, has, offered) => {
    const { body: open } = await (kind === 'offboarding'
      ? api.post('/v1/offboardings', asked)
      : api.post('/v1/onboardings', onboarding()));
    api.fake.update(as<RunId>(open.id), { actions: [...has] });
    const { status, body } = await api.post('/v1/onboardings', onboarding({ groups: ['Staff'] }));
    expect([status, body.actions]).toEqual([409, offered]);
    expect(body).toMatchObject({ run: { id: open.id, actions: offered } });
  });

  it('has a run look first whose account may have another login by now', async () => {
    const id = await suspended();
    api.temporal.state.onMessage = () => {
      api.fake.update(as<RunId>(id), {
        person: { login: 'ada.old@example.com', name: 'Ada', oktaUserId: as('00uAda') },
      });
    };
    const workflow = api.temporal.workflows[0];
    const { status, body } = await api.post('/v1/onboardings', onboarding());
    expect(workflow?.updates).toMatchObject([{ name: 'lookAgain', args: [{ runId: id }] }]);
    expect(status).toBe(202);
    // Her hold goes on; the new holder's run has a workflow of its own.
    expect(api.temporal.workflows.map(({ run }) => run)).toEqual([id, body.id]);
    expect(body.temporal.workflowId).toMatch(new RegExp(`/${body.id.split('.')[2] ?? ''}$`));
  });
});

describe('a run whose place was taken', () => {
  it('has no actions, and answers 409 naming the run that has it', async () => {
    const { body: first } = await api.post('/v1/onboardings', onboarding());
    const { body: urgent } = await api.post(
      '/v1/offboardings',
      offboarding({ ifOpen: 'takeover' }),
    );
    api.fake.update(as<RunId>(first.id), {
      phase: 'completed',
      outcome: 'superseded',
      actions: [],
      next: as<RunId>(urgent.id),
      supersededBy: as<RunId>(urgent.id),
    });
    const shown = await api.get(`/v1/runs/${first.id}`);
    expect(shown.body).toMatchObject({
      next: urgent.id,
      supersededBy: urgent.id,
      continuesAs: null,
      actions: [],
    });
    for (const [action, sent] of [
      ['cancel', {}],
      ['reschedule', { endsAt: '2027-12-31T16:00Z' }],
      ['expedite', { what: 'start' }],
      ['resolve', { decision: 'retry' }],
    ] as const) {
      const { status, body } = await api.post(`/v1/runs/${first.id}/${action}`, sent);
      expect([status, body.code, body.actions]).toEqual([409, 'ACTION_NOT_POSSIBLE', []]);
      expect(body.detail).toBe(`Its place was taken by ${urgent.id}, which is the one to act on`);
      expect(body).toMatchObject({ run: { id: urgent.id } });
    }
    expect(api.temporal.workflows[0]?.cancels).toBe(0);
  });
});
