// The cells of the failure matrix: every call that the stories really make, found by telling each of
// them once undisturbed, times every fault, once and thrice; and what is promised in each.
import type { RunReport } from '../../src/domain/run.js';
import {
  allowEverything,
  FLOWS,
  isWithoutGroups,
  say,
  type End,
  type Flow,
  type Told,
} from './flows.js';
import {
  HASTY_MS,
  templateOf,
  type Call,
  type LoggedCall,
  type Org,
  type Rig,
  type Role,
} from './rig.js';
import { differing, tell, type Ended } from './story.js';

/** As the issue has them; `refused` never reaches Okta, `reset` is cut before anything is done. */
export const FAULTS = [
  'refused',
  'lost-answer',
  'reset',
  '500',
  '502-html',
  '503-readonly',
  'slow',
  '429',
  '429-concurrency',
  '401',
] as const;
export type FaultName = (typeof FAULTS)[number];
export const TIMES = [1, 3] as const;

/** A call at its place in a story: after so many of its kind. */
export interface Place extends Call {
  after: number;
}

/** A story on a connection, told once undisturbed. */
export interface Baseline {
  flow: Flow;
  role: Role;
  places: Place[];
  ledger: string[];
  /** What is not as promised although nothing was in the way. */
  breaches: string[];
}

export interface Cell {
  baseline: Baseline;
  place: Place;
  fault: FaultName;
  times: number;
}

export async function tellUndisturbed(rig: Rig): Promise<Baseline[]> {
  const stories = FLOWS.flatMap((flow) => flow.roles.map((role) => ({ flow, role })));
  return Promise.all(
    stories.map(async ({ flow, role }) => {
      const { calls, ledger, breaches } = await tell(rig, flow, { role, end: () => flow.end });
      return { flow, role, places: placesIn(calls), ledger, breaches };
    }),
  );
}

/**
 * The calls of a log. A call that only repeats the one before it for the next of many groups stands
 * for its kind at the first and at the last place.
 */
export function placesIn(calls: readonly LoggedCall[]): Place[] {
  const seen = new Map<string, number>();
  const placed = calls.map(({ method, path: actual }) => {
    const path = templateOf(actual);
    const name = nameOfKind({ method, path });
    const after = seen.get(name) ?? 0;
    seen.set(name, after + 1);
    return { method, path, after };
  });
  return placed.filter((place, at) => {
    const [before, next] = [placed[at - 1], placed[at + 1]];
    return !(isSameKind(before, place) && isSameKind(next, place));
  });
}

function isSameKind(left: Call | undefined, right: Call): boolean {
  return left?.method === right.method && left.path === right.path;
}

export function cellsOf(baselines: readonly Baseline[]): Cell[] {
  return baselines.flatMap((baseline) =>
    baseline.places.flatMap((place) =>
      FAULTS.flatMap((fault) => TIMES.map((times) => ({ baseline, place, fault, times }))),
    ),
  );
}

export function nameOf({ baseline, place, fault, times }: Cell): string {
  return `${nameOfStory(baseline)}: ${nameOfPlace(place)}, ${fault} × ${times}`;
}

export function nameOfStory({ flow, role }: Pick<Baseline, 'flow' | 'role'>): string {
  return `${flow.name} (${role})`;
}

export function placesOf({ places }: Baseline): string[] {
  return places.map(nameOfPlace);
}

/** Most of its time goes by in waiting: for a probe, a window, an answer that comes too late. */
export function isLong({ fault, times, place }: Cell): boolean {
  return fault === 'slow' || times > 1 || (fault === '401' && place.path === TOKEN);
}

/** A token that is refused again and again: the connection's probes come at growing pauses. */
export function takesMinutes({ fault, times, place }: Cell): boolean {
  return fault === '401' && times > 1 && place.path === TOKEN;
}

export function nameOfPlace(place: Place): string {
  return `${nameOfKind(place)}${place.after === 0 ? '' : ` #${place.after + 1}`}`;
}

export function nameOfKind({ method, path }: Call): string {
  return `${method} ${path}`;
}

/** What is not as promised in this cell. */
export async function breachesIn(rig: Rig, cell: Cell): Promise<string[]> {
  const { flow, role, ledger } = cell.baseline;
  const exception = exceptionOf(cell);
  const { breaches } = await tell(rig, flow, {
    role,
    hasty: cell.fault === 'slow',
    end: () => ({ ...flow.end, ...exception?.end }),
    trouble: (org) => spoil(org, cell),
    ...(exception === null ? { ledger } : { settle: exception.settle() }),
    judge: (ended) => judge(cell, ended),
  });
  return breaches;
}

async function spoil(org: Org, { place, fault, times }: Cell): Promise<void> {
  const { method, path, after } = place;
  if (fault === 'refused') {
    org.refuse(place, after, times);
    return;
  }
  await org.sim('POST', '/faults', {
    method,
    path,
    after,
    times,
    fault,
    ...(fault === 'slow' ? { delayMs: HASTY_MS * 1.5 } : {}),
    ...(fault === '429' ? { resetSeconds: 1 } : {}),
  });
}

function judge({ baseline, place, fault, times }: Cell, { org, calls }: Ended): string[] {
  const struck = fault === 'refused' ? org.refused() : calls.filter((call) => call.fault).length;
  const found = struck > 0 ? [] : ['the fault never struck'];
  const isToken = place.path === TOKEN;
  // A refused token is renewed within the call; only one that is refused again, or never given, blocks.
  // Members are read for many people at once, and where that fails, the answer to the create stands.
  const isShared = baseline.role === 'demo' && isSameKind(place, MEMBERS);
  const blocks = fault === '401' && (times > 1 || isToken) && !isShared;
  // What strikes a list after its first group ends a slice; only what strikes the next slice, too, blocks.
  const isInList = place.path === MEMBERSHIP && place.after > 0 && times > 1;
  if (!isInList) found.push(...differing('blocked', blocks, org.blocked() > 0));
  const made = calls.filter(
    ({ method, path, status }) => method === 'POST' && path === CREATE.path && status === 200,
  );
  if (made.length > 1) found.push(`${made.length} accounts were made`);
  if (!MAY_BE_DONE.includes(fault)) found.push(...repeatedWrites(calls));
  return found;
}

/** After these it is not known whether the write was done, so it is tried again. */
const MAY_BE_DONE: readonly FaultName[] = ['lost-answer', 'slow'];

function repeatedWrites(calls: readonly LoggedCall[]): string[] {
  const done = calls
    .filter(({ method, path }) => method !== 'GET' && path !== TOKEN)
    .filter(({ status }) => status !== null && status < 300)
    .map(({ method, path }) => `${method} ${path}`);
  const repeated = new Set(done.filter((call, at) => done.indexOf(call) < at));
  return [...repeated].map((call) => `done twice: ${call}`);
}

const TOKEN = '/oauth2/v1/token';
const CREATE: Call = { method: 'POST', path: '/api/v1/users' };
const MEMBERSHIP = '/api/v1/groups/*/users/*';
const MEMBERS: Call = { method: 'GET', path: '/api/v1/groups/*/users' };
const SUSPEND: Call = { method: 'POST', path: '/api/v1/users/*/lifecycle/suspend' };
const UNSUSPEND: Call = { method: 'POST', path: '/api/v1/users/*/lifecycle/unsuspend' };

/** Where not the undisturbed end is promised but a park, and what a person then does. */
interface Exception {
  end: Partial<End>;
  settle: () => (report: RunReport, told: Told) => Promise<boolean>;
}

/**
 * A role that may not read users cannot look what became of a write whose answer is lost; nothing is
 * guessed then. In the cells with one fault an administrator lets the role read and says retry, in
 * those with three the run is given up.
 */
function exceptionOf({ baseline: { flow, role }, place, fault, times }: Cell): Exception | null {
  const isDoneUnseen = fault === 'lost-answer' || fault === 'slow';
  if (role !== 'seed-role' || !isDoneUnseen) return null;
  const mended = times === 1;
  const settle = () => (mended ? mendAndRetry : giveUp);
  const parks = (...codes: string[]) => ({ parks: [...flow.end.parks, ...codes] });
  const givenUp = {
    phase: 'cancelled',
    outcome: 'partial',
    decided: true,
    ...parks('OUTCOME_UNKNOWN', 'UNDO_INCOMPLETE'),
  } as const;

  if (isSameKind(place, CREATE) && isWithoutGroups(flow)) {
    return { end: mended ? parks('OUTCOME_UNKNOWN') : givenUp, settle };
  }
  if (isSameKind(place, SUSPEND) && flow.kind === 'offboarding') {
    // It cannot be told from somebody else's suspension any more, so it stays, whatever else is undone.
    return {
      end: { status: 'SUSPENDED', ...(mended ? parks('OUTCOME_UNKNOWN') : givenUp) },
      settle,
    };
  }
  if (isSameKind(place, SUSPEND) || isSameKind(place, UNSUSPEND)) {
    return { end: parks('UNDO_INCOMPLETE'), settle: () => mendAndRetry };
  }
  return null;
}

const TROUBLE = ['OUTCOME_UNKNOWN', 'UNDO_INCOMPLETE'];

async function mendAndRetry({ problem }: RunReport, told: Told): Promise<boolean> {
  if (!TROUBLE.includes(problem?.code ?? '')) return false;
  await allowEverything(told.org);
  await say(told, 'resolve', { decision: 'retry' });
  return true;
}

/** Aborted; what cannot be taken back is left. */
async function giveUp({ problem }: RunReport, told: Told): Promise<boolean> {
  if (!TROUBLE.includes(problem?.code ?? '')) return false;
  const decision = problem?.code === 'UNDO_INCOMPLETE' ? 'leave' : 'abort';
  await say(told, 'resolve', { decision });
  return true;
}
