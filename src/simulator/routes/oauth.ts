/**
 * The org authorization server: the token endpoint for the client-credentials grant with
 * `private_key_jwt`, bound by DPoP where the app demands it, and the public keys.
 */
import { publicPart } from '../access-tokens.js';
import type { Answer, Call, OpenRoute } from '../call.js';
import { authenticate, claimedClient, wrongAuthMethod } from '../client-assertion.js';
import type { App } from '../entities.js';
import {
  OAuthError,
  invalidClient,
  invalidProof,
  invalidRequest,
  invalidScope,
} from '../oauth-error.js';

export const TOKEN_PATH = '/oauth2/v1/token';

const JWT_BEARER = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/** Scopes of Okta's own API; the org authorization server grants no others to a service app. */
const OKTA_SCOPE = /^okta\.[A-Za-z]+(\.[A-Za-z]+)*\.(read|manage)$/;

export const oauthRoutes: readonly OpenRoute[] = [
  { method: 'POST', path: TOKEN_PATH, bucket: 'T', handle: token },
  {
    method: 'GET',
    path: '/oauth2/v1/keys',
    handle: ({ org }) => ({
      status: 200,
      body: { keys: [publicPart(org.state.org.signingKey)] },
    }),
  },
];

/** The client that a token request says it comes from, for counting and for the log. */
export function tokenClient(call: Call): string | undefined {
  const parameters = tokenParameters(call);
  const assertion = parameters.get('client_assertion');
  return assertion === null ? namedClient(call, parameters) : claimedClient(assertion);
}

async function token(call: Call): Promise<Answer> {
  try {
    const parameters = tokenParameters(call);
    judgeForm(parameters);
    const app = await client(call, parameters);
    const jkt = boundKey(call, app);
    return await grant(call, app, grantedScopes(app, parameters.get('scope')), jkt);
  } catch (error) {
    if (!(error instanceof OAuthError)) throw error;
    const { status, headers, message } = error;
    return { status, headers, body: { error: error.error, error_description: message } };
  }
}

/** Some clients send a form, some put the same parameters into the query; Okta takes both. */
function tokenParameters({ body, query }: Call): URLSearchParams {
  return new URLSearchParams([...query, ...new URLSearchParams(body)]);
}

function judgeForm(parameters: URLSearchParams): void {
  const names = [...parameters.keys()];
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) {
    throw invalidRequest(`The request contains the parameter '${twice}' more than once.`);
  }
  const grantType = parameters.get('grant_type');
  if (grantType === null || grantType === '') {
    throw invalidRequest('The token request must specify a grant type.');
  }
  if (grantType !== 'client_credentials') {
    throw new OAuthError(
      400,
      'unsupported_grant_type',
      'The authorization grant type is not supported by the authorization server.',
    );
  }
}

async function client(call: Call, parameters: URLSearchParams): Promise<App> {
  const { org, origin, headers } = call;
  const assertion = parameters.get('client_assertion');
  const basic = headers.authorization?.startsWith('Basic ') === true;
  const secret = parameters.has('client_secret');
  if ([basic, secret, assertion !== null].filter(Boolean).length > 1) {
    throw new OAuthError(
      401,
      'invalid_request',
      'Cannot supply multiple client credentials. Use one of the following: credentials in the Authorization header, credentials in the post body, or a client_assertion in the post body.',
    );
  }
  if (assertion !== null) {
    if (parameters.get('client_assertion_type') !== JWT_BEARER) {
      throw invalidRequest('The client_assertion_type is invalid.');
    }
    return authenticate(org, assertion, `${origin}${TOKEN_PATH}`);
  }
  if (!basic && !secret) throw invalidClient('No client credentials found.');
  const id = namedClient(call, parameters);
  throw id !== undefined && org.state.get('app', id) !== undefined
    ? wrongAuthMethod()
    : invalidClient();
}

/** Who asks by a secret, in the header or in the form. */
function namedClient({ headers }: Call, parameters: URLSearchParams): string | undefined {
  const [, basic] = /^Basic (\S+)$/.exec(headers.authorization ?? '') ?? [];
  if (basic === undefined) return parameters.get('client_id') ?? undefined;
  return Buffer.from(basic, 'base64').toString().split(':')[0];
}

/** Where the app demands a DPoP proof, the key that the token is to be bound to. */
function boundKey({ org, proof }: Call, app: App): string | undefined {
  if (!app.dpop) return undefined;
  if (proof === undefined) throw invalidProof('The DPoP proof JWT header is missing.');
  if ('problem' in proof) throw invalidProof(proof.problem);
  if (org.isDpopNonce(proof.nonce)) return proof.jkt;
  throw new OAuthError(
    400,
    'use_dpop_nonce',
    'Authorization server requires nonce in DPoP proof.',
    { 'dpop-nonce': org.dpopNonce },
  );
}

/** Those of the requested scopes that the app has: Okta leaves the others out without a word. */
function grantedScopes(app: App, requested: string | null): string[] {
  const scopes = [...new Set((requested ?? '').split(' ').filter((scope) => scope !== ''))];
  if (scopes.length === 0) throw invalidScope('No scopes were requested.');
  if (!scopes.every((scope) => OKTA_SCOPE.test(scope))) {
    throw invalidScope(
      'One or more scopes are not configured for the authorization server resource.',
    );
  }
  const granted = scopes.filter((scope) => app.grantedScopes.includes(scope));
  if (granted.length > 0) return granted;
  throw new OAuthError(400, 'consent_required', 'You are not allowed any of the requested scopes.');
}

async function grant(
  { org, origin }: Call,
  app: App,
  scopes: readonly string[],
  jkt: string | undefined,
): Promise<Answer> {
  const lifetimeSeconds = org.settings.tokenLifetimeSeconds;
  return {
    status: 200,
    headers: jkt === undefined ? {} : { 'dpop-nonce': org.dpopNonce },
    body: {
      token_type: jkt === undefined ? 'Bearer' : 'DPoP',
      expires_in: lifetimeSeconds,
      access_token: await org.tokens.issue({
        clientId: app.clientId,
        scopes,
        issuer: origin,
        now: org.now(),
        lifetimeSeconds,
        ...(jkt === undefined ? {} : { jkt }),
      }),
      scope: scopes.join(' '),
    },
  };
}
