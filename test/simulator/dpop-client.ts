/**
 * A client that proves possession of a key, written with `jose` from RFC 9449 alone. Every part of
 * a proof can be spoiled.
 */
import { createHash } from 'node:crypto';
import { type CryptoKey, type JWK, SignJWT, exportJWK, generateKeyPair } from 'jose';
import { afterEach, beforeAll } from 'vitest';
import {
  ALL_SCOPES,
  type Keys,
  type Reply,
  type TestOrg,
  assertion,
  newKeys,
  send,
  tokenForm,
  useOrg,
} from './harness.js';

export interface ProofChanges {
  readonly header?: Record<string, unknown>;
  readonly claims?: Record<string, unknown>;
  /** Signs in place of the key that the header shows. */
  readonly signedBy?: CryptoKey;
}

export class DpopClient {
  readonly org: TestOrg;
  readonly clientId: string;
  readonly #assertionKey: CryptoKey;
  readonly #alg: string;
  readonly #proofKey: CryptoKey;
  readonly proofJwk: JWK;
  nonce: string | undefined;
  token = '';

  constructor(org: TestOrg, clientId: string, assertionKey: CryptoKey, proofKeys: Keys) {
    this.org = org;
    this.clientId = clientId;
    this.#assertionKey = assertionKey;
    this.#alg = String(proofKeys.publicJwk.alg);
    this.#proofKey = proofKeys.privateKey;
    const { kid: _, alg: __, ...jwk } = proofKeys.publicJwk;
    this.proofJwk = jwk;
  }

  /** A client of a new app that demands proofs. It has no token yet. */
  static async of(
    org: TestOrg,
    app: Record<string, unknown> = {},
    alg = 'RS256',
  ): Promise<DpopClient> {
    const { privateKey, publicJwk } = await newKeys();
    const jwks = { keys: [publicJwk] };
    const { json } = await org.control('POST', '/apps', { jwks, dpop: true, ...app });
    return new DpopClient(org, String(json['clientId']), privateKey, await newKeys(alg));
  }

  async proof(
    method: string,
    url: string,
    { header = {}, claims = {}, signedBy = this.#proofKey }: ProofChanges = {},
  ): Promise<string> {
    return new SignJWT({
      htm: method,
      htu: url.split('?')[0],
      iat: Math.floor(Date.now() / 1000),
      jti: crypto.randomUUID(),
      ...claims,
    })
      .setProtectedHeader({ typ: 'dpop+jwt', alg: this.#alg, jwk: this.proofJwk, ...header })
      .sign(signedBy);
  }

  async clientAssertion(claims: Record<string, unknown> = {}): Promise<string> {
    return assertion(this.org.tokenUrl, this.clientId, this.#assertionKey, { claims });
  }

  /** @param proof undefined sends none */
  async requestToken(
    proof: string | undefined,
    signed?: string,
    scopes: readonly string[] = ALL_SCOPES,
  ): Promise<Reply> {
    const form = tokenForm(signed ?? (await this.clientAssertion()), scopes);
    return send(this.org.tokenUrl, 'POST', form.toString(), {
      'content-type': 'application/x-www-form-urlencoded',
      ...(proof === undefined ? {} : { dpop: proof }),
    });
  }

  async tokenProof(changes: ProofChanges = {}): Promise<string> {
    const claims = { nonce: this.nonce, ...changes.claims };
    return this.proof('POST', this.org.tokenUrl, { ...changes, claims });
  }

  /** Asks for a nonce, then for a token. @throws if either is refused */
  async login(scopes: readonly string[] = ALL_SCOPES): Promise<Reply> {
    const first = await this.requestToken(await this.tokenProof());
    this.nonce = first.headers.get('dpop-nonce') ?? undefined;
    const reply = await this.requestToken(await this.tokenProof(), undefined, scopes);
    if (reply.status !== 200) throw new Error(`no token: ${reply.text}`);
    this.token = String(reply.json['access_token']);
    return reply;
  }

  /** A call to the API with a proof of its own, or with `headers` in its place. */
  async call(
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<Reply> {
    const url = `${this.org.origin}/api/v1${path}`;
    return send(url, method, body, {
      authorization: `DPoP ${this.token}`,
      ...(headers ?? { dpop: await this.apiProof(method, path) }),
    });
  }

  async apiProof(method: string, path: string, changes: ProofChanges = {}): Promise<string> {
    const claims = { ath: this.ath, ...changes.claims };
    return this.proof(method, `${this.org.origin}/api/v1${path}`, { ...changes, claims });
  }

  /** What a proof beside the token says of it. */
  get ath(): string {
    return createHash('sha256').update(this.token).digest('base64url');
  }
}

export async function privateJwk(): Promise<JWK> {
  const { privateKey } = await generateKeyPair('RS256', { extractable: true });
  return exportJWK(privateKey);
}

/** In seconds. */
export const now = (): number => Math.floor(Date.now() / 1000);

/** An org, a client of it that has a token, and keys that no app has, for the tests of a file. */
export function useDpop(): {
  readonly org: TestOrg;
  readonly client: DpopClient;
  readonly stranger: Keys;
} {
  const sim = useOrg();
  let made: { client: DpopClient; stranger: Keys } | undefined;
  const all = () => {
    if (made === undefined) throw new Error('the org has not been started');
    return made;
  };
  beforeAll(async () => {
    const client = await DpopClient.of(sim.org);
    made = { client, stranger: await newKeys('RS256') };
    await client.login();
  });
  afterEach(async () => {
    await sim.org.control('PATCH', '/org', { clockSkewSeconds: 0, rateLimits: { overrides: {} } });
    await sim.org.control('DELETE', '/faults');
  });
  return {
    get org() {
      return sim.org;
    },
    get client() {
      return all().client;
    },
    get stranger() {
      return all().stranger;
    },
  };
}
