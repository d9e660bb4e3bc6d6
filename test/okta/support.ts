// What the tests in this folder share: keys, the ports in memory, and an org made of canned answers.
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, type JWK } from 'jose';
import { MockAgent } from 'undici';
import { onTestFinished } from 'vitest';
import { as, type ConnectionId } from '../../src/domain/brand.js';
import {
  createOktaClient,
  OktaError,
  type CachedToken,
  type OktaClientOptions,
  type OktaConnection,
  type OktaCredentials,
  type RateGate,
  type RateSighting,
  type TokenCache,
} from '../../src/okta/index.js';

export const ACME = as<ConnectionId>('acme');
export const ORIGIN = 'https://acme.okta.com';
export const CLIENT_ID = '0oa1acmeserviceapp5d7';
export const SCOPES = ['okta.users.read', 'okta.groups.read'];

export interface Keys {
  privateJwk: Record<string, unknown>;
  publicJwk: JWK;
}

export async function newKeys(alg: 'ES256' | 'RS256' = 'ES256', kid = 'key-1'): Promise<Keys> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  return {
    privateJwk: { ...(await exportJWK(privateKey)), kid },
    publicJwk: { ...(await exportJWK(publicKey)), kid },
  };
}

export const KEYS = await newKeys();

export function credentials(changes: Partial<OktaCredentials> = {}): OktaCredentials {
  const { privateJwk } = KEYS;
  return { origin: ORIGIN, clientId: CLIENT_ID, scopes: SCOPES, privateJwk, ...changes };
}

/** As the store has it, without a database: renewals of all workers come one after the other. */
export class MemoryTokens implements TokenCache {
  token: CachedToken | null = null;
  mints = 0;
  #turn: Promise<unknown> = Promise.resolve();

  read(): Promise<CachedToken | null> {
    return Promise.resolve(this.token);
  }

  refresh(
    _connection: ConnectionId,
    stale: string | null,
    mint: Parameters<TokenCache['refresh']>[2],
  ): Promise<CachedToken> {
    const result = this.#turn.then(async () => {
      if (this.token !== null && this.token.generation !== stale) return this.token;
      const minted = await mint();
      this.mints += 1;
      this.token = { ...minted, generation: `g${this.mints}` };
      return this.token;
    });
    this.#turn = result.catch(() => undefined);
    return result;
  }
}

/** Gives every slot at once, unless `waits` says otherwise; keeps what it was told. */
export class MemoryGate implements RateGate {
  readonly waits: number[] = [];
  readonly acquired: string[] = [];
  readonly learned: ({ bucket: string } & RateSighting)[] = [];

  acquire(_connection: ConnectionId, bucket: string): Promise<number> {
    this.acquired.push(bucket);
    return Promise.resolve(this.waits.shift() ?? 0);
  }

  learn(_connection: ConnectionId, bucket: string, sighting: RateSighting): Promise<void> {
    this.learned.push({ bucket, ...sighting });
    return Promise.resolve();
  }
}

export interface Reply {
  status?: number;
  json?: unknown;
  text?: string;
  headers?: Record<string, string | string[]>;
}

export interface Recorded {
  /** `GET /api/v1/users?limit=1` */
  line: string;
  headers: Record<string, string>;
  body: string;
}

/**
 * An org that answers each request with the next of the replies that were planned for it. Tokens are
 * given out unless planned otherwise. A request that nobody planned fails the test.
 */
export class MockOrg {
  readonly agent = new MockAgent();
  readonly requests: Recorded[] = [];
  readonly #planned = new Map<string, Reply[]>();
  #tokens = 0;
  tokenLifetimeSeconds = 3600;

  constructor(origin = ORIGIN) {
    this.agent.disableNetConnect();
    this.agent
      .get(origin)
      .intercept({ path: () => true, method: () => true })
      .reply((request) => this.#answer(request))
      .persist();
    onTestFinished(async () => this.agent.close());
  }

  plan(line: string, ...replies: Reply[]): this {
    this.#planned.set(line, [...(this.#planned.get(line) ?? []), ...replies]);
    return this;
  }

  /** The requests to the token endpoint. */
  get tokenRequests(): Recorded[] {
    return this.requests.filter(({ line }) => line === TOKEN_LINE);
  }

  /** The lines of the other requests. */
  get lines(): string[] {
    return this.requests.map(({ line }) => line).filter((line) => line !== TOKEN_LINE);
  }

  #answer(request: { method: string; path: string; headers?: unknown; body?: unknown }): {
    statusCode: number;
    data: string;
    responseOptions: { headers: Record<string, string | string[]> };
  } {
    const line = `${request.method} ${request.path}`;
    this.requests.push({
      line,
      headers: request.headers as Record<string, string>,
      body: typeof request.body === 'string' ? request.body : '',
    });
    const planned = this.#planned.get(line)?.shift();
    const reply = planned ?? (line === TOKEN_LINE ? this.#token() : undefined);
    if (reply === undefined) throw new Error(`nobody planned ${line}`);
    return {
      statusCode: reply.status ?? 200,
      data: reply.text ?? (reply.json === undefined ? '' : JSON.stringify(reply.json)),
      responseOptions: { headers: { ...USUAL_HEADERS, ...reply.headers } },
    };
  }

  #token(): Reply {
    this.#tokens += 1;
    return tokenReply(`access-token-${this.#tokens}`, this.tokenLifetimeSeconds);
  }
}

export const TOKEN_LINE = 'POST /oauth2/v1/token';
export const DATE = 'Wed, 31 Mar 2027 15:00:00 GMT';
const USUAL_HEADERS = {
  'content-type': 'application/json',
  date: DATE,
  'x-okta-request-id': 'd41d8cd98f00b204e9800998ecf8427e',
};

export function tokenReply(token: string, expiresIn = 3600, scope = SCOPES.join(' ')): Reply {
  return { json: { token_type: 'Bearer', expires_in: expiresIn, access_token: token, scope } };
}

/** Okta's error body. */
export function oktaError(status: number, errorCode: string, ...causes: string[]): Reply {
  return {
    status,
    json: {
      errorCode,
      errorSummary: 'Api validation failed: ada@example.com',
      errorLink: errorCode,
      errorId: 'oaeJ9z1nPWrSwqhHoG4mRYf5w',
      errorCauses: causes.map((errorSummary) => ({ errorSummary })),
    },
  };
}

export interface Bench {
  org: MockOrg;
  okta: OktaConnection;
  tokens: MemoryTokens;
  gate: MemoryGate;
}

/** A client of a mocked org. */
export function bench(options: Partial<OktaClientOptions> = {}): Bench {
  const org = new MockOrg();
  const tokens = new MemoryTokens();
  const gate = new MemoryGate();
  const client = createOktaClient({
    credentials: () => Promise.resolve(credentials()),
    tokens,
    gate,
    dispatcher: org.agent,
    ...options,
  });
  return { org, okta: client.connection(ACME), tokens, gate };
}

/** A client over real sockets of a server on the loopback address; tokens come from the cache. */
export async function socketBench(
  listener: RequestListener,
  options: Partial<OktaClientOptions> = {},
): Promise<{ okta: OktaConnection; server: ReturnType<typeof createServer>; origin: string }> {
  const server = createServer({ keepAliveTimeout: 60_000 }, listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const tokens = new MemoryTokens();
  tokens.token = {
    accessToken: 'cached-token',
    proofKey: null,
    scopes: SCOPES,
    expiresAt: new Date(Date.now() + 3_600_000).toISOString(),
    generation: 'g0',
  };
  const client = createOktaClient({
    credentials: () => Promise.resolve(credentials({ origin })),
    tokens,
    gate: new MemoryGate(),
    allowLoopback: true,
    ...options,
  });
  onTestFinished(async () => {
    await client.close();
    server.closeAllConnections();
    server.close();
  });
  return { okta: client.connection(ACME), server, origin };
}

/** The OktaError that a call ends in. */
export async function errorOf(promise: Promise<unknown>): Promise<OktaError> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof OktaError) return error;
    throw error;
  }
  throw new Error('it succeeded');
}

export const ADA = {
  id: '00u1ada0000000005d7',
  status: 'ACTIVE',
  created: '2027-03-31T15:00:00.000Z',
  statusChanged: null,
  type: { id: 'oty1' },
  profile: { login: 'ada@example.com', email: 'ada@example.com', firstName: 'Ada' },
};

export function group(id: string, name: string, type = 'OKTA_GROUP'): Record<string, unknown> {
  return { id, type, profile: { name, description: null }, objectClass: ['okta:user_group'] };
}

/** The form of a token request. */
export function formOf(request: Recorded | undefined): URLSearchParams {
  return new URLSearchParams(request?.body);
}

/** The assertion that a token request was signed with. */
export function assertionOf(request: Recorded | undefined): string {
  return formOf(request).get('client_assertion') ?? '';
}

/** A refusal in OAuth's own form. */
export function oauthRefusal(status: number, error: string, description: string): Reply {
  return { status, json: { error, error_description: description } };
}
