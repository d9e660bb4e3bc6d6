// Tells one story to its end, whatever is in the way, and compares the end with the promise.
import type { RunReport } from '../../src/domain/run.js';
import { isOpen } from '../../src/domain/run.js';
import { eventually } from '../support/eventually.js';
import { LOGIN, type End, type Flow, type Told } from './flows.js';
import type { Interference, LoggedCall, Org, Rig, Role, Watch } from './rig.js';
import { Deferred } from './deferred.js';

/** Longer than every pause that a fault of the matrix causes, the probes of a blocked connection included. */
const WITHIN_MS = 180_000;

export interface Ended extends Told {
  watch: Watch;
  calls: LoggedCall[];
  /** Actions in the ledger of this run, in order; a list of groups counts once, a lost answer not at all. */
  ledger: string[];
  /** What is not as promised, in words; empty where all is well. */
  breaches: string[];
}

export interface Circumstances {
  role: Role;
  /** An answer is to come too late. */
  hasty?: boolean;
  /** How it is to end, by what came to pass. */
  end: (told: Told) => End | Promise<End>;
  /** Plans the trouble; the org is ready, nothing has been asked yet. */
  trouble?: (org: Org) => Promise<void> | void;
  interference?: (told: Promise<Told>) => Interference;
  /** Nothing is said any more: what was asked for in between decides. */
  silent?: () => boolean;
  /** The request was accepted. */
  asked?: (told: Told) => Promise<void>;
  /** What a person says to a problem that is no part of the story; false: nothing is to be said. */
  settle?: (report: RunReport, told: Told) => Promise<boolean>;
  /** The ledger that the undisturbed story left; not compared where it is left out. */
  ledger?: readonly string[] | undefined;
  /** Looks at more than every story promises. */
  judge?: (ended: Ended) => string[];
}

export async function tell(rig: Rig, flow: Flow, circumstances: Circumstances): Promise<Ended> {
  const org = await rig.openOrg(circumstances.role, circumstances.hasty);
  try {
    return await tellIn(rig, org, flow, circumstances);
  } finally {
    await org.close();
  }
}

async function tellIn(
  rig: Rig,
  org: Org,
  flow: Flow,
  circumstances: Circumstances,
): Promise<Ended> {
  const { end, trouble, interference, asked, ledger, judge } = circumstances;
  await flow.prepare?.(org);
  const strangers = (await org.users()).filter(({ profile }) => profile.login !== LOGIN).length;
  await trouble?.(org);
  const known = new Deferred<Told>();
  // Its first steps may be under way before the answer to the request is there.
  if (interference !== undefined) rig.interfere(org.connection, interference(known.value));
  const { path, body } = flow.request(org);
  const { status, body: accepted } = await rig.tenure.api('POST', path, body);
  if (status !== 202)
    throw new Error(`${path} was answered ${status}: ${JSON.stringify(accepted)}`);
  const told: Told = { rig, org, runId: accepted.id };
  known.resolve(told);
  const watch = rig.watch(accepted.id);
  const ended: Ended = { ...told, watch, calls: [], ledger: [], breaches: [] };

  await asked?.(told);
  try {
    await lead(flow, told, watch, circumstances);
  } catch (error) {
    ended.breaches.push(error instanceof Error ? error.message : String(error));
    await giveUp(told);
  }
  ended.calls = await org.log();
  const rows = await rig.tenure.store.ledger.ofRun(accepted.id as never);
  ended.ledger = rows
    .map(({ action }) => action)
    .filter((action) => !action.endsWith(LOST))
    .filter((action, at, all) => !(IN_SLICES.includes(action) && all[at - 1] === action));
  if (ended.breaches.length > 0) return ended;
  ended.breaches.push(
    ...(await differences(told, watch, await end(told), strangers)),
    ...(ledger === undefined ? [] : differing('ledger', sorted(ledger), sorted(ended.ledger))),
    ...(judge?.(ended) ?? []),
  );
  return ended;
}

/** Says what the story, or the trouble, has a person say, until the run is over. */
async function lead(
  flow: Flow,
  told: Told,
  watch: Watch,
  { settle, silent }: Pick<Circumstances, 'settle' | 'silent'>,
): Promise<void> {
  for (let from = 0; ;) {
    const { report, index } = await watch.next(from, isTurn, WITHIN_MS);
    if (!isOpen(report.phase)) return;
    from = index + 1;
    const settled = report.phase === 'parked' && (await settle?.(report, told)) === true;
    if (settled) continue;
    if (report.phase === 'parked' && !flow.end.parks.includes(report.problem?.code ?? '')) {
      throw new Error(`parked: ${report.problem?.code ?? ''}, ${report.problem?.detail ?? ''}`);
    }
    if (silent?.() !== true) await flow.answer?.(report, told);
  }
}

/** Something may be said here. A report made by an action that is being applied is none of them. */
function isTurn({ phase, event }: RunReport): boolean {
  if (!isOpen(phase)) return true;
  if (phase === 'parked') return event?.action === 'run.parked';
  return phase === 'holding' && (event === null || event.action === 'run.holding');
}

async function differences(
  { rig, org, runId }: Told,
  watch: Watch,
  end: End,
  strangers: number,
): Promise<string[]> {
  const found: string[] = [];
  const { body: run } = await rig.tenure.api('GET', `/v1/runs/${runId}`);
  found.push(...differing('phase', end.phase, run.phase));
  found.push(...differing('outcome', end.outcome, run.outcome));
  found.push(...differing('problem', null, run.problem));
  found.push(...differing('parks', end.parks, parksOf(watch)));

  const stranded = run.steps.filter(({ status }) => status === 'running' || status === 'pending');
  found.push(...stranded.map(({ name, status }) => `step ${name} is left ${status}`));
  const failed = run.steps.filter(({ status }) => status === 'failed').length;
  const settled = failed - (end.unsettled ?? 0);
  if (settled > end.parks.length) found.push(`${failed} steps failed, ${end.parks.length} parks`);

  const all = await org.users();
  const own = all.filter(({ profile }) => profile.login === LOGIN);
  found.push(...differing('other people', strangers, all.length - own.length));
  found.push(...differing('accounts', end.status === NOBODY ? 0 : 1, own.length));
  const [user] = own;
  if (user !== undefined) {
    found.push(...differing('status', end.status, user.status));
    found.push(...differing('groups', sorted(end.groups), await namesOf(org, user.groups)));
    if (end.title !== undefined) found.push(...differing('title', end.title, user.profile.title));
  }

  const status = await closed(rig, run.temporal.workflowId);
  const expected = end.phase === 'cancelled' && end.decided !== true ? 'CANCELLED' : 'COMPLETED';
  found.push(...differing('workflow', expected, status));
  const connection = await rig.tenure.store.connections.get(org.connection);
  found.push(...differing('connection', 'ready', connection?.status));
  return found;
}

/** Where nobody has the login. */
export const NOBODY = 'nobody';
const LOST = '.answer-lost';
const IN_SLICES = ['groups.assigned', 'groups.removed'];

export function parksOf({ reports }: Watch): string[] {
  return reports
    .filter(({ event }) => event?.action === 'run.parked')
    .map(({ problem }) => problem?.code ?? '');
}

async function namesOf(org: Org, ids: string[]): Promise<string[]> {
  const groups = await org.sim<{ id: string; name: string }[]>('GET', '/groups');
  return ids.map((id) => groups.find((group) => group.id === id)?.name ?? id).sort();
}

async function closed(rig: Rig, workflowId: string): Promise<string> {
  const handle = rig.tenure.client.workflow.getHandle(workflowId);
  return eventually('the workflow is over', async () => {
    const { status } = await handle.describe();
    return status.name !== 'RUNNING' && status.name;
  });
}

/** So that what went wrong disturbs nobody else. */
async function giveUp({ rig, runId }: Told): Promise<void> {
  const { body } = await rig.tenure.api('GET', `/v1/runs/${runId}`);
  const handle = rig.tenure.client.workflow.getHandle(body.temporal.workflowId);
  await handle.terminate('given up by the matrix').catch(() => undefined);
}

export function differing(what: string, promised: unknown, found: unknown): string[] {
  const [left, right] = [JSON.stringify(promised), JSON.stringify(found)];
  return left === right ? [] : [`${what}: promised ${left}, found ${right}`];
}

function sorted(values: readonly string[]): string[] {
  return [...values].sort();
}
