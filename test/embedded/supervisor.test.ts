import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Part } from '../../src/embedded/part.js';
import { send } from '../../src/embedded/process-mark.js';
import { supervise, type Supervisor } from '../../src/embedded/supervisor.js';
import { foreignStub, lives, nodeStub } from './stub-parts.js';

const TIMING = {
  firstDelayMs: 40,
  longestDelayMs: 160,
  healthyAfterMs: 60_000,
  attemptsToStart: 3,
};

let dir: string;
let said: string[];
let events: string[];
let pids: Map<string, number>;
let supervisor: Supervisor | undefined;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'tenure-supervisor-'));
  said = [];
  events = [];
  pids = new Map();
});

afterEach(async () => {
  supervisor?.hurry();
  await supervisor?.stop();
  rmSync(dir, { recursive: true, force: true });
});

function start(parts: readonly Part[], timing = TIMING): Supervisor {
  supervisor = supervise(parts, {
    say: (line) => said.push(line),
    onLine: () => undefined,
    onProcess: (part, process) => {
      if (process === null) {
        pids.delete(part);
        events.push(`-${part}`);
      } else {
        pids.set(part, process.pid);
        events.push(`+${part}`);
      }
    },
    logFile: (part) => join(dir, `${part}.log`),
    timing,
  });
  return supervisor;
}

describe('supervise', () => {
  it('starts a part only after the parts that it needs are ready', async () => {
    const order: string[] = [];
    await start([
      foreignStub('database', {
        ready: async () => {
          await Promise.resolve();
          order.push('database ready');
        },
      }),
      nodeStub('api', {
        after: ['database'],
        prepare: () => {
          order.push('api prepares');
          return Promise.resolve();
        },
      }),
    ]).ready;
    expect(order).toEqual(['database ready', 'api prepares']);
    expect(supervisor?.waitingFor()).toEqual([]);
  });

  it('starts a killed part again, says so in one line, and waits longer each time', async () => {
    await start([nodeStub('worker')]).ready;
    for (const expected of ['0.04 s', '0.08 s', '0.16 s', '0.16 s']) {
      const before = pids.get('worker') ?? 0;
      said.length = 0;
      send(before, 'SIGKILL');
      await vi.waitUntil(() => lives(pids.get('worker')) && pids.get('worker') !== before);
      expect(said).toEqual([
        expect.stringContaining(`worker ended (SIGKILL): starting it again in ${expected}`),
      ]);
    }
  });

  it('goes back to the first wait after a healthy while', async () => {
    await start([nodeStub('worker')], { ...TIMING, healthyAfterMs: 0 }).ready;
    for (let round = 0; round < 3; round += 1) {
      const before = pids.get('worker') ?? 0;
      await vi.waitUntil(() => supervisor?.waitingFor().length === 0);
      send(before, 'SIGKILL');
      await vi.waitUntil(() => lives(pids.get('worker')) && pids.get('worker') !== before);
    }
    expect(said).toHaveLength(3);
    for (const line of said) expect(line).toContain('again in 0.04 s');
  });

  it('gives up on a part that never became ready, naming its log', async () => {
    const broken = nodeStub('api', { script: `console.error('no'); process.exit(3);` });
    await expect(start([broken]).ready).rejects.toThrow(
      `api could not be started, it ended 3 times (exit code 3): see ${join(dir, 'api.log')}.`,
    );
  });

  it('gives up at once on a part that says that no second try can help, with its reason', async () => {
    const script = `console.log(JSON.stringify({ event: 'x', error: 'No key here.' })); process.exit(78);`;
    await expect(start([nodeStub('api', { script })]).ready).rejects.toThrow(
      'api does not start: No key here.',
    );
    // It may have ended before it could be noted; it lived once.
    expect(events.filter((event) => event !== '+api')).toEqual(['-api']);
    expect(said).toEqual([]);
  });

  it('gives up on a program that does not exist', async () => {
    const missing = nodeStub('temporal', {
      command: () => ({ file: join(dir, 'missing'), args: [], env: {} }),
    });
    await expect(start([missing]).ready).rejects.toThrow('could not be started');
  });

  it('stops the parts one after the other, last one first', async () => {
    await start([foreignStub('database'), nodeStub('simulator'), nodeStub('api')]).ready;
    const running = [...pids.values()];
    events.length = 0;
    await supervisor?.stop();
    expect(events).toEqual(['-api', '-simulator', '-database']);
    expect(running.filter(lives)).toEqual([]);
  });

  it('does not start a part again that ends while all is stopped', async () => {
    await start([nodeStub('a'), nodeStub('b')]).ready;
    const stopped = supervisor?.stop();
    send(pids.get('a') ?? 0, 'SIGKILL');
    await stopped;
    expect(events.filter((event) => event.startsWith('+'))).toHaveLength(2);
    expect(said).toEqual([]);
  });

  it('kills what does not stop in time', async () => {
    const stubborn = nodeStub('worker', {
      script: `process.on('SIGTERM', () => undefined); setInterval(() => undefined, 1000); console.log('ready');`,
      stop: { signal: 'SIGTERM', hurry: 'SIGTERM', withinMs: 50 },
    });
    await start([stubborn]).ready;
    const pid = pids.get('worker');
    await supervisor?.stop();
    expect(lives(pid)).toBe(false);
    expect(said).toEqual(['worker does not stop: killing it']);
  });

  it('cuts the wait short when hurried', async () => {
    const stubborn = nodeStub('worker', {
      script: `process.on('SIGTERM', () => undefined); setInterval(() => undefined, 1000); console.log('ready');`,
      stop: { signal: 'SIGTERM', hurry: 'SIGKILL', withinMs: 600_000 },
    });
    await start([stubborn]).ready;
    const stopped = supervisor?.stop();
    supervisor?.hurry();
    await stopped;
    expect(pids.size).toBe(0);
  });

  it('stops while a part still waits for another that never gets ready', async () => {
    start([
      nodeStub('database', { ready: () => new Promise(() => undefined) }),
      nodeStub('api', { after: ['database'] }),
    ]);
    await vi.waitUntil(() => pids.has('database'));
    expect(supervisor?.waitingFor()).toEqual(['database', 'api']);
    await supervisor?.stop();
    expect(events).toEqual(['+database', '-database']);
  });

  it('keeps the output of foreign programs in their log files', async () => {
    await start([
      foreignStub('database', {
        command: () => ({
          file: process.execPath,
          args: ['-e', `console.error('hello log'); setInterval(() => undefined, 1000);`],
          env: {},
        }),
      }),
    ]).ready;
    await vi.waitUntil(() => readFileSync(join(dir, 'database.log'), 'utf8') === 'hello log\n');
  });
});
