// What can go wrong between us and Okta: one class a code, together a union that callers switch over
// by `code`. How an answer becomes one of these is in `classify.ts`. No Temporal in here.
import { LONGEST_LIMIT_MS } from '../domain/rate-window.js';
import type { TokenFault } from '../domain/sightings.js';
import { ServiceError } from '../domain/service-error.js';

export type OktaErrorCode =
  | 'OKTA_RATE_LIMITED'
  | 'OKTA_UNAVAILABLE'
  | 'OKTA_TIMEOUT'
  | 'OKTA_AUTH_FAILED'
  | 'OKTA_SCOPE_MISSING'
  | 'OKTA_FORBIDDEN'
  | 'OKTA_NOT_FOUND'
  | 'OKTA_VALIDATION'
  | 'OKTA_LOGIN_TAKEN'
  | 'OKTA_WRONG_STATUS'
  | 'OKTA_UNEXPECTED_RESPONSE';

/**
 * `not-done`: Okta surely did nothing. `unknown`: a write was sent and its answer was lost, came too
 * late, was a server error or cannot be read; only reading again tells.
 */
export type Outcome = 'not-done' | 'unknown';

/** What every error says of its call. Nothing in it names a person or holds a secret. */
export interface CallFacts {
  /** Upper case. */
  method: string;
  /** The path with its ids left out, `/api/v1/users/{user}/lifecycle/suspend`. */
  path: string;
  /** Null where no answer came. */
  httpStatus: number | null;
  /** `E` and seven digits. */
  oktaErrorCode: string | null;
  /** `X-Okta-Request-Id`; equals `transaction.id` in Okta's System Log. */
  oktaRequestId: string | null;
  /** Okta's `Date`, RFC 3339; null where no answer came. */
  date: string | null;
  outcome: Outcome;
  /** The error of the network or of a library, without secrets. */
  cause?: Error;
}

abstract class OktaErrorBase extends ServiceError implements Omit<CallFacts, 'cause'> {
  abstract override readonly code: OktaErrorCode;
  readonly method: string;
  readonly path: string;
  readonly httpStatus: number | null;
  readonly oktaErrorCode: string | null;
  readonly oktaRequestId: string | null;
  readonly date: string | null;
  readonly outcome: Outcome;

  constructor(message: string, facts: CallFacts) {
    super(message, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.method = facts.method;
    this.path = facts.path;
    this.httpStatus = facts.httpStatus;
    this.oktaErrorCode = facts.oktaErrorCode;
    this.oktaRequestId = facts.oktaRequestId;
    this.date = facts.date;
    this.outcome = facts.outcome;
  }
}

/**
 * `window`: Okta's limit of the bucket is used up. `concurrency`: too many calls at once in the whole
 * org. `budget`: our own budget says later; Okta was not asked.
 */
export type RateLimitKind = 'window' | 'concurrency' | 'budget';

/** Try again in `retryAfterMs`. */
export class OktaRateLimitedError extends OktaErrorBase {
  readonly code = 'OKTA_RATE_LIMITED';
  readonly kind: RateLimitKind;
  /** Milliseconds from now, 1 to {@link LONGEST_LIMIT_MS}. */
  readonly retryAfterMs: number;

  constructor(message: string, facts: CallFacts & { kind: RateLimitKind; retryAfterMs: number }) {
    super(message, facts);
    this.kind = facts.kind;
    this.retryAfterMs = Math.min(Math.max(facts.retryAfterMs, 1), LONGEST_LIMIT_MS);
  }
}

/** No connection, a server error, read-only mode, or a conflict that Okta itself calls temporary. */
export class OktaUnavailableError extends OktaErrorBase {
  readonly code = 'OKTA_UNAVAILABLE';
  /** `ENOTFOUND`, `ECONNRESET`, …; null where an answer came. */
  readonly networkCode: string | null;

  constructor(message: string, facts: CallFacts & { networkCode?: string | null }) {
    super(message, facts);
    this.networkCode = facts.networkCode ?? null;
  }
}

/** No whole answer within the time allowed. */
export class OktaTimeoutError extends OktaErrorBase {
  readonly code = 'OKTA_TIMEOUT';
}

/** The token endpoint refused us, or the API refused a token that had just been made. */
export class OktaAuthFailedError extends OktaErrorBase {
  readonly code = 'OKTA_AUTH_FAILED';
  /** `invalid_client` and the like; null where the refusal was none of OAuth. */
  readonly oauthError: string | null;
  /** Okta's sentence, verbatim, where it is among the ones that we know, else null. */
  readonly oauthDescription: string | null;
  /** What it says of the set-up, as far as Okta's words are known. */
  readonly fault: TokenFault | null;
  /** What an admin can do about it. */
  readonly hint: string;

  constructor(
    message: string,
    facts: CallFacts & {
      hint: string;
      oauthError?: string | null;
      oauthDescription?: string | null;
      fault?: TokenFault | null;
    },
  ) {
    super(message, facts);
    this.hint = facts.hint;
    this.oauthError = facts.oauthError ?? null;
    this.oauthDescription = facts.oauthDescription ?? null;
    this.fault = facts.fault ?? null;
  }
}

/** The token works but lacks an API scope. */
export class OktaScopeMissingError extends OktaErrorBase {
  readonly code = 'OKTA_SCOPE_MISSING';
  /** The scope that Okta names; several are separated by blanks. Null where it names none. */
  readonly scope: string | null;

  constructor(message: string, facts: CallFacts & { scope: string | null }) {
    super(message, facts);
    this.scope = facts.scope;
  }
}

/**
 * The admin role does not allow it, or the thing cannot be changed by anybody: a group that is not
 * Okta's own answers 403 since April 2026 and 501 before (Okta release notes, OKTA-1139611).
 */
export class OktaForbiddenError extends OktaErrorBase {
  readonly code = 'OKTA_FORBIDDEN';
}

/** Okta knows no such user, group or rule. Deactivating somebody who is deactivated answers so, too. */
export class OktaNotFoundError extends OktaErrorBase {
  readonly code = 'OKTA_NOT_FOUND';
}

/** Why Okta refused an attribute, as far as its text says so; `other` for words that we do not know. */
export type FieldFault = 'taken' | 'blank' | 'not-defined' | 'not-an-email' | 'other';

/** The request as such was refused. */
export class OktaValidationError extends OktaErrorBase {
  readonly code = 'OKTA_VALIDATION';
  /** Names of attributes, never their values. */
  readonly fields: readonly { readonly name: string; readonly fault: FieldFault }[];

  constructor(
    message: string,
    facts: CallFacts & { fields: readonly { name: string; fault: FieldFault }[] },
  ) {
    super(message, facts);
    this.fields = facts.fields;
  }
}

/**
 * Another account has the login. Told by Okta's English words, so their absence proves nothing: an
 * `OKTA_VALIDATION` whose `fields` name the login is to be settled by reading the login.
 */
export class OktaLoginTakenError extends OktaErrorBase {
  readonly code = 'OKTA_LOGIN_TAKEN';
}

/** The account is in a status from which this cannot be done; which one, only reading tells. */
export class OktaWrongStatusError extends OktaErrorBase {
  readonly code = 'OKTA_WRONG_STATUS';
}

/** An answer that is not Okta's, or not as its documentation has it. */
export class OktaUnexpectedResponseError extends OktaErrorBase {
  readonly code = 'OKTA_UNEXPECTED_RESPONSE';
  /** What was wrong with it, without anything of its content: `profile.login: missing`. */
  readonly shape: string;
  readonly hint: string | null;

  constructor(message: string, facts: CallFacts & { shape: string; hint?: string | null }) {
    super(message, facts);
    this.shape = facts.shape;
    this.hint = facts.hint ?? null;
  }
}

export type OktaError =
  | OktaRateLimitedError
  | OktaUnavailableError
  | OktaTimeoutError
  | OktaAuthFailedError
  | OktaScopeMissingError
  | OktaForbiddenError
  | OktaNotFoundError
  | OktaValidationError
  | OktaLoginTakenError
  | OktaWrongStatusError
  | OktaUnexpectedResponseError;

/**
 * The same error for somebody who waited for the call of another. The request id belongs to the one
 * who made the call.
 */
export function withoutRequestId(error: OktaError): OktaError {
  const copy = Object.create(Object.getPrototypeOf(error) as object) as OktaError;
  return Object.defineProperties(copy, {
    ...Object.getOwnPropertyDescriptors(error),
    oktaRequestId: { value: null, enumerable: true },
  });
}

/** For `instanceof`, which then narrows to the union. */
export const OktaError = OktaErrorBase as unknown as abstract new (...args: never[]) => OktaError;
