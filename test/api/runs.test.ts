// How runs are listed and shown, with what one look at Temporal adds.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { as, type RunId } from '../../src/domain/brand.js';
import { problem } from '../../src/domain/problem.js';
import type { RunRecord } from '../../src/domain/run.js';
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

  const past = new Date(Date.now() - 60_000).toISOString();
  const ahead = new Date(Date.now() + 60_000).toISOString();
  it.each<[string, Partial<RunRecord>, unknown]>([
    ['that no worker has seen yet', { begun: false, waiting: null }, { for: 'worker' }],
    ['at work', { phase: 'running', waiting: null }, { for: 'worker' }],
    ['being taken back', { phase: 'running', waiting: { for: 'undo' } }, { for: 'worker' }],
    ['past its deadline', { waiting: { for: 'start', until: past } }, { for: 'worker' }],
    [
      'at the end of its hold',
      { phase: 'holding', waiting: { for: 'deprovision', until: past } },
      { for: 'worker' },
    ],
    [
      'that is due later',
      { waiting: { for: 'start', until: ahead } },
      { for: 'start', until: ahead },
    ],
    ['that is parked', { phase: 'parked', waiting: { for: 'decision' } }, { for: 'decision' }],
    ['that is over', { phase: 'completed', waiting: null }, null],
  ])('says that a run %s waits for a worker where nobody polls', async (_name, row, waiting) => {
    const id = await running();
    api.fake.update(as<RunId>(id), { phase: 'scheduled', begun: true, ...row });
    api.temporal.state.pollers = 0;
    const { body } = await api.get('/v1/runs');
    expect(body.items.map((run) => run.waiting)).toEqual([waiting]);
  });

  it('says nothing of a worker where one polls, or where that cannot be told', async () => {
    await running();
    expect((await api.get('/v1/runs')).body.items).toMatchObject([{ waiting: null }]);
    api.temporal.state.weather = 'away';
    const { status, body } = await api.get('/v1/runs');
    expect([status, body.items]).toMatchObject([200, [{ waiting: null }]]);
  });

  it('asks who polls once, for each type of task, for a whole page and for later ones of the same seconds', async () => {
    const describeTaskQueue = vi.spyOn(api.temporal.client.workflowService, 'describeTaskQueue');
    await running();
    await api.post('/v1/offboardings', offboarding({ login: 'bob@example.com' }));
    for (let n = 0; n < 3; n += 1) await api.get('/v1/runs');
    expect(describeTaskQueue).toHaveBeenCalledTimes(2);
  });
});

describe('a run whose workflow task fails', () => {
  const taskFailingSince = '2027-01-15T11:59:00.000Z';
  const problemsOf = async (id: string) => {
    const [single, list] = [await api.get(`/v1/runs/${id}`), await api.get('/v1/runs')];
    return [single.body.problem, ...list.body.items.map(({ problem }) => problem)];
  };

  it('says so, alone and in the list, in the place of its own problem, until it works again', async () => {
    const id = await running();
    const own = problem('GROUP_UNKNOWN', 'no such group');
    api.fake.update(as<RunId>(id), { phase: 'parked', problem: own, taskFailingSince });
    const found = await problemsOf(id);
    expect(found).toMatchObject([{ code: 'WORKFLOW_FAILING', actions: [] }, found[0]]);
    expect(found[0]?.detail).toContain(taskFailingSince);
    api.fake.update(as<RunId>(id), { taskFailingSince: null });
    expect(await problemsOf(id)).toEqual([own, own]);
  });

  it('says it no more when it is over', async () => {
    const id = await running();
    api.fake.update(as<RunId>(id), { phase: 'cancelled', taskFailingSince });
    expect(await problemsOf(id)).toEqual([null, null]);
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

  it.each<[string, number, number, unknown, number?]>([
    ['old enough to be proof', 20_000, 1, { for: 'worker' }],
    ['and nobody polls', 2_000, 0, { for: 'worker' }],
    ['and somebody polls', 2_000, 1, null],
    ['just now', 0, 0, null],
    ['since it failed before, and somebody polls', 60_000, 1, null, 7],
    ['since it failed before, and nobody polls', 60_000, 0, { for: 'worker' }, 7],
  ])(
    'with a workflow task that nobody took, %s',
    async (_name, age, pollers, waiting, attempt = 1) => {
      const id = await running();
      api.temporal.state.pollers = pollers;
      const scheduledTime = seconds(Date.now() - age);
      pending({ pendingWorkflowTask: { state: 1, attempt, scheduledTime } });
      expect((await api.get(`/v1/runs/${id}`)).body.waiting).toEqual(waiting);
    },
  );

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
