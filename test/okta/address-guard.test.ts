// Where a connection may lead, with resolvers of our own and sockets of a server on this machine.
import type { LookupAddress } from 'node:dns';
import { createServer } from 'node:http';
import {
  getDefaultAutoSelectFamily,
  setDefaultAutoSelectFamily,
  type AddressInfo,
  type LookupFunction,
} from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { isPublic } from '../../src/okta/address-guard.js';
import { createOktaClient, type OktaConnection } from '../../src/okta/index.js';
import { ACME, ADA, credentials, errorOf, MemoryGate, MemoryTokens, SCOPES } from './support.js';

/** Gives these addresses, each time the next of them; the last one for ever. */
function resolver(...answers: string[][]): { lookup: LookupFunction; asked: () => number } {
  let asked = 0;
  const lookup: LookupFunction = (_hostname, options, callback) => {
    const addresses = answers[Math.min(asked, answers.length - 1)] ?? [];
    asked += 1;
    const found = addresses.map((address): LookupAddress => ({
      address,
      family: address.includes(':') ? 6 : 4,
    }));
    if (options.all === true) callback(null, found);
    else callback(new Error('asks for one address only'), []);
  };
  return { lookup, asked: () => asked };
}

/** A server on this machine that must not be reached, or may. */
async function aServer(): Promise<{ port: number; connections: () => number }> {
  let connections = 0;
  const server = createServer((_, response) => {
    response.setHeader('connection', 'close').end(JSON.stringify(ADA));
  });
  server.on('connection', () => (connections += 1));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return { port: (server.address() as AddressInfo).port, connections: () => connections };
}

function connect(
  origin: string,
  options: { lookup?: LookupFunction; allowLoopback?: boolean } = {},
): OktaConnection {
  const tokens = new MemoryTokens();
  const expiresAt = new Date(Date.now() + 3_600_000).toISOString();
  tokens.token = { accessToken: 't', proofKey: null, scopes: SCOPES, expiresAt, generation: 'g' };
  const client = createOktaClient({
    credentials: () => Promise.resolve(credentials({ origin })),
    tokens,
    gate: new MemoryGate(),
    ...options,
  });
  onTestFinished(() => client.close());
  return client.connection(ACME);
}

const REFUSED = {
  code: 'OKTA_AUTH_FAILED',
  outcome: 'not-done',
  httpStatus: null,
  date: null,
  hint: expect.stringContaining('not public') as string,
};

describe('a domain', () => {
  it.each([
    '127.0.0.1',
    '10.1.2.3',
    '172.16.0.1',
    '192.168.1.1',
    '169.254.169.254',
    '100.100.100.200',
    '0.0.0.0',
    '::1',
    '::',
    '::ffff:127.0.0.1',
    '::ffff:10.0.0.1',
    'fd00:ec2::254',
    'fe80::1',
    '64:ff9b::10.0.0.1',
  ])('that leads to %s is not called, and not tried twice', async (address) => {
    const { port, connections } = await aServer();
    const { lookup, asked } = resolver([address]);
    const okta = connect(`https://acme.okta.com:${port}`, { lookup, allowLoopback: true });
    expect(await errorOf(okta.suspendUser('00u1'))).toMatchObject(REFUSED);
    expect(await errorOf(okta.mintToken({ renew: true }))).toMatchObject(REFUSED);
    expect(asked()).toBe(2);
    expect(connections()).toBe(0);
  });

  it('is not called where one of its addresses is none to call', async () => {
    const { lookup } = resolver([['2600:1f14::1'], ['10.0.0.1']].flat());
    const okta = connect('https://acme.okta.com', { lookup });
    expect(await errorOf(okta.getUser('00u1'))).toMatchObject(REFUSED);
  });

  it('that leads nowhere is not called', async () => {
    const { lookup } = resolver([]);
    expect(
      await errorOf(connect('https://acme.okta.com', { lookup }).getUser('00u1')),
    ).toMatchObject(REFUSED);
  });

  it('that cannot be resolved is an outage', async () => {
    const lookup: LookupFunction = (_hostname, _options, callback) => {
      callback(Object.assign(new Error('no such name'), { code: 'ENOTFOUND' }), []);
    };
    const error = await errorOf(connect('https://acme.okta.com', { lookup }).getUser('00u1'));
    expect(error).toMatchObject({ code: 'OKTA_UNAVAILABLE', networkCode: 'ENOTFOUND' });
  });

  it.each([
    'https://127.0.0.1',
    'https://[::1]',
    'https://[::ffff:127.0.0.1]',
    'https://10.0.0.1',
    'https://169.254.169.254',
    // Other ways to write 127.0.0.1.
    'https://2130706433',
    'https://0x7f.1',
  ])('may not be an address in place of a name: %s', async (base) => {
    const { port, connections } = await aServer();
    const okta = connect(`${base}:${port}`, { allowLoopback: true });
    expect(await errorOf(okta.getUser('00u1'))).toMatchObject(REFUSED);
    expect(connections()).toBe(0);
  });
});

describe('a simulator on this machine', () => {
  it.each([true, false])('is called where that is allowed (%s)', async (allowLoopback) => {
    const { port, connections } = await aServer();
    const okta = connect(`http://127.0.0.1:${port}`, { allowLoopback });
    const called = await okta.getUser('00u1').then(
      () => true,
      () => false,
    );
    expect(called).toBe(allowLoopback);
    expect(connections()).toBe(allowLoopback ? 1 : 0);
  });

  it('is not called unless somebody says so', async () => {
    const { port, connections } = await aServer();
    const error = await errorOf(connect(`http://127.0.0.1:${port}`).getUser('00u1'));
    expect(error).toMatchObject({ code: 'OKTA_AUTH_FAILED', outcome: 'not-done' });
    expect(connections()).toBe(0);
  });

  it.each([true, false])(
    'is left alone as soon as its name leads elsewhere (several addresses at once: %s)',
    async (several) => {
      const before = getDefaultAutoSelectFamily();
      setDefaultAutoSelectFamily(several);
      onTestFinished(() => {
        setDefaultAutoSelectFamily(before);
      });
      const { port, connections } = await aServer();
      const { lookup, asked } = resolver(['127.0.0.1'], ['169.254.169.254']);
      const okta = connect(`http://localhost:${port}`, { lookup, allowLoopback: true });
      expect((await okta.getUser('00u1')).value.id).toBe(ADA.id);
      expect(await errorOf(okta.getUser('00u1'))).toMatchObject(REFUSED);
      expect(asked()).toBe(2);
      expect(connections()).toBe(1);
    },
  );
});

describe('a public address', () => {
  it.each([
    ['8.8.8.8', true],
    ['172.15.255.255', true],
    ['172.32.0.0', true],
    ['100.63.255.255', true],
    ['100.128.0.0', true],
    ['192.0.1.0', true],
    ['223.255.255.255', true],
    ['2600:1f14::1', true],
    ['2a00:1450:4001:80b::200e', true],
    // Through the NAT64 of a network that has IPv6 only.
    ['64:ff9b::8.8.8.8', true],
    ['100.64.0.0', false],
    ['100.127.255.255', false],
    ['192.0.2.1', false],
    ['198.18.0.1', false],
    ['224.0.0.1', false],
    ['240.0.0.1', false],
    ['255.255.255.255', false],
    ['::8.8.8.8', false],
    ['::ffff:8.8.8.8', false],
    ['::ffff:0:127.0.0.1', false],
    ['64:ff9b::169.254.169.254', false],
    ['64:ff9b:1::8.8.8.8', false],
    ['100::1', false],
    ['2001::1', false],
    ['2001:db8::1', false],
    ['2002:7f00:1::', false],
    ['3fff::1', false],
    ['fc00::1', false],
    ['fec0::1', false],
    ['ff02::1', false],
    ['fe80::1%eth0', false],
    ['2600:1f14::1%eth0', false],
    ['no address', false],
    ['', false],
  ])('%s: %s', (address, expected) => {
    expect(isPublic(address)).toBe(expected);
  });
});
