// `npm run demo`: the main job, told as it happens and held against the simulated org's own truth.
// Exit code 0 only if the org showed the right state each time.
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClients, type Clients, type OrgUser, type RunView } from './clients.js';
import { freePorts, removeHome, startInstallation } from './installation.js';

const LOGIN = 'ada.lovelace@example.com';
const GROUPS = ['Engineering', 'Berlin Office'];
const DEADLINE_MS = 8_000;
const PATIENCE_MS = 60_000;
const LATENESS_MS = 1_000;

const home = await mkdtemp(join(tmpdir(), 'tenure-demo-'));
say('Starting Tenure with a simulated Okta org …');
const tenure = await startInstallation({ home, ports: await freePorts() });
try {
  await story(createClients(tenure));
  say('\nAll of it is as it should be.');
} catch (error) {
  say(`\nNot as it should be: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
} finally {
  await tenure.stop();
  await removeHome(home);
}

async function story(clients: Clients): Promise<void> {
  chapter('Ada Lovelace is hired: an account, in two groups');
  const hired = await clients.post('/v1/onboardings', {
    connection: 'demo',
    person: { firstName: 'Ada', lastName: 'Lovelace', email: LOGIN },
    groups: GROUPS,
    requestedBy: 'demo',
  });
  tellSteps(await until(clients, hired.id, ({ phase }) => phase === 'completed'));
  const account = await truth(clients);
  expect('one account, PROVISIONED', account.status === 'PROVISIONED');
  const names = await Promise.all(account.groups.map((id) => clients.groupName(id)));
  expect(`in ${GROUPS.join(' and ')}, and no other`, same(names, GROUPS));

  chapter('She follows the link in her activation mail');
  await clients.firstSignIn(LOGIN);
  expect('ACTIVE', (await truth(clients)).status === 'ACTIVE');

  const suspendAt = new Date(Date.now() + DEADLINE_MS);
  chapter(`She leaves: suspension asked for ${suspendAt.toISOString()}`);
  const leaving = await clients.post('/v1/offboardings', {
    connection: 'demo',
    login: LOGIN,
    suspendAt: suspendAt.toISOString(),
    requestedBy: 'demo',
    reason: 'last day',
  });
  const waiting = await until(clients, leaving.id, ({ waiting: w }) => w?.for === 'suspend');
  expect('still ACTIVE until then', (await truth(clients)).status === 'ACTIVE');
  say(`  … waiting until ${waiting.waiting?.until ?? ''}`);
  tellSteps(await until(clients, leaving.id, ({ phase }) => phase === 'holding'));
  const suspended = await truth(clients);
  expect('SUSPENDED', suspended.status === 'SUSPENDED');
  const lateMs = Date.parse(suspended.changes.at(-1)?.at ?? '') - suspendAt.getTime();
  expect(`${lateMs} ms after the deadline, not before`, lateMs >= 0 && lateMs <= LATENESS_MS);

  chapter('A mistake! Cancel the offboarding');
  await clients.post(`/v1/runs/${leaving.id}/cancel`, { reason: 'she stays', requestedBy: 'demo' });
  const undone = await until(clients, leaving.id, ({ phase }) => phase === 'cancelled');
  expect('the run says undone', undone.outcome === 'undone');
  expect('ACTIVE again, as if nothing had happened', (await truth(clients)).status === 'ACTIVE');
}

async function until(
  clients: Clients,
  id: string,
  reached: (run: RunView) => boolean,
): Promise<RunView> {
  const end = Date.now() + PATIENCE_MS;
  for (;;) {
    const run = await clients.run(id);
    if (reached(run)) return run;
    if (run.problem !== null) throw new Error(`${run.problem.title}: ${run.problem.detail}`);
    if (Date.now() > end) throw new Error(`the run is still ${run.phase}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function truth(clients: Clients): Promise<OrgUser> {
  const [user, ...others] = await clients.usersInOkta(LOGIN);
  if (user === undefined) throw new Error('there is no account in the org');
  if (others.length > 0) throw new Error(`there are ${others.length + 1} accounts in the org`);
  return user;
}

function tellSteps({ steps }: RunView): void {
  for (const { name, status, detail } of steps) say(`  · ${name}: ${detail ?? status}`);
}

function expect(what: string, isSo: boolean): void {
  if (!isSo) throw new Error(`expected "${what}"`);
  say(`  ✓ in Okta: ${what}`);
}

function same(left: string[], right: string[]): boolean {
  return JSON.stringify([...left].sort()) === JSON.stringify([...right].sort());
}

function chapter(title: string): void {
  say(`\n${title}`);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
