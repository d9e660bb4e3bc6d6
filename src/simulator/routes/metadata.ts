/**
 * What an org says about itself to anyone: not limited, no token needed.
 */
import { type Answer, type Call, type OpenRoute, ok } from '../call.js';
import { OktaError } from '../okta-error.js';
import { SIGNING_ALGS } from '../signature.js';
import { TOKEN_PATH } from './oauth.js';

export const metadataRoutes: readonly OpenRoute[] = [
  { method: 'GET', path: '/.well-known/okta-organization', handle: organization },
  { method: 'GET', path: '/.well-known/oauth-authorization-server', handle: authorizationServer },
  { method: 'GET', path: '/.well-known/openid-configuration', handle: openidConfiguration },
];

function organization({ org, origin }: Call): Answer {
  return ok({
    id: org.state.org.id,
    cell: 'simulator',
    _links: { organization: { href: origin } },
    pipeline: 'idx',
    settings: {
      analyticsCollectionEnabled: false,
      bugReportingEnabled: false,
      omEnabled: false,
      pssoEnabled: false,
    },
  });
}

function authorizationServer(call: Call): Answer {
  return refusedClient(call) ?? ok(metadata(call.origin));
}

function openidConfiguration(call: Call): Answer {
  return (
    refusedClient(call) ??
    ok({
      ...metadata(call.origin),
      userinfo_endpoint: `${call.origin}/oauth2/v1/userinfo`,
      id_token_signing_alg_values_supported: ['RS256'],
    })
  );
}

/** `client_id` is optional, but must be one of the org's (Okta's OAuth 2.0 reference). */
function refusedClient({ org, query }: Call): Answer | undefined {
  const clientId = query.get('client_id');
  if (clientId === null || org.state.get('app', clientId) !== undefined) return undefined;
  const error = new OktaError(400, 'invalid_client', "Invalid value for 'client_id' parameter.");
  return { status: error.status, body: error.body() };
}

function metadata(issuer: string): Record<string, unknown> {
  const authMethods = [
    'client_secret_basic',
    'client_secret_post',
    'client_secret_jwt',
    'private_key_jwt',
    'none',
  ];
  const secretAlgs = ['HS256', 'HS384', 'HS512'];
  const signingAlgs = [...secretAlgs, ...SIGNING_ALGS];
  return {
    issuer,
    authorization_endpoint: `${issuer}/oauth2/v1/authorize`,
    token_endpoint: `${issuer}${TOKEN_PATH}`,
    registration_endpoint: `${issuer}/oauth2/v1/clients`,
    jwks_uri: `${issuer}/oauth2/v1/keys`,
    response_types_supported: ['code', 'token', 'id_token', 'code id_token', 'code token'],
    response_modes_supported: ['query', 'fragment', 'form_post', 'okta_post_message'],
    grant_types_supported: ['authorization_code', 'refresh_token', 'client_credentials'],
    subject_types_supported: ['public'],
    scopes_supported: ['openid', 'profile', 'email', 'address', 'phone', 'offline_access'],
    token_endpoint_auth_methods_supported: authMethods,
    token_endpoint_auth_signing_alg_values_supported: signingAlgs,
    claims_supported: ['ver', 'jti', 'iss', 'aud', 'iat', 'exp', 'cid', 'scp', 'sub'],
    code_challenge_methods_supported: ['S256'],
    introspection_endpoint: `${issuer}/oauth2/v1/introspect`,
    introspection_endpoint_auth_methods_supported: authMethods,
    revocation_endpoint: `${issuer}/oauth2/v1/revoke`,
    revocation_endpoint_auth_methods_supported: authMethods,
    end_session_endpoint: `${issuer}/oauth2/v1/logout`,
    request_parameter_supported: true,
    request_object_signing_alg_values_supported: signingAlgs,
    device_authorization_endpoint: `${issuer}/oauth2/v1/device/authorize`,
    pushed_authorization_request_endpoint: `${issuer}/oauth2/v1/par`,
    backchannel_token_delivery_modes_supported: ['poll'],
    dpop_signing_alg_values_supported: SIGNING_ALGS,
  };
}
