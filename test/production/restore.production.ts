// Both databases, backed up and restored: Tenure's older than Temporal's, and the reverse. What
// becomes of the runs in between, and that what docs/operations.md tells an operator to do is enough.
import { beforeAll, describe, expect, it } from 'vitest';
import { ensureDatabase } from '../../src/embedded/postgres.js';
import { eventually } from '../support/eventually.js';
import { prepareLayout, withDatabase, type Layout } from './layout.js';
import { runScript, type Ended } from './part.js';
import {
  installedPostgres,
  startWithColdCopies,
  startWithDumps,
  type PostgresServer,
} from './postgres-server.js';
import {
  createStory,
  inMs,
  isCancelled,
  isDone,
  isHeld,
  isOrphaned,
  isPlanned,
  type Story,
} from './story.js';

const bin = installedPostgres();
const means: { name: string; start: (() => Promise<PostgresServer>) | null }[] = [
  { name: 'copies of the data directory', start: startWithColdCopies },
  { name: 'pg_dump and pg_restore', start: bin === null ? null : () => startWithDumps(bin) },
];

const TENURE = ['tenure'];
const TEMPORAL = ['temporal', 'temporal_visibility'];

describe.each(means)('by $name', ({ start }) => {
  let servers: { tenure: PostgresServer; temporal: PostgresServer };
  let layout: Layout;
  let story: Story;
  let people = 0;
  const somebody = () => `grace.${(people += 1)}@example.com`;
  const somebodyEmployed = async () => {
    const login = somebody();
    await story.employ(login);
    return login;
  };

  beforeAll(async () => {
    if (start === null) return;
    servers = { tenure: await start(), temporal: await start() };
    await ensureDatabase(servers.tenure.url, 'tenure');
    layout = await prepareLayout({
      databases: {
        tenure: withDatabase(servers.tenure.url, 'tenure'),
        temporal: servers.temporal.url,
      },
    });
    story = createStory(layout);
    await startTenure();
    return async () => {
      await layout.close();
      await Promise.all([servers.tenure.stop(), servers.temporal.stop()]);
    };
  });

  const startTenure = async () => {
    await Promise.all([...layout.apis, ...layout.workers].map((part) => part.start()));
  };
  const stopTenure = async () => {
    await Promise.all([...layout.apis, ...layout.workers].map((part) => part.stop()));
  };
  const reconcile = (...args: string[]): Promise<Ended> =>
    runScript(['deploy/reconcile.mjs', ...args], layout.env);
  /** What is listed is at most a moment behind. */
  const agree = async () => {
    let differences = '';
    await eventually(
      'both agree',
      async () => {
        const { code, stdout, stderr } = await reconcile();
        differences = stdout + stderr;
        return code === 0;
      },
      60_000,
    ).catch((error: unknown) => {
      throw new Error(differences, { cause: error });
    });
  };

  it.skipIf(start === null)('Tenure older than Temporal', async () => {
    const [ended, begun, planned] = [
      await somebodyEmployed(),
      await somebodyEmployed(),
      await somebodyEmployed(),
    ];
    const forgottenEnd = await story.offboard(ended);
    await story.until(forgottenEnd, 'suspended', isHeld);
    await servers.tenure.backup(TENURE);

    await story.cancel(forgottenEnd);
    await story.until(forgottenEnd, 'undone', isCancelled);
    const unknownHold = await story.offboard(begun);
    await story.until(unknownHold, 'suspended', isHeld);
    const unknownPlan = await story.offboard(planned, { suspendAt: inMs(3_600_000) });
    await story.until(unknownPlan, 'waits', isPlanned);

    await stopTenure();
    await servers.tenure.restore(TENURE);
    await startTenure();

    // A run that ended since shows as open; one that began since is unknown, and lives on in Temporal.
    const [api] = layout.apis;
    expect(await api.ask('GET', `/v1/runs/${forgottenEnd.id}`)).toMatchObject({
      status: 200,
      body: { phase: 'holding' },
    });
    expect((await story.truth(ended)).status).toBe('ACTIVE');
    expect((await api.ask('GET', `/v1/runs/${unknownHold.id}`)).status).toBe(404);
    expect((await story.truth(begun)).status).toBe('SUSPENDED');
    expect(
      await api.ask('POST', '/v1/offboardings', { connection: 'demo', login: begun }),
    ).toMatchObject({ status: 409, body: { code: 'RUN_OPEN' } });

    const { code, stdout } = await reconcile();
    expect(code).toBe(1);
    expect(sections(stdout)).toEqual({
      'Open in Temporal, unknown here': [unknownHold.id, unknownPlan.id].sort(),
      'Open here, without a workflow': [forgottenEnd.id],
    });
    // The tool does to a run only what fits it.
    expect((await reconcile('--terminate', unknownHold.id)).code).toBe(2);

    expect(await reconcile('--cancel', unknownHold.id, '--cancel', unknownPlan.id)).toMatchObject({
      code: 0,
    });
    await story.until(forgottenEnd, 'found without a workflow', isOrphaned, 120_000);
    await story.decide(forgottenEnd, 'abort');
    await story.until(forgottenEnd, 'given up', isCancelled);
    await agree();
    for (const login of [ended, begun, planned]) {
      expect((await story.truth(login)).status).toBe('ACTIVE');
      const again = await story.offboard(login);
      await story.until(again, 'suspended', isHeld);
      expect((await story.truth(login)).status).toBe('SUSPENDED');
    }
  });

  it.skipIf(start === null)('Temporal older than Tenure', async () => {
    const [stayed, planned] = [await somebodyEmployed(), await somebodyEmployed()];
    const undoneSince = await story.offboard(stayed, { deprovisionAt: inMs(3_600_000) });
    await story.until(undoneSince, 'suspended', isHeld);
    await layout.cluster.stop();
    await servers.temporal.backup(TEMPORAL);
    await layout.cluster.start();

    await story.cancel(undoneSince);
    await story.until(undoneSince, 'undone', isCancelled);
    const hired = somebody();
    const doneSince = await story.hire(hired);
    await story.until(doneSince, 'hired', isDone);
    const plannedSince = await story.offboard(planned, { suspendAt: inMs(3_600_000) });
    await story.until(plannedSince, 'waits', isPlanned);

    await stopTenure();
    await layout.cluster.stop();
    await servers.temporal.restore(TEMPORAL);
    await layout.cluster.start();

    // Before a worker runs: what was undone would be deactivated at its old deadline.
    const { code, stdout } = await reconcile();
    expect(code).toBe(1);
    expect(sections(stdout)).toEqual({
      'Open in Temporal, over here': [undoneSince.id],
      'Open here, without a workflow': expect.arrayContaining([plannedSince.id]) as string[],
    });
    expect(await reconcile('--terminate', undoneSince.id)).toMatchObject({ code: 0 });
    await startTenure();
    await story.until(plannedSince, 'found without a workflow', isOrphaned, 120_000);
    await story.decide(plannedSince, 'retry');
    await story.until(plannedSince, 'waits again', ({ phase }) => phase === 'scheduled');
    await agree();

    expect((await story.truth(stayed)).status).toBe('ACTIVE');
    expect(await layout.apis[0].ask('GET', `/v1/runs/${doneSince.id}`)).toMatchObject({
      status: 200,
      body: { phase: 'completed' },
    });
    await story.truth(hired);
    await story.expedite(plannedSince, 'suspend');
    await story.until(plannedSince, 'suspended', isHeld);
    expect((await story.truth(planned)).status).toBe('SUSPENDED');
    await agree();
  });
});

/** Run ids by the beginning of their title. */
function sections(output: string): Record<string, string[]> {
  const found: Record<string, string[]> = {};
  let title = '';
  for (const line of output.split('\n')) {
    const id = /^ {2}(\S+)/.exec(line)?.[1];
    if (id === undefined) title = line.split(':')[0] ?? '';
    else found[title] = [...(found[title] ?? []), id].sort();
  }
  return found;
}
