// What a refusal says in OAuth's own words, in its body (RFC 6749, section 5.2) or in `WWW-Authenticate`
// (RFC 6750, RFC 9449), and what an admin can do about it. Sentences: Okta's OAuth error code page.
import { parsed } from './error-body.js';
import type { HttpAnswer } from './exchange.js';

export interface OAuthError {
  /** `invalid_client` and the like; null where it is no refusal of OAuth. */
  error: string | null;
  /** Okta's sentence, verbatim, where it is among those that we know: others may quote anything. */
  description: string | null;
  /** What helps; null where nothing is known. */
  hint: string | null;
  /** Whether the refusal is one that the right time would mend. */
  isAboutTime: boolean;
}

export const DOMAIN = 'Check the Okta domain: the org\'s own, without "-admin".';
export const CLIENT =
  'Check the Client ID, and in Okta that the app is active and of the type "API Services".';
const CLOCK =
  "The clock of this machine differs from Okta's. Set it by a time server, then try again.";
const KEY =
  'Okta does not know the key that signed. Save the public key on the app in Okta ("Public key / Private key"), under the same key id, and check that it is active.';
const KEY_URL = 'Okta cannot use the keys at the URL that is set on the app.';
const METHOD =
  'In Okta, on the app\'s General tab, choose client authentication "Public key / Private key".';
const TYPE = 'The app in Okta must be of the type "API Services".';
const DPOP =
  'Okta does not take the proofs of possession (DPoP) that Tenure sends with its requests. See that nothing between this machine and Okta drops the header "DPoP"; else, in Okta, on the app\'s General tab, switch off "Require Demonstrating Proof of Possession (DPoP) header in token requests".';
const SCOPES = 'In Okta, on the app\'s tab "Okta API Scopes", grant the scopes of this connection.';
const ZONE =
  'The network zone that Okta allows for this app does not include the address of this machine.';

/** Okta's sentences, and what helps. The first that occurs counts, with its full stop or without. */
const KNOWN: readonly (readonly [sentence: string, hint: string])[] = [
  ['The client_assertion token has already been used.', CLOCK],
  ['The client_assertion token is expired.', CLOCK],
  ['The client_assertion token has an expiration too far into the future.', CLOCK],
  ['The client_assertion token must be issued before the current time.', CLOCK],
  ['The client_assertion signature is invalid.', KEY],
  ['The client_assertion JWT kid is invalid.', KEY],
  ['The client does not have a JWKSet configured, but the client_assertion requires one.', KEY],
  ['The client JWKSet is invalid.', KEY],
  ['Error retrieving the client JWKSet from jwks_uri.', KEY_URL],
  ['The client JWKSet from jwks_uri must contain at least one key.', KEY_URL],
  ['All keys in the client JWKSet from jwks_uri must have a unique kid.', KEY_URL],
  ['The audience claim for client_assertion must be the endpoint invoked for the request.', DOMAIN],
  ['The issuer claim for client_assertion is not a valid client_id.', CLIENT],
  ['The subject claim for client_assertion is not a valid client_id.', CLIENT],
  ["Invalid value for 'client_id' parameter.", CLIENT],
  [
    'Client Credentials requests to the Org Authorization Server must use the private_key_jwt token_endpoint_auth_method.',
    METHOD,
  ],
  [
    "Only clients with 'application_type' of 'service' may use the client_credentials 'grant_type' with the Org Authorization Server.",
    TYPE,
  ],
  [
    'Client authentication failed. Either the client or the client credentials are invalid.',
    `${CLIENT} ${METHOD}`,
  ],
  ['No client credentials found.', METHOD],
  ['You are not allowed any of the requested scopes.', SCOPES],
  [
    'One or more scopes are not configured for the authorization server resource.',
    "Check the spelling of the connection's scopes.",
  ],
  ['No scopes were requested.', 'Give the connection at least one scope.'],
  ["The request is made from outside the client's permitted network zones.", ZONE],
  ['The DPoP proof JWT is issued in the future.', CLOCK],
  ['The DPoP proof JWT is issued more than five minutes in the past.', CLOCK],
  ['The DPoP proof JWT is expired.', CLOCK],
  ['The DPoP proof JWT header is missing.', DPOP],
  ['Authorization server requires nonce in DPoP proof.', DPOP],
];

/** Where the sentence is none that we know, OAuth's code still says something. */
const BY_ERROR: ReadonlyMap<string | null, string> = new Map(
  Object.entries({
    invalid_client: `${CLIENT} ${METHOD}`,
    invalid_scope: 'Check the scopes of the connection.',
    consent_required: SCOPES,
    unauthorized_client: TYPE,
    unsupported_grant_type: TYPE,
    invalid_dpop_proof: DPOP,
    use_dpop_nonce: DPOP,
    access_denied: ZONE,
  }),
);

/** Total: whatever the answer is. */
export function oauthErrorOf(answer: HttpAnswer): OAuthError {
  const { error, text } = inBody(answer) ?? inChallenge(answer) ?? { error: null, text: '' };
  const known = KNOWN.find(([sentence]) => text.includes(sentence.slice(0, -1)));
  return {
    error,
    description: known?.[0] ?? null,
    hint: known?.[1] ?? BY_ERROR.get(error) ?? null,
    isAboutTime: known?.[1] === CLOCK,
  };
}

interface Said {
  error: string;
  text: string;
}

/** `error` counts only where it has the form of one. */
function inBody({ body }: HttpAnswer): Said | null {
  const { error, error_description: text } = parsed(body);
  if (typeof error !== 'string' || !/^[a-z_]{1,40}$/.test(error)) return null;
  return { error, text: typeof text === 'string' ? text : '' };
}

/** `DPoP algs="RS256 …", error="invalid_dpop_proof", error_description="…"`, with an empty body. */
function inChallenge({ headers }: HttpAnswer): Said | null {
  const header = headers['www-authenticate'] ?? '';
  const error = /\berror="?([a-z_]{1,40})\b/.exec(header)?.[1];
  if (error === undefined) return null;
  return { error, text: /\berror_description="([^"]*)"/.exec(header)?.[1] ?? '' };
}
