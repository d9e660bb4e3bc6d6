// Knows one process from another that got the same pid later: by boot and start time on Linux, by
// the start time of `ps` elsewhere. A zombie counts as dead once all of its threads have ended. It
// signals, but never starts, processes.
import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync, readlinkSync, realpathSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** A process as it is written down: `mark` differs for every process that ever had this pid. */
export interface ProcessMark {
  pid: number;
  /** RFC 3339 instant at which we saw it start. */
  startedAt: string;
  mark: string;
}

/** The mark of a living process, or null where there is none (or only a zombie). */
export function markOf(pid: number): string | null {
  return process.platform === 'linux' ? linuxMark(pid) : psMark(pid);
}

/** Writes down a process that was just started; null when it is gone already. */
export function noteProcess(pid: number): ProcessMark | null {
  const mark = markOf(pid);
  return mark === null ? null : { pid, startedAt: new Date().toISOString(), mark };
}

/** Whether the very process that was noted still runs. */
export function isRunning(noted: ProcessMark): boolean {
  return markOf(noted.pid) === noted.mark;
}

/** Ends a noted process: `signal` first, SIGKILL after `withinMs`. Returns when it is gone. */
export async function endProcess(
  noted: ProcessMark,
  signal: NodeJS.Signals,
  withinMs: number,
): Promise<void> {
  if (!isRunning(noted)) return;
  send(noted.pid, signal);
  if (await gone(noted, withinMs)) return;
  send(noted.pid, 'SIGKILL');
  await gone(noted, 5_000);
}

/** Living processes called `name` whose working directory is `directory`; Linux only, else none. */
export function processesIn(directory: string, name: string): number[] {
  if (process.platform !== 'linux') return [];
  const real = realpathSync(directory);
  return readdirSync('/proc')
    .filter((pid) => /^\d+$/.test(pid) && works(pid, real, name))
    .map(Number)
    .filter((pid) => markOf(pid) !== null);
}

/** Sends a signal; false when there is no such process any more. */
export function send(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}

async function gone(noted: ProcessMark, withinMs: number): Promise<boolean> {
  const until = Date.now() + withinMs;
  while (isRunning(noted)) {
    if (Date.now() > until) return false;
    await sleep(20);
  }
  return true;
}

function linuxMark(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name in parentheses may hold anything; state and start ticks are fields 3 and 22.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    // The first thread of a dying process is a zombie for as long as others still hold its ports.
    if (fields[0] === 'Z' && readdirSync(`/proc/${pid}/task`).length <= 1) return null;
    if (fields[0] === 'X') return null;
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return `${boot}:${fields[19] ?? ''}`;
  } catch {
    return null;
  }
}

function psMark(pid: number): string | null {
  try {
    const line = execFileSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], {
      encoding: 'utf8',
      env: { PATH: '/bin:/usr/bin', LC_ALL: 'C' },
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
    const [state = '', ...start] = line.split(/\s+/);
    return line === '' || state.startsWith('Z') ? null : start.join(' ');
  } catch {
    return null;
  }
}

function works(pid: string, directory: string, name: string): boolean {
  try {
    if (readlinkSync(`/proc/${pid}/cwd`) !== directory) return false;
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === name;
  } catch {
    return false;
  }
}
