import { mkdtemp, readFile, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createClients, type Clients } from '../../src/demo/clients.js';
import {
  freePorts,
  removeHome,
  startInstallation,
  type Installation,
  type Ports,
} from '../../src/demo/installation.js';
import { eventually } from '../support/eventually.js';

const supervisorPath = fileURLToPath(new URL('../../dist/embedded/main.js', import.meta.url));

let home: string;
let ports: Ports;
let installation: Installation | undefined;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'tenure-test-'));
  ports = await freePorts();
});
afterEach(async () => {
  await installation?.stop();
  installation = undefined;
  await removeHome(home);
});

const start = async (): Promise<Clients> => {
  installation = await startInstallation({ home, ports, supervisorPath });
  return createClients(installation);
};
const running = (): Installation => {
  if (installation === undefined) throw new Error('not started');
  return installation;
};
const pidsOf = ({ runtime, supervisor }: Installation): number[] => [
  ...(supervisor.pid === undefined ? [] : [supervisor.pid]),
  ...Object.values(runtime.pids).map(({ pid }) => pid),
];
const lives = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};
const ADA = { firstName: 'Ada', lastName: 'Lovelace', email: 'ada@example.com' };

async function employAda(clients: Clients): Promise<void> {
  const hired = await clients.post('/v1/onboardings', {
    connection: 'demo',
    person: ADA,
    groups: ['Engineering'],
  });
  await eventually('she is hired', async () => (await clients.run(hired.id)).phase === 'completed');
  await clients.firstSignIn(ADA.email);
}

// Two starts of everything in most of them.
describe('everything in one command', { timeout: 150_000 }, () => {
  it('meets a deadline although everything was killed while it waited', async () => {
    const clients = await start();
    await employAda(clients);
    const suspendAt = new Date(Date.now() + 12_000);
    const leaving = await clients.post('/v1/offboardings', {
      connection: 'demo',
      login: ADA.email,
      suspendAt: suspendAt.toISOString(),
    });
    await eventually(
      'it waits',
      async () => (await clients.run(leaving.id)).waiting?.for === 'suspend',
    );

    const pids = pidsOf(running());
    for (const pid of pids) process.kill(pid, 'SIGKILL');
    await eventually('all are dead', () => !pids.some(lives));

    const after = await start();
    await eventually(
      'she is suspended',
      async () => (await after.run(leaving.id)).phase === 'holding',
      60_000,
    );
    const [user, ...others] = await after.usersInOkta(ADA.email);
    expect(others).toEqual([]);
    expect(user?.status).toBe('SUSPENDED');
    const at = user?.changes.find(({ what }) => /suspend/i.test(what))?.at ?? '';
    expect(Date.parse(at)).toBeGreaterThanOrEqual(suspendAt.getTime());
  });

  it('ends what a killed supervisor left behind, and goes on', async () => {
    const clients = await start();
    await employAda(clients);
    const pids = pidsOf(running());
    running().supervisor.kill('SIGKILL');
    // Each by itself; a part that hangs would be ended by its guard after ten seconds only.
    await eventually('no process is left', () => !pids.some(lives), 8_000);
    const after = await start();
    expect(await after.usersInOkta(ADA.email)).toHaveLength(1);
    const leaving = await after.post('/v1/offboardings', { connection: 'demo', login: ADA.email });
    await eventually(
      'she is suspended',
      async () => (await after.run(leaving.id)).phase === 'holding',
    );
  });

  it('restarts a worker that died, and no run notices', async () => {
    const clients = await start();
    const worker = running().runtime.pids['worker'];
    expect(worker).toBeDefined();
    process.kill(worker?.pid ?? 0, 'SIGKILL');
    await employAda(clients);
    expect(await clients.usersInOkta(ADA.email)).toHaveLength(1);
  });

  it('keeps its secrets to itself and leaves no process behind', async () => {
    await start();
    const { runtime } = running();
    for (const file of ['master.key', 'admin.key', 'runtime.json']) {
      expect((await stat(join(home, file))).mode & 0o077).toBe(0);
    }
    expect((await stat(home)).mode & 0o077).toBe(0);
    expect(Object.keys(runtime.pids).sort()).toEqual(
      ['api', 'postgres', 'simulator', 'supervisor', 'temporal', 'worker'].filter(
        (part) => part in runtime.pids,
      ),
    );
    expect(Object.keys(runtime.pids)).toEqual(
      expect.arrayContaining(['api', 'postgres', 'simulator', 'temporal', 'worker']),
    );
    const pids = pidsOf(running());
    await running().stop();
    expect(pids.filter(lives)).toEqual([]);
    await expect(readFile(join(home, 'runtime.json'))).rejects.toThrow();
  });

  it('is ended where it does not become ready in time', async () => {
    const pidFile = join(home, 'pid');
    const idle = join(home, 'idle.mjs');
    await writeFile(
      idle,
      `import { writeFileSync } from 'node:fs'; writeFileSync(${JSON.stringify(pidFile)}, String(process.pid)); setInterval(() => {}, 1_000);`,
    );
    const options = { home, ports: await freePorts(), supervisorPath: idle, withinMs: 5_000 };
    await expect(startInstallation(options)).rejects.toThrow('before it was ready');
    expect(lives(Number(await readFile(pidFile, 'utf8')))).toBe(false);
  });

  it('refuses a second start on the same home', async () => {
    await start();
    await expect(
      startInstallation({ home, ports: await freePorts(), supervisorPath }),
    ).rejects.toThrow(/is running|already/i);
  });
});
