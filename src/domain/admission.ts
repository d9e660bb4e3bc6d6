// Whether a step may call Okta now. A refusal is one person's own, until a step was refused for several
// people in a row; then one person at a time tries it, and the connection is blocked for that step only
// where it does not work for somebody who was not refused before.
import type { ConnectionId } from './brand.js';
import type { ConnectionProblem } from './connection.js';

/** How a connection stands towards one step of one run. */
export type Admission =
  | {
      kind: 'ready';
      /** Steps of the connection that were refused for somebody since they last worked. */
      refused: readonly string[];
    }
  /** Blocked as a whole, and this caller has taken the next probe (pauses grow from 10 s to 5 min). */
  | { kind: 'probe'; problem: ConnectionProblem }
  /** Blocked as a whole. */
  | {
      kind: 'blocked';
      problem: ConnectionProblem;
      /** Until the next probe. */
      probeInMs: number;
      /** Runs of the connection that wait and were due before this one. */
      ahead: number;
    }
  /** The step was refused for several people, and it is this caller's turn to try it. */
  | { kind: 'trial' }
  /** The step was refused for several people, and somebody else tries it first. */
  | {
      kind: 'turn';
      /** Null where the step is only suspected. */
      problem: ConnectionProblem | null;
      retryInMs: number;
    }
  | { kind: 'unknown' };

/** What the step does with it. */
export type Entry =
  | { kind: 'go' }
  /** Token and a read first; then the block is lifted. */
  | { kind: 'probe'; problem: ConnectionProblem }
  /** The step itself is what was refused: only it can show that it works. */
  | { kind: 'trial' }
  | { kind: 'wait'; reason: string; retryInMs: number };

/** Runs that wait ask again this soon at the latest: somebody may have lifted the block meanwhile. */
const LONGEST_PAUSE_MS = 30_000;
/** Between runs that come back to a blocked connection, so that they come in order and not all at once. */
const APART_MS = 100;
/** The same where runs wait for a turn at one step. */
const TURNS_APART_MS = 60;
/** Runs that wait for a turn come back this soon while trials follow one another without a pause. */
const QUICK_PAUSE_MS = 300;

export function entryOf(admission: Admission, id: ConnectionId): Entry {
  switch (admission.kind) {
    case 'ready':
      return { kind: 'go' };
    case 'probe':
    case 'trial':
      return admission;
    case 'blocked':
      return { kind: 'wait', reason: sentence(admission.problem), retryInMs: pauseOf(admission) };
    case 'turn':
      return {
        kind: 'wait',
        reason: admission.problem === null ? SUSPECTED : sentence(admission.problem),
        retryInMs: admission.retryInMs,
      };
    case 'unknown':
      return {
        kind: 'wait',
        reason: `There is no connection "${id}".`,
        retryInMs: LONGEST_PAUSE_MS,
      };
  }
}

const SUSPECTED =
  'Okta did not permit this step for several people in a row. It is tried for one person at a time until it works for somebody.';

/** The most overdue comes back first. */
function pauseOf({ probeInMs, ahead }: Extract<Admission, { kind: 'blocked' }>): number {
  return Math.min(probeInMs, LONGEST_PAUSE_MS) + ahead * APART_MS;
}

/** When a run comes back that waits for its turn at a step; the first in line comes first. */
export function pauseBeforeTurn({
  turnInMs,
  ahead,
}: {
  /** Until the next trial may begin. */
  turnInMs: number;
  /** Runs that go before this one. */
  ahead: number;
}): number {
  return Math.min(Math.max(turnInMs, QUICK_PAUSE_MS) + ahead * TURNS_APART_MS, LONGEST_PAUSE_MS);
}

/** So many people: one may be an administrator, whom no custom role reaches; so may a second. */
const SUSPICIOUS = 3;

/** Whether a step is tried for one person at a time that was refused for so many since it last worked. */
export function isSuspected(people: number): boolean {
  return people >= SUSPICIOUS;
}

/** Whether such a step was tried once more, for somebody else, and refused again. */
export function isBlocking(people: number): boolean {
  return people > SUSPICIOUS;
}

/** What is known when a step has been refused for a person. */
export interface Refusal {
  /** The step works for others: it did after an earlier refusal of this person. */
  isOwn: boolean;
  /** Those for whom it was refused since it last worked, this person included. */
  people: number;
  /** Other runs wait for a turn at the step. */
  doOthersWait: boolean;
}

/**
 * What becomes of the refused run, and of the connection.
 * - `parks`: it is the person's own.
 * - `blocks`: the connection is blocked for the step; the run parks, and others try the step.
 * - `watches`: the same, but nobody else is there to try the step: the run waits and tries it again.
 */
export type RefusalEffect = 'parks' | 'blocks' | 'watches';

export function effectOf({ isOwn, people, doOthersWait }: Refusal): RefusalEffect {
  if (isOwn || !isBlocking(people)) return 'parks';
  return doOthersWait ? 'blocks' : 'watches';
}

/** So many people try one after the other without a pause: administrators often come in a crowd. */
export const QUICK_TRIALS = 16;
const FIRST_TRIAL_PAUSE_MS = 1_000;
const LONGEST_TRIAL_PAUSE_MS = 300_000;

/** How many trials count as made after one more; a second trial of one person ends the quick ones. */
export function trialsAfter(made: number, isRepeated: boolean): number {
  return (isRepeated ? Math.max(made, QUICK_TRIALS) : made) + 1;
}

/** The pause after so many trials that were refused: none at first, then 1 s, 2 s, 4 s … 5 min. */
export function pauseAfterTrials(made: number): number {
  if (made <= QUICK_TRIALS) return 0;
  return Math.min(FIRST_TRIAL_PAUSE_MS * 2 ** (made - QUICK_TRIALS - 1), LONGEST_TRIAL_PAUSE_MS);
}

/** What blocks it, for the failure of a step that waits. */
export function sentence({ title, detail }: ConnectionProblem): string {
  return `${title}. ${detail}`;
}
