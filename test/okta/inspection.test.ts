import { createServer } from 'node:http';
import type { AddressInfo, LookupFunction } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Sightings } from '../../src/domain/sightings.js';
import { createOktaClient, type OktaClientOptions } from '../../src/okta/index.js';
import {
  ACME,
  credentials,
  MemoryGate,
  MemoryTokens,
  MockOrg,
  oktaError,
  SCOPES,
} from './support.js';

const ORG = 'GET /.well-known/okta-organization';
const USERS = 'GET /api/v1/users?limit=1';
const GROUPS = 'GET /api/v1/groups?limit=1';
const NOBODY = `GET /api/v1/users/00u${'0'.repeat(100)}`;
const ABSENT = oktaError(404, 'E0000007');
const USER = { id: '00u1', status: 'ACTIVE', created: '2027-01-01T00:00:00.000Z', profile: {} };
const GROUP = { id: '00g1', type: 'OKTA_GROUP', profile: { name: 'Engineering' } };
const LIMITS = {
  'x-rate-limit-limit': '300',
  'x-rate-limit-remaining': '299',
  'x-rate-limit-reset': '1806505260',
};

const leadsTo =
  (...addresses: string[]): LookupFunction =>
  (_host, _options, callback) => {
    callback(
      null,
      addresses.map((address) => ({ address, family: 4 })),
    );
  };

function setUp(options: Partial<OktaClientOptions> = {}) {
  const org = new MockOrg();
  const [tokens, gate] = [new MemoryTokens(), new MemoryGate()];
  const client = createOktaClient({
    credentials: () => Promise.resolve(credentials()),
    tokens,
    gate,
    dispatcher: org.agent,
    lookup: leadsTo('192.0.66.2', '192.0.66.3'),
    ...options,
  });
  const inspect = async (probe = false, signal?: AbortSignal): Promise<Sightings> => {
    const how = { probe, ...(signal === undefined ? {} : { signal }) };
    return (await client.inspect(ACME, how)) ?? expect.fail('no such connection');
  };
  return { org, tokens, gate, inspect, client };
}

describe('an inspection', () => {
  it('sees the org, a token, users, groups and limits, beside the shared token and budget', async () => {
    const { org, tokens, gate, inspect } = setUp();
    org
      .plan(ORG, { json: { id: '00o1abc5d7', cell: 'ok12' } })
      .plan(USERS, { json: [USER], headers: LIMITS })
      .plan(GROUPS, { json: [GROUP] })
      .plan(NOBODY, ABSENT);
    const seen = await inspect();
    expect(seen).toMatchObject({
      callable: true,
      name: { kind: 'found', addresses: 2 },
      org: { kind: 'org', id: '00o1abc5d7', cell: 'ok12' },
      token: { kind: 'granted', scopes: SCOPES, bound: false },
      reads: {
        users: { kind: 'done' },
        groups: { kind: 'done' },
        impossibleUser: { kind: 'absent' },
        member: { kind: 'not-asked' },
      },
      probes: null,
      limits: { A: { limit: 300, remaining: 299 } },
    });
    expect(tokens.token).toBe(null);
    expect(gate.acquired).toEqual([]);
    expect(gate.learned).toEqual([]);
  });

  it('holds no token, no key and no assertion', async () => {
    const { org, inspect } = setUp();
    org
      .plan(ORG, { json: { id: '00o1abc5d7' } })
      .plan(USERS, { json: [USER] })
      .plan(GROUPS, { json: [GROUP] })
      .plan(NOBODY, ABSENT);
    const text = JSON.stringify(await inspect());
    expect(text).not.toContain('access-token');
    expect(text).not.toContain(String(credentials().privateJwk['d']));
    expect(text).not.toContain('eyJ');
  });

  it.each(['https://acme-admin.okta.com', 'https://acme.okta.com/path', 'http://acme.okta.com'])(
    'asks nobody about %s',
    async (origin) => {
      const lookup = () => expect.fail('the resolver was asked');
      const { org, inspect } = setUp({
        credentials: () => Promise.resolve(credentials({ origin })),
        lookup,
      });
      expect(await inspect()).toMatchObject({ org: { kind: 'not-asked' } });
      expect(org.requests).toEqual([]);
    },
  );

  it('sends nothing to a host without a name', async () => {
    const failure = Object.assign(new Error('no'), { code: 'ENOTFOUND' });
    const { org, inspect } = setUp({
      lookup: (_host, _options, callback) => {
        callback(failure, []);
      },
    });
    expect(await inspect()).toMatchObject({ name: { kind: 'failed', code: 'ENOTFOUND' } });
    expect(org.requests).toEqual([]);
  });

  it.each([
    ['a redirect', { status: 302, headers: { location: 'https://evil.example.com/' } }, 302],
    ['another site', { text: '<html></html>' }, 200],
    ['an answer that is not Okta’s', { json: { id: 'shop' } }, 200],
  ])('sends no assertion after %s', async (_, reply, status) => {
    const { org, inspect } = setUp();
    org.plan(ORG, reply);
    expect(await inspect()).toMatchObject({ org: { kind: 'other', status } });
    expect(org.requests.map(({ line }) => line)).toEqual([ORG]);
  });

  it('looks at a member of a group where the lists leave open what the role may see', async () => {
    const { org, inspect } = setUp();
    org
      .plan(ORG, { json: { id: '00o1abc5d7' } })
      .plan(USERS, { json: [] })
      .plan(GROUPS, { json: [GROUP] })
      .plan(NOBODY, ABSENT)
      .plan('GET /api/v1/groups?q=Everyone&limit=1', { json: [] })
      .plan('GET /api/v1/groups/00g1/users?limit=1', { json: [USER] })
      .plan('GET /api/v1/users/00u1', oktaError(403, 'E0000006'));
    expect((await inspect()).reads).toMatchObject({
      users: { kind: 'empty' },
      member: { kind: 'forbidden' },
    });
  });

  it('ends with its caller, and concludes nothing', async () => {
    const caller = new AbortController();
    const { inspect } = setUp({
      lookup: () => {
        caller.abort(new Error('the caller gave up'));
      },
    });
    await expect(inspect(false, caller.signal)).rejects.toThrow('the caller gave up');
  });

  it('knows an unknown connection', async () => {
    const { client } = setUp({ credentials: () => Promise.resolve(null) });
    expect(await client.inspect(ACME, { probe: false })).toBe(null);
  });
});

it('sees a port that nobody listens on', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  const client = createOktaClient({
    credentials: () => Promise.resolve(credentials({ origin: `http://127.0.0.1:${port}` })),
    tokens: new MemoryTokens(),
    gate: new MemoryGate(),
    allowLoopback: true,
  });
  onTestFinished(() => client.close());
  expect(await client.inspect(ACME, { probe: false })).toMatchObject({
    name: { kind: 'literal' },
    org: { kind: 'unreachable', reason: 'network', code: 'ECONNREFUSED' },
  });
});

it('sends nothing to a host whose name leads into a private network', async () => {
  const client = createOktaClient({
    credentials: () => Promise.resolve(credentials()),
    tokens: new MemoryTokens(),
    gate: new MemoryGate(),
    lookup: leadsTo('10.0.0.7'),
  });
  onTestFinished(() => client.close());
  expect(await client.inspect(ACME, { probe: false })).toMatchObject({
    org: { kind: 'unreachable', reason: 'address' },
    token: { kind: 'not-asked' },
  });
});
