/**
 * Judges a `private_key_jwt` client assertion: whose it is, whether that app's key signed it, and
 * whether its claims hold now. Sources: RFC 7523 and Okta's "Implement OAuth for Okta with a
 * service app".
 */
import {
  type JWK,
  type JWTPayload,
  compactVerify,
  decodeJwt,
  decodeProtectedHeader,
  errors,
  importJWK,
} from 'jose';
import type { App } from './entities.js';
import { invalidClient } from './oauth-error.js';
import type { Org } from './org.js';

export const ASSERTION_ALGS = ['RS256', 'RS384', 'RS512', 'ES256', 'ES384', 'ES512'];

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
  const alg = ASSERTION_ALGS.find((name) => name === header.alg);
  if (alg === undefined) {
    throw invalidClient('The client_assertion JWT signature algorithm is invalid.');
  }
  await verifySignature(assertion, chooseKey(app, header.kid), alg);
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
function chooseKey({ jwks: { keys } }: App, kid: string | undefined): JWK {
  const [only, ...others] = keys;
  if (only === undefined) {
    throw invalidClient(
      'The client does not have a JWKSet configured, but the client_assertion requires one.',
    );
  }
  if (kid === undefined && others.length === 0) return only;
  const key = keys.find((each) => each.kid === kid);
  if (kid === undefined || key === undefined) {
    throw invalidClient('The client_assertion JWT kid is invalid.');
  }
  return key;
}

async function verifySignature(assertion: string, key: JWK, alg: string): Promise<void> {
  try {
    await compactVerify(assertion, await importJWK(key, alg), { algorithms: [alg] });
  } catch (error) {
    // A key of another type than the algorithm's is a TypeError or a DOMException.
    if (error instanceof errors.JOSEError || error instanceof TypeError || isDomException(error)) {
      throw invalidClient('The client_assertion signature is invalid.');
    }
    throw error;
  }
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
  if (jti !== undefined) useOnce(org.assertionsSeen, `${iss ?? ''} ${jti}`, exp, now);
}

function useOnce(seen: Map<string, number>, id: string, exp: number, now: number): void {
  for (const [other, until] of seen) if (until <= now) seen.delete(other);
  if (seen.has(id)) throw invalidClient('The client_assertion token has already been used.');
  seen.set(id, exp);
}

const isDomException = (error: unknown): boolean =>
  error instanceof Error && error.constructor.name === 'DOMException';
