import { describe, expect, it } from 'vitest';
import { as, type ConnectionId } from '../../src/domain/brand.js';
import { aConnection, CONNECTION, RUN_REF, given, newStore } from './support.js';

const NOBODY = as<ConnectionId>('nobody');
const PROBLEM = { code: 'OKTA_AUTH_FAILED', title: 'Not yet', detail: 'No.', since: '2027-01-01' };
const key = (kid: string) => ({ kty: 'EC', crv: 'P-256', x: `x-${kid}`, y: 'y', d: 'secret', kid });
const half = (kid: string) => ({ kty: 'EC', crv: 'P-256', x: `x-${kid}`, y: 'y', kid });

async function withKeys() {
  const database = await newStore();
  const { connections, connectionKeys: keys, tokens } = database.store;
  await connections.put(aConnection({ privateJwk: key('k1') }));
  return { ...database, connections, keys, tokens };
}

describe('a next key', () => {
  it('waits beside the one that signs, and is published', async () => {
    const { connections, keys } = await withKeys();
    const offered = given(await keys.offer(CONNECTION, key('k2')));
    expect(offered).toMatchObject({
      status: 'ready',
      publicJwk: half('k1'),
      nextPublicJwk: half('k2'),
      nextKey: { kid: 'k2', problem: null },
    });
    expect(await connections.get(CONNECTION)).toEqual(offered);
    expect(JSON.stringify(offered)).not.toContain('secret');
    expect((await connections.credentials(CONNECTION))?.privateJwk).toEqual(key('k1'));
    const next = given(await keys.next(CONNECTION));
    expect(next.credentials).toEqual({
      origin: 'https://acme.okta.com',
      clientId: '0oa1',
      scopes: ['okta.users.read', 'okta.users.manage'],
      privateJwk: key('k2'),
    });
    expect(await keys.published(CONNECTION)).toEqual([half('k1'), half('k2')]);
  });

  it('takes over in place of the former one, which stays published for a day', async () => {
    const { connections, keys, tokens, query } = await withKeys();
    await tokens.refresh(CONNECTION, null, () =>
      Promise.resolve({
        accessToken: 't',
        proofKey: null,
        scopes: [],
        expiresAt: '2099-01-01T00:00:00Z',
      }),
    );
    await keys.offer(CONNECTION, key('k2'));
    const { mark } = given(await keys.next(CONNECTION));
    expect(await keys.adopt(CONNECTION, mark)).toBe(true);

    expect((await connections.credentials(CONNECTION))?.privateJwk).toEqual(key('k2'));
    expect(await connections.get(CONNECTION)).toMatchObject({
      status: 'ready',
      publicJwk: half('k2'),
      nextPublicJwk: null,
      nextKey: null,
    });
    expect(await keys.next(CONNECTION)).toBeNull();
    expect(await tokens.read(CONNECTION)).toBeNull();
    expect(await keys.published(CONNECTION)).toEqual([half('k2'), half('k1')]);
    await query("update connections set former_until = former_until - interval '1 day'");
    expect(await keys.published(CONNECTION)).toEqual([half('k2')]);
    expect(await keys.adopt(CONNECTION, mark)).toBe(false);
  });

  it('that was replaced meanwhile is neither adopted nor refused', async () => {
    const { connections, keys } = await withKeys();
    await keys.offer(CONNECTION, key('k2'));
    const { mark } = given(await keys.next(CONNECTION));
    await keys.offer(CONNECTION, key('k3'));
    await keys.refuse(CONNECTION, mark, PROBLEM);
    expect(await keys.adopt(CONNECTION, mark)).toBe(false);
    expect(await connections.get(CONNECTION)).toMatchObject({
      publicJwk: half('k1'),
      nextKey: { kid: 'k3', problem: null },
    });
  });

  it('says why it was refused, until another takes its place', async () => {
    const { connections, keys } = await withKeys();
    await keys.offer(CONNECTION, key('k2'));
    await keys.refuse(CONNECTION, given(await keys.next(CONNECTION)).mark, PROBLEM);
    expect((await connections.get(CONNECTION))?.nextKey).toMatchObject({ problem: PROBLEM });
    expect((await keys.offer(CONNECTION, key('k3')))?.nextKey).toMatchObject({ problem: null });
  });

  it('makes a blocked connection due for a probe', async () => {
    const { connections, keys } = await withKeys();
    await connections.block(CONNECTION, PROBLEM);
    await keys.offer(CONNECTION, key('k2'));
    expect((await connections.admission(RUN_REF, 'createUser')).kind).toBe('blocked');
    await keys.adopt(CONNECTION, given(await keys.next(CONNECTION)).mark);
    expect((await connections.admission(RUN_REF, 'createUser')).kind).toBe('probe');
  });

  it('is found by how long it has waited', async () => {
    const { keys, query } = await withKeys();
    expect(await keys.waiting(0)).toEqual([]);
    await keys.offer(CONNECTION, key('k2'));
    expect(await keys.waiting(10_000)).toEqual([]);
    await query("update connections set next_since = next_since - interval '11 s'");
    expect(await keys.waiting(10_000)).toEqual([CONNECTION]);
  });

  it('is nothing where there is no connection', async () => {
    const { keys } = await withKeys();
    expect(await keys.offer(NOBODY, key('k2'))).toBeNull();
    expect(await keys.next(NOBODY)).toBeNull();
    expect(await keys.published(NOBODY)).toBeNull();
  });
});
