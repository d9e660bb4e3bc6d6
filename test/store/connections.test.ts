import { describe, expect, it } from 'vitest';
import { as, type ConnectionId, type RunId } from '../../src/domain/brand.js';
import { DEFAULT_SETTINGS } from '../../src/domain/connection.js';
import type { Admission } from '../../src/domain/admission.js';
import type { RunRef } from '../../src/domain/run.js';
import {
  aConnection,
  aRequest,
  CONNECTION,
  RUN_REF,
  countStatements,
  newStore,
} from './support.js';

const PROBLEM = {
  code: 'OKTA_AUTH_FAILED',
  title: 'Okta refuses the key of this connection',
  detail: 'invalid_client',
  since: '2027-01-01T00:00:00.000Z',
};

async function withConnection() {
  const database = await newStore();
  const { connections } = database.store;
  await connections.put(aConnection());
  /** Makes the next probe due, as if its pause had passed. */
  const passPause = () =>
    database.query("update connections set next_probe_at = now() - interval '6 s'");
  return { ...database, connections, passPause };
}

describe('a connection', () => {
  it('shows its public half only, with defaults for what was not set', async () => {
    const { connections } = await withConnection();
    const connection = await connections.get(CONNECTION);
    expect(connection).toMatchObject({
      id: 'acme',
      name: 'Acme',
      domain: 'acme.okta.com',
      clientId: '0oa1',
      settings: DEFAULT_SETTINGS,
      status: 'ready',
      problem: null,
      publicJwk: { kty: 'EC', crv: 'P-256', x: 'pub-x', y: 'pub-y', kid: 'k1' },
    });
    expect(JSON.stringify(await connections.list())).not.toContain('secret-d');
    expect(connection?.publicJwk).not.toHaveProperty('d');
  });

  it('gives what signs for it, with its origin', async () => {
    const { connections } = await withConnection();
    expect(await connections.credentials(CONNECTION)).toEqual({
      origin: 'https://acme.okta.com',
      clientId: '0oa1',
      scopes: ['okta.users.read', 'okta.users.manage'],
      privateJwk: aConnection().privateJwk,
    });
    await connections.put(aConnection({ domain: 'http://127.0.0.1:8090' }));
    expect((await connections.credentials(CONNECTION))?.origin).toBe('http://127.0.0.1:8090');
  });

  it('that is not there is null', async () => {
    const { connections } = await withConnection();
    expect(await connections.get(as<ConnectionId>('globex'))).toBeNull();
    expect(await connections.credentials(as<ConnectionId>('globex'))).toBeNull();
  });

  it('put again replaces what signs and keeps name, other settings and birthday', async () => {
    const { connections } = await withConnection();
    const before = await connections.put(aConnection({ settings: { timeZone: 'Europe/Berlin' } }));
    await connections.block(CONNECTION, PROBLEM);
    const after = await connections.put(
      aConnection({ name: null, clientId: '0oa2', settings: { undoWindow: 'P7D' } }),
    );
    expect(after).toMatchObject({
      name: 'Acme',
      clientId: '0oa2',
      status: 'ready',
      problem: null,
      settings: { timeZone: 'Europe/Berlin', undoWindow: 'P7D' },
      createdAt: before.createdAt,
    });
    expect(await connections.list()).toHaveLength(1);
  });

  it('forgets its token when what signs has changed, and its rate budget with the org', async () => {
    const { connections, store } = await withConnection();
    const mint = () =>
      Promise.resolve({
        accessToken: 't',
        proofKey: null,
        scopes: [],
        expiresAt: '2099-01-01T00:00:00.000Z',
      });
    await store.tokens.refresh(CONNECTION, null, mint);
    await store.rates.learn(CONNECTION, 'A', {
      kind: 'ok',
      limit: 9,
      remaining: 0,
      resetInMs: 60_000,
    });
    await connections.put(aConnection({ name: 'Acme Inc.' }));
    expect(await store.tokens.read(CONNECTION)).not.toBeNull();
    await connections.put(aConnection({ privateJwk: { ...aConnection().privateJwk, x: 'new' } }));
    expect(await store.tokens.read(CONNECTION)).toBeNull();
    expect(await store.rates.acquire(CONNECTION, 'A')).toBeGreaterThan(0);
    await connections.put(aConnection({ domain: 'other.okta.com' }));
    expect(await store.rates.acquire(CONNECTION, 'A')).toBe(0);
  });
});

describe('admission', () => {
  it('is one statement, and lets calls through while the connection works', async () => {
    const { connections } = await withConnection();
    let admission;
    const statements = await countStatements(async () => {
      admission = await connections.admission(RUN_REF, 'createUser');
    });
    expect(statements).toBe(1);
    expect(admission).toEqual({ kind: 'ready', refused: [] });
    await connections.put(aConnection({ status: 'unverified' }));
    expect(await connections.admission(RUN_REF, 'createUser')).toEqual({
      kind: 'ready',
      refused: [],
    });
    expect(
      await connections.admission({ ...RUN_REF, connection: as('globex') }, 'createUser'),
    ).toEqual({
      kind: 'unknown',
    });
  });

  it('keeps everybody waiting for ten seconds after a block, whose first reason stays', async () => {
    const { connections } = await withConnection();
    await connections.block(CONNECTION, PROBLEM);
    await connections.block(CONNECTION, { ...PROBLEM, title: 'Something else' });
    const admission = await connections.admission(RUN_REF, 'createUser');
    expect(admission).toMatchObject({ kind: 'blocked', problem: PROBLEM });
    const { probeInMs } = admission as Extract<Admission, { kind: 'blocked' }>;
    expect(probeInMs).toBeGreaterThan(8_000);
    expect(probeInMs).toBeLessThanOrEqual(10_000);
    expect(await connections.get(CONNECTION)).toMatchObject({
      status: 'blocked',
      problem: PROBLEM,
    });
  });

  it('gives the probe to one of many callers, over several workers', async () => {
    const { connections, passPause, open } = await withConnection();
    const other = (await open()).connections;
    await connections.block(CONNECTION, PROBLEM);
    await passPause();
    const admissions = await Promise.all(
      Array.from({ length: 20 }, (_, at) =>
        (at % 2 ? connections : other).admission(RUN_REF, 'createUser'),
      ),
    );
    expect(admissions.filter(({ kind }) => kind === 'probe')).toHaveLength(1);
    expect(admissions.filter(({ kind }) => kind === 'blocked')).toHaveLength(19);
    for (const admission of admissions) {
      if (admission.kind === 'blocked') expect(admission.probeInMs).toBeGreaterThanOrEqual(1_000);
    }
  });

  it('doubles the pause with every probe, up to five minutes', async () => {
    const { connections, passPause } = await withConnection();
    await connections.block(CONNECTION, PROBLEM);
    const pauses: number[] = [];
    for (let probe = 1; probe <= 7; probe += 1) {
      await passPause();
      expect((await connections.admission(RUN_REF, 'createUser')).kind).toBe('probe');
      const blocked = await connections.admission(RUN_REF, 'createUser');
      if (blocked.kind === 'blocked') pauses.push(Math.round(blocked.probeInMs / 5_000) * 5);
    }
    expect(pauses).toEqual([20, 40, 80, 160, 300, 300, 300]);
  });

  it('is open again after unblock, and a later block begins at ten seconds', async () => {
    const { connections, passPause } = await withConnection();
    await connections.block(CONNECTION, PROBLEM);
    await passPause();
    await connections.admission(RUN_REF, 'createUser');
    await connections.unblock(CONNECTION);
    expect(await connections.admission(RUN_REF, 'createUser')).toEqual({
      kind: 'ready',
      refused: [],
    });
    expect(await connections.get(CONNECTION)).toMatchObject({ status: 'ready', problem: null });
    await connections.block(CONNECTION, { ...PROBLEM, title: 'Again' });
    expect(await connections.admission(RUN_REF, 'createUser')).toMatchObject({
      kind: 'blocked',
      problem: { title: 'Again' },
    });
  });

  it('says how many open runs were due before', async () => {
    const { connections, store } = await withConnection();
    const runOf = async (login: string, suspendAt: string) => {
      const deadlines = { suspendAt: { at: suspendAt } };
      const request = aRequest(store, { kind: 'offboarding', login, deadlines });
      await store.runs.accept(request);
      return request.run;
    };
    const late = await runOf('late@example.com', '2026-01-01T00:00:00.000Z');
    const later = await runOf('later@example.com', '2025-01-01T00:00:00.000Z');
    const latest = await runOf('latest@example.com', '2024-01-01T00:00:00.000Z');
    await connections.block(CONNECTION, PROBLEM);
    const ahead = await Promise.all(
      [latest, later, late].map((run) => connections.admission(run, 'suspendUser')),
    );
    expect(ahead).toMatchObject([{ ahead: 0 }, { ahead: 1 }, { ahead: 2 }]);
  });

  it('passes the probe on: the run that tried last leaves the next one to others', async () => {
    const { connections, query } = await withConnection();
    await connections.block(CONNECTION, PROBLEM);
    const isDue = (since: string) =>
      query(`update connections set next_probe_at = now() - interval '${since}'`);
    const other = { ...RUN_REF, id: as<RunId>('acme.fedcba9876543210.r') };
    const ask = async (run: RunRef) => (await connections.admission(run, 'createUser')).kind;
    await isDue('1 s');
    expect(await ask(RUN_REF)).toBe('probe');
    await isDue('1 s');
    expect(await ask(RUN_REF)).toBe('blocked');
    expect(await ask(other)).toBe('probe');
    await isDue('6 s');
    // Nobody else has come for it.
    expect(await ask(other)).toBe('probe');
  });

  it('does not count runs that hold or are parked among those that go first', async () => {
    const { connections, store, query } = await withConnection();
    const runOf = async (login: string, suspendAt: string) => {
      const deadlines = { suspendAt: { at: suspendAt } };
      const request = aRequest(store, { kind: 'offboarding', login, deadlines });
      await store.runs.accept(request);
      return request.run;
    };
    await runOf('held@example.com', '2024-01-01T00:00:00.000Z');
    await query("update runs set phase = 'holding'");
    await runOf('parked@example.com', '2024-01-02T00:00:00.000Z');
    await query("update runs set phase = 'parked' where phase <> 'holding'");
    const late = await runOf('late@example.com', '2026-01-01T00:00:00.000Z');
    await connections.block(CONNECTION, PROBLEM);
    expect(await connections.admission(late, 'suspendUser')).toMatchObject({ ahead: 0 });
  });

  it('leaves a blocked step to that step', async () => {
    const { connections } = await withConnection();
    await connections.block(CONNECTION, { ...PROBLEM, step: 'suspendUser' });
    expect(await connections.admission(RUN_REF, 'createUser')).toEqual({
      kind: 'ready',
      refused: ['suspendUser'],
    });
    expect(await connections.admission(RUN_REF, 'suspendUser')).toEqual({ kind: 'trial' });
  });
});
