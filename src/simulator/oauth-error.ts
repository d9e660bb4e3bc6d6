/**
 * Refusals in OAuth's form, `error` and `error_description`, in Okta's words
 * (Okta's list of OAuth 2.0 and OpenID Connect error codes, release 2026.03) where the list has
 * them: those about grant type, assertion type and repeated parameters are ours.
 */
export class OAuthError extends Error {
  override readonly name = 'OAuthError';
  readonly status: number;
  readonly error: string;
  /** Extra headers, lower case. */
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    error: string,
    description: string,
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(description);
    this.status = status;
    this.error = error;
    this.headers = headers;
  }
}

export const invalidClient = (
  description = 'Client authentication failed. Either the client or the client credentials are invalid.',
): OAuthError => new OAuthError(401, 'invalid_client', description);

export const invalidRequest = (description: string): OAuthError =>
  new OAuthError(400, 'invalid_request', description);

export const invalidScope = (description: string): OAuthError =>
  new OAuthError(400, 'invalid_scope', description);

export const invalidProof = (description: string): OAuthError =>
  new OAuthError(400, 'invalid_dpop_proof', description);
