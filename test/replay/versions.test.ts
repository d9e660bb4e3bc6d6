// Two releases of the workflow code, one after the other and back, while runs are in the middle of their
// holds: a step that the next release puts before the hold, behind a patch marker and without one.
import { readdir, readFile } from 'node:fs/promises';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { DeterminismViolationError } from '@temporalio/workflow';
import { Worker } from '@temporalio/worker';
import { afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { expediteSignal } from '../../src/contract/messages.js';
import { failureConverterPath } from '../../src/crypto/data-converter.js';
import { eventually } from '../support/eventually.js';
import { seen, shows, stubActivities } from '../support/stub-activities.js';
import { HOUR, inMs, startHarness, type Harness, type Started } from '../workflows/harness.js';
import { bundleVariant, type Change } from './variant.js';

const LOOK = 'await saga.attempt(() => lookAt(saga, input, null));\n      ';
const file = 'workflows/offboard.ts';
const PLACE = { file, before: 'await hold(saga, input, again);' };
const IMPORT: Change = {
  file,
  before: "import type { Sighting } from '../activities/index.js';",
  put: "import { patched } from '@temporalio/workflow';\n",
};
const PATCHED: Change[] = [IMPORT, { ...PLACE, put: `if (patched('look-before-hold')) ${LOOK}` }];
const UNPATCHED: Change[] = [{ ...PLACE, put: LOOK }];

const HISTORIES = new URL('./histories/', import.meta.url);
let [present, next, careless] = ['', '', ''];
beforeAll(async () => {
  present = inject('workflowBundle');
  const variants = [await bundleVariant(PATCHED), await bundleVariant(UNPATCHED)] as const;
  [next, careless] = [variants[0].codePath, variants[1].codePath];
  return async () => {
    await Promise.all(variants.map(({ remove }) => remove()));
  };
});

let harness: Harness | undefined;
afterEach(async () => {
  await harness?.close();
  harness = undefined;
});

/** Counts the looks at the person, which tell which code a run has gone through. */
async function start() {
  const looks = new Map<string, number>();
  const stubs = stubActivities({
    readUser: (look) => {
      looks.set(look.run.id, (looks.get(look.run.id) ?? 0) + 1);
      return shows(seen('ACTIVE', { at: inMs(0).at }))(look);
    },
  });
  harness = await startHarness(stubs);
  const { offboard, replaceWorker } = harness;
  const holding = async (): Promise<Started> => {
    const at = { kind: 'deprovisionAt', at: inMs(HOUR) } as const;
    const terms = {
      removeGroups: false,
      revokeSessions: null,
      whenNotSuspendable: 'park',
    } as const;
    const started = await offboard({ terms: { ...terms, hold: at } });
    await eventually('it holds', () => stubs.last(started.run.id)?.phase === 'holding');
    return started;
  };
  const deprovision = ({ handle, run }: Started) =>
    handle.signal(expediteSignal, {
      actionId: run.id,
      runId: run.id,
      requestedBy: null,
      reason: null,
      what: 'deprovision',
    });
  return { holding, deprovision, replaceWorker, looks };
}
const history = async ({ handle }: Started): Promise<unknown> =>
  JSON.parse(historyToJSON(await handle.fetchHistory()));
const replay = (codePath: string, recorded: unknown) =>
  Worker.runReplayHistory(
    { workflowBundle: { codePath }, dataConverter: { failureConverterPath } },
    recorded,
    'person/demo/0123456789abcdef',
  );

describe('a new release of the workflow code', () => {
  it('goes on with runs in their hold as they began, and takes the new way with new ones', async () => {
    const { holding, deprovision, replaceWorker, looks } = await start();
    const old = await holding();
    await replaceWorker(next);
    const fresh = await holding();
    for (const run of [old, fresh]) await deprovision(run);
    for (const { handle } of [old, fresh]) {
      expect(await handle.result()).toMatchObject({ outcome: 'done' });
    }
    expect([looks.get(old.run.id), looks.get(fresh.run.id)]).toEqual([1, 2]);
    for (const run of [old, fresh]) await replay(next, await history(run));
  });

  it('can be taken back: runs that went the new way stand still until it returns, unharmed', async () => {
    const { holding, deprovision, replaceWorker } = await start();
    const old = await holding();
    await replaceWorker(next);
    const fresh = await holding();
    await replaceWorker(present);
    await deprovision(old);
    expect(await old.handle.result()).toMatchObject({ outcome: 'done' });

    await deprovision(fresh);
    await eventually('it is refused by the old code', async () => {
      const { events } = await fresh.handle.fetchHistory();
      return events?.some((event) => event.workflowTaskFailedEventAttributes != null);
    });
    expect((await fresh.handle.describe()).status.name).toBe('RUNNING');
    await replaceWorker(next);
    expect(await fresh.handle.result()).toMatchObject({ outcome: 'done' });
  });
});

describe('the replay of recorded histories', () => {
  it('passes under a change behind a patch marker', async () => {
    for (const name of (await readdir(HISTORIES)).filter((known) => known.endsWith('.json'))) {
      await replay(next, JSON.parse(await readFile(new URL(name, HISTORIES), 'utf8')));
    }
  });

  it.each(['offboard-undone.v1.json', 'offboard-rescheduled-expedited-deprovisioned.v1.json'])(
    'fails under a change without one: %s',
    async (name) => {
      const recorded: unknown = JSON.parse(await readFile(new URL(name, HISTORIES), 'utf8'));
      await replay(present, recorded);
      await expect(replay(careless, recorded)).rejects.toThrow(DeterminismViolationError);
    },
  );
});
