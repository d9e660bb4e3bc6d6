/**
 * Judges a `private_key_jwt` client assertion: whose it is, whether that app's key signed it, and
 * whether its claims hold now. Sources: RFC 7523 and Okta's "Implement OAuth for Okta with a
 * service app".
 */
import { type JWK, type JWTPayload, decodeJwt, decodeProtectedHeader } from 'jose';
import type { App } from './entities.js';
import { invalidClient } from './oauth-error.js';
import type { Org } from './org.js';
import { SIGNING_ALGS, isSignedBy } from './signature.js';

/** An assertion may expire at most this far ahead. */
const MAX_LIFETIME_SECONDS = 3600;

/**
 * The app that `assertion` proves to be calling.
 *
 * @param endpoint the URL being called, which the audience must name exactly
 * @throws OAuthError `invalid_client`
 */
export async function authenticate(org: Org, assertion: string, endpoint: string): Promise<App> {
  const { header, claims } = decode(assertion);
  const app = issuer(org, claims);
  const alg = SIGNING_ALGS.find((name) => name === header.alg);
  if (alg === undefined) {
    throw invalidClient('The client_assertion JWT signature algorithm is invalid.');
  }
  const key =
    app.jwksUri === undefined
      ? storedKey(app.jwks.keys, header.kid)
      : await org.remoteKeys.find(app.jwksUri, header.kid, Date.now());
  if (key === undefined) throw invalidClient('The client_assertion JWT kid is invalid.');
  if (!(await isSignedBy(assertion, key, alg))) {
    throw invalidClient('The client_assertion signature is invalid.');
  }
  judgeClaims(org, claims, endpoint);
  return app;
}

/** Who an assertion says it is from, believed for counting only. */
export function claimedClient(assertion: string): string | undefined {
  try {
    return decodeJwt(assertion).iss;
  } catch {
    return undefined;
  }
}

function decode(assertion: string): { header: { alg?: string; kid?: string }; claims: JWTPayload } {
  try {
    return { header: decodeProtectedHeader(assertion), claims: decodeJwt(assertion) };
  } catch {
    throw invalidClient('The parsing of the client_assertion failed.');
  }
}

function issuer(org: Org, { iss, sub }: JWTPayload): App {
  const app = iss === undefined ? undefined : org.state.get('app', iss);
  if (app === undefined) {
    throw invalidClient('The issuer claim for client_assertion is not a valid client_id.');
  }
  if (sub !== iss) {
    throw invalidClient('The subject claim for client_assertion is not a valid client_id.');
  }
  if (app.status !== 'ACTIVE') throw invalidClient();
  if (app.authMethod !== 'private_key_jwt') throw wrongAuthMethod();
  return app;
}

export const wrongAuthMethod = (): Error =>
  invalidClient(
    'Client Credentials requests to the Org Authorization Server must use the private_key_jwt token_endpoint_auth_method.',
  );

/** Without a kid, a single key needs no telling apart. */
function storedKey(keys: readonly JWK[], kid: string | undefined): JWK | undefined {
  const [only, ...others] = keys;
  if (only === undefined) {
    throw invalidClient(
      'The client does not have a JWKSet configured, but the client_assertion requires one.',
    );
  }
  if (kid === undefined && others.length === 0) return only;
  return kid === undefined ? undefined : keys.find((key) => key.kid === kid);
}

function judgeClaims(org: Org, { aud, exp, iat, jti, iss }: JWTPayload, endpoint: string): void {
  const now = Math.floor(org.now() / 1000);
  const [audience, ...others] = typeof aud === 'string' ? [aud] : (aud ?? []);
  if (audience !== endpoint || others.length > 0) {
    throw invalidClient(
      'The audience claim for client_assertion must be the endpoint invoked for the request.',
    );
  }
  if (!Number.isInteger(exp) || exp === undefined) {
    throw invalidClient(
      "The client_assertion must contain the 'exp' claim as seconds since epoch.",
    );
  }
  if (exp <= now) throw invalidClient('The client_assertion token is expired.');
  if (exp > now + MAX_LIFETIME_SECONDS) {
    throw invalidClient('The client_assertion token has an expiration too far into the future.');
  }
  if (iat !== undefined && iat > now) {
    throw invalidClient('The client_assertion token must be issued before the current time.');
  }
  if (jti !== undefined && !org.usedAssertions.take(`${iss ?? ''} ${jti}`, exp, now)) {
    throw invalidClient('The client_assertion token has already been used.');
  }
}
