// The keys of a connection over HTTP, on a real store: offered, published for everybody, forgotten.
import { describe, expect, it } from 'vitest';
import { faults, jwk, pem, useConnections, view } from './connections-harness.js';
import { KEYS, type Reply } from './harness.js';

const here = useConnections();
const { remove, read, made } = here;

describe('a key pair', () => {
  const rotate = (id: string, body: unknown, headers = {}) =>
    here.api.call('POST', `/v1/connections/${id}/keys`, { key: KEYS.admin, body, headers });
  const keySet = async (id: string) => {
    const reply = await here.api.call('GET', `/.well-known/jwks/${id}.json`, { key: null });
    return { ...reply, keys: (reply.body as unknown as { keys: { kid: string }[] }).keys };
  };

  it('waits beside the one that signs; both are published, for everybody', async () => {
    const { id, publicJwk } = await made();
    const reply = await rotate(id, { generate: true });
    expect(reply.status).toBe(202);
    const { nextPublicJwk } = view(reply);
    expect(view(reply)).toMatchObject({
      publicJwk,
      nextPublicJwk: { kty: 'RSA', alg: 'RS256' },
      nextKey: { kid: nextPublicJwk?.['kid'], problem: null },
    });
    expect(reply.text).not.toMatch(/"(d|p|q|dp|dq|qi)":/);

    const published = await keySet(id);
    expect(published.status).toBe(200);
    expect(published.headers.get('cache-control')).toBe('public, max-age=60');
    expect(published.keys).toEqual([publicJwk, nextPublicJwk]);
    for (const key of published.keys) {
      expect(key).toMatchObject({ use: 'sig', kid: expect.any(String) as string });
      expect(key).not.toHaveProperty('d');
    }
    const workflow = here.api.temporal.find(`adopt-key/${id}`);
    expect(workflow).toMatchObject({ type: 'adoptKey', input: { connection: id } });
    expect(workflow?.signals).toEqual([{ name: 'keyOffered', args: [] }]);
  });

  it('is kept while Temporal is away, and published', async () => {
    const { id } = await made();
    here.api.temporal.state.weather = 'away';
    try {
      const reply = await rotate(id, { jwk: { ...jwk, kid: 'later' } });
      expect(reply).toMatchObject({ status: 202, body: { nextKey: { kid: 'later' } } });
      expect((await keySet(id)).keys.map(({ kid }) => kid)).toContain('later');
    } finally {
      here.api.temporal.state.weather = 'fine';
    }
    expect(await here.store.connectionKeys.waiting(-1_000)).toContain(id);
  });

  it('is the one of the first try when the request is repeated', async () => {
    const { id } = await made();
    const headers = { 'idempotency-key': 'rotate-1' };
    const first = await rotate(id, { generate: true, alg: 'ES256' }, headers);
    const again = await rotate(id, { generate: true, alg: 'ES256' }, headers);
    expect(again.status).toBe(202);
    expect(view(again).nextKey?.kid).toBe(view(first).nextKey?.kid);
  });

  it('must differ from the one that signs in its id, and be one', async () => {
    const { id } = await made({ key: { pem, kid: 'k1' } });
    expect(faults(await rotate(id, { jwk: { ...jwk, kid: 'k1' } }))).toEqual([['', 'DUPLICATE']]);
    expect(faults(await rotate(id, {}))).toEqual([['', 'REQUIRED']]);
    expect((await rotate(id, { pem: 'hello' })).body.errors[0]).toMatchObject({
      path: 'pem',
      reason: 'KEY_UNKNOWN',
    });
    expect(view(await read(id)).nextKey).toBeNull();
  });

  it('is published for nobody who is not connected, whoever it was', async () => {
    const { id } = await made();
    await remove(id);
    const gone = await keySet(id);
    const never = await keySet('never-there');
    expect(gone.status).toBe(404);
    const shape = ({ body: { requestId: _id, ...rest } }: Reply) => rest;
    expect(shape(gone)).toEqual(shape(never));
    expect((await keySet('..%2F..%2Fetc')).status).toBe(404);
    const post = await here.api.call('POST', `/.well-known/jwks/${id}.json`, { key: null });
    expect(post.status).toBe(405);
  });

  it('names its algorithm although the key was kept without one', async () => {
    expect((await keySet('demo')).keys).toEqual([
      { kty: 'RSA', kid: 'k1', n: 'AQAB', e: 'AQAB', use: 'sig', alg: 'RS256' },
    ]);
  });
});
