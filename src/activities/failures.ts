// One table from the codes of Okta's client to the failures that Temporal acts on. `type` is our code;
// messages are for people and hold no personal data beyond what the codec encrypts.
import { ApplicationFailure, ApplicationFailureCategory } from '@temporalio/common';
import type { Effect } from '../domain/effects.js';
import { likelyCauses } from '../domain/not-permitted.js';
import { problem } from '../domain/problem.js';
import type { Problem, ProblemCode } from '../domain/run.js';
import type { OktaError } from '../okta/index.js';

/** The connection's trouble, not the person's: its runs wait until it works again. */
export const CONNECTION_BLOCKED = 'CONNECTION_BLOCKED';

/** An answer that makes no sense is asked for again a few times, then a person looks at it. */
const UNEXPECTED_ATTEMPTS = 5;

/** A problem that only a person can settle: the step is not retried, and the run parks with it. */
export function parked(found: Problem, cause?: Error): ApplicationFailure {
  return ApplicationFailure.create({
    type: found.code,
    message: found.detail,
    nonRetryable: true,
    details: [found, []],
    ...(cause === undefined ? {} : { cause }),
  });
}

/** The same failure, saying whom or what it is about. */
export function about(failure: ApplicationFailure, concern: string | null): ApplicationFailure {
  const [found] = (failure.details ?? []) as [Problem?];
  if (concern === null || found === undefined) return failure;
  return parked({ ...found, detail: `${found.detail} ${concern}` }, failure.cause);
}

/** The same failure with what the journal gets of the step that it ends. */
export function withEffects(failure: ApplicationFailure, effects: Effect[]): ApplicationFailure {
  const [found] = failure.details ?? [];
  return ApplicationFailure.create({
    type: failure.type ?? '',
    message: failure.message,
    nonRetryable: true,
    details: [found, effects],
    ...(failure.cause === undefined ? {} : { cause: failure.cause }),
  });
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
        : park('REFUSED_BY_OKTA', error);
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
      return park('NOT_PERMITTED', error, `${error.message} ${likelyCauses(error.path)}`);
    case 'OKTA_NOT_FOUND':
      return park('PERSON_NOT_FOUND', error);
    case 'OKTA_LOGIN_TAKEN':
      return park('LOGIN_TAKEN', error);
    case 'OKTA_WRONG_STATUS':
      return park('STATUS_UNSUPPORTED', error);
    case 'OKTA_VALIDATION':
      return park('REFUSED_BY_OKTA', error);
  }
}

function retryable(error: OktaError): ApplicationFailure {
  return ApplicationFailure.create({ type: error.code, message: error.message, cause: error });
}

function park(code: ProblemCode, error: OktaError, detail = error.message): Verdict {
  return { kind: 'park', failure: parked(problem(code, detail), error) };
}
