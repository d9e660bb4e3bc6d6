// What the sweep makes of rows that Temporal may or may not have.
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createStarter, type Starter } from '../../src/api/starter.js';
import { startSweep, type Sweep } from '../../src/api/sweep.js';
import { createEngine } from '../../src/api/temporal.js';
import { as, type RunId } from '../../src/domain/brand.js';
import { offboarding, onboarding, startHarness, type Harness } from './harness.js';

let api: Harness;
let starter: Starter;
let sweep: Sweep;
beforeEach(async () => {
  api = await startHarness();
  const { runs } = api.fake.store;
  const { client } = api.temporal;
  const engine = createEngine({ client, namespace: 'default', taskQueue: 'tenure' });
  const log = pino({ level: 'silent' });
  starter = createStarter({ runs, engine, log, closingMs: 50 });
  sweep = startSweep({ runs, starter, engine, log, everyMs: 3_600_000 });
});
afterEach(async () => {
  await sweep.stop();
  await api.close();
});

/** A run whose start got no answer; `taken` says whether Temporal has it. */
async function unknown(taken: boolean, body = onboarding()): Promise<string> {
  api.temporal.state.weather = 'lost';
  const { body: run } = await api.post('/v1/onboardings', body);
  api.temporal.state.weather = 'fine';
  if (!taken) api.temporal.workflows.pop();
  return run.id;
}

describe('a row that was not started', () => {
  it('is started, with what it was asked for', async () => {
    const id = await unknown(false, onboarding({ groups: ['A'] }));
    await sweep.once();
    expect(api.fake.run(id)?.started).toBe(true);
    expect(api.temporal.workflows).toMatchObject([
      {
        run: id,
        input: { groups: ['A'] },
        options: { staticSummary: 'Onboard Ada Lovelace · demo · 1 group' },
      },
    ]);
  });

  it('is not started twice', async () => {
    const id = await unknown(true);
    await sweep.once();
    await sweep.once();
    expect(api.fake.run(id)?.started).toBe(true);
    expect(api.temporal.workflows).toHaveLength(1);
  });

  it('is not started again when it ran and ended meanwhile', async () => {
    const id = await unknown(true);
    const workflow = api.temporal.workflows[0];
    if (workflow !== undefined) workflow.isOpen = false;
    await sweep.once();
    expect(api.fake.run(id)?.started).toBe(true);
    expect(api.temporal.workflows).toHaveLength(1);
  });

  it('stays while Temporal is away', async () => {
    const id = await unknown(false);
    api.temporal.state.weather = 'away';
    await expect(sweep.once()).rejects.toThrow();
    expect(api.fake.run(id)?.started).toBe(false);
  });

  it('fails with a reason where another run of that person is open', async () => {
    const id = await unknown(false);
    api.fake.update(as<RunId>(id), { phase: 'completed', outcome: 'undone' });
    const other = await api.post('/v1/offboardings', offboarding());
    api.fake.update(as<RunId>(id), { phase: 'running', outcome: null });
    await sweep.once();
    expect(api.fake.run(id)).toMatchObject({ phase: 'failed', outcome: 'failed', started: true });
    expect(api.fake.notes.at(-1)?.detail).toContain(other.body.id);
    expect(api.temporal.workflows).toHaveLength(1);
  });

  it('waits for the person’s former workflow to close', async () => {
    const former = await api.post('/v1/onboardings', onboarding());
    api.fake.update(as<RunId>(former.body.id), { phase: 'completed', outcome: 'done' });
    const { body } = await api.post('/v1/offboardings', offboarding());
    await sweep.once();
    expect(api.fake.run(body.id)?.started).toBe(false);
    const workflow = api.temporal.workflows[0];
    if (workflow !== undefined) workflow.isOpen = false;
    await sweep.once();
    expect(api.fake.run(body.id)?.started).toBe(true);
  });

  it('of a takeover is told again, under the same action id', async () => {
    await api.post('/v1/onboardings', onboarding());
    api.temporal.state.weather = 'lost';
    const { body } = await api.post('/v1/offboardings', offboarding({ ifOpen: 'takeover' }));
    api.temporal.state.weather = 'fine';
    await sweep.once();
    await sweep.once();
    const requestId = body.id.split('.')[2];
    expect(api.temporal.workflows).toHaveLength(1);
    expect(api.temporal.workflows[0]?.signals).toMatchObject([{ args: [{ actionId: requestId }] }]);
    expect(api.fake.run(body.id)?.started).toBe(true);
  });
});
