// The ways in which a story ends early, and how they are told from bugs.
import { ApplicationFailure, isCancellation } from '@temporalio/workflow';
import { isProblemCode, problem, UNTOUCHED } from '../domain/problem.js';
import type { Problem } from '../domain/run.js';

/** Somebody decided to give up a parked run. */
export class Aborted extends Error {
  /** Nothing is taken back: of a run that was ended from outside, everything stays as it is. */
  readonly leavesAll: boolean;
  constructor({ leavesAll }: { leavesAll: boolean } = { leavesAll: false }) {
    super('aborted');
    this.leavesAll = leavesAll;
  }
}

/** An undo that was ended from outside goes on. */
export class UndoResumed extends Error {}

/** An urgent offboarding of the same person takes this run's place. */
export class Superseded extends Error {}

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
    details: [found],
  });
}

/** The problem inside a failure that parks; null for cancellation, bugs and everything else. */
export function problemOf(error: unknown): Problem | null {
  const [found] = detailsOf(error);
  return found ?? null;
}

/** Whether a step failed and Okta surely did nothing of it. */
export function isUntouched(error: unknown): boolean {
  return detailsOf(error)[1] === UNTOUCHED;
}

function detailsOf(error: unknown): [Problem?, string?] {
  if (isCancellation(error)) return [];
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  if (!(cause instanceof ApplicationFailure) || !isProblemCode(cause.type ?? '')) return [];
  return (cause.details ?? []) as [Problem?, string?];
}

/** The same during undo, where every problem is one of the undo. */
export function undoProblemOf(error: unknown): Problem | null {
  const found = problemOf(error);
  if (found === null || found.code === 'UNDO_INCOMPLETE') return found;
  return problem('UNDO_INCOMPLETE', `${found.title}. ${found.detail}`);
}
