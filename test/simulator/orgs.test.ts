import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { startSimulator } from '../../src/simulator/server.js';
import {
  ALL_SCOPES,
  Client,
  type Reply,
  TestOrg,
  isBack,
  newKeys,
  send,
  useOrg,
} from './harness.js';

const sim = useOrg();
const addOrg = async (to: TestOrg, facts: Record<string, unknown> = {}): Promise<TestOrg> =>
  new TestOrg(String((await to.control('POST', '/orgs', facts)).json['origin']));
const portOf = ({ origin }: TestOrg): number => Number(new URL(origin).port);

/** Two apps of the same id, each with a key of its own. */
async function twins(one: TestOrg, other: TestOrg): Promise<[Client, Client]> {
  const make = async (org: TestOrg): Promise<Client> => {
    const { privateKey, publicJwk } = await newKeys();
    await org.control('POST', '/apps', { clientId: 'twin', jwks: { keys: [publicJwk] } });
    const client = new Client(org, 'twin', privateKey);
    await client.login(ALL_SCOPES);
    return client;
  };
  return [await make(one), await make(other)];
}

describe('one more org', () => {
  let other: TestOrg;
  let here: Client;
  let there: Client;
  beforeAll(async () => {
    other = await addOrg(sim.org);
    [here, there] = await twins(sim.org, other);
  });

  it('has people, groups and apps of its own', async () => {
    const id = async (org: TestOrg): Promise<string> =>
      (await send(`${org.origin}/.well-known/okta-organization`)).json.id;
    expect(await id(other)).not.toBe(await id(sim.org));
    await sim.org.seedUser('here@example.com');
    await other.seedUser('there@example.com');
    expect((await there.call('GET', '/users')).list).toMatchObject([
      { profile: { login: 'there@example.com' } },
    ]);
    expect((await here.call('GET', '/users/there@example.com')).status).toBe(404);
    await sim.org.client({ clientId: 'only-here' });
    const { list } = await other.control('GET', '/apps');
    expect(list.map(({ clientId }) => clientId)).toEqual(['twin']);
  });

  it('takes neither a token nor a client of another org, though the id be the same', async () => {
    const strayed = here.at(other);
    const reply = await strayed.call('GET', '/users');
    expect([reply.status, reply.json.errorCode]).toEqual([401, 'E0000011']);
    const refused = await strayed.requestToken(ALL_SCOPES);
    expect([refused.status, refused.json['error']]).toEqual([401, 'invalid_client']);
    expect((await there.requestToken(ALL_SCOPES)).status).toBe(200);
    const { list } = await other.control('GET', '/requests');
    expect(list.slice(-3)).toMatchObject([
      { path: '/api/v1/users', status: 401, clientId: null },
      { path: '/oauth2/v1/token', status: 401, clientId: 'twin' },
      { path: '/oauth2/v1/token', status: 200, clientId: 'twin' },
    ]);
  });

  it('has limits, faults, settings and a log of its own', async () => {
    await sim.org.control('PATCH', '/org', { rateLimits: { appShare: 1, overrides: { D: 1 } } });
    await other.control('POST', '/faults', { fault: '500', path: '/api/v1/groups' });
    await sim.org.control('DELETE', '/requests');
    await other.control('DELETE', '/requests');
    const statuses: number[] = [];
    for (const client of [here, here, there, there]) {
      statuses.push((await client.call('GET', '/groups')).status);
    }
    expect(statuses).toEqual([200, 429, 500, 200]);
    expect((await other.control('GET', '/org')).json).toMatchObject({
      rateLimits: { appShare: 0.5, overrides: {} },
    });
    for (const org of [sim.org, other]) {
      expect((await org.control('GET', '/requests')).list).toMatchObject([
        { path: '/api/v1/groups', clientId: 'twin' },
        { path: '/api/v1/groups', clientId: 'twin' },
      ]);
    }
  });

  it('is reset alone', async () => {
    const third = await addOrg(sim.org);
    await third.seedUser('gone@example.com');
    await here.org.seedUser('stays@example.com');
    await third.control('POST', '/reset');
    expect((await third.control('GET', '/users')).list).toEqual([]);
    expect((await sim.org.truth('stays@example.com')).status).toBe('ACTIVE');
  });

  it('is refused a port that is in use', async () => {
    const attempt = async (port: number): Promise<Reply> =>
      send(`${sim.org.origin}/_sim/orgs`, 'POST', { port });
    for (const port of [portOf(sim.org), portOf(other)]) {
      const reply = await attempt(port);
      expect([reply.status, reply.json['error']]).toEqual([409, `port: ${port} is in use`]);
    }
  });
});

describe('with a state file, one more org', () => {
  const inDirectory = async (story: (statePath: string) => Promise<void>): Promise<void> => {
    const directory = mkdtempSync(join(tmpdir(), 'simulator-'));
    try {
      await story(join(directory, 'org.jsonl'));
    } finally {
      rmSync(directory, { recursive: true });
    }
  };

  it('comes back with its apps, people, settings and tokens', async () => {
    await inDirectory(async (statePath) => {
      const first = await startSimulator({ statePath });
      const other = await addOrg(new TestOrg(first.origin));
      const client = await other.client();
      const { id } = await other.seedUser('kept@example.com');
      await other.control('PATCH', '/org', { readWithoutPermission: 404 });
      await new TestOrg(first.origin).control('POST', '/reset');
      await first.close();
      const second = await startSimulator({ statePath });
      await isBack(other);
      expect((await client.call('GET', '/users/kept@example.com')).json.id).toBe(id);
      expect((await client.requestToken(ALL_SCOPES)).status).toBe(200);
      expect((await other.control('GET', '/org')).json).toMatchObject({
        readWithoutPermission: 404,
      });
      await second.close();
    });
  });

  it('keeps what it is told after its port was asked for again', async () => {
    await inDirectory(async (statePath) => {
      const first = await startSimulator({ statePath });
      const main = new TestOrg(first.origin);
      const other = await addOrg(main);
      await other.seedUser('sooner@example.com');
      await send(`${main.origin}/_sim/orgs`, 'POST', { port: portOf(other) });
      await other.seedUser('later@example.com');
      await first.close();
      const second = await startSimulator({ statePath });
      await isBack(other);
      expect((await other.truth('later@example.com')).status).toBe('ACTIVE');
      await second.close();
    });
  });

  it('holds nothing open where its port was taken meanwhile', async () => {
    await inDirectory(async (statePath) => {
      const first = await startSimulator({ statePath });
      const other = await addOrg(new TestOrg(first.origin));
      await first.close();
      const squatter = createServer().listen(portOf(other), '127.0.0.1');
      const port = Number(new URL(first.origin).port);
      await expect(startSimulator({ statePath, port })).rejects.toMatchObject({
        code: 'EADDRINUSE',
        port: portOf(other),
      });
      await new Promise((resolve) => squatter.close(resolve));
      const second = await startSimulator({ statePath, port });
      await second.close();
    });
  });
});

describe('the request log', () => {
  it('names the client of every call, whatever became of it', async () => {
    const { org } = sim;
    await org.control('PATCH', '/org', { rateLimits: { appShare: 1, overrides: { E: 1 } } });
    const client = await org.client();
    const other = await org.client();
    await org.control('DELETE', '/requests');
    await client.call('GET', '/groups/00gNone');
    await client.call('GET', '/groups/00gNone');
    for (const fault of ['500', '502-html', '429', '429-concurrency', '401', 'reset']) {
      await org.control('POST', '/faults', { fault });
      await client.call('GET', '/users').catch(() => undefined);
    }
    await client.call('GET', '/nothing');
    await org.control('POST', '/faults', { fault: '500' });
    await client.requestToken(ALL_SCOPES);
    await client.requestToken(ALL_SCOPES, { header: { kid: 'unknown' } });
    await other.call('GET', '/users');
    await org.control('PATCH', '/org', { clockSkewSeconds: 3601 });
    await other.call('GET', '/users');
    await org.control('PATCH', '/org', { clockSkewSeconds: 0 });
    await other.call('GET', '/users', undefined, { authorization: 'Bearer garbled' });
    const { list } = await org.control('GET', '/requests');
    const names = list.map(({ clientId }) => clientId);
    expect(names).toEqual([
      ...Array<string>(11).fill(client.clientId),
      other.clientId,
      other.clientId,
      null,
    ]);
  });

  it('names who asks by a secret, if the org knows the app', async () => {
    const { org } = sim;
    const { json } = await org.control('POST', '/apps', { authMethod: 'client_secret' });
    const clientId = String(json['clientId']);
    const ask = async (id: string, how: 'form' | 'header'): Promise<Reply> => {
      const secret = Buffer.from(`${id}:secret`).toString('base64');
      const form = new URLSearchParams({
        grant_type: 'client_credentials',
        scope: 'okta.users.read',
      });
      if (how === 'form') form.set('client_id', id);
      if (how === 'form') form.set('client_secret', 'secret');
      return send(org.tokenUrl, 'POST', form.toString(), {
        'content-type': 'application/x-www-form-urlencoded',
        ...(how === 'header' ? { authorization: `Basic ${secret}` } : {}),
      });
    };
    await org.control('DELETE', '/requests');
    const refusals: unknown[] = [];
    for (const id of [clientId, '0oaUnknown']) {
      for (const how of ['form', 'header'] as const) {
        const { status, json: body } = await ask(id, how);
        refusals.push([status, body['error'], body['error_description']]);
      }
    }
    const method =
      'Client Credentials requests to the Org Authorization Server must use the private_key_jwt token_endpoint_auth_method.';
    const unknown =
      'Client authentication failed. Either the client or the client credentials are invalid.';
    expect(refusals).toEqual([
      [401, 'invalid_client', method],
      [401, 'invalid_client', method],
      [401, 'invalid_client', unknown],
      [401, 'invalid_client', unknown],
    ]);
    const { list, text } = await org.control('GET', '/requests');
    expect(list.map((entry) => entry['clientId'])).toEqual([clientId, clientId, null, null]);
    expect(text).not.toContain('secret');
  });
});
