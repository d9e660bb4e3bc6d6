import { describe, expect, it } from 'vitest';
import { as, type ConnectionId, type OktaGroupId } from '../../src/domain/brand.js';
import type { Connection } from '../../src/domain/connection.js';
import type { Made } from '../../src/store/store.js';
import { aConnection, aReport, aRequest, CONNECTION, RUN_REF, newStore } from './support.js';

const GLOBEX = as<ConnectionId>('globex');
const PROBLEM = { code: 'OKTA_AUTH_FAILED', title: 'Refused', detail: 'No.', since: '2027-01-01' };
const otherKey = (over = {}) => ({ ...aConnection().privateJwk, x: 'pub-2', kid: 'k2', ...over });

function connectionOf(made: Made | { kind: 'unknown' }): Connection {
  if (made.kind !== 'made') throw new Error(made.kind);
  return made.connection;
}

async function withConnection() {
  const database = await newStore();
  const { connections, tokens, rates, groups } = database.store;
  const question = { connection: CONNECTION, origin: 'https://acme.okta.com', name: 'Sales' };
  await connections.put(aConnection());
  return {
    ...database,
    connections,
    learn: async () => {
      await tokens.refresh(CONNECTION, null, () =>
        Promise.resolve({
          accessToken: 't',
          proofKey: null,
          scopes: [],
          expiresAt: '2099-01-01T00:00:00.000Z',
        }),
      );
      const sighting = { kind: 'ok', limit: 9, remaining: 0, resetInMs: 60_000 } as const;
      await rates.learn(CONNECTION, 'A', sighting);
      const group = { id: as<OktaGroupId>('00g1'), type: 'OKTA_GROUP', name: 'Sales' };
      await groups.remember(question, { group, ageMs: 0 });
    },
    knows: async () => ({
      token: (await tokens.read(CONNECTION)) !== null,
      rates: (await rates.acquire(CONNECTION, 'A')) > 0,
      groups: (await groups.recall(question, 60_000)) !== null,
    }),
  };
}

describe('a new connection', () => {
  it('is unverified, with its key sealed', async () => {
    const { store } = await newStore();
    const made = connectionOf(await store.connections.create(aConnection()));
    expect(made).toMatchObject({
      id: CONNECTION,
      status: 'unverified',
      nextPublicJwk: null,
      nextKey: null,
    });
    expect(await store.connections.get(CONNECTION)).toEqual(made);
    expect((await store.connections.credentials(CONNECTION))?.privateJwk).toEqual(
      aConnection().privateJwk,
    );
  });

  it('is not made twice: neither under its id, nor for the same client of the same org', async () => {
    const { connections } = await withConnection();
    const exists = { kind: 'exists', id: CONNECTION };
    expect(await connections.create(aConnection({ domain: 'other.okta.com' }))).toEqual(exists);
    expect(await connections.create(aConnection({ id: GLOBEX }))).toEqual(exists);
    const other = aConnection({ id: GLOBEX, clientId: '0oa2' });
    expect((await connections.create(other)).kind).toBe('made');
  });

  it('is made once of many at once', async () => {
    const { store, open } = await newStore();
    const second = await open();
    const made = await Promise.all(
      Array.from({ length: 12 }, (_, at) =>
        (at % 2 ? store : second).connections.create(
          aConnection({ id: as<ConnectionId>(`acme-${at}`) }),
        ),
      ),
    );
    expect(made.filter(({ kind }) => kind === 'made')).toHaveLength(1);
    expect(await store.connections.list()).toHaveLength(1);
  });
});

describe('a changed connection', () => {
  it.each([
    ['domain', { domain: 'other.okta.com' }, { token: false, rates: false, groups: false }],
    ['client', { clientId: '0oa2' }, { token: false, rates: true, groups: false }],
    ['scopes', { scopes: ['okta.users.read'] }, { token: false, rates: true, groups: false }],
    ['key', { privateJwk: otherKey() }, { token: false, rates: true, groups: false }],
  ])(
    'with another %s is unverified, and what was learned is forgotten',
    async (_n, change, left) => {
      const { connections, learn, knows } = await withConnection();
      await learn();
      const changed = connectionOf(await connections.change(CONNECTION, change));
      expect(changed.status).toBe('unverified');
      expect(await connections.get(CONNECTION)).toEqual(changed);
      expect(await knows()).toEqual(left);
    },
  );

  it('keeps status and token with another name and other settings', async () => {
    const { connections, learn, knows } = await withConnection();
    await learn();
    await connections.change(CONNECTION, { settings: { undoWindow: 'P7D' } });
    const changed = connectionOf(
      await connections.change(CONNECTION, {
        name: null,
        domain: 'acme.okta.com',
        settings: { timeZone: 'Europe/Berlin' },
      }),
    );
    expect(changed).toMatchObject({
      name: null,
      status: 'ready',
      settings: { undoWindow: 'P7D', timeZone: 'Europe/Berlin' },
    });
    expect(await knows()).toEqual({ token: true, rates: true, groups: true });
  });

  it('stays blocked where it was, and is tried out at once', async () => {
    const { connections } = await withConnection();
    await connections.block(CONNECTION, PROBLEM);
    expect((await connections.admission(RUN_REF, 'createUser')).kind).toBe('blocked');
    const changed = connectionOf(await connections.change(CONNECTION, { privateJwk: otherKey() }));
    expect(changed).toMatchObject({ status: 'blocked', problem: PROBLEM });
    expect((await connections.admission(RUN_REF, 'createUser')).kind).toBe('probe');
  });

  it('is refused for the client of another, and for one that is not there', async () => {
    const { connections } = await withConnection();
    await connections.put(aConnection({ id: GLOBEX, clientId: '0oa2' }));
    const twin = await connections.change(GLOBEX, { clientId: '0oa1' });
    expect(twin).toEqual({ kind: 'exists', id: CONNECTION });
    expect((await connections.change(GLOBEX, { clientId: '0oa2', name: 'G' })).kind).toBe('made');
    expect(await connections.change(as('nobody'), {})).toEqual({ kind: 'unknown' });
  });

  it('gives up a next key for another key, not for another id of the same', async () => {
    const { connections, store } = await withConnection();
    await store.connectionKeys.offer(CONNECTION, otherKey());
    const renamed = { ...aConnection().privateJwk, kid: 'as-okta-says' };
    const kept = connectionOf(await connections.change(CONNECTION, { privateJwk: renamed }));
    expect(kept).toMatchObject({ publicJwk: { kid: 'as-okta-says' }, nextKey: { kid: 'k2' } });
    const privateJwk = otherKey({ x: 'pub-3', kid: 'k3' });
    const replaced = connectionOf(await connections.change(CONNECTION, { privateJwk }));
    expect(replaced).toMatchObject({
      publicJwk: { kid: 'k3' },
      nextKey: null,
      nextPublicJwk: null,
    });
    expect(await store.connectionKeys.next(CONNECTION)).toBeNull();
  });
});

describe('a removed connection', () => {
  it('is forgotten with all that was its own; runs and ledger stay', async () => {
    const { connections, store, learn, knows, query } = await withConnection();
    await learn();
    await store.accessProfiles.put(CONNECTION, { name: 'engineer', groups: [], attributes: {} });
    const { run, ...request } = aRequest(store);
    await store.runs.accept({ run, ...request });
    expect(await connections.remove(CONNECTION)).toEqual({ kind: 'in-use', openRuns: 1 });
    expect(await knows()).toEqual({ token: true, rates: true, groups: true });

    await store.runs.report(aReport(run, 1, { phase: 'completed', outcome: 'done' }));
    expect(await connections.remove(CONNECTION)).toEqual({ kind: 'removed' });
    expect(await connections.get(CONNECTION)).toBeNull();
    expect(await store.connectionKeys.published(CONNECTION)).toBeNull();
    expect(await knows()).toEqual({ token: false, rates: false, groups: false });
    expect(await query('select * from access_profiles')).toEqual([]);
    expect(await store.runs.get(run.id)).toMatchObject({ phase: 'completed' });
    expect(await store.ledger.ofRun(run.id)).not.toEqual([]);
    expect(await connections.remove(CONNECTION)).toEqual({ kind: 'unknown' });
  });
});
