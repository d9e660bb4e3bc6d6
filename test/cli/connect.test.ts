import { existsSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ANSWERS, startGuide } from './guided.js';
import { createOrg, PUBLIC_JWK } from './org.js';

const PEM = '-----BEGIN PRIVATE KEY-----\nMIIEcanary\n-----END PRIVATE KEY-----';

describe('connect, as a guide', () => {
  it('asks one thing at a time, makes the connection at once, and goes by what is missing', async () => {
    const org = createOrg(['app.key', 'scope.okta.users.read', 'role.none']);
    const { guide, asked, kept } = await startGuide(org);
    // Each Enter at a step is somebody who has clicked.
    const clicks = ['app.key', 'scope.okta.users.read', 'role.none'];
    const onOutput = (text: string) => {
      if (text.includes('Enter checks again')) org.broken.delete(clicks.shift() ?? '');
    };
    const { exitCode, out, err } = await guide([...ANSWERS, '', '', '', 'y'], { onOutput });
    expect([exitCode, err]).toEqual([0, '']);

    const made = asked.findIndex(
      ({ method, path }) => method === 'POST' && path === '/v1/connections',
    );
    expect(asked[made]?.body).toEqual({
      id: 'acme',
      domain: 'acme.okta.com',
      clientId: '0oa1',
      key: { generate: true },
      settings: { timeZone: 'Europe/Berlin' },
    });
    expect(asked.slice(made + 1).map(({ path }) => path)).toEqual([
      ...Array.from({ length: 4 }, () => '/v1/connections/acme/verify'),
      '/v1/connections/acme/verify?probe=true',
    ]);
    const order = [
      'Create App Integration',
      'Client ID:',
      'Name [acme]:',
      'The connection acme is made',
      'The org is reached: yes',
      'The app knows the key: not yet',
      'https://tenure.acme.com/.well-known/jwks/acme.json',
      JSON.stringify(PUBLIC_JWK),
      '-> mend app.key',
      'The app knows the key: yes',
      'Okta API Scopes',
      'Create new resource set',
      'The app has its admin role: yes',
      'The connection acme is ready.',
    ];
    expect(order.filter((words) => !out.includes(words))).toEqual([]);
    expect(order.map((words) => out.indexOf(words))).toEqual(
      order.map((words) => out.indexOf(words)).sort((a, b) => a - b),
    );
    expect(existsSync(kept)).toBe(false);
  });

  it('shows the public key alone where Okta could not fetch it', async () => {
    const { guide } = await startGuide(createOrg(['app.key'], 'http://127.0.0.1:8080'));
    const { out } = await guide([...ANSWERS, 's', 's', 's']);
    expect(out).toContain(JSON.stringify(PUBLIC_JWK));
    expect(out).not.toContain('fetch keys dynamically');
  });

  it('says what is still missing, and ends with 1 where it was gone on without', async () => {
    const { guide } = await startGuide(createOrg(['scope.okta.users.read']));
    const { exitCode, out } = await guide([...ANSWERS, '', 's', 's']);
    expect(exitCode).toBe(1);
    expect(out).toContain('The app has its scopes: still missing');
    expect(out).toContain('It cannot be looked at before what is above is mended.');
    expect(out).toContain('1 check failed');
    expect(out).toContain('Go on with: npm run tenure -- connect acme');
  });

  it('keeps what was said when it is left, without a secret, and offers it again', async () => {
    const { guide, kept, readKept, asked } = await startGuide(createOrg());
    const left = await guide(['acme.okta.com', '0oa1', '', '']);
    expect([left.exitCode, left.err]).toEqual([130, expect.stringContaining('-- connect\n')]);
    expect(readKept()).toMatchObject({ domain: 'acme.okta.com', clientId: '0oa1', id: 'acme' });
    expect(statSync(kept).mode & 0o777).toBe(0o600);

    const again = await guide(['', '', '', '', '1', 'n']);
    expect(again.out).toContain('Domain [acme.okta.com]:');
    expect(again.exitCode).toBe(0);
    expect(
      asked.filter(({ path, method }) => method === 'POST' && path === '/v1/connections'),
    ).toHaveLength(1);
  });

  it('goes on with a connection that is there, from what is missing', async () => {
    const org = createOrg(['role.none']);
    const { guide, asked } = await startGuide(org);
    await guide([...ANSWERS, 's']);
    const before = asked.length;
    const onOutput = (text: string) => {
      if (text.includes('Enter checks again')) org.broken.clear();
    };
    const { exitCode, out } = await guide(['', 'n'], { args: ['acme'], onOutput });
    expect(exitCode).toBe(0);
    expect(out).toContain('The app has its scopes: yes');
    expect(out).not.toContain('Okta API Scopes');
    expect(asked.slice(before).some(({ path }) => path === '/v1/connections')).toBe(false);
  });

  it('names the connections that are not finished', async () => {
    const { guide } = await startGuide(createOrg(['role.none']));
    await guide([...ANSWERS, 's']);
    expect((await guide([])).out).toContain('npm run tenure -- connect acme');
  });

  it('asks again for what the API finds wrong, and for nothing else', async () => {
    const { guide, asked } = await startGuide(createOrg());
    const input = ['not a host', 'n', '0oa1', 'acme', 'UTC', '1', 'acme-admin.okta.com', 'n'];
    const { exitCode, out } = await guide(input);
    expect(exitCode).toBe(0);
    expect(out).toContain('  domain: Not a host name');
    expect(out).toContain('The domain is acme.okta.com');
    expect(out.match(/Client ID(?: \[.*\])?:/g)).toHaveLength(1);
    const tries = asked.filter(
      ({ method, path }) => method === 'POST' && path === '/v1/connections',
    );
    expect(tries.map(({ body }) => (body as { domain: string }).domain)).toEqual([
      'not a host',
      'acme-admin.okta.com',
    ]);
  });

  it('asks for another key where the API does not take it', async () => {
    const { guide, asked } = await startGuide(createOrg());
    const publicKey = ['-----BEGIN PUBLIC KEY-----', 'MIIB', '-----END PUBLIC KEY-----'];
    const input = [...ANSWERS.slice(0, 4), '2', '', ...publicKey, '', '1', 'n'];
    const { exitCode, out } = await guide(input);
    expect([exitCode, out]).toEqual([0, expect.stringContaining('key.pem: This is a public key')]);
    expect(asked.map(({ body }) => (body as { key?: unknown } | null)?.key)).toContainEqual({
      generate: true,
    });
  });

  it.each(['id.acme.com', 'acme.okta.com.acme.org'])(
    "asks whether %s, which is none of Okta's, is meant",
    async (domain) => {
      const { guide, asked } = await startGuide(createOrg());
      await guide([domain, 'y', ...ANSWERS.slice(1), 'n']);
      expect(asked.map(({ body }) => body)).toContainEqual(
        expect.objectContaining({ id: 'acme', domain, customDomain: true }),
      );
    },
  );

  it('takes a custom domain that an option says is meant, whatever is typed', async () => {
    const { guide, asked } = await startGuide(createOrg());
    const input = ['not a host', '0oa1', 'acme', 'UTC', '1', 'id.acme.com', 'n'];
    const { exitCode, out } = await guide(input, { args: ['--custom-domain'] });
    expect([exitCode, out]).toEqual([0, expect.not.stringContaining("none of Okta's own")]);
    expect(asked.map(({ body }) => body)).toContainEqual(
      expect.objectContaining({ domain: 'id.acme.com', customDomain: true }),
    );
  });

  it.each([
    ['acme.trexcloud.com', 'acme'],
    ['https://ACME-admin.okta.com/admin', 'acme'],
    ['http://127.0.0.1:8090', null],
  ])("knows %s for one of Okta's, or the simulator", async (domain, name) => {
    const { guide } = await startGuide(createOrg());
    const { out } = await guide([domain, '0oa1']);
    expect(out).not.toContain("none of Okta's own");
    expect(out).toContain(name === null ? 'Name:' : `Name [${name}]:`);
  });

  it('asks for another app or name where there is such a connection', async () => {
    const { guide, asked } = await startGuide(createOrg());
    await guide([...ANSWERS, 'n']);
    const input = [...ANSWERS, '0oa2', 'acme', '', 'acme-2', 'n'];
    const { exitCode, out } = await guide(input);
    expect([exitCode, out]).toEqual([0, expect.stringContaining('That is the connection acme.')]);
    expect(out.match(/Domain(?: \[.*\])?:/g)).toHaveLength(1);
    const tries = asked.filter(
      ({ method, path }) => method === 'POST' && path === '/v1/connections',
    );
    expect(tries.slice(1).map(({ body }) => body)).toMatchObject([
      { id: 'acme', clientId: '0oa1' },
      { id: 'acme', clientId: '0oa2' },
      { id: 'acme-2', clientId: '0oa2' },
    ]);
  });

  it('offers what was kept to the connection that it was said of, and to no other', async () => {
    const { guide } = await startGuide(createOrg());
    await guide(['acme.okta.com', '0oa1'], { args: ['acme', '--name', 'Acme'] });
    expect((await guide([], { args: ['globex'] })).out).toMatch(/Domain: \n/);
    await guide(['acme.okta.com', '0oa1'], { args: ['acme', '--name', 'Acme'] });
    expect((await guide([], { args: ['acme'] })).out).toContain('Domain [acme.okta.com]:');
    expect((await guide([])).out).toContain('Domain [acme.okta.com]:');
  });

  it('does not begin with the name of a key that there is not', async () => {
    const { guide, asked } = await startGuide(createOrg());
    const { exitCode, out, err } = await guide(ANSWERS, { args: ['acme', '--kid', 'k1'] });
    expect([exitCode, out]).toEqual([2, '']);
    expect(err).toContain('--private-key FILE');
    expect(asked.some(({ method }) => method !== 'GET')).toBe(false);
  });

  it.each([
    ['pasted', ['', ...PEM.split('\n'), 'k1'], { pem: `${PEM}\n`, kid: 'k1' }],
    ['pasted without a name', ['', ...PEM.split('\n'), ''], { pem: `${PEM}\n` }],
    [
      'pasted as JSON',
      ['', '{ "kty": "RSA",', '"d": "canary" }'],
      { jwk: { kty: 'RSA', d: 'canary' } },
    ],
    [
      'pasted after rubbish',
      ['', 'rubbish', '', '', '', ...PEM.split('\n'), ''],
      { pem: `${PEM}\n` },
    ],
  ])('takes a private key that is %s, and keeps none of it', async (_what, lines, key) => {
    const org = createOrg();
    const { guide, asked, kept } = await startGuide(org);
    const { exitCode, out, err } = await guide([...ANSWERS.slice(0, 4), '2', ...lines, 'n']);
    expect([exitCode, err]).toEqual([0, '']);
    expect(asked.map(({ body }) => (body as { key?: unknown } | null)?.key)).toContainEqual(key);
    expect(out).not.toContain('canary');
    expect(existsSync(kept)).toBe(false);
  });

  it('takes a private key from a file, and asks again where that is none', async () => {
    const { guide, asked, env } = await startGuide(createOrg());
    const file = join(env['TENURE_HOME'] ?? '', 'okta.pem');
    writeFileSync(file, PEM);
    const choices = ['3', '2', '/nowhere.pem', '2', file, ''];
    const { exitCode, out } = await guide([...ANSWERS.slice(0, 4), ...choices, 'n']);
    expect([exitCode, out]).toEqual([0, expect.stringContaining('(ENOENT)')]);
    expect(asked.map(({ body }) => (body as { key?: unknown } | null)?.key)).toContainEqual({
      pem: PEM,
    });
  });
});
