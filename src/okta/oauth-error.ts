// What a refusal says in OAuth's own words, in its body (RFC 6749, section 5.2) or in `WWW-Authenticate`
// (RFC 6750, RFC 9449), what fault of the set-up that shows, and what an admin can do about it. Sentences: Okta's OAuth error
// code page.
import type { TokenFault } from '../domain/sightings.js';
import { parsed } from './error-body.js';
import type { HttpAnswer } from './exchange.js';

export interface OAuthError {
  /** `invalid_client` and the like; null where it is no refusal of OAuth. */
  error: string | null;
  /** Okta's sentence, verbatim, where it is among those that we know: others may quote anything. */
  description: string | null;
  /** What it says of the set-up; null where nothing is known. */
  fault: TokenFault | null;
}

const CLIENT =
  'Check the Client ID, and in Okta that the app is active and of the type "API Services".';
const KEY =
  'Okta does not know the key that signed. Save the public key on the app in Okta ("Public key / Private key"), under the same key id, and check that it is active.';
const METHOD =
  'In Okta, on the app\'s General tab, choose client authentication "Public key / Private key".';
const DOMAIN = 'Check the Okta domain: the org\'s own, without "-admin".';

const HINTS: Readonly<Record<TokenFault, string>> = {
  client: CLIENT,
  'client-or-credentials': `${CLIENT} ${METHOD}`,
  'auth-method': METHOD,
  kid: KEY,
  signature: KEY,
  'no-keys': KEY,
  'jwks-uri': 'Okta cannot use the keys at the URL that is set on the app.',
  clock: "The clock of this machine differs from Okta's. Set it by a time server, then try again.",
  audience: DOMAIN,
  'no-scope': 'In Okta, on the app\'s tab "Okta API Scopes", grant the scopes of this connection.',
  'scope-unknown': "Check the spelling of the connection's scopes.",
  dpop: 'Okta does not take the proofs of possession (DPoP) that Tenure sends with its requests. See that nothing between this machine and Okta drops the header "DPoP"; else, in Okta, on the app\'s General tab, switch off "Require Demonstrating Proof of Possession (DPoP) header in token requests".',
  'app-type': 'The app in Okta must be of the type "API Services".',
  'network-zone':
    'The network zone that Okta allows for this app does not include the address of this machine.',
};

/** What an admin can do about it; without a fault, all that is worth a look. */
export function hintOf(fault: TokenFault | null): string {
  return fault === null ? `${CLIENT} ${DOMAIN}` : HINTS[fault];
}

/** Okta's sentences. The first that occurs counts, with its full stop or without. */
const KNOWN: readonly (readonly [sentence: string, fault: TokenFault])[] = [
  ['The client_assertion token has already been used.', 'clock'],
  ['The client_assertion token is expired.', 'clock'],
  ['The client_assertion token has an expiration too far into the future.', 'clock'],
  ['The client_assertion token must be issued before the current time.', 'clock'],
  ['The client_assertion signature is invalid.', 'signature'],
  ['The client_assertion JWT kid is invalid.', 'kid'],
  [
    'The client does not have a JWKSet configured, but the client_assertion requires one.',
    'no-keys',
  ],
  ['The client JWKSet is invalid.', 'no-keys'],
  ['Error retrieving the client JWKSet from jwks_uri.', 'jwks-uri'],
  ['The client JWKSet from jwks_uri must contain at least one key.', 'jwks-uri'],
  ['All keys in the client JWKSet from jwks_uri must have a unique kid.', 'jwks-uri'],
  [
    'The audience claim for client_assertion must be the endpoint invoked for the request.',
    'audience',
  ],
  ['The issuer claim for client_assertion is not a valid client_id.', 'client'],
  ['The subject claim for client_assertion is not a valid client_id.', 'client'],
  ["Invalid value for 'client_id' parameter.", 'client'],
  [
    'Client Credentials requests to the Org Authorization Server must use the private_key_jwt token_endpoint_auth_method.',
    'auth-method',
  ],
  [
    "Only clients with 'application_type' of 'service' may use the client_credentials 'grant_type' with the Org Authorization Server.",
    'app-type',
  ],
  [
    'Client authentication failed. Either the client or the client credentials are invalid.',
    'client-or-credentials',
  ],
  ['No client credentials found.', 'auth-method'],
  ['You are not allowed any of the requested scopes.', 'no-scope'],
  ['One or more scopes are not configured for the authorization server resource.', 'scope-unknown'],
  ['No scopes were requested.', 'no-scope'],
  ["The request is made from outside the client's permitted network zones.", 'network-zone'],
  ['The DPoP proof JWT is issued in the future.', 'clock'],
  ['The DPoP proof JWT is issued more than five minutes in the past.', 'clock'],
  ['The DPoP proof JWT is expired.', 'clock'],
  ['The DPoP proof JWT header is missing.', 'dpop'],
  ['Authorization server requires nonce in DPoP proof.', 'dpop'],
];

/** Where the sentence is none that we know, OAuth's code still says something. */
const BY_ERROR: ReadonlyMap<string | null, TokenFault> = new Map(
  Object.entries({
    invalid_client: 'client-or-credentials',
    invalid_scope: 'scope-unknown',
    consent_required: 'no-scope',
    unauthorized_client: 'app-type',
    unsupported_grant_type: 'app-type',
    invalid_dpop_proof: 'dpop',
    use_dpop_nonce: 'dpop',
    access_denied: 'network-zone',
  }),
);

/** Total: whatever the answer is. */
export function oauthErrorOf(answer: HttpAnswer): OAuthError {
  const { error, text } = inBody(answer) ?? inChallenge(answer) ?? { error: null, text: '' };
  const known = KNOWN.find(([sentence]) => text.includes(sentence.slice(0, -1)));
  return {
    error,
    description: known?.[0] ?? null,
    fault: known?.[1] ?? BY_ERROR.get(error) ?? null,
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
