import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ended } from '../../src/embedded/guarded-process.js';
import { freePort } from '../../src/embedded/ports.js';
import { noteProcess, send } from '../../src/embedded/process-mark.js';
import { lives, runningParts } from './stub-parts.js';

const SOON = { timeout: 20_000, interval: 20 };

let home: string;
let port: number;
let started: ChildProcess[];

beforeEach(async () => {
  home = join(mkdtempSync(join(tmpdir(), 'tenure-life-')), 'home');
  port = await freePort();
  started = [];
});

afterEach(async () => {
  const left = Object.values(runningParts(home));
  for (const child of started) child.kill('SIGKILL');
  await Promise.all(started.map(ended));
  for (const pid of left) if (lives(pid)) send(pid, 'SIGKILL');
  rmSync(join(home, '..'), { recursive: true, force: true });
});

function start(): { child: ChildProcess; output: () => string } {
  const script = fileURLToPath(new URL('stub-life.ts', import.meta.url));
  const child = spawn(process.execPath, ['--import', 'tsx', script, home, String(port)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  started.push(child);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  }
  return { child, output: () => output };
}

async function startAndWait(): Promise<ReturnType<typeof start>> {
  const life = start();
  await vi.waitUntil(() => life.output().includes('all is ready'), SOON);
  return life;
}

describe('a life of the supervisor', () => {
  it('writes addresses and processes down while it runs, for its owner only', async () => {
    const { child } = await startAndWait();
    const parts = runningParts(home);
    expect(Object.keys(parts).sort()).toEqual(['api', 'database', 'supervisor', 'worker']);
    expect(parts['supervisor']).toBe(child.pid);
    const { mode } = await import('node:fs').then((fs) => fs.statSync(join(home, 'runtime.json')));
    expect(mode & 0o777).toBe(0o600);
  });

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    'ends cleanly on %s and leaves nothing',
    async (signal) => {
      const { child, output } = await startAndWait();
      const pids = Object.values(runningParts(home));
      child.kill(signal);
      expect(await ended(child)).toBe('exit code 0');
      expect(pids.filter(lives)).toEqual([]);
      expect(existsSync(join(home, 'runtime.json'))).toBe(false);
      expect(existsSync(join(home, 'lock'))).toBe(false);
      expect(output()).toContain('Stopped.');
    },
  );

  it('runs its parts in process groups of their own, out of reach of Ctrl-C', async () => {
    await startAndWait();
    const { supervisor, ...parts } = runningParts(home);
    if (process.platform !== 'linux') return;
    const group = (pid: number) =>
      readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[2];
    for (const pid of Object.values(parts)) expect(group(pid)).toBe(String(pid));
    expect(supervisor).toBeDefined();
  });

  it('takes its parts with it when it is killed with -9, even one that does not notice', async () => {
    const { child } = await startAndWait();
    const { supervisor: _, ...parts } = runningParts(home);
    expect(Object.values(parts).filter(lives)).toHaveLength(3);
    const killedAt = Date.now();
    child.kill('SIGKILL');
    await vi.waitUntil(() => !Object.values(parts).some(lives), SOON);
    expect(Date.now() - killedAt).toBeLessThan(5_000);
  });

  it('starts after a kill -9 on the same home', async () => {
    const first = await startAndWait();
    first.child.kill('SIGKILL');
    await ended(first.child);
    await startAndWait();
  });

  it('ends what an earlier supervisor left running, and says so', async () => {
    const orphan = spawn(process.execPath, ['-e', 'setInterval(() => undefined, 1000)'], {
      stdio: 'ignore',
    });
    started.push(orphan);
    const noted = noteProcess(orphan.pid ?? 0);
    const stranger = spawn(process.execPath, ['-e', 'setInterval(() => undefined, 1000)'], {
      stdio: 'ignore',
    });
    started.push(stranger);
    const reused = { ...noteProcess(stranger.pid ?? 0), mark: 'another boot:1' };
    mkdirSync(home);
    writeFileSync(
      join(home, 'runtime.json'),
      JSON.stringify({ pids: { temporal: noted, worker: reused } }),
    );
    const { output } = await startAndWait();
    expect(lives(orphan.pid)).toBe(false);
    expect(output()).toContain('Ended what an earlier start had left running: temporal.');
    expect(lives(stranger.pid)).toBe(true);
  });

  it('refuses a second start in one sentence with pid and address', async () => {
    const first = await startAndWait();
    const second = start();
    expect(await ended(second.child)).toBe('exit code 1');
    expect(second.output()).toBe(
      `tenure: Tenure already runs on ${home} (process ${first.child.pid ?? ''}, http://127.0.0.1:${port}): use that one, or stop it with \`kill ${first.child.pid ?? ''}\` first.\n`,
    );
    expect(lives(runningParts(home)['api'])).toBe(true);
  });

  it('names the variable of a port in use, before anything starts', async () => {
    const other = await listen(port);
    const { child, output } = start();
    expect(await ended(child)).toBe('exit code 1');
    other.close();
    expect(output()).toBe(
      `tenure: Port ${port}, wanted by the API, is in use: set TENURE_API_PORT to a free port.\n`,
    );
    expect(existsSync(join(home, 'runtime.json'))).toBe(false);
  });

  it('says in one sentence that the home cannot be made', async () => {
    writeFileSync(home, 'a file');
    const { child, output } = start();
    expect(await ended(child)).toBe('exit code 1');
    expect(output()).toMatch(
      /^tenure: The directory .* cannot be used \(\w+\): set TENURE_HOME .*\n$/,
    );
  });
});

async function listen(port: number): Promise<Server> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return server;
}
