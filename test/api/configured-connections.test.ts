// Connections that come from configuration: the simulator's two, and one from a file.
import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadConnectionFile } from '../../src/api/connection-file.js';
import { seedConnections } from '../../src/api/seed-connections.js';
import { runSetup } from '../../src/api/setup.js';
import { as } from '../../src/domain/brand.js';
import { fakeStore } from './fake-store.js';

let fake: ReturnType<typeof fakeStore>;
beforeEach(() => {
  fake = fakeStore();
});

describe('the simulator’s connections', () => {
  let simulator: Server;
  let origin: string;
  let calls: { line: string; body: string }[];
  let known: Set<string>;
  beforeEach(async () => {
    calls = [];
    known = new Set();
    simulator = createServer((req, res) => {
      let body = '';
      req.on('data', (chunk: Buffer) => (body += chunk.toString()));
      req.on('end', () => {
        calls.push({ line: `${req.method ?? ''} ${req.url ?? ''}`, body });
        const { clientId } = JSON.parse(body) as { clientId?: string };
        const isTaken = clientId !== undefined && known.has(clientId);
        if (clientId !== undefined) known.add(clientId);
        res.writeHead(isTaken ? 409 : 201).end('{}');
      });
    });
    await new Promise<void>((resolve) => {
      simulator.listen(0, '127.0.0.1', resolve);
    });
    origin = `http://127.0.0.1:${(simulator.address() as AddressInfo).port}`;
  });
  afterEach(() => simulator.close());

  it('are made once and registered at every start, without their private keys', async () => {
    const { connections } = fake.store;
    await seedConnections(connections, origin);
    const before = (await connections.list()).map(({ id, status, publicJwk }) => [
      id,
      status,
      publicJwk,
    ]);
    expect(before.map(([id, status]) => [id, status])).toEqual([
      ['demo', 'ready'],
      ['seed-role', 'ready'],
    ]);

    await seedConnections(connections, origin);
    const after = (await connections.list()).map(({ id, status, publicJwk }) => [
      id,
      status,
      publicJwk,
    ]);
    expect(after).toEqual(before);
    expect(calls.map(({ line }) => line)).toEqual([
      'POST /_sim/apps',
      'POST /_sim/apps',
      'POST /_sim/apps',
      'PATCH /_sim/apps/0oaTenureDemo0000000',
      'POST /_sim/apps',
      'PATCH /_sim/apps/0oaTenureSeedRole000',
    ]);
    for (const { body } of calls) expect(body).not.toMatch(/"(d|p|q|dp|dq|qi)":/);
    expect(calls[1]?.body).not.toContain('okta.users.read"');
  });

  it('keep their keys on another port', async () => {
    const { connections } = fake.store;
    await seedConnections(connections, origin);
    const before = await connections.get(as('demo'));
    const credentials = await connections.credentials(as('demo'));
    if (credentials === null) throw new Error('there is no key');
    await connections.put({
      ...credentials,
      id: as('demo'),
      name: 'Mine',
      domain: 'http://127.0.0.1:1',
      status: 'ready',
    });
    await seedConnections(connections, origin);
    const after = await connections.get(as('demo'));
    expect(after).toMatchObject({ domain: origin, name: 'Mine', publicJwk: before?.publicJwk });
  });
});

describe('a connection file', () => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const jwk = { ...privateKey.export({ format: 'jwk' }), kid: 'mine' };
  const given = {
    id: 'acme',
    domain: 'https://Acme-admin.okta.com/',
    clientId: '0oa1',
    privateKeyFile: 'key',
    settings: { timeZone: 'Europe/Berlin' },
  };

  async function load(file: object, key: string, loopbackAllowed = false): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), 'tenure-connection-'));
    await writeFile(join(folder, 'key'), key);
    await writeFile(join(folder, 'connection.json'), JSON.stringify(file));
    const path = join(folder, 'connection.json');
    return loadConnectionFile(fake.store.connections, path, loopbackAllowed);
  }

  it('is read with a PEM or a JWK, and put once', async () => {
    expect(await load(given, pem)).toBe('acme');
    const made = await fake.store.connections.get(as('acme'));
    expect(made).toMatchObject({
      domain: 'acme.okta.com',
      clientId: '0oa1',
      scopes: ['okta.users.read', 'okta.users.manage', 'okta.groups.read', 'okta.groups.manage'],
      settings: { timeZone: 'Europe/Berlin', undoWindow: 'P14D' },
      publicJwk: { alg: 'RS256' },
    });
    await load(given, pem);
    expect(await fake.store.connections.get(as('acme'))).toBe(made);

    await load(given, JSON.stringify(jwk));
    expect(await fake.store.connections.get(as('acme'))).toMatchObject({
      publicJwk: { kid: 'mine' },
    });
  });

  it('may name a domain of one’s own, and the simulator in embedded mode', async () => {
    await load({ ...given, domain: 'login.acme.example', customDomain: true }, pem);
    await load({ ...given, domain: 'http://127.0.0.1:8090/' }, pem, true);
    expect((await fake.store.connections.get(as('acme')))?.domain).toBe('http://127.0.0.1:8090');
  });

  it.each<[string, object, string, RegExp]>([
    ['a stranger’s domain', { domain: 'evil.example' }, pem, /names no Okta domain/],
    ['a look-alike', { domain: 'acme.okta.com.evil.example' }, pem, /names no Okta domain/],
    ['loopback', { domain: 'http://127.0.0.1:8090' }, pem, /names no Okta domain/],
    ['an address', { domain: 'http://169.254.169.254' }, pem, /names no Okta domain/],
    ['a bad id', { id: 'Acme Inc' }, pem, /id: a slug/],
    ['an unknown zone', { settings: { timeZone: 'Mars' } }, pem, /no such time zone/],
    ['an unknown member', { password: 'x' }, pem, /password/],
    ['a public key', {}, JSON.stringify({ kty: 'RSA', n: jwk.n, e: jwk.e }), /no private key/],
    ['no key', {}, 'hello', /no private key/],
  ])('with %s is refused', async (_name, changes, key, message) => {
    const refused = await load({ ...given, ...changes }, key).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(Error);
    expect((refused as Error).message).toMatch(message);
    expect((refused as Error).message).not.toContain('PRIVATE KEY-----');
  });
});

describe('set-up', () => {
  it('is tried until it succeeds, and named until then', async () => {
    let attempts = 0;
    const stop = new AbortController();
    const setup = runSetup(
      {
        early: () => Promise.resolve(),
        late: () => (++attempts < 3 ? Promise.reject(new Error('not yet')) : Promise.resolve()),
      },
      { log: pino({ level: 'silent' }), signal: stop.signal },
    );
    expect(setup.pending()).toEqual(['early', 'late']);
    await expect.poll(() => setup.pending(), { timeout: 3_000 }).toEqual([]);
    expect(attempts).toBe(3);
    stop.abort();
  });
});
