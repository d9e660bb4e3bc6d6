// The cluster layout lives through what production brings: kills, restarts, a Temporal that is away.
// One layout for all of it, in order: each test leaves every process running.
import { beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.js';
import { prepareLayout, type Api, type Layout } from './layout.js';
import { runScript } from './part.js';
import {
  createStory,
  GROUPS,
  inMs,
  isCancelled,
  isDone,
  isHeld,
  isPlanned,
  latenessMs,
  tellStory,
  type Story,
} from './story.js';

let layout: Layout;
let story: Story;
let people = 0;
const somebody = () => `ada.${(people += 1)}@example.com`;

beforeAll(async () => {
  layout = await prepareLayout();
  story = createStory(layout);
  return () => layout.close();
});

const temporalSetup = (env = layout.env) => runScript(['scripts/run.mjs', 'temporal:setup'], env);

describe('npm run temporal:setup', () => {
  it('does what is missing, says so, and finds nothing to do the second time', async () => {
    const first = await temporalSetup();
    expect(first).toMatchObject({ code: 0 });
    expect(first.stdout).toMatch(/^Search attributes: added TenureRun, .*TenureDueAt$/m);
    expect(first.stdout).toMatch(/^Retention: raised from 3 to 30 days$/m);

    const second = await temporalSetup();
    expect(second).toMatchObject({ code: 0 });
    expect(second.stdout).toMatch(/^Search attributes: all 7 are there$/m);
    expect(second.stdout).toMatch(/^Retention: 30 days already$/m);
  });

  it('says in one sentence that there is no such namespace', async () => {
    const { code, stderr } = await temporalSetup({ ...layout.env, TEMPORAL_NAMESPACE: 'nowhere' });
    expect(code).toBe(1);
    expect(stderr).toContain('There is no namespace "nowhere"');
    expect(stderr).not.toContain('    at ');
  });
});

describe('two APIs and two workers', () => {
  it('start together on an empty database', async () => {
    await Promise.all([...layout.apis, ...layout.workers].map((part) => part.start()));
    for (const api of layout.apis) {
      expect(await api.ask('GET', '/readyz')).toMatchObject({
        status: 200,
        body: { parts: { database: 'ok', temporal: 'ok', setup: 'ok' } },
      });
    }
  });

  it('tell the story, whichever of them is asked (Temporal as it comes: not eager, no priorities)', async () => {
    await tellStory(story, somebody());
  });

  it('are healthy by what the image asks', async () => {
    for (const kind of ['api', 'worker']) {
      const env = { ...layout.env, TENURE_API_PORT: new URL(layout.apis[0].origin).port };
      expect(await runScript(['deploy/healthcheck.mjs', kind], env)).toMatchObject({ code: 0 });
    }
    const idle = { ...layout.env, TENURE_TASK_QUEUE: 'nobody-polls-this' };
    expect(await runScript(['deploy/healthcheck.mjs', 'worker'], idle)).toMatchObject({ code: 1 });
  });

  it('work on several people at once, on both workers', async () => {
    const logins = Array.from({ length: 8 }, somebody);
    const runs = await Promise.all(logins.map((login) => story.hire(login)));
    await Promise.all(runs.map((run) => story.until(run, 'hired', isDone)));
    for (const login of logins) {
      expect(await story.groupNames(await story.truth(login))).toEqual(GROUPS);
    }
  });
});

describe('a graceful stop', () => {
  it('of a worker lets its call to Okta finish, once', async () => {
    const [worker, other] = layout.workers;
    await other.stop();
    const login = somebody();
    const seq = await lastCall();
    await layout.sim('POST', '/faults', {
      ...{ method: 'POST', path: '/api/v1/users', fault: 'slow', delayMs: 5_000 },
    });
    const run = await story.hire(login);
    await eventually('the create is under way', async () => (await creates(seq)).length === 1);

    expect(await worker.stop()).toBe('exit code 0');
    expect(worker.output()).toContain('worker.stopped');
    await other.start();
    const done = await story.until(run, 'hired', isDone);
    expect(await creates(seq)).toHaveLength(1);
    expect(done.steps.find(({ name }) => name === 'createUser')).toMatchObject({
      status: 'done',
      attempts: 1,
    });
    await story.truth(login);
    await worker.start();
  });

  it('of an API lets the answer under way be given, and takes no new request', async () => {
    const login = somebody();
    await story.employ(login);
    const run = await story.offboard(login, { suspendAt: inMs(3_600_000) });
    await story.until(run, 'waits', isPlanned);
    await Promise.all(layout.workers.map((worker) => worker.stop()));

    // Without a worker this answer takes seconds: long enough to stop the API below it.
    const [api, other] = layout.apis;
    const before = await historyLength(run.id);
    const answer = api.ask('POST', `/v1/runs/${run.id}/cancel`, {});
    await eventually(
      'the cancel is with Temporal',
      async () => (await historyLength(run.id)) > before,
    );
    const stopped = api.stop();
    await eventually('the API stops listening', () => refuses(api));
    expect(await answer).toMatchObject({ status: 202, body: { confirmed: false } });
    expect(await stopped).toBe('exit code 0');
    expect(api.output()).toContain('api.stopped');
    expect((await other.ask('GET', '/readyz')).status).toBe(200);

    await Promise.all([api, ...layout.workers].map((part) => part.start()));
    await story.until(run, 'cancelled', isCancelled);
    expect((await story.truth(login)).status).toBe('ACTIVE');
  });
});

describe('kill -9', () => {
  it('of one API and one worker in the middle costs nobody anything', async () => {
    const [api, otherApi] = layout.apis;
    const [worker] = layout.workers;
    const seq = await lastCall();
    await layout.sim('POST', '/faults', {
      ...{ method: 'POST', path: '/api/v1/users', fault: 'slow', delayMs: 1_500, times: 8 },
    });
    const logins = Array.from({ length: 8 }, somebody);
    const runs = await Promise.all(logins.map((login) => story.hire(login)));
    await eventually('creates are under way', async () => (await creates(seq)).length >= 2);
    await Promise.all([api.kill(), worker.kill()]);
    expect((await otherApi.ask('GET', '/readyz')).status).toBe(200);

    // What the worker had in hand is tried again after the step's timeout of two minutes.
    await Promise.all([api.start(), worker.start()]);
    await Promise.all(runs.map((run) => story.until(run, 'hired', isDone, 200_000)));
    for (const login of logins) {
      expect(await story.groupNames(await story.truth(login))).toEqual(GROUPS);
    }
  });
});

describe('Temporal away', () => {
  it('shows in both /readyz, starts nothing, loses nothing, and all goes on when it is back', async () => {
    const [waiting, leaving] = [somebody(), somebody()];
    await story.employ(waiting);
    await story.employ(leaving);
    const held = await story.offboard(waiting);
    await story.until(held, 'suspended', isHeld);
    const suspendAt = inMs(5_000);
    const due = await story.offboard(leaving, { suspendAt });
    await story.until(due, 'waits', isPlanned);

    await layout.cluster.kill();
    for (const api of layout.apis) {
      await eventually('not ready, and why', async () => {
        const { status, body } = await api.ask('GET', '/readyz');
        if (status === 200) return false;
        expect(body).toMatchObject({ parts: { database: 'ok', temporal: 'unavailable' } });
        return status === 503;
      });
      expect((await api.ask('GET', '/healthz')).status).toBe(200);
      // Reads go on; a request is refused and surely not taken.
      expect((await api.ask('GET', `/v1/runs/${held.id}`)).status).toBe(200);
      const refused = await api.ask('POST', '/v1/onboardings', {
        connection: 'demo',
        person: { firstName: 'No', lastName: 'Body', email: 'nobody@example.com' },
      });
      expect(refused).toMatchObject({ status: 503, body: { code: 'TEMPORAL_UNAVAILABLE' } });
    }
    await eventually(
      'the deadline passes while Temporal is away',
      () => Date.now() > Date.parse(suspendAt),
    );

    // Back with the configuration that deploy/ has: eager steps and priorities.
    await layout.cluster.configure('deployed');
    await layout.cluster.start();
    for (const api of layout.apis) {
      await eventually('ready again', async () => (await api.ask('GET', '/readyz')).status === 200);
    }
    await story.until(due, 'suspended late', isHeld);
    await latenessMs(story, leaving, suspendAt);
    await story.cancel(held);
    await story.until(held, 'undone', isCancelled);
    expect((await story.truth(waiting)).status).toBe('ACTIVE');
    expect(await layout.sim('GET', '/users?login=nobody%40example.com')).toEqual([]);
  });

  it('and the story goes on as before, now with eager steps and priorities', async () => {
    await tellStory(story, somebody());
  });
});

describe('a rolling restart', () => {
  it('during a hold interrupts no service and moves no deadline', async () => {
    const [held, leaving] = [somebody(), somebody()];
    await story.employ(held);
    await story.employ(leaving);
    const hold = await story.offboard(held);
    await story.until(hold, 'suspended', isHeld);
    const suspendAt = inMs(6_000);
    const due = await story.offboard(leaving, { suspendAt });
    await story.until(due, 'waits', isPlanned);

    const refusals: string[] = [];
    const watched = new AbortController();
    const watching = watch(refusals, watched.signal);
    for (const part of [...layout.workers, ...layout.apis]) {
      expect(await part.stop()).toBe('exit code 0');
      await part.start();
    }
    watched.abort();
    await watching;
    expect(refusals).toEqual([]);

    await story.until(due, 'suspended', isHeld);
    expect(await latenessMs(story, leaving, suspendAt)).toBeLessThanOrEqual(1_000);
    expect((await story.truth(held)).status).toBe('SUSPENDED');
    for (const [run, login] of [
      [hold, held],
      [due, leaving],
    ] as const) {
      await story.cancel(run);
      await story.until(run, 'undone', isCancelled);
      expect((await story.truth(login)).status).toBe('ACTIVE');
    }
  });
});

/** At every moment one of the APIs must be ready, as a load balancer sees it. */
async function watch(refusals: string[], signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const answers = await Promise.all(
      layout.apis.map((api) =>
        api.ask('GET', '/readyz').then(
          ({ status }) => String(status),
          () => 'refused',
        ),
      ),
    );
    if (!answers.includes('200')) refusals.push(answers.join(', '));
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

interface Call {
  seq: number;
  method: string;
  path: string;
}
const calls = (since: number) => layout.sim<Call[]>('GET', `/requests?since=${since}`);
const lastCall = async () => (await calls(0)).at(-1)?.seq ?? 0;
async function creates(since: number): Promise<Call[]> {
  return (await calls(since)).filter(
    ({ method, path }) => method === 'POST' && path === '/api/v1/users',
  );
}

async function refuses(api: Api): Promise<boolean> {
  return fetch(`${api.origin}/healthz`).then(
    () => false,
    () => true,
  );
}

async function historyLength(runId: string): Promise<number> {
  // `demo.<subject>.<request>` lives in the workflow `person/demo/<subject>`.
  const [connection = '', subject = ''] = runId.split('.');
  const id = `person/${connection}/${subject}`;
  const described = JSON.parse(
    await layout.cluster.cli('workflow', 'describe', '--workflow-id', id, '--output', 'json'),
  ) as { workflowExecutionInfo: { historyLength: string } };
  return Number(described.workflowExecutionInfo.historyLength);
}
