// What no workflow says of itself, against real servers: a release that fails every task, and no worker.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.js';
import { bundleFailingWorkflows } from '../support/failing-workflows/bundle.js';
import { startTenure, type RunView, type Tenure } from '../support/tenure.js';

const PERSON = { firstName: 'Grace', lastName: 'Hopper', email: 'grace@example.com' };

let dir: string;
let failingBundle: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'tenure-failing-'));
  failingBundle = await bundleFailingWorkflows(dir);
});
afterAll(() => rm(dir, { recursive: true, force: true }));

let tenure: Tenure;
afterEach(() => tenure.close());

const hire = async () =>
  (await tenure.api('POST', '/v1/onboardings', { connection: 'demo', person: PERSON })).body.id;
const listed = async (id: string): Promise<RunView | undefined> => {
  const { body } = await tenure.api<{ items: RunView[] }>('GET', '/v1/runs');
  return body.items.find((run) => run.id === id);
};
/** A number of the API's `/metrics`; undefined where it is not there. */
async function metric(name: string): Promise<number | undefined> {
  const headers = { authorization: `Bearer ${tenure.adminKey}` };
  const text = await (await fetch(`${tenure.origin}/metrics`, { headers })).text();
  const line = text.split('\n').find((one) => one.startsWith(`${name} `));
  return line === undefined ? undefined : Number(line.slice(name.length + 1));
}

describe('a workflow task that fails', () => {
  it('shows within seconds where a worker can say so', async () => {
    tenure = await startTenure({ worker: false, watch: ['worker'] });
    await tenure.startWorker(failingBundle);
    const id = await hire();
    const run = await tenure.until(id, 'it shows', ({ problem }) => problem !== null, 30_000);
    expect(run.problem).toMatchObject({ code: 'WORKFLOW_FAILING', actions: [] });
  });

  it('shows within 30 s where no worker says so, alone, in the list and in the metrics, and no more when it works again', async () => {
    tenure = await startTenure({ worker: false, watch: ['sweep'] });
    await tenure.startWorker(failingBundle);
    const id = await hire();
    const isFailing = ({ problem }: RunView) => problem?.code === 'WORKFLOW_FAILING';
    await tenure.until(id, 'it shows', isFailing, 30_000);
    expect(await listed(id)).toMatchObject({ problem: { code: 'WORKFLOW_FAILING' } });
    expect(await metric('tenure_failing_runs')).toBe(1);

    await tenure.stopWorker();
    await tenure.startWorker();
    const run = await tenure.until(id, 'hired', ({ phase }) => phase === 'completed', 40_000);
    expect(run).toMatchObject({ outcome: 'done', problem: null });
    await eventually('cleared', async () => (await metric('tenure_failing_runs')) === 0);
  }, 120_000);
});

describe('a deadline while no worker polls', () => {
  it('is overdue in the metrics, and every place says that a worker is missing, until one comes', async () => {
    tenure = await startTenure();
    await tenure.sim('POST', '/users', {
      status: 'ACTIVE',
      profile: { ...PERSON, login: PERSON.email },
    });
    const { body } = await tenure.api('POST', '/v1/offboardings', {
      connection: 'demo',
      login: PERSON.email,
      suspendAt: new Date(Date.now() + 5_000).toISOString(),
    });
    await tenure.until(body.id, 'it waits', ({ phase }) => phase === 'scheduled');
    await tenure.stopWorker();
    const overdue = () => metric('tenure_oldest_overdue_run_seconds{kind="offboarding"}');
    await eventually('overdue', async () => ((await overdue()) ?? 0) > 10, 40_000);
    await eventually(
      'the list says so',
      async () => (await listed(body.id))?.waiting?.for === 'worker',
      40_000,
    );
    expect(await metric('tenure_task_queue_pollers{queue="runs"}')).toBe(0);
    const ready = await fetch(`${tenure.origin}/readyz`);
    expect([ready.status, await ready.json()]).toMatchObject([
      200,
      { status: 'degraded', parts: { worker: 'nobody polls' } },
    ]);
    const { body: single } = await tenure.api('GET', `/v1/runs/${body.id}`);
    expect(single.waiting).toEqual({ for: 'worker' });

    await tenure.startWorker();
    await tenure.until(body.id, 'suspended', ({ phase }) => phase === 'holding');
    await eventually('not overdue', async () => (await overdue()) === 0);
    await eventually(
      'a poller',
      async () => (await metric('tenure_task_queue_pollers{queue="runs"}')) === 1,
    );
    expect((await tenure.users(PERSON.email)).map(({ status }) => status)).toEqual(['SUSPENDED']);
  }, 120_000);
});
