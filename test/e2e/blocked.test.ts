// A connection that stops working in the middle: one block with one reason, everything waits, and after
// the mend everything goes on without a click.
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { eventually } from '../support/eventually.js';
import { startTenure, type RunView, type Tenure } from '../support/tenure.js';

let tenure: Tenure;
beforeEach(async () => {
  tenure = await startTenure();
});
afterEach(() => tenure.close());

const APP = '/apps/0oaTenureDemo0000000';
/** Two pauses, 10 and 20 seconds, and what a busy machine adds. */
const MENDED_MS = 90_000;
/** A run that does not come back counts as gone after so long. */
const LINE_MS = 20_000;
/** The first pauses between probes are 10, 20 and 40 s. */
const PROBED_MS = 60_000;

interface ConnectionView {
  status: string;
  problem: { code: string; title: string; detail: string; since: string; step?: string } | null;
}
const connection = async () =>
  (await tenure.api<ConnectionView>('GET', '/v1/connections/demo')).body;
const runs = async (query: string) =>
  (await tenure.api<{ items: RunView[] }>('GET', `/v1/runs?limit=200&${query}`)).body.items;
const refusedTokens = async () => {
  const calls = await tenure.sim<{ path: string; status: number }[]>('GET', '/requests');
  return calls.filter(({ path, status }) => path === '/oauth2/v1/token' && status >= 400).length;
};
const person = (index: number) => ({
  firstName: 'P',
  lastName: `No ${index}`,
  email: `p${index}@example.com`,
});

it('an app that is deactivated in the middle of 50 runs: one block, and all 50 complete', async () => {
  const unblock = vi.spyOn(tenure.store.connections, 'unblock');
  const ids: string[] = [];
  for (let index = 0; index < 50; index += 1) {
    const body = { connection: 'demo', person: person(index), groups: ['Engineering'] };
    ids.push((await tenure.api('POST', '/v1/onboardings', body)).body.id);
    if (index === 25) await tenure.sim('PATCH', APP, { status: 'INACTIVE' });
  }
  const blocked = await eventually('it is blocked', async () => {
    const found = await connection();
    return found.status === 'blocked' && found;
  });
  expect(blocked.problem).toMatchObject({ code: 'OKTA_AUTH_FAILED' });
  const waiting = await eventually('a run says what it waits for', async () => {
    const { body } = await tenure.api('GET', `/v1/runs/${ids.at(-1)}`);
    return body.waiting?.for === 'connection' && body;
  });
  expect(waiting.phase).toBe('running');
  const refused = await refusedTokens();
  await eventually('a probe is refused', async () => (await refusedTokens()) > refused, PROBED_MS);
  expect((await connection()).problem).toEqual(blocked.problem);

  await tenure.sim('PATCH', APP, { status: 'ACTIVE' });
  await eventually(
    'all are done',
    async () => (await runs('phase=completed')).length === 50,
    MENDED_MS,
  );
  expect(await connection()).toMatchObject({ status: 'ready', problem: null });
  expect(unblock).toHaveBeenCalledTimes(1);
  const blocks = (await runs('')).filter(({ problem }) => problem !== null);
  expect(blocks).toEqual([]);
  for (let index = 0; index < 50; index += 1) {
    expect(await tenure.users(person(index).email)).toHaveLength(1);
  }
}, 150_000);

it('a role that lost a permission for so few that all were refused: one waits, and tries it for all', async () => {
  const logins = Array.from({ length: 5 }, (_, index) => person(index).email);
  for (const [index, login] of logins.entries()) {
    await tenure.sim('POST', '/users', { profile: { ...person(index), login } });
  }
  const permissions = (list: string[]) => ({
    roles: [{ permissions: list, resourceSet: { users: 'all', groups: 'all' } }],
  });
  const reading = ['okta.users.read', 'okta.groups.read', 'okta.users.lifecycle.clearSessions'];
  await tenure.sim('PATCH', APP, permissions(reading));

  const ids: string[] = [];
  for (const login of logins) {
    const { body } = await tenure.api('POST', '/v1/offboardings', { connection: 'demo', login });
    ids.push(body.id);
  }
  const { problem } = await eventually('it is blocked', async () => {
    const found = await connection();
    return found.status === 'blocked' && found;
  });
  expect(problem).toMatchObject({ code: 'OKTA_FORBIDDEN', step: 'suspendUser' });
  await eventually('four are parked', async () => (await runs('phase=parked')).length === 4);
  const waiting = await eventually('one waits', async () => {
    const { body } = await tenure.api('GET', `/v1/runs/${(await runs('phase=running'))[0]?.id}`);
    return body.waiting?.for === 'connection' && body;
  });
  expect(ids).toContain(waiting.id);

  await tenure.sim('PATCH', APP, permissions([...reading, 'okta.users.lifecycle.suspend']));
  await eventually(
    'all are suspended',
    async () => (await runs('phase=holding')).length === 5,
    MENDED_MS,
  );
  expect((await connection()).status).toBe('ready');
  for (const login of logins) {
    expect((await tenure.users(login)).map(({ status }) => status)).toEqual(['SUSPENDED']);
  }
}, 150_000);

it('a run that waits to try a blocked step is aborted: one that had parked takes its place', async () => {
  const logins = Array.from({ length: 4 }, (_, index) => person(index).email);
  for (const [index, login] of logins.entries()) {
    await tenure.sim('POST', '/users', { profile: { ...person(index), login } });
  }
  const permissions = (list: string[]) => ({
    roles: [{ permissions: list, resourceSet: { users: 'all', groups: 'all' } }],
  });
  const reading = ['okta.users.read', 'okta.groups.read', 'okta.users.lifecycle.clearSessions'];
  await tenure.sim('PATCH', APP, permissions(reading));
  for (const login of logins) {
    await tenure.api('POST', '/v1/offboardings', { connection: 'demo', login });
  }
  await eventually('three are parked', async () => (await runs('phase=parked')).length === 3);
  await eventually('it is blocked', async () => (await connection()).status === 'blocked');
  const [watcher] = await runs('phase=running');
  await tenure.api('POST', `/v1/runs/${watcher?.id}/cancel`, {});
  await eventually('it is cancelled', async () => (await runs('phase=cancelled')).length === 1);
  await tenure.sim('PATCH', APP, permissions([...reading, 'okta.users.lifecycle.suspend']));
  await eventually(
    'the others are suspended',
    async () => (await runs('phase=holding')).length === 3,
    MENDED_MS + LINE_MS,
  );
}, 150_000);
