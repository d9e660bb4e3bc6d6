// Cancel anywhere: every step that the stories really take, found by telling each of them once, times
// every way in which a cancel can meet it; and what is promised in each.
import type { RunReport } from '../../src/domain/run.js';
import { eventually } from '../support/eventually.js';
import { nameOfStory } from './cells.js';
import {
  allowEverything,
  FLOWS,
  LOGIN,
  isWithoutGroups,
  say,
  type End,
  type Flow,
  type Told,
} from './flows.js';
import type { Org, Rig, Role, Step } from './rig.js';
import { Deferred } from './deferred.js';
import { NOBODY, parksOf, tell, type Circumstances } from './story.js';

export const WAYS = [
  /** Before the worker has heard of it, and after the step is done but before anybody knows. */
  'at the boundary after',
  /** In flight; nothing has been sent yet. */
  'at the beginning of',
  /** In flight; the deed is done and on record, Temporal does not know it. */
  'at the end of',
  /** In flight, in an attempt that fails: the answer of its write is lost, or its read fails. */
  'in a failing attempt of',
  /** Between that attempt and the next. */
  'before a second attempt of',
] as const;
export type Way = (typeof WAYS)[number];

/** The flows whose steps are worth it; the one left out takes the same ones as another. */
const TOLD = FLOWS.filter(({ name }) => name !== 'onboard, 22 groups');

/** Of a step that parks: nothing of it is done, and what comes after is the story's own. */
const WAYS_OF_PARKING: readonly Way[] = [
  'at the beginning of',
  'in a failing attempt of',
  'before a second attempt of',
];

export interface StepTaken {
  name: string;
  /** Of a list of groups: the slice that parks, else the first one. */
  slice: number;
  writes: boolean;
  parks: boolean;
}

export interface Taken {
  flow: Flow;
  role: Role;
  steps: StepTaken[];
  /** How many steps are taken before the story's own cancel; all where it has none. */
  forward: number;
}

export interface CancelCell {
  taken: Taken;
  /** -1: before the first step. */
  index: number;
  way: Way;
}

export async function takeSteps(rig: Rig): Promise<Taken[]> {
  const stories = TOLD.flatMap((flow) => flow.roles.map((role) => ({ flow, role })));
  return Promise.all(
    stories.map(async ({ flow, role }) => {
      const steps: StepTaken[] = [];
      let forward = 0;
      const { breaches } = await tell(rig, flow, {
        role,
        end: () => flow.end,
        interference: (told) => async (step, work) => {
          const { org } = await told;
          const seen = (await org.log()).length;
          const [outcome] = await Promise.allSettled([work()]);
          const calls = (await org.log()).slice(seen);
          const writes = calls.some(
            ({ method, path }) => method !== 'GET' && !path.startsWith('/oauth2'),
          );
          const { name, index, slice } = step;
          const parks = outcome.status === 'rejected';
          if (slice === 0 || parks) steps[index] = { name, slice, writes, parks };
          if (!isUndoing(await told)) forward = step.index + 1;
          return unwrap(outcome);
        },
      });
      if (breaches.length > 0)
        throw new Error(`${nameOfStory({ flow, role })}: ${breaches.join('; ')}`);
      return { flow, role, steps, forward };
    }),
  );
}

export function cancelCellsOf(taken: readonly Taken[]): CancelCell[] {
  return taken.flatMap((story) => [
    { taken: story, index: -1, way: 'at the boundary after' as const },
    ...story.steps.flatMap(({ parks }, index) =>
      (parks ? WAYS_OF_PARKING : WAYS).map((way) => ({ taken: story, index, way })),
    ),
  ]);
}

export function nameOfCancel({ taken, index, way }: CancelCell): string {
  const step = index < 0 ? 'acceptance' : `step ${index + 1}, ${taken.steps[index]?.name ?? ''}`;
  return `${nameOfStory(taken)}, cancelled ${way} ${step}`;
}

/** What is not as promised in each of these cells, which are no boundaries. */
export async function breachesOfCancel(rig: Rig, cell: CancelCell): Promise<string[]> {
  const { breaches } = await tell(rig, cell.taken.flow, {
    ...promised(cell),
    ...meeting(cell),
  });
  return breaches;
}

/**
 * The boundaries, all at once: every story is stopped where its step is done, the worker ends before
 * it can take the next one, the cancels arrive, and another worker finds both.
 */
export async function breachesAtBoundaries(
  rig: Rig,
  cells: readonly CancelCell[],
): Promise<string[][]> {
  const { tenure } = rig;
  const open = new Deferred<undefined>();
  const held: Told[] = [];
  const stories = cells.map(async (cell) => {
    const { breaches } = await tell(rig, cell.taken.flow, {
      ...promised(cell),
      asked: async (told) => {
        if (cell.index >= 0) return;
        held.push(told);
        await open.value;
      },
      silent: () => open.isResolved && cell.index < cell.taken.forward,
      interference: (told) => async (step, work) => {
        const value = await work();
        if (!isMet(cell, step)) return value;
        held.push(await told);
        await open.value;
        return value;
      },
    });
    return breaches;
  });
  const unasked = cells.every(({ index }) => index < 0);
  if (unasked) await tenure.stopWorker();
  await Promise.race([
    eventually('all are where they are cancelled', () => held.length === cells.length, 120_000),
    Promise.all(stories),
  ]);
  if (!unasked) {
    const stopped = tenure.stopWorker();
    open.resolve(undefined);
    await stopped;
  }
  await Promise.all(held.map((told) => cancel(told)));
  open.resolve(undefined);
  await tenure.startWorker();
  return Promise.all(stories);
}

/** A cancel that meets the step as the cell has it; from then on the story's own person is silent. */
function meeting(cell: CancelCell): Pick<Circumstances, 'interference' | 'silent'> {
  const cancelled = new Deferred<undefined>();
  let silent = false;
  return {
    silent: () => silent,
    interference: (known) => async (step, work) => {
      const told = await known;
      if (!isMet(cell, step)) return work();
      if (step.attempt > 1) {
        await cancelled.value;
        return work();
      }
      return meet(cell, told, step, work, async () => {
        silent = cell.index < cell.taken.forward;
        await cancel(told);
        cancelled.resolve(undefined);
      });
    },
  };
}

function isMet({ taken, index }: CancelCell, step: Step): boolean {
  return step.index === index && step.slice === taken.steps[index]?.slice;
}

async function meet(
  { taken, index, way }: CancelCell,
  told: Told,
  step: Step,
  work: () => Promise<unknown>,
  cancelNow: () => Promise<void>,
): Promise<unknown> {
  switch (way) {
    case 'at the beginning of':
      await cancelNow();
      if (!isUndoing(told)) await heard(told, step);
      return work();
    case 'at the end of': {
      const value = await work();
      await cancelNow();
      return value;
    }
    case 'in a failing attempt of':
      await spoil(told.org, taken.steps[index]);
      try {
        return await work();
      } finally {
        await told.org.sim('DELETE', '/faults');
        await cancelNow();
        if (!isUndoing(told)) await heard(told, step);
      }
    case 'before a second attempt of': {
      await spoil(told.org, taken.steps[index]);
      const outcome = await Promise.allSettled([work()]);
      await told.org.sim('DELETE', '/faults');
      const [{ status }] = outcome;
      // The next attempt waits for the cancel; one that needs no second has it now.
      if (status === 'fulfilled') await cancelNow();
      else void retrying(told).then(cancelNow);
      return unwrap(outcome[0]);
    }
    case 'at the boundary after':
      return work();
  }
}

function unwrap<T>(outcome: PromiseSettledResult<T>): T {
  if (outcome.status === 'rejected') throw outcome.reason;
  return outcome.value;
}

/** One write whose answer is lost; one read that fails where the step writes nothing. */
async function spoil({ sim }: Org, step: StepTaken | undefined): Promise<void> {
  if (step?.writes !== true) {
    await sim('POST', '/faults', { method: 'GET', fault: '500' });
    return;
  }
  for (const method of ['POST', 'PUT', 'DELETE']) {
    await sim('POST', '/faults', { method, fault: 'lost-answer' });
  }
}

/** From the Temporal Web UI, so to say: also where the API would refuse it. */
async function cancel(told: Told): Promise<void> {
  await (await handleOf(told)).cancel();
}

/** The cancel has reached the step that is in flight. */
async function heard(told: Told, { name }: Step): Promise<void> {
  const handle = await handleOf(told);
  await eventually(`${name} is asked to end`, async () => {
    const { raw } = await handle.describe();
    return raw.pendingActivities?.some(({ state }) => Number(state) === CANCEL_REQUESTED) === true;
  });
}
const CANCEL_REQUESTED = 3;

/** The attempt that failed is over as far as Temporal knows, or the step is. */
async function retrying(told: Told): Promise<void> {
  const handle = await handleOf(told);
  await eventually('another attempt', async () => {
    const { raw } = await handle.describe();
    return raw.pendingActivities?.every(({ attempt }) => (attempt ?? 1) > 1) ?? true;
  });
}

async function handleOf({ rig, runId }: Told) {
  const { body } = await rig.tenure.api('GET', `/v1/runs/${runId}`);
  return rig.tenure.client.workflow.getHandle(body.temporal.workflowId);
}

function isUndoing({ rig, runId }: Told): boolean {
  return rig.watch(runId).reports.some(({ event }) => event?.action === 'run.undo');
}

/** The state from before, save what is announced as irreversible. */
function promised(cell: CancelCell): Pick<Circumstances, 'role' | 'end' | 'settle'> {
  const { role } = cell.taken;
  return { role, end: (told) => endOf(cell, told), settle: mendAndLeadOn };
}

async function endOf({ taken, index, way }: CancelCell, { org }: Told): Promise<End> {
  const { flow, steps, forward, role } = taken;
  // Taken back already: a second cancel changes nothing.
  const isSecond = index >= forward;
  const undone: End = { ...flow.end, phase: 'cancelled', outcome: 'undone' };
  const step = steps[index];
  const lost = way === 'in a failing attempt of' || way === 'before a second attempt of';
  const unseen = role === 'seed-role' && lost;

  if (isSecond) {
    const parks = [...flow.end.parks];
    if (unseen && (step?.name === 'unsuspendUser' || step?.name === 'suspendUser')) {
      parks.push('UNDO_INCOMPLETE');
    }
    return { ...undone, parks };
  }
  // Nobody can tell whether an account was made, until the role may look.
  const isUnseen = unseen && step?.name === 'createUser' && isWithoutGroups(flow);
  const own = (await org.users()).find(({ profile }) => profile.login === LOGIN);
  if (flow.before === null) {
    return {
      ...undone,
      status: own === undefined ? NOBODY : 'SUSPENDED',
      groups: [],
      parks: isUnseen ? ['UNDO_INCOMPLETE'] : [],
      unsettled: step?.parks === true || isUnseen ? 1 : 0,
    };
  }
  if (step?.name === 'deactivateUser') {
    // It cannot be taken back. What is known to be done is the end of the story; else giving access back
    // parks, is retried once, and is then left.
    if (!lost) return flow.end;
    const parks = ['UNDO_INCOMPLETE', 'UNDO_INCOMPLETE'];
    return { ...undone, outcome: 'partial', status: 'DEPROVISIONED', parks };
  }
  if (unseen && step?.name === 'suspendUser') {
    // Nobody can prove whose suspension it is; nor can a second attempt that the cancel was too late for.
    const parks = ['UNDO_INCOMPLETE'];
    return { ...undone, ...flow.before, status: 'SUSPENDED', parks, unsettled: 1 };
  }
  return { ...undone, ...flow.before, parks: [] };
}

/** An administrator lets the role read and do everything; what still cannot be taken back is left. */
async function mendAndLeadOn({ problem }: RunReport, told: Told): Promise<boolean> {
  if (problem?.code !== 'UNDO_INCOMPLETE') return false;
  const isFirst = parksOf(told.rig.watch(told.runId)).filter(isUndoIncomplete).length === 1;
  await allowEverything(told.org);
  await say(told, 'resolve', { decision: isFirst ? 'retry' : 'leave' });
  return true;
}

function isUndoIncomplete(code: string): boolean {
  return code === 'UNDO_INCOMPLETE';
}
