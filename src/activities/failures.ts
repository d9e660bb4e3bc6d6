// One table from the codes of Okta's client to the failures that Temporal acts on. `type` is our code;
// messages are for people and hold no personal data beyond what the codec encrypts.
import { ApplicationFailure, ApplicationFailureCategory } from '@temporalio/common';
import { likelyCauses } from '../domain/not-permitted.js';
import { problem, UNTOUCHED } from '../domain/problem.js';
import type { Problem, ProblemCode } from '../domain/run.js';
import type { OktaError } from '../okta/index.js';

/** The connection's trouble, not the person's: its runs wait until it works again. */
export const CONNECTION_BLOCKED = 'CONNECTION_BLOCKED';

/** An answer that makes no sense is asked for again a few times, then a person looks at it. */
const UNEXPECTED_ATTEMPTS = 5;

/**
 * What only a person can settle: not retried, the run parks with it.
 * @param isUntouched Okta surely did nothing of the step, in this attempt or one before
 */
export function parked(found: Problem, cause?: Error, isUntouched = false): ApplicationFailure {
  return ApplicationFailure.create({
    type: found.code,
    message: found.detail,
    nonRetryable: true,
    details: isUntouched ? [found, UNTOUCHED] : [found],
    ...(cause === undefined ? {} : { cause }),
  });
}

/** The same where Okta's refusal of the step's write is what a person has to settle. */
export function refused(
  found: Problem,
  error: OktaError,
  mayHaveHappened: boolean,
): ApplicationFailure {
  return parked(found, error, !mayHaveHappened && error.outcome === 'not-done');
}

/** A connection that was just found blocked is tried out for the first time in ten seconds. */
const FIRST_PROBE_MS = 10_000;

/** Tried again when the connection may work again, in `retryInMs`. */
export function blocked(reason: string, retryInMs = FIRST_PROBE_MS): ApplicationFailure {
  return ApplicationFailure.create({
    type: CONNECTION_BLOCKED,
    message: reason,
    nextRetryDelay: retryInMs,
    category: ApplicationFailureCategory.BENIGN,
  });
}

export type Verdict =
  | { kind: 'retry'; failure: ApplicationFailure }
  | { kind: 'park'; failure: ApplicationFailure }
  /** The connection is to be blocked for this. */
  | { kind: 'block'; code: string; title: string; detail: string };

/** What becomes of an attempt that ended in `error`, the `attempt`th of its step. */
export function judge(error: OktaError, attempt: number): Verdict {
  switch (error.code) {
    case 'OKTA_RATE_LIMITED':
      return {
        kind: 'retry',
        failure: ApplicationFailure.create({
          type: error.code,
          message: error.message,
          nextRetryDelay: error.retryAfterMs,
          category: ApplicationFailureCategory.BENIGN,
        }),
      };
    case 'OKTA_UNAVAILABLE':
    case 'OKTA_TIMEOUT':
      return { kind: 'retry', failure: retryable(error) };
    case 'OKTA_UNEXPECTED_RESPONSE':
      return attempt < UNEXPECTED_ATTEMPTS
        ? { kind: 'retry', failure: retryable(error) }
        : park('REFUSED_BY_OKTA', error, attempt);
    case 'OKTA_AUTH_FAILED':
      return {
        kind: 'block',
        code: error.code,
        title:
          error.httpStatus === null
            ? 'This connection cannot be called as it is set up'
            : 'Okta refuses the key of this connection',
        detail: `${error.message} ${error.hint}`,
      };
    case 'OKTA_SCOPE_MISSING':
      return {
        kind: 'block',
        code: error.code,
        title: 'The app of this connection lacks an API scope',
        detail: error.message,
      };
    case 'OKTA_FORBIDDEN':
      return park('NOT_PERMITTED', error, attempt, `${error.message} ${likelyCauses(error.path)}`);
    case 'OKTA_NOT_FOUND':
      return park('PERSON_NOT_FOUND', error, attempt);
    case 'OKTA_LOGIN_TAKEN':
      return park('LOGIN_TAKEN', error, attempt);
    case 'OKTA_WRONG_STATUS':
      return park('STATUS_UNSUPPORTED', error, attempt);
    case 'OKTA_VALIDATION':
      return park('REFUSED_BY_OKTA', error, attempt);
  }
}

function retryable(error: OktaError): ApplicationFailure {
  return ApplicationFailure.create({ type: error.code, message: error.message, cause: error });
}

function park(
  code: ProblemCode,
  error: OktaError,
  attempt: number,
  detail = error.message,
): Verdict {
  return { kind: 'park', failure: refused(problem(code, detail), error, attempt > 1) };
}
