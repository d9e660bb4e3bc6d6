import { afterEach, describe, expect, it } from 'vitest';
import { ALL_SCOPES, type AssertionChanges, type Client, type Reply, useOrg } from './harness.js';

const sim = useOrg();
const skewBy = async (clockSkewSeconds: number): Promise<void> => {
  await sim.org.control('PATCH', '/org', { clockSkewSeconds });
};
afterEach(async () => {
  await skewBy(0);
  await sim.org.control('PATCH', '/org', { rateLimits: { overrides: {} } });
});

const header = ({ headers }: Reply, name: string): string => headers.get(name) ?? '';
/** How far what is dated so is ahead of this machine, seconds. */
const ahead = (date: string): number => (Date.parse(date) - Date.now()) / 1000;

/** By the org's clock, as a client reckons that learned of the difference. */
function claimsAt(skew: number): AssertionChanges {
  const now = Math.floor(Date.now() / 1000) + skew;
  return { claims: { iat: now, exp: now + 300 } };
}

describe.each([600, -600])('an org whose clock is %i seconds ahead', (skew) => {
  const near = (seconds: number): void => {
    expect(seconds).toBeGreaterThan(skew - 30);
    expect(seconds).toBeLessThan(skew + 5);
  };

  it('dates its answers by it, refusals included', async () => {
    const client = await sim.org.client();
    await skewBy(skew);
    near(ahead(header(await client.requestToken(ALL_SCOPES, claimsAt(skew)), 'date')));
    near(ahead(header(await client.requestToken(ALL_SCOPES, claimsAt(-2 * skew)), 'date')));
    near(ahead(header(await client.call('GET', '/users'), 'date')));
    near(ahead(header(await client.call('GET', '/nothing'), 'date')));
  });

  it('judges assertions by it', async () => {
    const client = await sim.org.client();
    await skewBy(skew);
    const refused = await client.requestToken(ALL_SCOPES);
    expect([refused.status, refused.json['error_description']]).toEqual([
      401,
      skew > 0
        ? 'The client_assertion token is expired.'
        : 'The client_assertion token must be issued before the current time.',
    ]);
    expect((await client.requestToken(ALL_SCOPES, claimsAt(skew))).status).toBe(200);
  });

  it('tells by it when a window ends, and starts the windows afresh', async () => {
    await sim.org.control('PATCH', '/org', { rateLimits: { appShare: 1, overrides: { A: 2 } } });
    const client = await sim.org.client();
    await client.call('GET', '/users');
    await skewBy(skew);
    const replies: Reply[] = [];
    for (let n = 0; n < 3; n += 1) replies.push(await client.call('GET', '/users'));
    expect(replies.map(({ status }) => status)).toEqual([200, 200, 429]);
    for (const reply of replies) {
      const wait =
        Number(header(reply, 'x-rate-limit-reset')) * 1000 - Date.parse(header(reply, 'date'));
      expect(wait).toBeGreaterThan(0);
      expect(wait).toBeLessThanOrEqual(60_000);
    }
  });

  it('stamps what happens by it', async () => {
    const client: Client = await sim.org.client();
    await skewBy(skew);
    const login = `clock${skew}@example.com`;
    const profile = { firstName: 'Ada', lastName: 'Lovelace', login, email: login };
    const { json } = await client.call('POST', '/users', { profile });
    for (const name of ['created', 'lastUpdated', 'statusChanged']) near(ahead(String(json[name])));
    await client.call('POST', `/users/${json.id}/lifecycle/suspend`);
    const { changes } = await sim.org.truth(login);
    near(ahead((changes as { at: string }[]).at(-1)?.at ?? ''));
  });
});
