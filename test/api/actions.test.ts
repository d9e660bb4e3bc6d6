// Cancel, reschedule, expedite, resolve: what reaches the workflow, and what the caller hears.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { as, type RequestId, type RunId } from '../../src/domain/brand.js';
import { keyId } from '../../src/api/auth.js';
import { KEYS, offboarding, onboarding, startHarness, type Harness } from './harness.js';

let api: Harness;
beforeEach(async () => {
  api = await startHarness();
});
afterEach(() => api.close());

const LAST_DAY = '2027-03-31T17:00[Europe/Berlin]';

async function leaving(): Promise<string> {
  const { body } = await api.post('/v1/offboardings', offboarding({ suspendAt: LAST_DAY }));
  return body.id;
}

/** The run shows what the workflow made of a message. */
function reportOnMessage(id: string, changes: Parameters<typeof api.fake.update>[1]): void {
  api.temporal.state.onMessage = () => {
    api.fake.update(as<RunId>(id), changes);
  };
}

describe('cancel', () => {
  it('cancels the workflow and answers with what the run shows', async () => {
    const id = await leaving();
    reportOnMessage(id, { phase: 'cancelled', outcome: 'undone', actions: [], waiting: null });
    const { status, body } = await api.post(`/v1/runs/${id}/cancel`, { reason: 'she stays' });
    expect(status).toBe(200);
    expect(body).toMatchObject({ id, phase: 'cancelled', outcome: 'undone' });
    expect(api.temporal.workflows[0]?.cancels).toBe(1);
    expect(api.fake.notes).toMatchObject([
      { run: id, action: 'cancel.asked', detail: 'she stays', apiKeyId: keyId(KEYS.operator) },
    ]);
  });

  it('is accepted and not confirmed while no worker is up', async () => {
    const id = await leaving();
    const { status, body } = await api.post(`/v1/runs/${id}/cancel`);
    expect([status, body.confirmed, body.phase]).toEqual([202, false, 'scheduled']);
  });

  it('takes the latest run of a person', async () => {
    const id = await leaving();
    reportOnMessage(id, { phase: 'cancelled', actions: [] });
    const latest = id.split('.').slice(0, 2).join('.');
    const { status, body } = await api.post(`/v1/runs/${latest}/cancel`);
    expect([status, body.id]).toEqual([200, id]);
  });

  it('is 409 on a run that is over, with what is possible', async () => {
    const id = await leaving();
    api.fake.update(as<RunId>(id), { phase: 'completed', outcome: 'done', actions: [] });
    const { status, body } = await api.post(`/v1/runs/${id}/cancel`);
    expect([status, body.code]).toEqual([409, 'ACTION_NOT_POSSIBLE']);
    expect(body).toMatchObject({ run: { id, phase: 'completed' }, actions: [] });
  });

  it('never reaches the workflow of another run', async () => {
    const id = await leaving();
    const workflow = api.temporal.workflows[0];
    if (workflow !== undefined) workflow.run = 'demo.0123456789abcdef.other';
    const { status } = await api.post(`/v1/runs/${id}/cancel`);
    expect(status).toBe(409);
    expect(workflow?.cancels).toBe(0);
  });

  it('of a run that Temporal may not have yet is a 503', async () => {
    api.temporal.state.weather = 'lost';
    const { body } = await api.post('/v1/offboardings', offboarding());
    api.temporal.state.weather = 'fine';
    api.temporal.workflows.length = 0;
    const answer = await api.post(`/v1/runs/${body.id}/cancel`);
    expect([answer.status, answer.body.code]).toEqual([503, 'TEMPORAL_UNAVAILABLE']);
  });

  it('is a 503 while Temporal is away', async () => {
    const id = await leaving();
    api.temporal.state.weather = 'away';
    const { status, body, headers } = await api.post(`/v1/runs/${id}/cancel`);
    expect([status, body.code]).toEqual([503, 'TEMPORAL_UNAVAILABLE']);
    expect(headers.get('retry-after')).toBe('5');
  });
});

describe('reschedule', () => {
  const later = '2027-04-30T17:00[Europe/Berlin]';

  it('is an update with the new time, and shows it', async () => {
    const id = await leaving();
    const at = { at: '2027-04-30T15:00:00Z', local: later };
    reportOnMessage(id, { deadlines: { suspendAt: at } });
    const { status, body } = await api.post(`/v1/runs/${id}/reschedule`, {
      suspendAt: later,
      requestedBy: 'hr',
    });
    expect(status).toBe(200);
    expect(body.deadlines.suspendAt).toEqual(at);
    const update = api.temporal.workflows[0]?.updates[0];
    expect(update?.name).toBe('reschedule');
    expect(update?.args).toEqual([
      {
        actionId: update?.updateId,
        runId: id,
        requestedBy: 'hr',
        reason: null,
        changes: { suspendAt: at },
      },
    ]);
    expect(api.fake.notes[0]?.detail).toBe(`suspendAt: ${later}; by hr`);
  });

  it('is sent as a signal, with the same content, while no worker is up', async () => {
    const id = await leaving();
    api.temporal.state.verdict = 'none';
    const { status, body } = await api.post(`/v1/runs/${id}/reschedule`, { suspendAt: later });
    expect([status, body.confirmed]).toEqual([202, false]);
    const workflow = api.temporal.workflows[0];
    expect(workflow?.updates).toEqual([]);
    expect(workflow?.signals).toMatchObject([
      { name: 'reschedule', args: [{ runId: id, changes: { suspendAt: { local: later } } }] },
    ]);
  });

  it('is 409 with the reason of the workflow', async () => {
    const id = await leaving();
    api.temporal.state.verdict = { refuse: 'suspendAt cannot be moved any more.' };
    const { status, body } = await api.post(`/v1/runs/${id}/reschedule`, { suspendAt: later });
    expect([status, body.code]).toEqual([409, 'ACTION_NOT_POSSIBLE']);
    expect(body.detail).toBe('suspendAt cannot be moved any more.');
    expect(body.actions).toEqual(['cancel', 'reschedule', 'expedite']);
  });

  it.each([
    [{}, { '': 'REQUIRED' }],
    [{ suspendAt: '2027-04-30' }, { suspendAt: 'TIME_REQUIRED' }],
    [{ when: 'later' }, { when: 'UNKNOWN_FIELD', '': 'REQUIRED' }],
    [
      { suspendAt: later, deprovisionAt: '2027-04-01T00:00Z' },
      { deprovisionAt: 'END_BEFORE_START' },
    ],
    [{ suspendAt: '2006-03-31T17:00Z' }, { suspendAt: 'TIME_PAST' }],
    [{ startAt: '2006-03-31T17:00Z' }, { startAt: 'TIME_PAST' }],
    [{ endsAt: '2006-03-31T17:00Z' }, { endsAt: 'TIME_PAST' }],
    [{ deprovisionAt: '2027-01-15T12:00Z' }, { deprovisionAt: 'TIME_PAST' }],
  ])('is 400 for %j', async (body, faults) => {
    const id = await leaving();
    const answer = await api.post(`/v1/runs/${id}/reschedule`, body);
    expect(answer.status).toBe(400);
    const found = answer.body.errors.map((fault) => [fault.path, fault.code]);
    expect(Object.fromEntries(found)).toEqual(faults);
  });

  it.each([
    ['suspendAt', 'for now, expedite the run with "what": "suspend"'],
    ['deprovisionAt', 'for now, expedite the run with "what": "deprovision"'],
    ['startAt', 'for now, expedite the run with "what": "start"'],
    ['endsAt', 'to end it now, offboard the person with "ifOpen": "takeover"'],
  ])('to a %s of 2006 is refused with the fact and the way out', async (name, wayOut) => {
    const id = await leaving();
    const answer = await api.post(`/v1/runs/${id}/reschedule`, { [name]: '2006-12-31T17:00Z' });
    expect(answer.body.errors[0]?.detail).toBe(`This was 20 years ago; ${wayOut}`);
    expect(api.temporal.workflows[0]?.updates).toEqual([]);
  });

  it('to a suspension that is just past is asked of the workflow as it is', async () => {
    const id = await leaving();
    const suspendAt = { at: '2027-01-15T11:46:00Z' };
    reportOnMessage(id, { deadlines: { suspendAt } });
    const { status } = await api.post(`/v1/runs/${id}/reschedule`, { suspendAt: suspendAt.at });
    expect(status).toBe(200);
    expect(api.temporal.workflows[0]?.updates[0]?.args).toMatchObject([{ changes: { suspendAt } }]);
  });

  it('is 409 for a time that this kind of run does not have', async () => {
    const id = await leaving();
    const { status, body } = await api.post(`/v1/runs/${id}/reschedule`, { endsAt: later });
    expect([status, body.detail]).toEqual([409, 'This offboarding has no endsAt']);
  });
});

describe('expedite and resolve', () => {
  it('are updates', async () => {
    const id = await leaving();
    reportOnMessage(id, { phase: 'running', waiting: null });
    const expedited = await api.post(`/v1/runs/${id}/expedite`, { what: 'suspend' });
    expect([expedited.status, expedited.body.phase]).toEqual([200, 'running']);

    api.fake.update(as<RunId>(id), { phase: 'parked', actions: ['cancel', 'resolve'] });
    reportOnMessage(id, { phase: 'running', actions: ['cancel'] });
    const resolved = await api.post(`/v1/runs/${id}/resolve`, { decision: 'retry' });
    expect([resolved.status, resolved.body.phase]).toEqual([200, 'running']);
    expect(api.temporal.workflows[0]?.updates).toMatchObject([
      { name: 'expedite', args: [{ what: 'suspend' }] },
      { name: 'resolve', args: [{ decision: 'retry' }] },
    ]);
  });

  it('are refused where the run does not stand for it', async () => {
    const id = await leaving();
    const resolve = await api.post(`/v1/runs/${id}/resolve`, { decision: 'retry' });
    expect([resolve.status, resolve.body.code]).toEqual([409, 'ACTION_NOT_POSSIBLE']);
    const expedite = await api.post(`/v1/runs/${id}/expedite`, { what: 'start' });
    expect(expedite.status).toBe(409);
    expect(api.temporal.workflows[0]?.updates).toEqual([]);
  });

  it.each([
    ['expedite', { what: 'everything' }, 'what', 'INVALID'],
    ['expedite', {}, 'what', 'REQUIRED'],
    ['resolve', { decision: 'amend' }, 'decision', 'INVALID'],
    ['resolve', { decision: 'retry', changes: {} }, 'changes', 'UNKNOWN_FIELD'],
  ])('%s %j is 400', async (action, body, path, code) => {
    const id = await leaving();
    const answer = await api.post(`/v1/runs/${id}/${action}`, body);
    expect(answer.status).toBe(400);
    expect(answer.body.errors).toMatchObject([{ path, code }]);
  });
});

describe('an Idempotency-Key', () => {
  it('makes an action once, and names it without saying what the caller wrote', async () => {
    const id = await leaving();
    reportOnMessage(id, { phase: 'running', waiting: null });
    const headers = { 'idempotency-key': 'now-ada@example.com' };
    const first = await api.post(`/v1/runs/${id}/expedite`, { what: 'suspend' }, headers);
    const again = await api.post(`/v1/runs/${id}/expedite`, { what: 'suspend' }, headers);
    expect([first.status, again.status]).toEqual([200, 200]);
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    const updates = api.temporal.workflows[0]?.updates ?? [];
    expect(updates).toHaveLength(1);
    expect(updates[0]?.updateId).toMatch(/^[0-9a-f]{32}$/);
  });
});

describe('a finished onboarding with a contract end', () => {
  const next = as<RequestId>('01990000-0000-7000-8000-000000000001');

  async function withContractEnd() {
    const { body } = await api.post(
      '/v1/onboardings',
      onboarding({ endsAt: '2027-12-31T17:00[Europe/Berlin]' }),
    );
    const first = api.fake.run(body.id);
    if (first === undefined) throw new Error('no row');
    const nextId = as<RunId>(`${first.connection}.${first.subjectRef}.${next}`);
    api.fake.update(first.id, {
      phase: 'completed',
      outcome: 'done',
      actions: [],
      next: nextId,
      continuesAs: nextId,
    });
    api.fake.add({
      ...first,
      id: nextId,
      requestId: next,
      kind: 'offboarding',
      phase: 'scheduled',
      previous: first.id,
      started: true,
      deadlines: { suspendAt: { at: '2027-12-31T16:00:00Z' } },
      waiting: { for: 'suspend', until: '2027-12-31T16:00:00Z' },
      actions: ['cancel', 'reschedule', 'expedite'],
    });
    return { id: body.id, nextId };
  }

  it('can be cancelled and moved, and shows so', async () => {
    const { id, nextId } = await withContractEnd();
    const shown = await api.get(`/v1/runs/${id}`);
    expect(shown.body).toMatchObject({ next: nextId, actions: ['cancel', 'reschedule'] });

    const moved = await api.post(`/v1/runs/${id}/reschedule`, { endsAt: '2028-03-31T16:00Z' });
    expect([moved.status, moved.body.id]).toEqual([200, nextId]);
    expect(api.temporal.workflows[0]?.updates).toMatchObject([
      { args: [{ runId: nextId, changes: { suspendAt: { at: '2028-03-31T16:00:00Z' } } }] },
    ]);

    // The workflow still says that it is the onboarding: no worker has looked at it since.
    reportOnMessage(nextId, { phase: 'cancelled', outcome: 'undone', actions: [] });
    const cancelled = await api.post(`/v1/runs/${id}/cancel`);
    expect([cancelled.status, cancelled.body.id]).toEqual([200, nextId]);
    expect(api.temporal.workflows[0]?.cancels).toBe(1);
  });

  it('can do nothing else', async () => {
    const { id } = await withContractEnd();
    for (const [action, body] of [
      ['reschedule', { startAt: '2027-03-31T16:00Z' }],
      ['expedite', { what: 'start' }],
      ['resolve', { decision: 'abort' }],
    ] as const) {
      expect((await api.post(`/v1/runs/${id}/${action}`, body)).status).toBe(409);
    }
  });
});
