/**
 * Refusals of the token endpoint, `{"error","error_description"}`, in Okta's words
 * (Okta's list of OAuth 2.0 and OpenID Connect error codes, release 2026.03) where the list has
 * them: those about grant type, assertion type and repeated parameters are ours.
 */
import type { Answer } from './call.js';

export class OAuthError extends Error {
  override readonly name = 'OAuthError';
  readonly status: number;
  readonly error: string;

  constructor(status: number, error: string, description: string) {
    super(description);
    this.status = status;
    this.error = error;
  }

  answer(): Answer {
    return {
      status: this.status,
      body: { error: this.error, error_description: this.message },
    };
  }
}

export const invalidClient = (
  description = 'Client authentication failed. Either the client or the client credentials are invalid.',
): OAuthError => new OAuthError(401, 'invalid_client', description);

export const invalidRequest = (description: string): OAuthError =>
  new OAuthError(400, 'invalid_request', description);

export const invalidScope = (description: string): OAuthError =>
  new OAuthError(400, 'invalid_scope', description);
