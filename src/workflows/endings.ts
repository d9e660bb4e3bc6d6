// The ways in which a story ends early, and how they are told from bugs.
import {
  ActivityFailure,
  ApplicationFailure,
  CancelledFailure,
  isCancellation,
} from '@temporalio/workflow';
import type { Effect } from '../domain/effects.js';
import { isProblemCode, problem } from '../domain/problem.js';
import type { Problem } from '../domain/run.js';

/** Somebody decided to give up a parked run: what it did is taken back. */
export class Aborted extends Error {}

/** Somebody decided to end a parked run, and to let everything stay as it is. */
export class Left extends Error {}

/** An undo that was ended from outside goes on. */
export class UndoResumed extends Error {}

/** An urgent offboarding of the same person takes this run's place. */
export class Superseded extends Error {}

/** The run goes on under the workflow id of the run whose place it takes. */
export class Moved extends Error {}

/** The account that the run is about is gone, so nothing is left to do with it. */
export class AccountGone extends Error {}

/** The request itself asked to fail rather than to park. */
export class Refused extends Error {
  readonly problem: Problem;
  constructor(found: Problem) {
    super(found.detail);
    this.problem = found;
  }
}

/** A problem found by the story itself; parks like one that an activity found. */
export function parkWith(found: Problem): ApplicationFailure {
  return ApplicationFailure.create({
    type: found.code,
    message: found.detail,
    nonRetryable: true,
    details: [found, []],
  });
}

/** The problem inside a failure that parks; null for cancellation, bugs and everything else. */
export function problemOf(error: unknown): Problem | null {
  if (isCancellation(error)) return null;
  const cause = causeOf(error);
  if (!(cause instanceof ApplicationFailure) || !isProblemCode(cause.type ?? '')) return null;
  const [found] = (cause.details ?? []) as [Problem?];
  return found ?? null;
}

/** What the journal gets of a step that failed. */
export function effectsOf(error: unknown): Effect[] {
  const cause = causeOf(error);
  if (cause instanceof CancelledFailure) return whereOurs(cause.details[0]);
  if (!(cause instanceof ApplicationFailure) || !isProblemCode(cause.type ?? '')) return [];
  return (cause.details?.[1] ?? []) as Effect[];
}

/** A step that was cancelled between two tries has a word of Temporal's there, or its last heartbeat. */
function whereOurs(details: unknown): Effect[] {
  return Array.isArray(details) ? (details as Effect[]) : [];
}

function causeOf(error: unknown): unknown {
  return error instanceof ActivityFailure ? error.cause : error;
}

/** The same during undo, where every problem is one of the undo. */
export function undoProblemOf(error: unknown): Problem | null {
  const found = problemOf(error);
  if (found === null || found.code === 'UNDO_INCOMPLETE') return found;
  return problem('UNDO_INCOMPLETE', `${found.title}. ${found.detail}`);
}
