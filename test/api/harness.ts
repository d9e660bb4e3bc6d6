// The app on a free port, over a fake store and a fake Temporal, with keys of every kind.
import type { AddressInfo } from 'node:net';
import type { Server } from 'node:http';
import { pino } from 'pino';
import { createApp, type AppDeps } from '../../src/api/app.js';
import { keyHash, keyId } from '../../src/api/auth.js';
import type { Interactive } from '../../src/api/interactive.js';
import { createPollerLook } from '../../src/api/pollers.js';
import { createEngine } from '../../src/api/temporal.js';
import { createApiMetrics } from '../../src/observability/metrics.js';
import { as, type ConnectionId } from '../../src/domain/brand.js';
import type { Role } from '../../src/store/store.js';
import { fakeStore } from './fake-store.js';
import { fakeTemporal } from './fake-temporal.js';

export interface Reply {
  status: number;
  headers: Headers;
  text: string;
  body: Body;
}

/** The members of any JSON answer that tests read; which of them are there is what they check. */
export interface Body {
  id: string;
  key: string;
  code: string;
  detail: string;
  requestId: string;
  errors: { path: string; code: string; detail: string }[];
  items: Body[];
  name: string;
  role: string;
  connection: string;
  phase: string;
  next: string;
  person: { name: string | null };
  deadlines: Record<'suspendAt' | 'startAt', unknown>;
  waiting: unknown;
  problem: { code: string; detail: string } | null;
  status: string;
  steps: unknown[];
  actions: string[];
  confirmed: boolean;
  temporal: { workflowId: string };
  parts: unknown;
  openapi: string;
  paths: Record<string, Record<string, { responses: Record<string, unknown> }>>;
  components: {
    securitySchemes: Record<'apiKey', unknown>;
    schemas: Record<'OnboardingRequest' | 'OffboardingRequest', { example: object }>;
  };
}

/** Grows in every test file's own process, so that keys are never equal. */
const keyOf = (name: string) => `tnr_${name.padEnd(40, '0')}`;

export const KEYS = {
  admin: keyOf('admin'),
  operator: keyOf('operator'),
  reader: keyOf('reader'),
  /** An operator of the connection `acme` only. */
  limited: keyOf('limited'),
  limitedAdmin: keyOf('limitedAdmin'),
};

/** The private member of the connections' keys: must be in no answer. */
export const CANARY = 'canary-private-member';
export const NOW = Date.parse('2027-01-15T12:00:00Z');

export interface Harness {
  url: string;
  fake: ReturnType<typeof fakeStore>;
  temporal: ReturnType<typeof fakeTemporal>;
  log: string[];
  call: (
    method: string,
    path: string,
    options?: { key?: string | null; body?: unknown; headers?: Record<string, string> },
  ) => Promise<Reply>;
  /** With the operator's key. */
  post: (path: string, body?: unknown, headers?: Record<string, string>) => Promise<Reply>;
  get: (path: string) => Promise<Reply>;
  close: () => Promise<void>;
}

type Given = Partial<Omit<AppDeps, 'interactive'>> & { interactive?: Partial<Interactive> };

export async function startHarness({ interactive, ...deps }: Given = {}): Promise<Harness> {
  const fake = fakeStore();
  const temporal = fakeTemporal();
  const log: string[] = [];
  await seed(deps.store ?? fake.store);
  const { client } = temporal;
  const engine = createEngine({ client, namespace: 'default', taskQueue: 'tenure' });
  const app = createApp({
    store: fake.store,
    engine,
    pollers: createPollerLook(engine),
    interactive: {
      ask: () => Promise.reject(new Error('nobody is there to ask')),
      verifySoon: () => undefined,
      ...interactive,
    },
    codecs: [],
    log: pino({ level: 'debug' }, { write: (line: string) => log.push(line) }),
    metrics: createApiMetrics(),
    temporalUiUrl: 'http://127.0.0.1:8233',
    namespace: 'default',
    publicUrl: 'http://127.0.0.1:8080',
    codecPath: null,
    isEmbedded: false,
    now: () => NOW,
    closingMs: 300,
    showMs: 120,
    ...deps,
  });
  const server = await new Promise<Server>((resolve) => {
    const listening = app.listen(0, '127.0.0.1', () => {
      resolve(listening);
    });
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  const call: Harness['call'] = async (method, path, { key, body, headers = {} } = {}) => {
    const isText = typeof body === 'string' || body instanceof Uint8Array;
    const answer = await fetch(url + path, {
      method,
      headers: {
        ...(key === null ? {} : { authorization: `Bearer ${key ?? KEYS.operator}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: isText ? (body as string) : JSON.stringify(body) }),
    });
    const text = await answer.text();
    const isJson = (answer.headers.get('content-type') ?? '').includes('json');
    return {
      status: answer.status,
      headers: answer.headers,
      text,
      body: (isJson && text !== '' ? JSON.parse(text) : {}) as Body,
    };
  };
  return {
    url,
    fake,
    temporal,
    log,
    call,
    post: (path, body, headers) =>
      call('POST', path, { body, ...(headers === undefined ? {} : { headers }) }),
    get: (path) => call('GET', path),
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}

async function seed(store: AppDeps['store']): Promise<void> {
  for (const id of ['demo', 'acme']) {
    await store.connections.put({
      id: as<ConnectionId>(id),
      name: null,
      domain: `${id}.okta.com`,
      clientId: '0oa00000000000000000',
      scopes: ['okta.users.read'],
      ...(id === 'acme' ? { settings: { timeZone: 'Europe/Berlin' } } : {}),
      privateJwk: { kty: 'RSA', kid: 'k1', n: 'AQAB', e: 'AQAB', d: CANARY, p: CANARY },
      status: 'ready',
    });
  }
  const limits: Partial<Record<keyof typeof KEYS, ConnectionId[]>> = {
    limited: [as('acme')],
    limitedAdmin: [as('acme')],
  };
  const roles: Record<keyof typeof KEYS, Role> = {
    admin: 'admin',
    operator: 'operator',
    reader: 'reader',
    limited: 'operator',
    limitedAdmin: 'admin',
  };
  for (const name of Object.keys(KEYS) as (keyof typeof KEYS)[]) {
    const key = KEYS[name];
    await store.apiKeys.create(
      { id: keyId(key), name, role: roles[name], connections: limits[name] ?? null },
      keyHash(key),
    );
  }
}

/** A correct onboarding of Ada in `demo`, with changes. */
export function onboarding(changes: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    connection: 'demo',
    person: { firstName: 'Ada', lastName: 'Lovelace', email: 'ada@example.com' },
    ...changes,
  };
}

export function offboarding(changes: Record<string, unknown> = {}): Record<string, unknown> {
  return { connection: 'demo', login: 'ada@example.com', ...changes };
}
