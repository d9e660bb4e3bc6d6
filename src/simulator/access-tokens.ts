/**
 * Access tokens of the org authorization server: JWTs signed with a key that the org keeps, so
 * they outlive a restart. Claims as recorded: `ver`, `jti`, `iss` = `aud`, `sub` = `cid`, `scp`;
 * `cnf` binds a token to a key (RFC 9449, section 6.1).
 */
import {
  type CryptoKey,
  type JWK,
  type JWTPayload,
  SignJWT,
  compactVerify,
  decodeJwt,
  errors,
  exportJWK,
  generateKeyPair,
  importJWK,
} from 'jose';
import { random } from './ids.js';

const ALG = 'RS256';

export interface Grant {
  readonly clientId: string;
  readonly scopes: readonly string[];
  /** Epoch seconds. */
  readonly expiresAt: number;
  /** Thumbprint of the key that every DPoP proof beside the token must be made with. */
  readonly jkt?: string;
}

interface Issue extends Omit<Grant, 'expiresAt'> {
  readonly issuer: string;
  readonly now: number;
  readonly lifetimeSeconds: number;
}

export async function newSigningKey(): Promise<JWK> {
  const { privateKey } = await generateKeyPair(ALG, { extractable: true });
  return { ...(await exportJWK(privateKey)), kid: random(43), alg: ALG, use: 'sig' };
}

/** The part of a signing key that `/oauth2/v1/keys` shows. */
export function publicPart({ kty, alg, kid, use, e, n }: JWK): Record<string, unknown> {
  return { kty, alg, kid, use, e, n };
}

export class AccessTokens {
  readonly #kid: string | undefined;
  readonly #privateKey: Promise<CryptoKey | Uint8Array>;
  readonly #publicKey: Promise<CryptoKey | Uint8Array>;

  constructor(signingKey: JWK) {
    this.#kid = signingKey.kid;
    this.#privateKey = importJWK(signingKey, ALG);
    this.#publicKey = importJWK(publicPart(signingKey) as JWK, ALG);
  }

  async issue({ clientId, scopes, issuer, now, lifetimeSeconds, jkt }: Issue): Promise<string> {
    const iat = Math.floor(now / 1000);
    return new SignJWT({
      ver: 1,
      jti: `AT.${random(43)}`,
      iss: issuer,
      aud: issuer,
      sub: clientId,
      iat,
      exp: iat + lifetimeSeconds,
      cid: clientId,
      scp: [...scopes],
      ...(jkt === undefined ? {} : { cnf: { jkt } }),
    })
      .setProtectedHeader({ ...(this.#kid === undefined ? {} : { kid: this.#kid }), alg: ALG })
      .sign(await this.#privateKey);
  }

  /** What `token` grants or, if its time is over, granted. Undefined if it is not ours. */
  async read(token: string): Promise<Grant | undefined> {
    try {
      await compactVerify(token, await this.#publicKey, { algorithms: [ALG] });
      const { cid, scp, exp, cnf } = decodeJwt<AccessClaims>(token);
      return { clientId: cid, scopes: scp, expiresAt: exp, ...cnf };
    } catch (error) {
      if (error instanceof errors.JOSEError) return undefined;
      throw error;
    }
  }
}

interface AccessClaims extends JWTPayload {
  readonly cid: string;
  readonly scp: readonly string[];
  readonly exp: number;
  readonly cnf?: { readonly jkt: string };
}
