import { describe, expect, it } from 'vitest';
import type { Conclusion } from '../../src/domain/checks.js';
import type { Connection, ConnectionStatus } from '../../src/domain/connection.js';
import { aConnection, CONNECTION, newStore, RUN_REF } from './support.js';

const fails = (blocks: boolean, code = 'OKTA_SCOPE_MISSING'): Conclusion => ({
  kind: 'fails',
  blocks,
  code,
  title: 'The set-up in Okta is not complete',
  detail: 'A scope is not granted.',
});
const WORKS: Conclusion = { kind: 'works' };

async function withConnection(status: ConnectionStatus) {
  const { store } = await newStore();
  const verified = await store.connections.put({ ...aConnection(), status });
  const settle = (conclusion: Conclusion, of: Connection = verified) =>
    store.verifications.settle(of, conclusion);
  const get = () => store.connections.get(CONNECTION);
  const admission = () => store.connections.admission(RUN_REF, 'createUser');
  return { connections: store.connections, settle, get, admission };
}

describe('a verification', () => {
  it.each(['unverified', 'ready'] as const)(
    'that went well makes one ready (%s)',
    async (status) => {
      const { settle, get } = await withConnection(status);
      expect(await settle(WORKS)).toBe(true);
      expect(await get()).toMatchObject({ status: 'ready', problem: null });
    },
  );

  it.each([true, false])(
    'that failed leaves one unverified, with the reason (%s)',
    async (blocks) => {
      const { settle, get, admission } = await withConnection('unverified');
      expect(await settle(fails(blocks))).toBe(true);
      expect(await get()).toMatchObject({
        status: 'unverified',
        problem: { code: 'OKTA_SCOPE_MISSING', detail: 'A scope is not granted.' },
      });
      await settle(WORKS);
      expect(await get()).toMatchObject({ status: 'ready', problem: null });
      expect(await admission()).toEqual({ kind: 'ready', refused: [] });
    },
  );

  it('blocks a ready one that no run could use, and has it probed', async () => {
    const { settle, get, admission } = await withConnection('ready');
    await settle(fails(true));
    expect(await get()).toMatchObject({ status: 'blocked' });
    expect(await admission()).toMatchObject({
      kind: 'blocked',
      problem: { code: 'OKTA_SCOPE_MISSING' },
    });
    await settle(WORKS);
    expect(await admission()).toEqual({ kind: 'ready', refused: [] });
  });

  it('leaves a ready one as it is where runs can still do something', async () => {
    const { settle, get } = await withConnection('ready');
    expect(await settle(fails(false))).toBe(true);
    expect(await get()).toMatchObject({ status: 'ready', problem: null });
  });

  it('says of a blocked one what is wrong with it now', async () => {
    const { settle, get } = await withConnection('ready');
    await settle(fails(true));
    await settle(fails(false, 'CHECK_FAILED'));
    expect(await get()).toMatchObject({ status: 'blocked', problem: { code: 'CHECK_FAILED' } });
  });

  it('of one that is blocked for a step leaves that reason, unless no run can do anything', async () => {
    const { settle, get, connections } = await withConnection('ready');
    const problem = { code: 'OKTA_FORBIDDEN', title: 'Not allowed', detail: 'E0000006' };
    const since = '2027-01-01T00:00:00.000Z';
    await connections.block(CONNECTION, { ...problem, since, step: 'suspendUser' });
    await settle(fails(false, 'CHECK_FAILED'));
    expect((await get())?.problem).toMatchObject(problem);
    await settle(fails(true));
    expect((await get())?.problem).toMatchObject({ code: 'OKTA_SCOPE_MISSING' });
    await settle(WORKS);
    expect(await get()).toMatchObject({ status: 'ready', problem: null });
  });

  it.each([
    ['domain', { domain: 'other.okta.com' }],
    ['client', { clientId: '0oa2' }],
    ['scopes', { scopes: ['okta.users.read'] }],
    ['key', { privateJwk: { ...aConnection().privateJwk, kid: 'k2' } }],
  ])('of a connection with another %s by now settles nothing', async (_, changes) => {
    const { settle, get, connections } = await withConnection('unverified');
    await connections.put({ ...aConnection(), ...changes, status: 'unverified' });
    expect(await settle(WORKS)).toBe(false);
    expect(await settle(fails(true))).toBe(false);
    expect(await get()).toMatchObject({ status: 'unverified', problem: null });
  });
});
