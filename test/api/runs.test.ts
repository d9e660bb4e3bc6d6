// How runs are listed and shown, with what one look at Temporal adds.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { as, type RunId } from '../../src/domain/brand.js';
import { offboarding, onboarding, startHarness, type Harness } from './harness.js';

let api: Harness;
beforeEach(async () => {
  api = await startHarness();
});
afterEach(() => api.close());

async function running(): Promise<string> {
  return (await api.post('/v1/onboardings', onboarding())).body.id;
}

function pending(raw: Record<string, unknown>): void {
  const workflow = api.temporal.workflows.at(-1);
  if (workflow !== undefined) workflow.raw = raw;
}

const seconds = (ms: number) => ({ seconds: Math.floor(ms / 1000), nanos: 0 });
const activity = (changes: Record<string, unknown>) => ({
  activityType: { name: 'createUser' },
  activityId: '1',
  state: 1,
  attempt: 1,
  scheduledTime: seconds(Date.now()),
  ...changes,
});
const failed = (type: string) => ({ applicationFailureInfo: { type } });
const soon = Math.floor(Date.now() / 1000) * 1000 + 30_000;

describe('GET /v1/runs', () => {
  it('lists newest first, by filters', async () => {
    const ada = await running();
    const { body: bob } = await api.post(
      '/v1/offboardings',
      offboarding({ login: 'bob@example.com' }),
    );
    const ids = async (query: string) =>
      (await api.get(`/v1/runs${query}`)).body.items.map(
        (run: { id: string }) => run.id,
      ) as unknown;
    expect(await ids('')).toEqual([bob.id, ada]);
    expect(await ids('?limit=1')).toEqual([bob.id]);
    expect(await ids('?kind=onboarding')).toEqual([ada]);
    expect(await ids('?login=ADA@example.com')).toEqual([ada]);
    expect(await ids('?connection=acme')).toEqual([]);
    expect(await ids('?phase=parked')).toEqual([]);
  });
});

describe('GET /v1/runs/{id}', () => {
  it('links to the workflow while it is open', async () => {
    const id = await running();
    const { body } = await api.get(`/v1/runs/${id}`);
    const workflowId = api.temporal.workflows[0]?.workflowId ?? '';
    expect(body.temporal).toEqual({
      workflowId,
      runId: `run-of-${id}`,
      status: 'RUNNING',
      url: `http://127.0.0.1:8233/namespaces/default/workflows/${encodeURIComponent(workflowId)}/run-of-${id}/history`,
    });
  });

  it('is the row alone while Temporal is away', async () => {
    const id = await running();
    api.temporal.state.weather = 'away';
    const { status, body } = await api.get(`/v1/runs/${id}`);
    expect([status, body.phase]).toEqual([200, 'running']);
    expect(body.temporal).toMatchObject({ runId: null, status: null });
  });

  it('does not ask Temporal about a run that is over', async () => {
    const id = await running();
    api.fake.update(as<RunId>(id), { phase: 'completed', outcome: 'done', actions: [] });
    pending({ pendingActivities: [activity({})] });
    const { body } = await api.get(`/v1/runs/${id}`);
    expect(body).toMatchObject({ waiting: null, steps: [], temporal: { status: null } });
  });

  it('does not take the workflow of another run for its own', async () => {
    const id = await running();
    const workflow = api.temporal.workflows[0];
    if (workflow !== undefined) workflow.run = 'demo.0123456789abcdef.other';
    pending({ pendingActivities: [activity({})] });
    const { body } = await api.get(`/v1/runs/${id}`);
    expect(body).toMatchObject({ steps: [], temporal: { status: null, runId: null } });
  });

  it.each<[string, Record<string, unknown>, unknown]>([
    [
      'a rate limit',
      {
        attempt: 2,
        lastFailure: failed('OKTA_RATE_LIMITED'),
        nextAttemptScheduleTime: seconds(soon),
      },
      { for: 'rate-limit', until: new Date(soon).toISOString() },
    ],
    [
      'a blocked connection',
      {
        attempt: 4,
        lastFailure: failed('CONNECTION_BLOCKED'),
        nextAttemptScheduleTime: seconds(soon),
      },
      { for: 'connection', until: new Date(soon).toISOString() },
    ],
    [
      'another try',
      { attempt: 2, lastFailure: failed('OKTA_TIMEOUT'), nextAttemptScheduleTime: seconds(soon) },
      { for: 'retry', until: new Date(soon).toISOString() },
    ],
    ['a worker', { scheduledTime: seconds(Date.now() - 20_000) }, { for: 'worker' }],
    ['nothing', {}, null],
    ['nothing, at work', { state: 2, scheduledTime: seconds(Date.now() - 20_000) }, null],
  ])('waits for %s', async (_name, changes, waiting) => {
    const id = await running();
    pending({ pendingActivities: [activity(changes)] });
    const { body } = await api.get(`/v1/runs/${id}`);
    expect(body.waiting).toEqual(waiting);
    expect(body.steps).toMatchObject([{ name: 'createUser', finishedAt: null }]);
  });

  it.each([
    ['old enough to be proof', 20_000, 1, { for: 'worker' }],
    ['and nobody polls', 2_000, 0, { for: 'worker' }],
    ['and somebody polls', 2_000, 1, null],
    ['just now', 0, 0, null],
  ])('with a workflow task that nobody took, %s', async (_name, age, pollers, waiting) => {
    const id = await running();
    api.temporal.state.pollers = pollers;
    pending({ pendingWorkflowTask: { state: 1, scheduledTime: seconds(Date.now() - age) } });
    expect((await api.get(`/v1/runs/${id}`)).body.waiting).toEqual(waiting);
  });

  it('shows a step under way once', async () => {
    const id = await running();
    const row = {
      name: 'createUser',
      status: 'running' as const,
      startedAt: '2027-01-15T12:00:00Z',
      finishedAt: null,
      attempts: 1,
      oktaRequestIds: ['req1'],
      detail: 'timed out',
    };
    api.fake.update(as<RunId>(id), { steps: [row] });
    pending({ pendingActivities: [activity({ state: 2, attempt: 3 })] });
    const { body } = await api.get(`/v1/runs/${id}`);
    expect(body.steps).toEqual([{ ...row, attempts: 3 }]);
  });
});
