// What Okta's refusals say of the set-up, sentence by sentence (Okta's OAuth error code page, release
// 2026.03.1), in a body or in a challenge.
import { describe, expect, it } from 'vitest';
import type { TokenFault } from '../../src/domain/sightings.js';
import { hintOf, oauthErrorOf } from '../../src/okta/oauth-error.js';

const inBody = (error: string, text: string) => ({
  status: 401,
  headers: {},
  body: JSON.stringify({ error, error_description: text }),
});
const inChallenge = (error: string, text: string) => ({
  status: 401,
  headers: { 'www-authenticate': `DPoP error="${error}", error_description="${text}"` },
  body: '',
});

const SENTENCES: readonly (readonly [error: string, sentence: string, fault: TokenFault])[] = [
  [
    'invalid_client',
    'Client authentication failed. Either the client or the client credentials are invalid.',
    'client-or-credentials',
  ],
  ['invalid_client', 'No client credentials found.', 'auth-method'],
  [
    'invalid_client',
    'The audience claim for client_assertion must be the endpoint invoked for the request.',
    'audience',
  ],
  ['invalid_client', 'The client_assertion token is expired.', 'clock'],
  [
    'invalid_client',
    'The client_assertion token has an expiration too far into the future.',
    'clock',
  ],
  ['invalid_client', 'The client_assertion token must be issued before the current time.', 'clock'],
  ['invalid_client', 'The client_assertion token has already been used.', 'clock'],
  ['invalid_client', 'The client_assertion signature is invalid.', 'signature'],
  ['invalid_client', 'The client_assertion JWT kid is invalid.', 'kid'],
  ['invalid_client', 'The issuer claim for client_assertion is not a valid client_id.', 'client'],
  ['invalid_client', 'The subject claim for client_assertion is not a valid client_id.', 'client'],
  ['invalid_client', "Invalid value for 'client_id' parameter.", 'client'],
  [
    'invalid_client',
    'The client does not have a JWKSet configured, but the client_assertion requires one.',
    'no-keys',
  ],
  ['invalid_client', 'The client JWKSet is invalid.', 'no-keys'],
  ['invalid_client', 'Error retrieving the client JWKSet from jwks_uri.', 'jwks-uri'],
  [
    'invalid_client',
    'All keys in the client JWKSet from jwks_uri must have a unique kid.',
    'jwks-uri',
  ],
  [
    'invalid_client',
    'Client Credentials requests to the Org Authorization Server must use the private_key_jwt token_endpoint_auth_method.',
    'auth-method',
  ],
  [
    'invalid_client',
    "Only clients with 'application_type' of 'service' may use the client_credentials 'grant_type' with the Org Authorization Server.",
    'app-type',
  ],
  ['invalid_scope', 'No scopes were requested.', 'no-scope'],
  [
    'invalid_scope',
    'One or more scopes are not configured for the authorization server resource.',
    'scope-unknown',
  ],
  ['consent_required', 'You are not allowed any of the requested scopes.', 'no-scope'],
  ['invalid_dpop_proof', 'The DPoP proof JWT header is missing.', 'dpop'],
  ['invalid_dpop_proof', 'The DPoP proof JWT is issued in the future.', 'clock'],
  ['use_dpop_nonce', 'Authorization server requires nonce in DPoP proof.', 'dpop'],
  [
    'access_denied',
    "The request is made from outside the client's permitted network zones.",
    'network-zone',
  ],
];

describe('a sentence of Okta', () => {
  it.each(SENTENCES)('is kept to the letter: %s, %s', (error, description, fault) => {
    const known = { error, description, fault };
    expect(oauthErrorOf(inBody(error, description))).toEqual(known);
    expect(oauthErrorOf(inChallenge(error, description))).toEqual(known);
    expect(oauthErrorOf(inBody(error, `${description.slice(0, -1)} (7 s).`))).toEqual(known);
  });

  it('that may quote anything is not kept; the code still says something', () => {
    expect(oauthErrorOf(inBody('invalid_client', 'ada@example.com is not allowed.'))).toEqual({
      error: 'invalid_client',
      description: null,
      fault: 'client-or-credentials',
    });
  });

  it.each(['constructor', 'hasownproperty', 'invalid_request'])(
    'with a code that is none we know says nothing: %s',
    (error) => {
      expect(oauthErrorOf(inBody(error, ''))).toEqual({ error, description: null, fault: null });
    },
  );

  it('is none where the answer is not OAuth', () => {
    const nothing = { error: null, description: null, fault: null };
    for (const body of ['', '<html>', '{"error":7}', '{"error":"Ada Lovelace"}', 'null']) {
      expect(oauthErrorOf({ status: 401, headers: {}, body })).toEqual(nothing);
    }
  });
});

describe('what helps', () => {
  it('is said of every fault, and of none', () => {
    for (const fault of [...new Set(SENTENCES.map(([, , known]) => known)), null]) {
      expect(hintOf(fault)).toMatch(/^[A-Z].*\.$/);
    }
  });
});
