// The one place where an answer that is no success, and a failure of the network, become an OktaError.
// By HTTP status where Okta's code is not known; never retryable by text. Codes: Okta's error code
// page. Refusals of the token endpoint are in `token-refusal.ts`.
import { factsOf, factsWithoutAnswer, nameOf, type Call } from './call.js';
import { readErrorBody, type ErrorBody } from './error-body.js';
import {
  OktaAuthFailedError,
  OktaForbiddenError,
  OktaLoginTakenError,
  OktaNotFoundError,
  OktaRateLimitedError,
  OktaScopeMissingError,
  OktaTimeoutError,
  OktaUnavailableError,
  OktaUnexpectedResponseError,
  OktaValidationError,
  OktaWrongStatusError,
  type CallFacts,
  type FieldFault,
  type OktaError,
} from './errors.js';
import type { ExchangeError, HttpAnswer } from './exchange.js';
import { hintOf, oauthErrorOf } from './oauth-error.js';
import { waitAfter429 } from './rate-limit.js';

const NOT_OKTA =
  'This does not look like an answer of an Okta org. The domain must be the org\'s own, without "-admin".';

/** What an answer outside 2xx means. Total over statuses and bodies. */
export function classifyAnswer(
  call: Call,
  answer: HttpAnswer,
  random: () => number = Math.random,
): OktaError {
  const body = readErrorBody(answer.body);
  const facts = factsOf(call, answer, body.errorCode, mayBeDone(answer.status, body.errorCode));
  const code = body.errorCode === null ? '' : ` (${body.errorCode})`;
  switch (verdictOf(call, answer, body)) {
    case 'rate-limited':
      return new OktaRateLimitedError('Okta limits the rate of calls.', {
        ...facts,
        ...waitAfter429(answer, random),
      });
    case 'unavailable':
      return new OktaUnavailableError(`Okta answered ${answer.status}${code}, try later.`, facts);
    case 'auth-failed': {
      const { error, description, fault } = oauthErrorOf(answer);
      return new OktaAuthFailedError(`Okta refused the access token${code}.`, {
        ...facts,
        hint:
          fault === null
            ? 'Check that the app of this connection is active in Okta.'
            : hintOf(fault),
        fault,
        oauthError: error,
        oauthDescription: description,
      });
    }
    case 'scope-missing':
      return scopeMissing(answer, facts);
    case 'forbidden':
      return new OktaForbiddenError(`Okta does not allow ${nameOf(call)}${code}.`, facts);
    case 'not-found':
      return new OktaNotFoundError(`Okta found nothing at ${nameOf(call)}${code}.`, facts);
    case 'login-taken':
      return new OktaLoginTakenError('An account with this login exists in Okta.', facts);
    case 'wrong-status':
      return new OktaWrongStatusError(
        `The status of the account does not allow ${nameOf(call)}${code}.`,
        facts,
      );
    case 'validation':
      return new OktaValidationError(refusalOf(body), { ...facts, fields: body.fields });
    case 'unexpected':
      return unexpected(call, answer, body.errorCode, facts);
  }
}

/** What it means that no whole answer came. */
export function classifyFailure(call: Call, error: ExchangeError): OktaError {
  const cause = error.cause instanceof Error ? error.cause : undefined;
  const facts = factsWithoutAnswer(call, error.sent, cause);
  switch (error.reason) {
    case 'timeout':
      return new OktaTimeoutError(`Okta did not answer ${nameOf(call)} in time.`, facts);
    case 'network': {
      const code = error.networkCode === null ? '' : ` (${error.networkCode})`;
      const message = error.sent
        ? `The connection broke before Okta's answer to ${nameOf(call)} was there${code}.`
        : `Okta could not be reached${code}.`;
      return new OktaUnavailableError(message, { ...facts, networkCode: error.networkCode });
    }
    case 'address':
      return new OktaAuthFailedError('The Okta domain of this connection may not be called.', {
        ...facts,
        hint: "Its name leads to an address that is not public: of this machine, of a private network, or of a cloud's own services. Check the domain, and what the name server of this machine says of it.",
      });
    case 'too-large':
      return new OktaUnexpectedResponseError(`The answer to ${nameOf(call)} is too large.`, {
        ...facts,
        shape: 'body: too large',
      });
  }
}

/** A success whose body is not what was promised. What was asked for may well be done. */
export function unreadable(call: Call, answer: HttpAnswer, shape: string): OktaError {
  return new OktaUnexpectedResponseError(
    `The answer to ${nameOf(call)} is not as Okta documents it: ${shape}.`,
    { ...factsOf(call, answer, null, true), shape },
  );
}

type Verdict =
  | 'rate-limited'
  | 'unavailable'
  | 'auth-failed'
  | 'scope-missing'
  | 'forbidden'
  | 'not-found'
  | 'login-taken'
  | 'wrong-status'
  | 'validation'
  | 'unexpected';

/** Codes that say something else than their HTTP status does. */
const BY_CODE: Readonly<Record<string, Verdict>> = {
  // No such path, unsupported media type: answers to a mistake of ours, no proof of absence.
  E0000008: 'unexpected',
  E0000012: 'unexpected',
  // The edition of the org lacks the feature; answered with 401, yet no fault of the token.
  E0000015: 'forbidden',
  // Already active; unlock not allowed; not in the current status; not currently active.
  E0000016: 'wrong-status',
  E0000032: 'wrong-status',
  E0000038: 'wrong-status',
  E0000155: 'wrong-status',
  // Duplicate group, assigned already, role assigned already.
  E0000055: 'validation',
  E0000062: 'validation',
  E0000090: 'validation',
  // Still being activated, reconciled or set up; changed by somebody else at the same time.
  E0000112: 'unavailable',
  E0000145: 'unavailable',
  E0000195: 'unavailable',
  E0000239: 'unavailable',
  E0000249: 'unavailable',
  E0000253: 'unavailable',
  E0000268: 'unavailable',
};

function verdictOf(call: Call, answer: HttpAnswer, body: ErrorBody): Verdict {
  const { status, headers } = answer;
  if (status === 501) return 'forbidden';
  if (status >= 500 || status === 408) return 'unavailable';
  if (status === 429) return 'rate-limited';
  const { errorCode } = body;
  const known = errorCode === null ? undefined : BY_CODE[errorCode];
  if (known !== undefined && status >= 400) return known;
  switch (status) {
    case 401:
      return 'auth-failed';
    case 403:
      return lacksScope(headers['www-authenticate']) ? 'scope-missing' : 'forbidden';
    case 404:
      // Without Okta's code it is somebody else's answer: no proof that nobody is there.
      return errorCode === null ? 'unexpected' : 'not-found';
    case 400:
      if (isTokenTrouble(answer)) return 'auth-failed';
      return errorCode === null ? 'unexpected' : refusalKind(call, body);
    default:
      return 'unexpected';
  }
}

/** OAuth's codes by which the API refuses a token or its proof with 400 (Okta's OAuth error code page). */
const TOKEN_TROUBLE: ReadonlySet<string | null> = new Set([
  'invalid_dpop_proof',
  'use_dpop_nonce',
  // The proof is missing, or the token is bound and came as Bearer.
  'invalid_request',
  'invalid_token',
]);

/** Whether the API refuses the token or its proof, and has not looked at the request. */
export function isTokenTrouble(answer: HttpAnswer): boolean {
  return answer.status === 400 && TOKEN_TROUBLE.has(oauthErrorOf(answer).error);
}

/** `E0000001` covers a wrong status in lifecycle calls and every fault of a new user alike. */
function refusalKind(call: Call, { errorCode, fields }: ErrorBody): Verdict {
  if (errorCode !== 'E0000001') return 'validation';
  if (call.template.includes('/lifecycle/')) return 'wrong-status';
  const taken = fields.some(({ name, fault }) => name === 'login' && fault === 'taken');
  return taken ? 'login-taken' : 'validation';
}

/**
 * A server error may come after the deed. Not so 501, and 503 `E0000010`: read-only mode refuses
 * every write.
 */
function mayBeDone(status: number, errorCode: string | null): boolean {
  if (status === 501 || errorCode === 'E0000010') return false;
  return status >= 500 || status === 408;
}

/** 403 with an empty body; the header alone says what is missing (RFC 6750, section 3.1). */
function lacksScope(header: string | undefined): boolean {
  return /error="?insufficient_scope/i.test(header ?? '');
}

function scopeMissing({ headers }: HttpAnswer, facts: CallFacts): OktaError {
  const named = /\bscope="([a-zA-Z0-9._: -]{1,200})"/.exec(headers['www-authenticate'] ?? '');
  const scope = named?.[1] ?? null;
  return new OktaScopeMissingError(
    `The app of this connection was not granted the API scope${scope === null ? '' : ` ${scope}`}, which ${facts.method} ${facts.path} needs.`,
    { ...facts, scope },
  );
}

function unexpected(
  call: Call,
  answer: HttpAnswer,
  errorCode: string | null,
  facts: CallFacts,
): OktaError {
  const hint = errorCode === null ? NOT_OKTA : null;
  const shape = `status ${answer.status}, ${errorCode ?? 'no error code'}`;
  return new OktaUnexpectedResponseError(
    `Unexpected answer to ${nameOf(call)}: ${shape}.${hint === null ? '' : ` ${hint}`}`,
    { ...facts, shape, hint },
  );
}

const FAULT_WORDS: Record<FieldFault, string> = {
  taken: 'taken already',
  blank: 'left blank',
  'not-defined': 'not defined in the profile',
  'not-an-email': 'must look like an e-mail address',
  other: 'refused',
};

function refusalOf({ errorCode, fields }: ErrorBody): string {
  if (fields.length === 0) return `Okta refused the request (${errorCode ?? 'no code'}).`;
  const list = fields.map(({ name, fault }) => `${name} (${FAULT_WORDS[fault]})`).join(', ');
  return `Okta refused these attributes: ${list}.`;
}
