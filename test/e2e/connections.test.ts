// Connecting an org and changing its keys, as an admin does it: over HTTP, with the public keys carried
// over to the simulated Okta by hand, and what came of it seen in Okta's own log.
import { generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.js';
import { activitiesOf } from '../support/history.js';
import { startTenure, type Tenure } from '../support/tenure.js';

interface ConnectionView {
  id: string;
  domain: string;
  clientId: string;
  publicJwk: { kid: string };
  nextPublicJwk: { kid: string } | null;
  nextKey: { kid: string; problem: { code: string; detail: string } | null } | null;
}

let tenure: Tenure;
let origin: string;
beforeAll(async () => {
  tenure = await startTenure();
  origin = (await tenure.api<ConnectionView>('GET', '/v1/connections/demo')).body.domain;
});
afterAll(() => tenure.close());

const show = async (id: string) =>
  (await tenure.api<ConnectionView>('GET', `/v1/connections/${id}`)).body;
const keySet = async (id: string) =>
  (await tenure.api<{ keys: { kid: string }[] }>('GET', `/.well-known/jwks/${id}.json`)).body;
const keysOfApp = (clientId: string, jwks: unknown) =>
  tenure.sim('PATCH', `/apps/${clientId}`, { jwks });
const offer = (id: string, key: unknown) =>
  tenure.api<ConnectionView>('POST', `/v1/connections/${id}/keys`, key);

const refusal = (id: string) =>
  eventually('a refusal', async () => (await show(id)).nextKey?.problem ?? undefined);

/** Connected, registered in Okta, and verified. */
async function connect(id: string): Promise<ConnectionView> {
  const clientId = `0oa${id}`;
  const key = { generate: true, alg: 'ES256' };
  const wanted = { id, domain: origin, clientId, key };
  const made = await tenure.api<ConnectionView>('POST', '/v1/connections', wanted);
  expect(made.status).toBe(201);
  await tenure.sim('POST', '/apps', { clientId, jwks: { keys: [made.body.publicJwk] } });
  const verified = await tenure.api<{ ok: boolean }>('POST', `/v1/connections/${id}/verify`);
  expect(verified.body).toMatchObject({ ok: true });
  return made.body;
}

async function onboard(connection: string, login: string): Promise<void> {
  const person = { firstName: 'Ada', lastName: 'Lovelace', email: login };
  const { body } = await tenure.api('POST', '/v1/onboardings', { connection, person });
  await tenure.until(body.id, 'onboarded', ({ phase }) => phase === 'completed');
  expect(await tenure.users(login)).toHaveLength(1);
}

describe('a connection made over HTTP', () => {
  it('runs with the key that was made for it', async () => {
    await connect('fresh');
    await onboard('fresh', 'fresh@example.com');
  });

  it('changes to a new key when Okta knows it, and works all the while', async () => {
    const before = await connect('turning');
    const offered = await offer('turning', { generate: true });
    expect(offered.status).toBe(202);
    const refused = await refusal('turning');
    expect(refused.code).toBe('OKTA_AUTH_FAILED');
    await onboard('turning', 'before@example.com');

    await keysOfApp(before.clientId, await keySet('turning'));
    const after = await eventually(
      'the new key',
      async () => {
        const now = await show('turning');
        return now.nextKey === null ? now : undefined;
      },
      60_000,
    );
    expect(after.publicJwk).toEqual(offered.body.nextPublicJwk);
    expect((await keySet('turning')).keys).toEqual([after.publicJwk, before.publicJwk]);
    await keysOfApp(before.clientId, { keys: [after.publicJwk] });
    await onboard('turning', 'after@example.com');
  });

  it('tries a newer key at once, and adopts that one', async () => {
    const before = await connect('hasty');
    await offer('hasty', { generate: true });
    await refusal('hasty');
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const kid = 'as-okta-shows';
    const publicJwk = { ...publicKey.export({ format: 'jwk' }), kid };
    await keysOfApp(before.clientId, { keys: [before.publicJwk, publicJwk] });
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    await offer('hasty', { pem, kid });
    await eventually('the newer key', async () => (await show('hasty')).publicJwk.kid === kid);
    const handle = tenure.client.workflow.getHandle('adopt-key/hasty');
    expect(await handle.result()).toBe('adopted');
    // Another activity, not the next attempt of the one before, which has to wait for ten seconds.
    expect(await activitiesOf(handle)).toEqual(['proveNextKey', 'proveNextKey']);
  });

  it('that is deleted leaves no key behind that anybody tries', async () => {
    await connect('leaving');
    await offer('leaving', { generate: true });
    await refusal('leaving');
    expect((await tenure.api('DELETE', '/v1/connections/leaving')).status).toBe(204);
    expect((await tenure.api('GET', '/.well-known/jwks/leaving.json')).status).toBe(404);
    const handle = tenure.client.workflow.getHandle('adopt-key/leaving');
    expect(await handle.result()).toBe('gone');
  });
});
