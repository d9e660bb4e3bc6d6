// The connection made or changed at once, for scripts.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { run, startStub } from './harness.js';
import { createOrg, PUBLIC_JWK } from './org.js';

const PEM = '-----BEGIN PRIVATE KEY-----\nMIIEcanary\n-----END PRIVATE KEY-----';

describe('connect --json', () => {
  const args = ['connect', 'acme', '--domain', 'acme.okta.com', '--client-id', '0oa1', '--json'];

  it('makes the connection and says what is missing, without a terminal', async () => {
    const org = createOrg(['role.none']);
    const { env, asked } = await startStub(org.reply);
    const first = await run([...args, '--name', 'Acme', '--time-zone', 'Europe/Berlin'], { env });
    expect([first.exitCode, first.err]).toEqual([1, '']);
    expect(JSON.parse(first.out)).toMatchObject({
      connection: { id: 'acme', publicJwk: PUBLIC_JWK },
      verification: { ok: false },
    });
    expect(asked.map(({ body }) => body)).toContainEqual({
      id: 'acme',
      name: 'Acme',
      domain: 'acme.okta.com',
      clientId: '0oa1',
      key: { generate: true },
      settings: { timeZone: 'Europe/Berlin' },
    });

    org.broken.clear();
    const second = await run(args, { env });
    expect(second.exitCode).toBe(0);
    expect(
      asked.filter(({ path, method }) => method === 'POST' && path === '/v1/connections'),
    ).toHaveLength(1);
    expect(asked.some(({ method }) => method === 'PATCH')).toBe(false);
  });

  it('tells what was put right in what it was told', async () => {
    const { env } = await startStub(createOrg().reply);
    const { out } = await run(args.with(3, 'acme-admin.okta.com'), { env });
    expect(JSON.parse(out)).toMatchObject({ corrections: ['The domain is acme.okta.com'] });
  });

  it.each<[what: string, more: string[], change: unknown]>([
    ['Client ID', ['--client-id', '0oa2'], { clientId: '0oa2' }],
    [
      'domain',
      ['--domain', 'id.acme.com', '--custom-domain'],
      { domain: 'id.acme.com', customDomain: true },
    ],
    ['name', ['--name', 'Acme Inc.'], { name: 'Acme Inc.' }],
    ['time zone', ['--time-zone', 'Asia/Tokyo'], { settings: { timeZone: 'Asia/Tokyo' } }],
    ['name of its key', ['--kid', 'k1'], { key: { kid: 'k1' } }],
  ])(
    'changes the %s of a connection that is there, and nothing else',
    async (_what, more, change) => {
      const { env, asked } = await startStub(createOrg().reply);
      await run(args, { env });
      for (let time = 0; time < 2; time += 1) {
        // The later of two options of one name counts.
        expect((await run([...args, ...more], { env })).exitCode).toBe(0);
      }
      const changes = asked.filter(({ method }) => method === 'PATCH').map(({ body }) => body);
      expect(changes).toEqual([change]);
    },
  );

  it('says whose the app is that is to be connected a second time', async () => {
    const { env } = await startStub(createOrg().reply);
    await run(args, { env });
    const { exitCode, out } = await run(args.with(1, 'acme-2'), { env });
    expect(exitCode).toBe(1);
    expect(JSON.parse(out)).toMatchObject({
      code: 'CONNECTION_EXISTS',
      error: expect.stringContaining('That is the connection acme') as string,
    });
  });

  it('takes no second name for a JSON Web Key', async () => {
    const { env, asked } = await startStub(createOrg().reply);
    const file = join(env['TENURE_HOME'] ?? '', 'okta.jwk');
    writeFileSync(file, '{ "kty": "RSA", "kid": "k2", "d": "canary" }');
    const { exitCode, out } = await run([...args, '--private-key', file, '--kid', 'k1'], { env });
    expect([exitCode, JSON.parse(out)]).toEqual([
      2,
      { error: expect.stringContaining('leave --kid out') as string },
    ]);
    expect(asked).toEqual([]);
  });

  it('hands over a private key from a file', async () => {
    const { env, asked } = await startStub(createOrg().reply);
    const file = join(env['TENURE_HOME'] ?? '', 'okta.pem');
    writeFileSync(file, PEM);
    const { out } = await run([...args, '--private-key', file, '--kid', 'k1'], { env });
    expect(asked.map(({ body }) => (body as { key?: unknown } | null)?.key)).toContainEqual({
      pem: PEM,
      kid: 'k1',
    });
    expect(out).not.toContain('canary');
  });

  it.each([
    ['no ID', ['connect', '--json'], 'Name the ID'],
    ['the name of a key alone', [...args, '--kid', 'k1'], 'leave --kid out'],
    ['a file that holds no key', [...args, '--private-key', 'package.json.not'], '(ENOENT)'],
  ])('with %s is not understood', async (_what, given, says) => {
    const { env, asked } = await startStub(createOrg().reply);
    const { exitCode, out } = await run(given, { env });
    expect(exitCode).toBe(2);
    expect(JSON.parse(out)).toMatchObject({ error: expect.stringContaining(says) as string });
    expect(asked.some(({ method }) => method !== 'GET')).toBe(false);
  });
});
