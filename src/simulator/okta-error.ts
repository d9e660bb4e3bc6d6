/**
 * Refusals in the words of Okta's management API: status, errorCode, summary, causes.
 * Codes and texts were recorded from live orgs or stand in Okta's error-code list
 * (developer.okta.com/docs/reference/error-codes), save the texts about entity tags, which are
 * ours. OAuth refusals are in `oauth-error.ts`.
 */
import { errorId } from './ids.js';

/** A management call that is answered with an error. */
export class OktaError extends Error {
  override readonly name = 'OktaError';
  readonly status: number;
  readonly errorCode: string;
  readonly causes: readonly string[];
  /** Extra headers, lower case. */
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    errorCode: string,
    summary: string,
    causes: readonly string[] = [],
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(summary);
    this.status = status;
    this.errorCode = errorCode;
    this.causes = causes;
    this.headers = headers;
  }

  /** The five keys that an error body has, in their order on the wire. */
  body(): Record<string, unknown> {
    return {
      errorCode: this.errorCode,
      errorSummary: this.message,
      errorLink: this.errorCode,
      errorId: errorId(),
      errorCauses: this.causes.map((errorSummary) => ({ errorSummary })),
    };
  }
}

export const validationFailed = (what: string, causes: readonly string[]): OktaError =>
  new OktaError(400, 'E0000001', `Api validation failed: ${what}`, causes);

export const malformedBody = (): OktaError =>
  new OktaError(400, 'E0000003', 'The request body was not well-formed.');

export const notPermitted = (): OktaError =>
  new OktaError(403, 'E0000006', 'You do not have permission to perform the requested action');

/** `kind` is Okta's own class name, as it stands in the summary. */
export const notFound = (id: string, kind: 'User' | 'UserGroup' | 'PolicyRule'): OktaError =>
  new OktaError(404, 'E0000007', `Not found: Resource not found: ${id} (${kind})`);

export const pathNotFound = (): OktaError =>
  new OktaError(404, 'E0000008', 'The requested path was not found');

export const internalError = (): OktaError =>
  new OktaError(500, 'E0000009', 'Internal Server Error');

export const readOnlyMode = (): OktaError =>
  new OktaError(503, 'E0000010', 'Service is in read only mode');

export const invalidToken = (): OktaError =>
  new OktaError(401, 'E0000011', 'Invalid token provided', [], {
    'www-authenticate':
      'Bearer authorization_uri="/oauth2/v1/authorize", realm="okta", error="invalid_token", ' +
      'error_description="The access token is invalid."',
  });

export const alreadyActive = (): OktaError =>
  new OktaError(403, 'E0000016', 'Activation failed because the user is already active');

export const unsupportedMediaType = (): OktaError =>
  new OktaError(
    400,
    'E0000021',
    'Bad request.  Accept and/or Content-Type headers likely do not match supported values.',
  );

export const methodNotSupported = (): OktaError =>
  new OktaError(405, 'E0000022', 'The endpoint does not support the provided HTTP method');

export const invalidPaging = (): OktaError =>
  new OktaError(400, 'E0000029', 'Invalid paging request.');

export const invalidSearch = (): OktaError =>
  new OktaError(400, 'E0000031', 'Invalid search criteria.');

export const unlockNotAllowed = (): OktaError =>
  new OktaError(403, 'E0000032', 'Unlock is not allowed for this user.', [
    'The user is not locked out.',
  ]);

export const searchWithFilter = (): OktaError =>
  new OktaError(
    400,
    'E0000033',
    "Bad request. Can't specify a search query and filter in the same request.",
  );

export const statusForbids = (): OktaError =>
  new OktaError(403, 'E0000038', "This operation is not allowed in the user's current status.");

export const tooManyRequests = (): OktaError =>
  new OktaError(429, 'E0000047', 'API call exceeded rate limit due to too many requests.');

export const invalidFilter = (): OktaError =>
  new OktaError(400, 'E0000053', 'Invalid SCIM filter.');

export const tooManyGroupTargets = (): OktaError =>
  new OktaError(400, 'E0000093', 'Target count limit exceeded', [
    'The number of group targets is too large',
  ]);

export const expireNeedsPassword = (): OktaError =>
  new OktaError(
    400,
    'E0000124',
    'Could not create user. To create a user and expire their password immediately, a password must be specified',
  );

export const expireNeedsActivation = (): OktaError =>
  new OktaError(
    400,
    'E0000125',
    'Could not create user. To create a user and expire their password immediately, "activate" must be true',
  );

export const etagMismatch = (): OktaError =>
  new OktaError(412, 'E0000231', 'The resource was modified since it was read.');

export const etagMalformed = (): OktaError =>
  new OktaError(400, 'E0000242', 'The If-Match header is not a valid entity tag.');
