/**
 * A simulated org and a client of it, for the tests in this folder. The client speaks plain HTTP:
 * it knows nothing of the service's own Okta client.
 */
import { type CryptoKey, type JWK, SignJWT, exportJWK, generateKeyPair } from 'jose';
import { afterAll, beforeAll, expect } from 'vitest';
import {
  type Simulator,
  type SimulatorOptions,
  startSimulator,
} from '../../src/simulator/server.js';

export const ALL_SCOPES = [
  'okta.users.read',
  'okta.users.manage',
  'okta.groups.read',
  'okta.groups.manage',
];

/** The admin role that a common set-up guide asks for: it can write users but not read them. */
export const SEED_ROLE = {
  permissions: [
    'okta.users.create',
    'okta.users.userprofile.manage',
    'okta.users.lifecycle.suspend',
    'okta.users.lifecycle.unsuspend',
    'okta.users.groupMembership.manage',
    'okta.groups.read',
    'okta.groups.members.manage',
  ],
  resourceSet: { users: 'all', groups: 'all' },
};

/** What JSON answers hold, as far as these tests look. */
export interface Json {
  readonly [key: string]: unknown;
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly status: string;
  readonly profile: Readonly<Record<string, unknown>>;
  readonly groups: readonly string[];
  readonly members: readonly string[];
  readonly errorCode: string;
  readonly errorSummary: string;
  readonly errorCauses: readonly { readonly errorSummary: string }[];
}

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The body as JSON. */
  readonly json: Json;
  readonly list: readonly Json[];
}

export interface Keys {
  readonly privateKey: CryptoKey;
  readonly publicJwk: JWK;
}

export async function newKeys(alg = 'ES256', kid = 'key-1'): Promise<Keys> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  return { privateKey, publicJwk: { ...(await exportJWK(publicKey)), kid, alg } };
}

export async function send(
  url: string,
  method = 'GET',
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Reply> {
  const response = await fetch(url, {
    method,
    headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    text,
    get json() {
      return JSON.parse(text) as Json;
    },
    get list() {
      return JSON.parse(text) as Json[];
    },
  };
}

/** An org behind an origin. */
export class TestOrg {
  readonly origin: string;

  constructor(origin: string) {
    this.origin = origin;
  }

  get tokenUrl(): string {
    return `${this.origin}/oauth2/v1/token`;
  }

  /** The control surface. @throws if it refuses */
  async control(method: string, path: string, body?: unknown): Promise<Reply> {
    const reply = await send(`${this.origin}/_sim${path}`, method, body);
    if (reply.status >= 400) throw new Error(`${method} ${path}: ${reply.text}`);
    return reply;
  }

  /** A user as it truly is. */
  async truth(login: string): Promise<Json> {
    const { list } = await this.control('GET', `/users?login=${encodeURIComponent(login)}`);
    const [user] = list;
    if (user === undefined) throw new Error(`nobody is called ${login}`);
    return user;
  }

  async seedUser(login: string, facts: Record<string, unknown> = {}): Promise<Json> {
    const profile = { login, email: login, firstName: 'Ada', lastName: 'Lovelace' };
    return (await this.control('POST', '/users', { profile, ...facts })).json;
  }

  async seedGroup(name: string, facts: Record<string, unknown> = {}): Promise<Json> {
    return (await this.control('POST', '/groups', { name, ...facts })).json;
  }

  async everyone(): Promise<Json> {
    const { list } = await this.control('GET', '/groups');
    const group = list.find(({ name }) => name === 'Everyone');
    if (group === undefined) throw new Error('no group is called Everyone');
    return group;
  }

  /** A new app with a token for `scopes`, by default for all four. */
  async client(
    app: Record<string, unknown> = {},
    scopes: readonly string[] = ALL_SCOPES,
  ): Promise<Client> {
    const { privateKey, publicJwk } = await newKeys();
    const { json } = await this.control('POST', '/apps', { jwks: { keys: [publicJwk] }, ...app });
    const clientId = String(json['clientId']);
    const client = new Client(this, clientId, privateKey);
    await client.login(scopes);
    return client;
  }
}

export interface AssertionChanges {
  readonly header?: Record<string, unknown>;
  readonly claims?: Record<string, unknown>;
}

export async function assertion(
  tokenUrl: string,
  clientId: string,
  key: CryptoKey,
  { header = {}, claims = {} }: AssertionChanges = {},
): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  return new SignJWT({
    iss: clientId,
    sub: clientId,
    aud: tokenUrl,
    iat: now,
    exp: now + 300,
    jti: crypto.randomUUID(),
    ...claims,
  })
    .setProtectedHeader({ alg: 'ES256', kid: 'key-1', ...header })
    .sign(key);
}

export function tokenForm(clientAssertion: string, scopes: readonly string[]): URLSearchParams {
  return new URLSearchParams({
    grant_type: 'client_credentials',
    scope: scopes.join(' '),
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: clientAssertion,
  });
}

export async function postForm(url: string, form: URLSearchParams): Promise<Reply> {
  return send(url, 'POST', form.toString(), {
    'content-type': 'application/x-www-form-urlencoded',
  });
}

/** An app that has a token. */
export class Client {
  readonly org: TestOrg;
  readonly clientId: string;
  readonly #key: CryptoKey;
  token = '';

  constructor(org: TestOrg, clientId: string, key: CryptoKey) {
    this.org = org;
    this.clientId = clientId;
    this.#key = key;
  }

  /** Of the same id, with the same key and token, before another org. */
  at(org: TestOrg): Client {
    const there = new Client(org, this.clientId, this.#key);
    there.token = this.token;
    return there;
  }

  async requestToken(scopes: readonly string[], changes?: AssertionChanges): Promise<Reply> {
    const { tokenUrl } = this.org;
    const signed = await assertion(tokenUrl, this.clientId, this.#key, changes);
    return postForm(tokenUrl, tokenForm(signed, scopes));
  }

  async login(scopes: readonly string[]): Promise<void> {
    const reply = await this.requestToken(scopes);
    if (reply.status !== 200) throw new Error(`no token: ${reply.text}`);
    this.token = String(reply.json['access_token']);
  }

  /** @param path below `/api/v1`, or a whole URL */
  async call(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Reply> {
    const url = path.startsWith('http') ? path : `${this.org.origin}/api/v1${path}`;
    return send(url, method, body, { authorization: `Bearer ${this.token}`, ...headers });
  }
}

/** Starts an org before the tests of a file and closes it after them. */
export function useOrg(options: SimulatorOptions = {}): { readonly org: TestOrg } {
  let simulator: Simulator | undefined;
  let org: TestOrg | undefined;
  beforeAll(async () => {
    simulator = await startSimulator(options);
    org = new TestOrg(simulator.origin);
  });
  afterAll(async () => simulator?.close());
  return {
    get org() {
      if (org === undefined) throw new Error('the org has not been started');
      return org;
    },
  };
}

/** Waits until no connection from before a restart is left to be used. */
export async function isBack(org: TestOrg): Promise<void> {
  await expect.poll(async () => (await org.control('GET', '/org')).status).toBe(200);
}

/** The target of the `link` header with this relation. */
export function linkTo(reply: Reply, rel: string): string | undefined {
  const links = (reply.headers.get('link') ?? '').split(', ');
  const line = links.find((each) => each.endsWith(`rel="${rel}"`));
  return line?.slice(1, line.indexOf('>'));
}

export const causes = (reply: Reply): string[] =>
  reply.json.errorCauses.map(({ errorSummary }) => errorSummary);
