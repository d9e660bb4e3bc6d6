// What a refusal of the token endpoint means, in plain words for the admin who can mend it. Bodies are
// OAuth's (`error`, `error_description`), save for rate limits. Source: Okta's OAuth error code page.
import { factsOf, type Call } from './call.js';
import { classifyAnswer } from './classify.js';
import { parsed } from './error-body.js';
import { OktaAuthFailedError, OktaUnavailableError, type OktaError } from './errors.js';
import type { HttpAnswer } from './exchange.js';

const CLOCK =
  "The clock of this machine differs from Okta's. Set it by a time server, then try again.";
const KEY =
  'Okta does not know the key that signed. Save the public key on the app in Okta ("Public key / Private key"), under the same key id, and check that it is active.';
const CLIENT =
  'Check the Client ID, and in Okta that the app is active and of the type "API Services".';
const METHOD =
  'In Okta, on the app\'s General tab, choose client authentication "Public key / Private key".';
const DPOP =
  'In Okta, on the app\'s General tab, switch off "Require Demonstrating Proof of Possession (DPoP) header in token requests".';
const SCOPES = 'In Okta, on the app\'s tab "Okta API Scopes", grant the scopes of this connection.';
const DOMAIN = 'Check the Okta domain: the org\'s own, without "-admin".';

/** Words of Okta that we know, and what helps. The first that occurs in the description counts. */
const KNOWN: readonly (readonly [words: string, hint: string])[] = [
  ['has already been used', CLOCK],
  ['token is expired', CLOCK],
  ['expiration too far into the future', CLOCK],
  ['must be issued before the current time', CLOCK],
  ['The client_assertion signature is invalid', KEY],
  ['The client_assertion JWT kid is invalid', KEY],
  ['does not have a JWKSet configured', KEY],
  [
    'Error retrieving the client JWKSet from jwks_uri',
    'Okta cannot fetch the keys of the app from the URL that is set on it.',
  ],
  ['The audience claim for client_assertion must be the endpoint invoked', DOMAIN],
  ['is not a valid client_id', CLIENT],
  ['must use the private_key_jwt token_endpoint_auth_method', METHOD],
  ['Either the client or the client credentials are invalid', CLIENT],
  ['No client credentials found', METHOD],
  ['You are not allowed any of the requested scopes', SCOPES],
  ['One or more scopes are not configured', "Check the spelling of the connection's scopes."],
  ['No scopes were requested', 'Give the connection at least one scope.'],
  ['The DPoP proof JWT header is missing', DPOP],
  ['Authorization server requires nonce in DPoP proof', DPOP],
];

/** Where the description is none that we know, OAuth's code still says something. */
const BY_ERROR: Readonly<Record<string, string>> = {
  invalid_client: `${CLIENT} ${METHOD}`,
  invalid_scope: 'Check the scopes of the connection.',
  consent_required: SCOPES,
  unauthorized_client: 'The app in Okta must be of the type "API Services".',
  unsupported_grant_type: 'The app in Okta must be of the type "API Services".',
  invalid_dpop_proof: DPOP,
  use_dpop_nonce: DPOP,
  access_denied:
    'The network zone that Okta allows for this app does not include the address of this machine.',
};

/** An answer of the token endpoint other than 200, as an error. */
export function classifyTokenRefusal(call: Call, answer: HttpAnswer): OktaError {
  const { error, description } = oauthErrorOf(answer);
  const facts = factsOf(call, answer, null, false);
  if (error === 'temporarily_unavailable') {
    return new OktaUnavailableError('Okta gives out no tokens for the moment.', facts);
  }
  if (answer.status >= 500 || answer.status === 429 || (error === null && answer.status !== 401)) {
    return classifyAnswer(call, answer);
  }
  const known = KNOWN.find(([words]) => description.includes(words));
  const hint = known?.[1] ?? BY_ERROR[error ?? ''] ?? `${CLIENT} ${DOMAIN}`;
  const words = known?.[0] ?? null;
  return new OktaAuthFailedError(
    `Okta gives this connection no token${error === null ? '' : ` (${error})`}.`,
    { ...facts, hint, oauthError: error, oauthDescription: words },
  );
}

/** Which claims of an assertion a new one would mend. Seconds since 1970. */
export interface AssertionTimes {
  iat: number;
  exp: number;
}

/**
 * Whether one more, fresh assertion is worth it: Okta says that this one was used or out of its time,
 * or Okta's clock shows the latter. `oktaTime` in milliseconds, null where unknown.
 */
export function isWorthAnotherAssertion(
  answer: HttpAnswer,
  { iat, exp }: AssertionTimes,
  oktaTime: number | null,
): boolean {
  if (answer.status !== 401) return false;
  const { error, description } = oauthErrorOf(answer);
  if (error !== 'invalid_client') return false;
  if (KNOWN.some(([words, hint]) => hint === CLOCK && description.includes(words))) return true;
  return oktaTime !== null && (iat * 1000 > oktaTime || exp * 1000 <= oktaTime);
}

/** `error` is kept only where it has the form of one (RFC 6749, section 5.2). */
function oauthErrorOf({ body }: HttpAnswer): { error: string | null; description: string } {
  const { error, error_description: description } = parsed(body);
  return {
    error: typeof error === 'string' && /^[a-z_]{1,40}$/.test(error) ? error : null,
    description: typeof description === 'string' ? description : '',
  };
}
