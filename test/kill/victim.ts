// An installation whose parts are killed: finds their processes, kills them, and starts the
// supervisor again on the same home where it was the one.
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startInstallation, type Installation, type Ports } from '../../src/demo/installation.js';
import { isRunning, send, type ProcessMark } from '../../src/embedded/process-mark.js';
import { PARTS, type PartName, type Target } from './plan.js';

export interface Victim {
  /** Of the present supervisor. */
  installation(): Installation;
  /** Kills it, or the next part that runs where it is down already; says what was killed. */
  kill(target: Target): Promise<string>;
  stop(): Promise<void>;
}

export interface VictimOptions {
  home: string;
  ports: Ports;
  supervisorPath: string;
}

/** Less than this machine's scheduler can notice. */
const LOOK_EVERY_MS = 10;

export async function startVictim(options: VictimOptions): Promise<Victim> {
  let installation = await startInstallation(options);

  async function processes(): Promise<Map<string, ProcessMark>> {
    const text = await readFile(join(options.home, 'runtime.json'), 'utf8');
    const { pids } = JSON.parse(text) as { pids: Record<string, ProcessMark> };
    return new Map(Object.entries(pids).filter(([, noted]) => isRunning(noted)));
  }

  async function killPart(target: PartName): Promise<string> {
    const from = PARTS.indexOf(target);
    const order = [...PARTS.slice(from), ...PARTS.slice(0, from)];
    for (;;) {
      const running = await processes();
      const part = order.find((name) => running.has(name));
      const noted = part === undefined ? undefined : running.get(part);
      if (part !== undefined && noted !== undefined && send(noted.pid, 'SIGKILL')) return part;
      await sleep(LOOK_EVERY_MS);
    }
  }

  async function killSupervisor(andAll: boolean): Promise<void> {
    const { supervisor } = installation;
    const ended = once(supervisor, 'exit');
    const parts = andAll ? await processes() : new Map<string, ProcessMark>();
    supervisor.kill('SIGKILL');
    for (const { pid } of parts.values()) send(pid, 'SIGKILL');
    await ended;
    installation = await startInstallation(options);
  }

  return {
    installation: () => installation,
    kill: async (target) => {
      if (target !== 'supervisor' && target !== 'everything') return killPart(target);
      await killSupervisor(target === 'everything');
      return target;
    },
    stop: () => installation.stop(),
  };
}
