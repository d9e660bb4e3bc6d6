/**
 * What the credentials of a call to the API are worth: an access token, by itself or bound to the
 * key of a DPoP proof (RFC 9449, section 7), and the challenge that a refusal carries. The
 * descriptions are those of Okta's OAuth 2.0 error codes (release 2026.03), the form of the
 * challenge that of answers seen in public reports of 2020 to 2025.
 */
import { createHash } from 'node:crypto';
import type { Grant } from './access-tokens.js';
import type { Answer, Call } from './call.js';
import type { App } from './entities.js';
import { OAuthError, invalidProof } from './oauth-error.js';
import { OktaError, invalidToken } from './okta-error.js';
import { SIGNING_ALGS } from './signature.js';

interface Authorized {
  readonly app: App;
  readonly grant: Grant;
}

/** The app that calls, with what its token grants, or the refusal. */
export function authorize(call: Call): Authorized | OktaError | OAuthError {
  const { org, grant, headers } = call;
  if (headers.authorization === undefined) return noSession();
  const app = grant === undefined ? undefined : org.state.get('app', grant.clientId);
  if (grant === undefined || grant.expiresAt * 1000 <= org.now() || app?.status !== 'ACTIVE') {
    return invalidToken();
  }
  return bindingProblem(call, grant) ?? { app, grant };
}

/** The access token of a call, under either scheme. */
export function presentedToken(authorization: string | undefined): string | undefined {
  return /^(?:Bearer|DPoP) (\S+)$/i.exec(authorization ?? '')?.[1];
}

/** An empty body: the header alone says what is wrong. */
export function challenge(call: Call, scope: string, error: OAuthError): Answer {
  const { origin, path } = call;
  const bound = call.grant?.jkt !== undefined || isDpop(call);
  const parameters = {
    ...(bound ? { algs: SIGNING_ALGS.join(' ') } : {}),
    authorization_uri: `${origin}/oauth2/v1/authorize`,
    realm: origin,
    scope,
    error: error.error,
    error_description: error.message,
    resource: path,
  };
  const text = Object.entries(parameters).map(([name, value]) => `${name}="${value}"`);
  return {
    status: error.status,
    headers: { 'www-authenticate': `${bound ? 'DPoP' : 'Bearer'} ${text.join(', ')}` },
  };
}

export const insufficientScope = (): OAuthError =>
  new OAuthError(
    403,
    'insufficient_scope',
    'The access token provided does not contain the required scopes.',
  );

function bindingProblem(call: Call, { jkt }: Grant): OAuthError | undefined {
  const { proof, headers } = call;
  if (jkt === undefined) {
    return isDpop(call)
      ? new OAuthError(401, 'invalid_token', 'The presented access_token is not DPoP bound.')
      : undefined;
  }
  if (!isDpop(call)) {
    return new OAuthError(
      400,
      'invalid_request',
      'The resource request must use the DPoP authentication scheme when using a DPoP bound token.',
    );
  }
  if (proof === undefined) {
    return new OAuthError(400, 'invalid_request', 'The resource request requires a DPoP proof.');
  }
  if ('problem' in proof) return invalidProof(proof.problem);
  if (proof.jkt !== jkt) {
    return invalidProof('The access_token is not bound to the provided DPoP proof.');
  }
  if (proof.ath !== hashOf(presentedToken(headers.authorization) ?? '')) {
    return invalidProof("'ath' claim in the DPoP proof does not match the presented access_token.");
  }
  return undefined;
}

const isDpop = ({ headers }: Call): boolean => /^DPoP /i.test(headers.authorization ?? '');

const hashOf = (token: string): string => createHash('sha256').update(token).digest('base64url');

/** Without any credentials Okta takes the caller for a browser whose session is over. */
const noSession = (): OktaError => new OktaError(403, 'E0000005', 'Invalid session');
