import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startSimulator } from '../../src/simulator/server.js';
import { type Client, TestOrg } from './harness.js';

let directory = '';
let child: ChildProcess | undefined;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'simulator-'));
});
afterEach(async () => {
  await end('SIGKILL');
  rmSync(directory, { recursive: true, force: true });
});

const statePath = (): string => join(directory, 'org.jsonl');

async function start(port = 0, environment: Record<string, string> = {}): Promise<TestOrg> {
  child = spawn(process.execPath, ['--import', 'tsx', 'src/simulator/main.ts'], {
    env: {
      ...process.env,
      TENURE_SIMULATOR_PORT: String(port),
      TENURE_SIMULATOR_STATE: statePath(),
      ...environment,
    },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  if (child.stdout === null) throw new Error('no standard output');
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  const ready = JSON.parse(line) as { event: string; origin: string };
  expect(ready.event).toBe('simulator.ready');
  return new TestOrg(ready.origin);
}

async function end(signal: NodeJS.Signals): Promise<number | null> {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return null;
  const exit = once(child, 'exit') as Promise<[number | null]>;
  child.kill(signal);
  const [code] = await exit;
  return code;
}

const portOf = (org: TestOrg): number => Number(new URL(org.origin).port);

async function onboard(client: Client, login: string): Promise<string | undefined> {
  const profile = { firstName: 'Ada', lastName: 'Lovelace', login, email: login };
  return client.call('POST', '/users', { profile }).then(
    ({ status, json }) => (status === 200 ? json.id : undefined),
    () => undefined,
  );
}

describe('the simulator as a process', { timeout: 60_000 }, () => {
  it('goes on after kill -9 with everything that it had answered', async () => {
    const org = await start();
    await org.control('PATCH', '/org', { rateLimits: { tier: 'off' }, suspendProvisioned: false });
    const client = await org.client({ clientId: 'survivor' });
    const group = await org.seedGroup('Survivors', { rule: { expression: 'user.city=="Rome"' } });

    const answered = new Map<string, string>();
    const stream = (async () => {
      for (let n = 0; ; n += 1) {
        const login = `survivor-${n}@example.com`;
        const id = await onboard(client, login);
        if (id === undefined) return;
        answered.set(login, id);
      }
    })();
    await expect.poll(() => answered.size, { timeout: 30_000 }).toBeGreaterThan(20);
    await end('SIGKILL');
    await stream;

    const revived = await start(portOf(org));
    for (const [login, id] of answered) expect((await revived.truth(login)).id).toBe(id);
    expect((await client.call('GET', `/groups/${group.id}`)).status).toBe(200);
    expect((await client.call('GET', '/groups/rules')).list).toMatchObject([
      { name: 'Berlin Office' },
      { name: 'Survivors', status: 'ACTIVE' },
    ]);
    expect((await revived.control('GET', '/org')).json).toMatchObject({
      suspendProvisioned: false,
    });
    expect((await revived.control('GET', '/apps')).list).toMatchObject([{ clientId: 'survivor' }]);
  });

  it('starts with a demo company, exits cleanly on SIGTERM and lets go of the port', async () => {
    const org = await start();
    expect((await org.control('GET', '/users')).list.length).toBeGreaterThan(2);
    expect(await end('SIGTERM')).toBe(0);
    expect(portOf(await start(portOf(org)))).toBe(portOf(org));
  });

  it('ends with its standard input if told to', async () => {
    await start(0, { TENURE_EXIT_WITH_PARENT: '1' });
    if (child === undefined) throw new Error('not started');
    const exit = once(child, 'exit');
    child.stdin?.end();
    expect((await exit)[0]).toBe(0);
  });

  it('says in one sentence that a port is in use', async () => {
    const taken = await startSimulator();
    const other = spawn(process.execPath, ['--import', 'tsx', 'src/simulator/main.ts'], {
      env: { ...process.env, TENURE_SIMULATOR_PORT: new URL(taken.origin).port },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let complaint = '';
    other.stderr.on('data', (chunk: Buffer) => (complaint += chunk.toString()));
    const [code] = (await once(other, 'close')) as [number];
    expect(code).toBe(1);
    expect(complaint).toMatch(/Port \d+ is in use\. Set TENURE_SIMULATOR_PORT/);
    await taken.close();
  });
});

describe('the journal', () => {
  it('is read past a last line that was cut short', async () => {
    const first = await startSimulator({ statePath: statePath() });
    await new TestOrg(first.origin).seedUser('whole@example.com');
    await first.close();
    appendFileSync(statePath(), '[["user","00uTorn",{"id":"00uTo');
    const second = await startSimulator({ statePath: statePath() });
    const org = new TestOrg(second.origin);
    expect((await org.control('GET', '/users')).list).toMatchObject([
      { profile: { login: 'whole@example.com' } },
    ]);
    await second.close();
  });

  it('is compacted at the start', async () => {
    const first = await startSimulator({ statePath: statePath() });
    const org = new TestOrg(first.origin);
    const client = await org.client();
    const { id } = await org.seedUser('busy@example.com');
    for (let n = 0; n < 10; n += 1) {
      await client.call('POST', `/users/${id}/lifecycle/${n % 2 === 0 ? 'suspend' : 'unsuspend'}`);
    }
    await first.close();
    const lines = (): number => readFileSync(statePath(), 'utf8').split('\n').length;
    const before = lines();
    const second = await startSimulator({ statePath: statePath() });
    await second.close();
    expect(before - lines()).toBe(10);
  });

  it('keeps the orgs that were added, each with its own file', async () => {
    const first = await startSimulator({ statePath: statePath() });
    const { json } = await new TestOrg(first.origin).control('POST', '/orgs', {});
    const sister = new TestOrg(String(json['origin']));
    await sister.seedUser('sister@example.com');
    await first.close();
    const second = await startSimulator({ statePath: statePath() });
    expect((await sister.truth('sister@example.com')).status).toBe('ACTIVE');
    await second.close();
  });
});
