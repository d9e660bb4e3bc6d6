// The API on a real store, and what its tests ask of connections.
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, inject } from 'vitest';
import { openStore, type OpenStore } from '../../src/store/open.js';
import { createDatabase } from '../support/postgres.js';
import { KEYS, startHarness, type Harness, type Reply } from './harness.js';

export const pem = generateKeyPairSync('rsa', { modulusLength: 2048 })
  .privateKey.export({ type: 'pkcs8', format: 'pem' })
  .toString();
export const jwk = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({
  format: 'jwk',
});

/** What a connection's answer holds, as far as it is looked at. */
export interface View {
  id: string;
  status: string;
  corrections: string[];
  publicJwk: Record<string, unknown>;
  nextPublicJwk: Record<string, unknown> | null;
  nextKey: { kid: string } | null;
}

export const view = ({ body }: Reply) => body as unknown as View;
export const faults = ({ body }: Reply) => body.errors.map(({ path, code }) => [path, code]);

export interface Connections {
  readonly api: Harness;
  readonly store: OpenStore;
  /** Connections whose verification was asked for in this test, or since the last one was `made`. */
  verified: string[];
  /** A request for a new one, each of another id and client. */
  wanted: (changes?: Record<string, unknown>) => Record<string, unknown>;
  create: (body: unknown, key?: string, headers?: Record<string, string>) => Promise<Reply>;
  change: (id: string, body: unknown, key?: string) => Promise<Reply>;
  remove: (id: string, key?: string) => Promise<Reply>;
  read: (id: string, key?: string) => Promise<Reply>;
  /** What `create` answers for it; must succeed. */
  made: (changes?: Record<string, unknown>) => Promise<View>;
}

/** Starts the API before the tests of a file and ends it after them. */
export function useConnections(): Connections {
  let database: Awaited<ReturnType<typeof createDatabase>>;
  let store: OpenStore;
  let api: Harness;
  let clients = 0;
  const verified: string[] = [];

  beforeAll(async () => {
    database = await createDatabase(inject('postgresUrl'));
    store = await openStore({ databaseUrl: database.url, masterKey: randomBytes(32) });
    api = await startHarness({ store, interactive: { verifySoon: (id) => verified.push(id) } });
  });
  afterAll(async () => {
    await api.close();
    await store.close();
    await database.drop();
  });
  beforeEach(() => {
    verified.length = 0;
  });

  const wanted: Connections['wanted'] = (changes = {}) => {
    clients += 1;
    return {
      id: `org-${clients}`,
      domain: 'globex.okta.com',
      clientId: `0oaclient${clients}`,
      key: { generate: true, alg: 'ES256' },
      ...changes,
    };
  };
  const create: Connections['create'] = (body, key = KEYS.admin, headers = {}) =>
    api.call('POST', '/v1/connections', { key, body, headers });

  return {
    get api() {
      return api;
    },
    get store() {
      return store;
    },
    verified,
    wanted,
    create,
    change: (id, body, key = KEYS.admin) =>
      api.call('PATCH', `/v1/connections/${id}`, { key, body }),
    remove: (id, key = KEYS.admin) => api.call('DELETE', `/v1/connections/${id}`, { key }),
    read: (id, key = KEYS.admin) => api.call('GET', `/v1/connections/${id}`, { key }),
    made: async (changes = {}) => {
      const reply = await create(wanted(changes));
      expect(reply.status).toBe(201);
      verified.length = 0;
      return view(reply);
    },
  };
}
