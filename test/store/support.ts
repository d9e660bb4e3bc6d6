// A store on tables of its own, and builders of what goes in.
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import pg from 'pg';
import { afterAll, inject, onTestFinished, vi } from 'vitest';
import { furtherPersonWorkflowId, personWorkflowId, runRef } from '../../src/contract/ids.js';
import { as, type ConnectionId, type OktaUserId, type RunId } from '../../src/domain/brand.js';
import type { NextRun, RunRef, RunReport } from '../../src/domain/run.js';
import { openStore, type OpenStore } from '../../src/store/open.js';
import type { NewConnection, NewRun, StepReport, Store } from '../../src/store/store.js';
import { createDatabase } from '../support/postgres.js';

export const CONNECTION = as<ConnectionId>('acme');
/** A run that nobody has heard of. */
export const RUN = as<RunId>('acme.0123456789abcdef.r');
export const RUN_REF: RunRef = {
  id: RUN,
  connection: CONNECTION,
  subjectRef: as('0123456789abcdef'),
  requestId: as('r'),
};

// One database a file and one schema a test: making a database takes 200 ms, a schema 10.
let ofThisFile: ReturnType<typeof createDatabase> | undefined;
afterAll(async () => {
  await (await ofThisFile)?.drop();
});

/** Opens any number of stores on new, empty tables; all are closed when the test ends. */
export async function newDatabase(): Promise<{
  url: string;
  schema: string;
  masterKey: Buffer;
  open: () => Promise<OpenStore>;
  query: (text: string, values?: unknown[]) => Promise<Record<string, unknown>[]>;
}> {
  ofThisFile ??= createDatabase(inject('postgresUrl'));
  const schema = `t_${randomBytes(8).toString('hex')}`;
  const address = new URL((await ofThisFile).url);
  address.searchParams.set('options', `-c search_path=${schema}`);
  const url = address.href;
  const masterKey = randomBytes(32);
  const opened: OpenStore[] = [];
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  await client.query(`create schema ${schema}`);
  onTestFinished(async () => {
    await Promise.all(opened.map((store) => store.close()));
    await client.end();
  });
  return {
    url,
    schema,
    masterKey,
    open: async () => {
      const store = await openStore({ databaseUrl: url, masterKey });
      opened.push(store);
      return store;
    },
    query: async (text, values) => (await client.query<Record<string, unknown>>(text, values)).rows,
  };
}

/** One store on new, empty tables. */
export async function newStore(): Promise<
  Awaited<ReturnType<typeof newDatabase>> & { store: OpenStore }
> {
  const database = await newDatabase();
  return { ...database, store: await database.open() };
}

/** A value that must be there. */
export function given<T>(value: T | null | undefined): T {
  if (value === null || value === undefined) throw new Error('a value is missing');
  return value;
}

export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** An onboarding of Ada in `acme`, scheduled; everything may be said otherwise. */
export function aRequest(store: Pick<Store, 'subjectRef'>, over: Partial<NewRun> = {}): NewRun {
  const login = over.login ?? 'ada@example.com';
  const kind = over.kind ?? 'onboarding';
  const run = over.run ?? runRef(CONNECTION, store.subjectRef(login), as(randomUUID()));
  return {
    run,
    workflowIds: [personWorkflowId(run.connection, run.subjectRef), furtherPersonWorkflowId(run)],
    kind,
    phase: 'scheduled',
    login,
    name: 'Ada Lovelace',
    requestedBy: 'hr-sync',
    reason: 'first day',
    deadlines: { startAt: { at: '2027-03-01T08:00:00.000Z' } },
    waiting: { for: 'start', until: '2027-03-01T08:00:00.000Z' },
    actions: ['cancel', 'reschedule', 'expedite'],
    requestHash: sha256(`${kind} ${login}`),
    input: { person: { login } },
    apiKeyId: 'key-1',
    takeover: false,
    ...over,
  };
}

export function aReport(run: RunRef, version: number, over: Partial<RunReport> = {}): RunReport {
  return {
    run,
    version,
    kind: 'onboarding',
    phase: 'running',
    outcome: null,
    deadlines: {},
    waiting: null,
    problem: null,
    actions: ['cancel'],
    undoing: false,
    event: null,
    next: null,
    ...over,
  };
}

export function aNextRun(run: RunRef): NextRun {
  const at = '2027-09-30T16:00:00.000Z';
  return {
    link: 'continues',
    run: runRef(run.connection, run.subjectRef, as(randomUUID())),
    kind: 'offboarding',
    phase: 'scheduled',
    deadlines: { suspendAt: { at, local: '2027-09-30T18:00[Europe/Berlin]' } },
    waiting: { for: 'suspend', until: at },
    actions: ['cancel', 'reschedule', 'expedite'],
  };
}

export function aStep(run: RunRef, over: Partial<StepReport> = {}): StepReport {
  return {
    run,
    activityId: '1',
    workflowRunId: 'w-1',
    name: 'createUser',
    status: 'done',
    startedAt: '2027-03-01T08:00:00.000Z',
    finishedAt: '2027-03-01T08:00:01.000Z',
    attempts: 1,
    oktaRequestIds: ['req-1'],
    detail: 'Created Ada Lovelace',
    event: null,
    effects: [],
    ...over,
  };
}

/** As Okta shows somebody. */
export function shown(oktaUserId: string, login = 'ada@example.com', name = 'Ada Lovelace') {
  return { shown: { oktaUserId: as<OktaUserId>(oktaUserId), login, name } };
}

export function aConnection(over: Partial<NewConnection> = {}): NewConnection {
  return {
    id: CONNECTION,
    name: 'Acme',
    domain: 'acme.okta.com',
    clientId: '0oa1',
    scopes: ['okta.users.read', 'okta.users.manage'],
    privateJwk: { kty: 'EC', crv: 'P-256', x: 'pub-x', y: 'pub-y', d: 'secret-d', kid: 'k1' },
    status: 'ready',
    ...over,
  };
}

/** Counts the statements that reach the database while `work` runs. */
export async function countStatements(work: () => Promise<unknown>): Promise<number> {
  const spy = vi.spyOn(pg.Client.prototype, 'query');
  try {
    await work();
    return spy.mock.calls.length;
  } finally {
    spy.mockRestore();
  }
}
