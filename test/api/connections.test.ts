// Connections over HTTP, on a real store: made, changed, forgotten, seen by whom.
import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { as, type ConnectionId } from '../../src/domain/brand.js';
import { aReport } from '../store/support.js';
import { faults, jwk, pem, useConnections, view } from './connections-harness.js';
import { KEYS, onboarding } from './harness.js';

const here = useConnections();
const { wanted, create, change, remove, read, made, verified } = here;

describe('POST /v1/connections', () => {
  it('makes one that is unverified, shows its public key and starts a verification', async () => {
    const body = wanted({
      name: 'Globex',
      domain: ' https://Globex-admin.okta.com/admin ',
      settings: { timeZone: 'Europe/Berlin', undoWindow: 'P30D' },
    });
    const reply = await create(body);
    expect(reply.status).toBe(201);
    expect(reply.headers.get('location')).toBe(`/v1/connections/${String(body['id'])}`);
    expect(reply.body).toMatchObject({
      id: body['id'],
      name: 'Globex',
      domain: 'globex.okta.com',
      customDomain: false,
      clientId: body['clientId'],
      scopes: ['okta.users.read', 'okta.users.manage', 'okta.groups.read', 'okta.groups.manage'],
      status: 'unverified',
      problem: null,
      publicJwk: { kty: 'EC', crv: 'P-256', alg: 'ES256', use: 'sig' },
      nextPublicJwk: null,
      nextKey: null,
      jwksUrl: `http://127.0.0.1:8080/.well-known/jwks/${String(body['id'])}.json`,
      settings: { timeZone: 'Europe/Berlin', undoWindow: 'P30D', onExisting: 'park' },
    });
    expect(view(reply).corrections.join()).toMatch(
      /https:.*after the host.*Capitals.*-admin.*Blanks/,
    );
    expect(verified).toEqual([body['id']]);
    const { corrections: _said, ...shown } = view(reply);
    expect((await read(String(body['id']))).body).toEqual(shown);
    const started = await here.api.post('/v1/onboardings', onboarding({ connection: body['id'] }));
    expect(started).toMatchObject({ status: 409, body: { code: 'CONNECTION_UNVERIFIED' } });
  });

  it('takes a key as PEM, as a JSON Web Key, or makes one; none of them is ever shown', async () => {
    const generated = await made({ key: { generate: true } });
    expect(generated.publicJwk).toMatchObject({ kty: 'RSA', alg: 'RS256', e: 'AQAB' });
    expect(generated.corrections).toEqual([]);

    const pasted = await create(wanted({ key: { pem } }));
    expect(view(pasted).corrections).toEqual([expect.stringContaining('"kid"')]);
    expect(view(pasted).publicJwk).toMatchObject({ kty: 'RSA', alg: 'RS256' });
    const named = await made({ key: { pem, kid: 'okta-1' } });
    expect(named).toMatchObject({ publicJwk: { kid: 'okta-1' }, corrections: [] });
    const asKey = await create(wanted({ key: { jwk: { ...jwk, kid: 'okta-2' } } }));
    expect(view(asKey).publicJwk).toEqual({
      kty: 'EC',
      crv: 'P-256',
      x: jwk.x,
      y: jwk.y,
      kid: 'okta-2',
      alg: 'ES256',
      use: 'sig',
    });
    const asText = await made({ key: { jwk: JSON.stringify({ ...jwk, kid: 'okta-3' }) } });
    expect(asText.publicJwk).toMatchObject({ kid: 'okta-3' });

    const all = await here.api.call('GET', '/v1/connections', { key: KEYS.admin });
    const said = [pasted.text, asKey.text, all.text, ...here.api.log].join('\n');
    expect(said).not.toContain(String(jwk.d));
    expect(said).not.toMatch(/"(d|p|q|dp|dq|qi)":/);
    expect(said).not.toContain(pem.split('\n')[3]);
  });

  it.each<[string, Record<string, unknown>, [string, string][]]>([
    ['an id with capitals', { id: 'Acme' }, [['id', 'INVALID']]],
    ['an id of one letter', { id: 'a' }, [['id', 'INVALID']]],
    ['another domain', { domain: 'login.acme.example' }, [['domain', 'INVALID']]],
    ['an address', { domain: '169.254.169.254', customDomain: true }, [['domain', 'INVALID']]],
    ['the simulator', { domain: 'http://127.0.0.1:8090' }, [['domain', 'INVALID']]],
    ['no domain', { domain: undefined }, [['domain', 'REQUIRED']]],
    ['a client id with blanks', { clientId: '0oa 1' }, [['clientId', 'INVALID']]],
    ['no key', { key: undefined }, [['key', 'REQUIRED']]],
    ['an empty key', { key: {} }, [['key', 'REQUIRED']]],
    ['two keys', { key: { generate: true, pem } }, [['key', 'CONFLICTING_FIELDS']]],
    ['a kid alone', { key: { kid: 'x' } }, [['key', 'REQUIRED']]],
    ['an alg of a PEM', { key: { pem, alg: 'RS256' } }, [['key.alg', 'CONFLICTING_FIELDS']]],
    ['a kid beside a JWK', { key: { jwk, kid: 'x' } }, [['key.kid', 'CONFLICTING_FIELDS']]],
    ['a password', { key: { generate: true, password: 'x' } }, [['key.password', 'UNKNOWN_FIELD']]],
    ['an unknown alg', { key: { generate: true, alg: 'EdDSA' } }, [['key.alg', 'INVALID']]],
    ['scopes with a blank', { scopes: ['a b'] }, [['scopes.0', 'INVALID']]],
    ['a scope twice', { scopes: ['a', 'a'] }, [['scopes', 'DUPLICATE']]],
    [
      'an unknown zone',
      { settings: { timeZone: 'Mars' } },
      [['settings.timeZone', 'ZONE_UNKNOWN']],
    ],
    ['a long window', { settings: { undoWindow: 'P2Y' } }, [['settings.undoWindow', 'INVALID']]],
    ['an unknown setting', { settings: { brake: false } }, [['settings.brake', 'UNKNOWN_FIELD']]],
    [
      'much of it at once',
      { id: 'A', domain: 'acme', key: { pem: 'x' }, settings: { timeZone: 'X', undoWindow: 'x' } },
      [
        ['domain', 'INVALID'],
        ['id', 'INVALID'],
        ['key.pem', 'INVALID'],
        ['settings.timeZone', 'ZONE_UNKNOWN'],
        ['settings.undoWindow', 'INVALID'],
      ],
    ],
  ])('refuses %s', async (_name, changes, expected) => {
    const reply = await create(wanted(changes));
    expect(reply.status).toBe(400);
    expect(faults(reply).sort()).toEqual(expected);
    expect(verified).toEqual([]);
  });

  it('says what a key looks like that it refuses, and repeats nothing of it', async () => {
    const secret = randomBytes(30).toString('base64url');
    const reply = await create(wanted({ key: { pem: secret } }));
    expect(reply.body.errors).toEqual([
      {
        path: 'key.pem',
        code: 'INVALID',
        reason: 'KEY_CLIENT_SECRET',
        detail: expect.stringContaining('client secret') as string,
      },
    ]);
    expect(reply.text).not.toContain(secret);
  });

  it('takes a domain of one’s own where that is said', async () => {
    const reply = await create(wanted({ domain: 'login.acme.example', customDomain: true }));
    expect(reply.body).toMatchObject({ domain: 'login.acme.example', customDomain: true });
  });

  it('refuses an id or a client that is connected already, by name', async () => {
    const first = wanted();
    await create(first);
    const sameId = await create(wanted({ id: first['id'] }));
    expect(sameId).toMatchObject({ status: 409, body: { code: 'CONNECTION_EXISTS' } });
    const sameClient = await create(wanted({ clientId: first['clientId'] }));
    expect(sameClient).toMatchObject({ status: 409, body: { code: 'CONNECTION_EXISTS' } });
    expect(sameClient.body.detail).toContain(String(first['id']));
  });

  it('gives the same answer to the same Idempotency-Key', async () => {
    const body = wanted();
    const headers = { 'idempotency-key': 'connect-1' };
    const first = await create(body, KEYS.admin, headers);
    const again = await create(body, KEYS.admin, headers);
    expect(again.status).toBe(201);
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    expect(view(again).publicJwk).toEqual(view(first).publicJwk);
    expect((await create(wanted(), KEYS.admin, headers)).status).toBe(422);
  });

  it('is for admins of all connections', async () => {
    for (const key of [KEYS.reader, KEYS.operator, KEYS.limitedAdmin]) {
      expect((await create(wanted(), key)).status).toBe(403);
    }
  });
});

describe('PATCH /v1/connections/{id}', () => {
  it('changes names and settings, and leaves status and key alone', async () => {
    const { id, publicJwk } = await made();
    await here.store.connections.unblock(as(id));
    const changed = await change(id, { name: 'New', settings: { undoWindow: 'P7D' } });
    expect(changed.body).toMatchObject({ name: 'New', status: 'ready', publicJwk });
    expect((await change(id, { name: null, settings: { timeZone: null } })).body).toMatchObject({
      name: null,
      settings: { undoWindow: 'P7D', timeZone: null },
    });
    expect(verified).toEqual([]);
  });

  it.each<[string, Record<string, unknown>]>([
    ['domain', { domain: 'https://initech.okta.com/' }],
    ['client', { clientId: '0oaother' }],
    ['scopes', { scopes: ['okta.users.read'] }],
    ['key', { key: { generate: true, alg: 'ES256' } }],
    ['key id', { key: { kid: 'as-okta-shows' } }],
  ])('with another %s it is unverified and verified again', async (_name, body) => {
    const { id } = await made();
    await here.store.connections.unblock(as(id));
    const changed = await change(id, body);
    expect(changed).toMatchObject({ status: 200, body: { status: 'unverified' } });
    expect(verified).toEqual([id]);
  });

  it('gives the key that is there another id', async () => {
    const { id, publicJwk } = await made({ key: { pem } });
    const changed = view(await change(id, { key: { kid: 'as-okta-shows' } }));
    expect(changed.publicJwk).toEqual({ ...publicJwk, kid: 'as-okta-shows' });
    const credentials = await here.store.connections.credentials(as<ConnectionId>(id));
    expect(credentials?.privateJwk).toMatchObject({ kid: 'as-okta-shows', n: publicJwk['n'] });
  });

  it('leaves a blocked one blocked, and has it verified', async () => {
    const { id } = await made();
    const problem = { code: 'OKTA_AUTH_FAILED', title: 'No', detail: 'No', since: '2027-01-01' };
    await here.store.connections.block(as(id), problem);
    const changed = await change(id, { key: { pem } });
    expect(changed.body).toMatchObject({ status: 'blocked', problem });
    expect(verified).toEqual([id]);
  });

  it('keeps a domain of one’s own until it is said to be none', async () => {
    const { id } = await made({ domain: 'login.acme.example', customDomain: true });
    expect((await change(id, { domain: 'sso.acme.example' })).status).toBe(200);
    expect(faults(await change(id, { customDomain: false }))).toEqual([['domain', 'INVALID']]);
    expect((await change(id, { domain: 'acme-two.okta.com' })).body).toMatchObject({
      customDomain: false,
    });
    expect(faults(await change(id, { domain: 'sso.acme.example' }))).toEqual([
      ['domain', 'INVALID'],
    ]);
  });

  it('refuses the client of another, which it names to those only who may see it', async () => {
    const { id } = await made({ domain: 'demo.okta.com' });
    const taken = { clientId: '0oa00000000000000000' };
    const named = await change(id, taken);
    expect(named).toMatchObject({ status: 409, body: { code: 'CONNECTION_EXISTS' } });
    expect(named.body.detail).toContain('connection demo');
    const hidden = await change('acme', { domain: 'demo.okta.com' }, KEYS.limitedAdmin);
    expect(hidden).toMatchObject({ status: 409, body: { code: 'CONNECTION_EXISTS' } });
    expect(hidden.body.detail).not.toContain('demo');
  });

  it('refuses an id, and what it does not know', async () => {
    const { id } = await made();
    expect(faults(await change(id, { id: 'other', status: 'ready' })).sort()).toEqual([
      ['id', 'UNKNOWN_FIELD'],
      ['status', 'UNKNOWN_FIELD'],
    ]);
  });
});

describe('DELETE /v1/connections/{id}', () => {
  it('forgets it, unless a run is open on it', async () => {
    const { id } = await made();
    await here.store.connections.unblock(as(id));
    const run = await here.api.post('/v1/onboardings', onboarding({ connection: id }));
    expect(run.status).toBe(202);
    const refused = await remove(id);
    expect(refused).toMatchObject({ status: 409, body: { code: 'CONNECTION_IN_USE' } });
    const record = await here.store.runs.get(as(run.body.id));
    if (record === null) throw new Error('the run is not there');
    await here.store.runs.report(aReport(record, 1, { phase: 'completed', outcome: 'done' }));
    expect((await remove(id)).status).toBe(204);
    expect((await read(id)).status).toBe(404);
    expect((await remove(id)).status).toBe(404);
    expect((await here.api.get(`/v1/runs/${run.body.id}`)).status).toBe(200);
  });
});

describe('a key that is limited to connections', () => {
  it('knows of its own only, in lists too, and changes no other', async () => {
    const { id } = await made();
    const key = KEYS.limitedAdmin;
    const { body } = await here.api.call('GET', '/v1/connections', { key });
    expect(body.items.map((item) => item.id)).toEqual(['acme']);
    const unknown = await read('nobody', key);
    for (const reply of [
      await read(id, key),
      await change(id, { name: 'x' }, key),
      await remove(id, key),
      await here.api.call('POST', `/v1/connections/${id}/keys`, { key, body: { generate: true } }),
      await here.api.call('GET', `/v1/connections/${id}/access-profiles`, { key }),
    ]) {
      expect([reply.status, reply.body.code]).toEqual([404, unknown.body.code]);
    }
    expect((await change('acme', { name: 'Mine' }, key)).status).toBe(200);
  });

  it('changes nothing where it is an operator’s or a reader’s', async () => {
    for (const key of [KEYS.operator, KEYS.reader]) {
      expect((await change('acme', { name: 'x' }, key)).status).toBe(403);
      expect((await remove('acme', key)).status).toBe(403);
      const path = '/v1/connections/acme/keys';
      expect((await here.api.call('POST', path, { key, body: { generate: true } })).status).toBe(
        403,
      );
    }
  });
});
