// The signed statement by which a connection proves to be itself (RFC 7523, `private_key_jwt`), shaped
// as Okta wants it. Signing is `oauth4webapi`'s; no I/O here.
import { randomUUID } from 'node:crypto';
import { importJWK, type CryptoKey, type JWK } from 'jose';
import * as oauth from 'oauth4webapi';
import { algorithmOf } from '../domain/jwk.js';

/** Okta takes up to an hour; short, since nothing needs it longer than one request. */
const LIFETIME_SECONDS = 300;

/** Seconds since 1970. */
export interface AssertionTimes {
  iat: number;
  exp: number;
}

export interface SigningKey {
  key: CryptoKey;
  /** Okta wants it as soon as an app has two keys. */
  kid?: string;
}

/** @throws Error where it is no private RSA or EC key of an algorithm that Okta takes */
export async function signingKeyOf(jwk: Record<string, unknown>): Promise<SigningKey> {
  const { kid } = jwk;
  const key = await importJWK(jwk as JWK, algorithmOf(jwk));
  if (!isPrivateKey(key)) throw new Error('not a private key');
  return { key, ...(typeof kid === 'string' ? { kid } : {}) };
}

/**
 * Client authentication for one token request.
 *
 * @param tokenUrl the URL called, which Okta wants as the audience, to the letter
 */
export function privateKeyJwt(
  { key, kid }: SigningKey,
  tokenUrl: string,
  times: AssertionTimes,
): oauth.ClientAuth {
  const authenticate = oauth.PrivateKeyJwt(
    { key, ...(kid === undefined ? {} : { kid }) },
    {
      [oauth.modifyAssertion](_header, payload) {
        payload['aud'] = tokenUrl;
        payload['iat'] = times.iat;
        payload['exp'] = times.exp;
        payload['jti'] = randomUUID();
        delete payload['nbf'];
      },
    },
  );
  return async (server, client, body, headers) => {
    await authenticate(server, client, body, headers);
    // The assertion says who we are; next to it Okta refused a client_id until 2022 (OKTA-478059).
    body.delete('client_id');
  };
}

/** @param iat seconds since 1970, on Okta's clock as far as we know it */
export function assertionTimes(iat: number): AssertionTimes {
  return { iat, exp: iat + LIFETIME_SECONDS };
}

function isPrivateKey(key: CryptoKey | Uint8Array): key is CryptoKey {
  return !(key instanceof Uint8Array) && key.type === 'private';
}
