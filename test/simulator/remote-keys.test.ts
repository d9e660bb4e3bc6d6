import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { RemoteKeys } from '../../src/simulator/remote-keys.js';
import {
  ALL_SCOPES,
  type Keys,
  type Reply,
  assertion,
  newKeys,
  postForm,
  send,
  tokenForm,
  useOrg,
} from './harness.js';
import { KeyHost } from './key-host.js';

const sim = useOrg();
let [first, second]: Keys[] = [];
let host: KeyHost;
beforeAll(async () => {
  [first, second] = [await newKeys('ES256', 'first'), await newKeys('RS256', 'second')];
});
beforeEach(async () => {
  host = await KeyHost.start(keysOf(first).publicJwk);
});
afterEach(async () => host.stop());

function keysOf(keys: Keys | undefined): Keys {
  if (keys === undefined) throw new Error('no keys yet');
  return keys;
}

async function newApp(facts: Record<string, unknown> = { jwksUri: host.url }): Promise<string> {
  return String((await sim.org.control('POST', '/apps', facts)).json['clientId']);
}

async function ask(clientId: string, keys: Keys | undefined): Promise<Reply> {
  const { privateKey, publicJwk } = keysOf(keys);
  const header = { alg: publicJwk.alg, kid: publicJwk.kid };
  const signed = await assertion(sim.org.tokenUrl, clientId, privateKey, { header });
  return postForm(sim.org.tokenUrl, tokenForm(signed, ALL_SCOPES));
}

const refusal = ({ status, json }: Reply): unknown[] => [status, json['error_description']];

describe('an app whose keys are behind a URL', () => {
  it('gets tokens by a key that is served there, fetched once', async () => {
    const clientId = await newApp();
    for (let n = 0; n < 3; n += 1) expect((await ask(clientId, first)).status).toBe(200);
    expect(host.hits).toBe(1);
  });

  it('is shown with the URL and without keys', async () => {
    const clientId = await newApp();
    const { list } = await sim.org.control('GET', '/apps');
    const app = list.find((each) => each['clientId'] === clientId);
    expect(app).toMatchObject({ jwksUri: host.url });
    expect(app).not.toHaveProperty('jwks');
  });

  it('may sign by a new key as soon as that is served', async () => {
    const clientId = await newApp();
    expect((await ask(clientId, first)).status).toBe(200);
    host.served = { keys: [keysOf(second).publicJwk] };
    expect((await ask(clientId, second)).status).toBe(200);
    expect((await ask(clientId, first)).status).toBe(401);
    expect(host.hits).toBe(2);
  });

  it('makes Okta look again once, not for every unknown kid', async () => {
    const clientId = await newApp();
    expect((await ask(clientId, first)).status).toBe(200);
    for (let n = 0; n < 3; n += 1) {
      expect(refusal(await ask(clientId, second))).toEqual([
        401,
        'The client_assertion JWT kid is invalid.',
      ]);
    }
    expect(host.hits).toBe(2);
  });

  it('goes on by the keys that are kept while the host is away', async () => {
    const clientId = await newApp();
    expect((await ask(clientId, first)).status).toBe(200);
    await host.stop();
    expect((await ask(clientId, first)).status).toBe(200);
    expect(refusal(await ask(clientId, second))).toEqual([
      401,
      'Error retrieving the client JWKSet from jwks_uri.',
    ]);
  });

  it.each<[string, () => void]>([
    ['answers 404', () => (host.status = 404)],
    ['redirects', () => Object.assign(host, { status: 302, headers: { location: host.url } })],
    ['serves no JSON', () => (host.served = '<html>')],
    ['serves no key set', () => (host.served = { key: {} })],
    ['serves more than a key set can be', () => (host.served = `${' '.repeat(200_000)}{}`)],
    ['never answers', () => (host.silent = true)],
  ])('is refused when the host %s, and taken once it mends', async (_what, spoil) => {
    const clientId = await newApp();
    const { served } = host;
    spoil();
    expect(refusal(await ask(clientId, first))).toEqual([
      401,
      'Error retrieving the client JWKSet from jwks_uri.',
    ]);
    Object.assign(host, { served, status: 200, headers: {}, silent: false });
    expect((await ask(clientId, first)).status).toBe(200);
  });

  it('needs keys that can be told apart, and public ones', async () => {
    const clientId = await newApp();
    const { publicJwk } = keysOf(first);
    const describe = async (...keys: unknown[]): Promise<unknown> => {
      host.served = { keys };
      return (await ask(clientId, first)).json['error_description'];
    };
    const distinct = 'All keys in the client JWKSet from jwks_uri must have a unique kid.';
    expect(await describe()).toBe('The client JWKSet from jwks_uri must contain at least one key.');
    expect(await describe(publicJwk, publicJwk)).toBe(distinct);
    expect(await describe({ ...publicJwk, kid: undefined })).toBe(distinct);
    expect(await describe({ ...publicJwk, d: 'secret' })).toBe('The client JWKSet is invalid.');
  });

  it('is told from one with stored keys, by a change too', async () => {
    const clientId = await newApp({ jwks: { keys: [keysOf(second).publicJwk] } });
    const change = async (facts: Record<string, unknown>): Promise<Reply> =>
      send(`${sim.org.origin}/_sim/apps/${clientId}`, 'PATCH', facts);
    expect((await ask(clientId, first)).status).toBe(401);
    expect((await change({ jwksUri: host.url })).json).not.toHaveProperty('jwks');
    expect((await ask(clientId, first)).status).toBe(200);
    expect((await change({ status: 'ACTIVE' })).json).toHaveProperty('jwksUri', host.url);
    const jwks = { keys: [keysOf(second).publicJwk] };
    expect((await change({ jwks })).json).not.toHaveProperty('jwksUri');
    expect((await ask(clientId, first)).status).toBe(401);
    expect((await ask(clientId, second)).status).toBe(200);
    expect((await change({ jwks, jwksUri: host.url })).json['error']).toMatch(/exclude each other/);
  });
});

describe('remote keys', () => {
  const start = 1_800_000_000_000;
  const hour = 3_600_000;

  it('are kept for an hour', async () => {
    const keys = new RemoteKeys();
    const find = async (after: number): Promise<boolean> =>
      (await keys.find(host.url, 'first', start + after)) !== undefined;
    expect([await find(0), await find(hour - 1), host.hits]).toEqual([true, true, 1]);
    host.served = { keys: [keysOf(second).publicJwk] };
    expect([await find(hour), host.hits]).toEqual([false, 2]);
  });

  it('are looked for again after a pause', async () => {
    const keys = new RemoteKeys();
    await keys.find(host.url, 'first', start);
    const hits: number[] = [];
    for (const after of [1, 2, 5_000, 5_001]) {
      await keys.find(host.url, 'second', start + after);
      hits.push(host.hits);
    }
    expect(hits).toEqual([2, 2, 2, 3]);
  });

  it('are fetched once for all that ask at the same time', async () => {
    const keys = new RemoteKeys();
    const found = await Promise.all(
      Array.from({ length: 5 }, () => keys.find(host.url, 'first', start)),
    );
    expect(found.map((key) => key?.kid)).toEqual(Array(5).fill('first'));
    expect(host.hits).toBe(1);
  });
});
