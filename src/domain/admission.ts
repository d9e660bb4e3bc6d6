// Whether a step may call Okta now: whom a block of the connection concerns, who tries it out, who comes
// back when, and when a refusal is not one person's.
import type { ConnectionId } from './brand.js';
import type { ConnectionProblem } from './connection.js';

/** How a connection stands towards one step of one run. */
export type Admission =
  | { kind: 'ready' }
  /** Blocked, and this caller has taken the next probe (pauses grow from 10 s to 5 min). */
  | { kind: 'probe'; problem: ConnectionProblem }
  | {
      kind: 'blocked';
      problem: ConnectionProblem;
      /** Until the next probe. */
      probeInMs: number;
      /** Open runs of the connection that were due before this one. */
      ahead: number;
    }
  | { kind: 'unknown' };

/** What the step does with it. */
export type Entry =
  | { kind: 'go' }
  /** Token and a read first; then the block is lifted. */
  | { kind: 'probe'; problem: ConnectionProblem }
  /** The step itself is what was refused: only it can show that it is permitted again. */
  | { kind: 'trial' }
  | { kind: 'wait'; reason: string; retryInMs: number };

/** Who waits asks again this soon at the latest: somebody may have lifted the block meanwhile. */
const LONGEST_PAUSE_MS = 30_000;
/** Between runs that come back, so that they come in order and not all at once. */
const APART_MS = 100;
/** One person may be an administrator, whom no custom role reaches; so may a second. */
const MANY = 3;

export function entryOf(admission: Admission, id: ConnectionId, step: string): Entry {
  switch (admission.kind) {
    case 'ready':
      return { kind: 'go' };
    case 'unknown':
      return {
        kind: 'wait',
        reason: `There is no connection "${id}".`,
        retryInMs: LONGEST_PAUSE_MS,
      };
    case 'probe':
    case 'blocked':
      return isOfAnotherStep(admission.problem, step) ? { kind: 'go' } : entryOfBlock(admission);
  }
}

function entryOfBlock(admission: Extract<Admission, { kind: 'probe' | 'blocked' }>): Entry {
  const { problem } = admission;
  if (admission.kind === 'blocked') {
    return { kind: 'wait', reason: sentence(problem), retryInMs: pauseOf(admission) };
  }
  return problem.step === undefined ? { kind: 'probe', problem } : { kind: 'trial' };
}

function isOfAnotherStep({ step: blocked }: ConnectionProblem, step: string): boolean {
  return blocked !== undefined && blocked !== step;
}

/** The most overdue comes back first. */
function pauseOf({ probeInMs, ahead }: Extract<Admission, { kind: 'blocked' }>): number {
  return Math.min(probeInMs, LONGEST_PAUSE_MS) + ahead * APART_MS;
}

/** Whether a step that Okta did not permit for so many people in a row is the connection's trouble. */
export function isForMany(people: number): boolean {
  return people >= MANY;
}

/** What blocks it, for the failure of a step that waits. */
export function sentence({ title, detail }: ConnectionProblem): string {
  return `${title}. ${detail}`;
}
