// A filled database with its master key in a file, what can be read of it, and starts on it.
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { as, type OktaGroupId } from '../../src/domain/brand.js';
import { changeInPlace, readMasterKeys } from '../../src/crypto/master-key.js';
import { openStore, type OpenStore } from '../../src/store/open.js';
import { SEALED_TABLES } from '../../src/store/sealed-columns.js';
import { aConnection, aReport, aRequest, aStep, CONNECTION, newStore } from './support.js';

export type Filled = Awaited<ReturnType<typeof filled>>;

/** So many people, each with an onboarding, steps and a ledger; a connection in trouble; a token. */
export async function filled(people = 3) {
  const database = await newStore();
  const { store, url, masterKey, query } = database;
  const dir = await mkdtemp(join(tmpdir(), 'tenure-rekey-'));
  onTestFinished(() => rm(dir, { recursive: true }));
  const keyFile = join(dir, 'master.key');
  await writeFile(keyFile, masterKey.toString('base64'), { mode: 0o600 });
  await fill(store, people);
  const said: Record<string, unknown>[] = [];
  const log = {
    info: (line: object) => said.push({ ...line }),
    warn: (line: object) => said.push({ ...line }),
  };
  return {
    ...database,
    dir,
    keyFile,
    change: changeInPlace(keyFile),
    /** What starts have said. */
    said,
    /** As a process that is started now. */
    start: async (): Promise<OpenStore> => {
      const opened = await openStore({
        databaseUrl: url,
        poolSize: 2,
        masterKey: () => readMasterKeys({ kind: 'file', path: keyFile }),
        log,
      });
      onTestFinished(() => opened.close());
      return opened;
    },
    keyText: async (file = keyFile) => (await readFile(file, 'utf8')).trim(),
    mode: async (file = keyFile) => (await stat(file)).mode & 0o777,
    setMode: (mode: number) => chmod(keyFile, mode),
    /** Ids of the data keys under which anything lies in the tables, by table. */
    dataKeysInUse: async () => {
      const found: Record<string, number[]> = {};
      for (const { table, columns } of SEALED_TABLES) {
        const each = Object.keys(columns).map(
          (column) => `select ${column} as sealed from ${table} where ${column} is not null`,
        );
        const rows = await query(
          `select distinct ('x' || encode(substring(sealed from 2 for 4), 'hex'))::bit(32)::integer
             as id from (${each.join(' union all ')}) as s order by id`,
        );
        found[table] = rows.map(({ id }) => Number(id));
      }
      return found;
    },
    dataKeys: () => query('select id, master_key_id, wrapped, link from data_keys order by id'),
  };
}

const QUESTION = { connection: CONNECTION, origin: 'https://acme.okta.com', name: 'Engineering' };
const ENGINEERING = {
  id: as<OktaGroupId>('00g00000000000000001'),
  type: 'OKTA_GROUP',
  name: 'Engineering',
};

async function fill(store: OpenStore, people: number): Promise<void> {
  await store.connections.put(aConnection());
  await store.accessProfiles.put(CONNECTION, {
    name: 'engineer',
    groups: ['Engineering'],
    attributes: { title: 'Engineer' },
  });
  await store.connectionKeys.offer(CONNECTION, { ...aConnection().privateJwk, kid: 'k2' });
  await store.connections.block(CONNECTION, {
    code: 'OKTA_AUTH_FAILED',
    title: 'Refused',
    detail: 'The key is not known',
    since: '2027-01-01T00:00:00Z',
  });
  await store.tokens.refresh(CONNECTION, null, () =>
    Promise.resolve({
      accessToken: 'token',
      proofKey: null,
      scopes: [],
      expiresAt: '2099-01-01T00:00:00Z',
    }),
  );
  await store.groups.remember(QUESTION, { group: ENGINEERING, ageMs: 0 });
  await Promise.all(
    Array.from({ length: people }, async (_, index) => {
      const request = aRequest(store, { login: `person-${index}@example.com` });
      await store.runs.accept(request);
      const event = { key: 'k1', action: 'createUser', detail: `Created person ${index}` };
      await store.runs.reportStep(aStep(request.run, { event }));
      const problem = { code: 'LOGIN_TAKEN', title: 'Taken', detail: '', actions: [] } as const;
      await store.runs.report(
        aReport(request.run, 1, { phase: 'parked', problem: { ...problem, actions: ['retry'] } }),
      );
    }),
  );
}

/** Everything that is sealed, opened. */
export async function everythingIn(store: OpenStore): Promise<string> {
  const { items } = await store.runs.list({ limit: 1_000 });
  const runs = await Promise.all(
    items.map(async ({ id }) => [
      await store.runs.get(id),
      await store.runs.input(id),
      await store.ledger.ofRun(id),
    ]),
  );
  return JSON.stringify([
    runs,
    await store.connections.list(),
    await store.connections.credentials(CONNECTION),
    await store.tokens.read(CONNECTION),
    await store.accessProfiles.list(CONNECTION),
    (await store.connectionKeys.next(CONNECTION))?.credentials,
    (await store.groups.recall(QUESTION, 3_600_000))?.group,
    store.subjectRef('person-0@example.com'),
  ]);
}
