// What a refusal of the token endpoint says of the set-up. By Okta's known words first, then by OAuth's
// code. Source: Okta's list of OAuth error codes.
import type { TokenSighting } from './sightings.js';

export type TokenFault =
  /** No such client id. */
  | 'client'
  /** Okta does not say which of client and credentials it is. */
  | 'client-or-credentials'
  | 'auth-method'
  | 'kid'
  | 'signature'
  | 'no-keys'
  | 'jwks-uri'
  | 'clock'
  | 'audience'
  /** None of the scopes is granted. */
  | 'no-scope'
  /** One of the scopes is none. */
  | 'scope-unknown'
  | 'dpop'
  | 'app-type'
  | 'network-zone';

const BY_WORDS: readonly (readonly [words: string, fault: TokenFault])[] = [
  ['is not a valid client_id', 'client'],
  ["Invalid value for 'client_id'", 'client'],
  ['Either the client or the client credentials are invalid', 'client-or-credentials'],
  ['private_key_jwt token_endpoint_auth_method', 'auth-method'],
  ['No client credentials found', 'auth-method'],
  ['kid is invalid', 'kid'],
  ['signature is invalid', 'signature'],
  ['does not have a JWKSet', 'no-keys'],
  ['client JWKSet is invalid', 'no-keys'],
  ['jwks_uri', 'jwks-uri'],
  ['token is expired', 'clock'],
  ['expiration too far into the future', 'clock'],
  ['issued before the current time', 'clock'],
  ['DPoP proof JWT is issued', 'clock'],
  ['DPoP proof JWT is expired', 'clock'],
  ['audience claim', 'audience'],
  ['not allowed any of the requested scopes', 'no-scope'],
  ['No scopes were requested', 'no-scope'],
  ['scopes are not configured', 'scope-unknown'],
  ["'application_type' of 'service'", 'app-type'],
  ['permitted network zones', 'network-zone'],
];

const BY_ERROR: ReadonlyMap<string | null, TokenFault> = new Map(
  Object.entries({
    consent_required: 'no-scope',
    invalid_scope: 'scope-unknown',
    unauthorized_client: 'app-type',
    unsupported_grant_type: 'app-type',
    invalid_dpop_proof: 'dpop',
    use_dpop_nonce: 'dpop',
    access_denied: 'network-zone',
  }),
);

/** Null where the token was not refused. */
export function tokenFaultOf(token: TokenSighting): TokenFault | null {
  if (token.kind !== 'refused') return null;
  const { words, error } = token;
  const known = words === null ? undefined : BY_WORDS.find(([part]) => words.includes(part));
  return known?.[1] ?? BY_ERROR.get(error) ?? 'client-or-credentials';
}
