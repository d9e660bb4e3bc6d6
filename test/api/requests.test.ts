// What becomes of an accepted request: one run, one workflow, whatever the caller and Temporal do.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { OffboardInput, OnboardInput } from '../../src/contract/workflows.js';
import { as, type ConnectionId, type RunId } from '../../src/domain/brand.js';
import { NOW, offboarding, onboarding, startHarness, type Harness } from './harness.js';

let api: Harness;
beforeEach(async () => {
  api = await startHarness();
});
afterEach(() => api.close());

const ADA = { firstName: 'Ada', lastName: 'Lovelace', email: 'ada@example.com' };
const RUN_ID =
  /^demo\.[0-9a-f]{16}\.[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

describe('an onboarding', () => {
  it('is accepted with a run and started with everything in it', async () => {
    const answer = await api.post(
      '/v1/onboardings',
      onboarding({ groups: ['Engineering', 'Staff'], requestedBy: 'hr-sync', reason: 'hired' }),
    );
    expect(answer.status).toBe(202);
    expect(answer.body.id).toMatch(RUN_ID);
    expect(answer.headers.get('location')).toBe(`/v1/runs/${answer.body.id}`);
    expect(answer.body).toMatchObject({
      kind: 'onboarding',
      connection: 'demo',
      phase: 'running',
      person: { login: 'ada@example.com', name: 'Ada Lovelace', oktaUserId: null },
      requestedBy: 'hr-sync',
      reason: 'hired',
      actions: ['cancel'],
      drift: [],
    });
    expect(api.fake.run(answer.body.id)?.started).toBe(true);

    const workflow = api.temporal.workflows[0];
    const [, subjectRef] = answer.body.id.split('.');
    expect(workflow?.type).toBe('onboard');
    expect(workflow?.workflowId).toBe(`person/demo/${subjectRef}`);
    expect(workflow?.options).toMatchObject({
      taskQueue: 'tenure',
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      workflowIdConflictPolicy: 'FAIL',
      priority: { priorityKey: 3, fairnessKey: 'demo' },
      staticSummary: 'Onboard Ada Lovelace · demo · 2 groups',
    });
    expect(workflow?.options['memo']).toBeUndefined();
    const input = workflow?.input as OnboardInput;
    expect(input).toMatchObject({
      run: { id: answer.body.id, connection: 'demo' },
      person: { login: 'ada@example.com', attributes: {} },
      groups: ['Engineering', 'Staff'],
      startAt: null,
      contractEnd: null,
      activation: 'email',
      onExisting: 'park',
    });
  });

  it('names nobody in what Temporal shows in clear', async () => {
    await api.post('/v1/onboardings', onboarding({ externalId: 'emp-1815' }), {
      'idempotency-key': 'hire-ada@example.com',
    });
    const options = api.temporal.workflows[0]?.options ?? {};
    const { args: _args, staticSummary: _s, staticDetails: _d, ...clear } = options;
    expect(JSON.stringify(clear)).not.toMatch(/ada|lovelace|1815/i);
  });

  it('keeps wall clocks, and waits for the first day', async () => {
    const { body } = await api.post(
      '/v1/onboardings',
      onboarding({
        startAt: '2027-03-28T02:30[Europe/Berlin]',
        endsAt: '2027-12-31T16:00:00Z',
      }),
    );
    // 02:30 does not exist that night: compatible means an hour later.
    const startAt = { at: '2027-03-28T01:30:00Z', local: '2027-03-28T03:30[Europe/Berlin]' };
    expect(body).toMatchObject({
      phase: 'scheduled',
      deadlines: { startAt, endsAt: { at: '2027-12-31T16:00:00Z' } },
      waiting: { for: 'start', until: startAt.at },
      actions: ['cancel', 'reschedule', 'expedite'],
    });
    const input = api.temporal.workflows[0]?.input as OnboardInput;
    expect(input.startAt).toEqual(startAt);
    expect(input.contractEnd).toMatchObject({
      endsAt: { at: '2027-12-31T16:00:00Z' },
      terms: { hold: { kind: 'undoWindow', ms: 14 * 86_400_000 }, removeGroups: false },
    });
  });

  it('reads times without a zone in the zone of the connection', async () => {
    const { body } = await api.post(
      '/v1/onboardings',
      onboarding({ connection: 'acme', startAt: '2027-03-31T17:00' }),
    );
    expect(body.deadlines.startAt).toEqual({
      at: '2027-03-31T15:00:00Z',
      local: '2027-03-31T17:00[Europe/Berlin]',
    });
  });

  it('whose start is just past keeps it, and leaves it to the workflow to go on at once', async () => {
    const startAt = { at: '2027-01-15T11:45:00Z' };
    const { status, body } = await api.post('/v1/onboardings', onboarding({ startAt: startAt.at }));
    expect(status).toBe(202);
    expect(body).toMatchObject({
      phase: 'scheduled',
      waiting: { for: 'start', until: startAt.at },
      deadlines: { startAt },
    });
    expect((api.temporal.workflows[0]?.input as OnboardInput).startAt).toEqual(startAt);
  });

  it('is refused on a connection that is not verified', async () => {
    const demo = await api.fake.store.connections.get(as<ConnectionId>('demo'));
    if (demo !== null) demo.status = 'unverified';
    const { status, body } = await api.post('/v1/onboardings', onboarding());
    expect([status, body.code]).toEqual([409, 'CONNECTION_UNVERIFIED']);
  });
});

describe('an offboarding', () => {
  it('fills in what the connection says', async () => {
    const { status, body } = await api.post('/v1/offboardings', offboarding());
    expect(status).toBe(202);
    expect(body).toMatchObject({ kind: 'offboarding', phase: 'running', deadlines: {} });
    const workflow = api.temporal.workflows[0];
    expect(workflow?.options).toMatchObject({ priority: { priorityKey: 1, fairnessKey: 'demo' } });
    expect((workflow?.input as OffboardInput).terms).toEqual({
      hold: { kind: 'undoWindow', ms: 14 * 86_400_000 },
      removeGroups: false,
      revokeSessions: null,
      whenNotSuspendable: 'park',
    });
  });

  it('whose suspension is just past keeps it, with its wall clock', async () => {
    const { status, body } = await api.post(
      '/v1/offboardings',
      offboarding({ suspendAt: '2027-01-15T12:50[Europe/Berlin]' }),
    );
    const suspendAt = { at: '2027-01-15T11:50:00Z', local: '2027-01-15T12:50[Europe/Berlin]' };
    expect([status, body.deadlines]).toEqual([202, { suspendAt }]);
    expect((api.temporal.workflows[0]?.input as OffboardInput).suspendAt).toEqual(suspendAt);
  });

  it('takes months from the suspension on, also where that is just past', async () => {
    await api.close();
    api = await startHarness({ now: () => Date.parse('2027-03-01T00:05Z') });
    await api.post(
      '/v1/offboardings',
      offboarding({ suspendAt: '2027-02-28T23:55Z', undoWindow: 'P1M' }),
    );
    expect((api.temporal.workflows[0]?.input as OffboardInput).terms.hold).toEqual({
      kind: 'undoWindow',
      ms: 28 * 86_400_000,
    });
  });

  it('takes months from the suspension on', async () => {
    await api.post(
      '/v1/offboardings',
      offboarding({ suspendAt: '2027-02-01T00:00Z', undoWindow: 'P1M' }),
    );
    expect((api.temporal.workflows[0]?.input as OffboardInput).terms.hold).toEqual({
      kind: 'undoWindow',
      ms: 28 * 86_400_000,
    });
  });

  it('may end in a deactivation', async () => {
    const { body } = await api.post(
      '/v1/offboardings',
      offboarding({ suspendAt: '2027-03-01T00:00Z', deprovisionAt: '2027-03-31T00:00Z' }),
    );
    expect(body.deadlines).toEqual({
      suspendAt: { at: '2027-03-01T00:00:00Z' },
      deprovisionAt: { at: '2027-03-31T00:00:00Z' },
    });
    expect((api.temporal.workflows[0]?.input as OffboardInput).terms.hold).toEqual({
      kind: 'deprovisionAt',
      at: { at: '2027-03-31T00:00:00Z' },
    });
  });

  it('knows the name of somebody who was onboarded', async () => {
    const { body } = await api.post('/v1/onboardings', onboarding());
    api.fake.update(as<RunId>(body.id), { phase: 'completed', outcome: 'done' });
    const workflow = api.temporal.find(body.temporal.workflowId);
    if (workflow !== undefined) workflow.isOpen = false;
    const left = await api.post('/v1/offboardings', offboarding());
    expect(left.body.person.name).toBe('Ada Lovelace');
    expect(api.temporal.workflows[1]?.options['staticSummary']).toBe(
      'Offboard Ada Lovelace · demo',
    );
  });
});

describe('the same request again', () => {
  it.each([
    ['word for word', {}],
    ['asked by somebody else for another reason', { requestedBy: 'x', reason: 'y' }],
    ['with defaults said', { activation: 'email', onExisting: 'park', groups: [] }],
  ])('is answered with its run: %s', async (_name, changes) => {
    const first = await api.post('/v1/onboardings', onboarding());
    const again = await api.post('/v1/onboardings', onboarding(changes));
    expect([again.status, again.body.id]).toEqual([200, first.body.id]);
    expect(api.temporal.workflows).toHaveLength(1);
  });

  it('is recognised by its groups in any order and its times in any zone', async () => {
    const first = await api.post(
      '/v1/onboardings',
      onboarding({ groups: ['A', 'B'], startAt: '2027-03-31T17:00[Europe/Berlin]' }),
    );
    const again = await api.post(
      '/v1/onboardings',
      onboarding({ groups: ['B', 'A'], startAt: '2027-03-31T15:00:00Z' }),
    );
    expect([again.status, again.body.id]).toEqual([200, first.body.id]);
  });

  it('is recognised after its start has passed, and later by its Idempotency-Key', async () => {
    let now = NOW;
    await api.close();
    api = await startHarness({ now: () => now });
    const body = onboarding({ startAt: '2027-02-01T09:00Z' });
    const key = { 'idempotency-key': 'hire-1815' };
    const first = await api.post('/v1/onboardings', body, key);
    now = Date.parse('2027-02-01T09:10Z');
    const again = await api.post('/v1/onboardings', body);
    expect([again.status, again.body.id]).toEqual([200, first.body.id]);
    now = Date.parse('2027-02-01T20:00Z');
    const replayed = await api.post('/v1/onboardings', body, key);
    expect([replayed.status, replayed.body.id]).toEqual([202, first.body.id]);
    const late = await api.post('/v1/onboardings', body);
    expect([late.status, late.body.errors[0]?.code]).toEqual([400, 'TIME_PAST']);
  });

  it.each([
    [
      'an onboarding',
      '/v1/onboardings',
      onboarding({ person: { ...ADA, login: 'ada@corp.example.com' } }),
      onboarding({ person: { ...ADA, email: 'Ada@EXAMPLE.com', login: 'ADA@corp.example.com' } }),
    ],
    [
      'an offboarding',
      '/v1/offboardings',
      offboarding(),
      offboarding({ login: 'ADA@Example.com' }),
    ],
    [
      'an offboarding, marks and all',
      '/v1/offboardings',
      offboarding(),
      offboarding({ login: 'Ádà@example.com' }),
    ],
  ])('is recognised whatever its capitals in addresses: %s', async (_what, path, sent, resent) => {
    const first = await api.post(path, sent);
    const again = await api.post(path, resent);
    expect([first.status, again.status, again.body.id]).toEqual([202, 200, first.body.id]);
  });

  it('is another one where a name has other capitals', async () => {
    await api.post('/v1/onboardings', onboarding());
    const other = onboarding({ person: { ...ADA, lastName: 'LOVELACE' } });
    expect((await api.post('/v1/onboardings', other)).status).toBe(409);
  });

  it('is another one where anything differs', async () => {
    const first = await api.post('/v1/onboardings', onboarding());
    const other = await api.post('/v1/onboardings', onboarding({ groups: ['A'] }));
    expect(other.status).toBe(409);
    expect(other.body).toMatchObject({
      code: 'RUN_OPEN',
      run: { id: first.body.id, kind: 'onboarding', phase: 'running', actions: ['cancel'] },
      actions: ['cancel'],
    });
    expect(other.body.detail).toContain(first.body.id);
  });
});

describe('a takeover', () => {
  it('is accepted beside an open run and told to its workflow', async () => {
    const first = await api.post('/v1/onboardings', onboarding());
    const urgent = await api.post('/v1/offboardings', offboarding({ ifOpen: 'takeover' }));
    expect(urgent.status).toBe(202);
    expect(urgent.body.id).not.toBe(first.body.id);
    const [workflow, ...others] = api.temporal.workflows;
    expect(others).toEqual([]);
    expect(workflow?.signals).toMatchObject([
      {
        name: 'takeover',
        args: [{ runId: urgent.body.id, input: { run: { id: urgent.body.id } } }],
      },
    ]);
  });

  it('starts the offboarding where nothing is open', async () => {
    const { status } = await api.post('/v1/offboardings', offboarding({ ifOpen: 'takeover' }));
    expect(status).toBe(202);
    expect(api.temporal.workflows).toMatchObject([
      { type: 'offboard', signals: [{ name: 'takeover' }] },
    ]);
  });

  it('is not given to a cancel of its own before it has taken over', async () => {
    await api.post('/v1/onboardings', onboarding());
    const urgent = await api.post('/v1/offboardings', offboarding({ ifOpen: 'takeover' }));
    const { status, body } = await api.post(`/v1/runs/${urgent.body.id}/cancel`);
    expect([status, body.code]).toEqual([409, 'ACTION_NOT_POSSIBLE']);
    expect(api.temporal.workflows[0]?.cancels).toBe(0);
  });
});

describe('an Idempotency-Key', () => {
  const key = { 'idempotency-key': 'hire-1815' };

  it('gives the same answer for the same body', async () => {
    const first = await api.post('/v1/onboardings', onboarding(), key);
    const again = await api.post('/v1/onboardings', onboarding(), key);
    expect([again.status, again.body.id]).toEqual([202, first.body.id]);
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    expect(again.headers.get('location')).toBe(first.headers.get('location'));
    expect(first.headers.get('idempotent-replayed')).toBeNull();
    expect(api.temporal.workflows).toHaveLength(1);
  });

  it('shows the run as it stands now', async () => {
    const first = await api.post('/v1/onboardings', onboarding(), key);
    api.fake.update(as<RunId>(first.body.id), { phase: 'completed', outcome: 'done', actions: [] });
    const again = await api.post('/v1/onboardings', onboarding(), key);
    expect([again.status, again.body.phase]).toEqual([202, 'completed']);
  });

  it('is refused with another body or at another address', async () => {
    await api.post('/v1/onboardings', onboarding(), key);
    for (const [path, body] of [
      ['/v1/onboardings', onboarding({ groups: ['A'] })],
      ['/v1/offboardings', offboarding()],
    ] as const) {
      const answer = await api.post(path, body, key);
      expect([answer.status, answer.body.code]).toEqual([422, 'IDEMPOTENCY_KEY_REUSED']);
    }
  });

  it('is not used up by a refusal', async () => {
    expect((await api.post('/v1/onboardings', { person: 1 }, key)).status).toBe(400);
    expect((await api.post('/v1/onboardings', onboarding(), key)).status).toBe(202);
  });

  it('is not used up by a 503', async () => {
    api.temporal.state.weather = 'away';
    expect((await api.post('/v1/onboardings', onboarding(), key)).status).toBe(503);
    api.temporal.state.weather = 'fine';
    const answer = await api.post('/v1/onboardings', onboarding(), key);
    expect([answer.status, answer.headers.get('idempotent-replayed')]).toEqual([202, null]);
  });

  it('that is at work elsewhere is 409', async () => {
    await api.post('/v1/onboardings', onboarding(), key);
    for (const claim of api.fake.claims.values()) claim.answer = null;
    const { status, headers, body } = await api.post('/v1/onboardings', onboarding(), key);
    expect([status, body.code]).toEqual([409, 'IDEMPOTENCY_KEY_PENDING']);
    expect(headers.get('retry-after')).toBe('1');
  });

  it('that is none is refused', async () => {
    const { status, body } = await api.post('/v1/onboardings', onboarding(), {
      'idempotency-key': 'x'.repeat(256),
    });
    expect(status).toBe(400);
    expect(body.errors).toMatchObject([{ path: 'Idempotency-Key', code: 'INVALID' }]);
  });
});
