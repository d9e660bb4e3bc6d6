// Starts programs that are not ours (PostgreSQL, Temporal) in a process group of their own, with a
// guard: a tiny shell that holds a pipe to us and ends the program when we vanish, even by kill -9.
import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process';

export interface Command {
  file: string;
  args: readonly string[];
  env: Record<string, string | undefined>;
  cwd?: string | undefined;
  /** Run as this user; only root can. */
  owner?: Owner | undefined;
}

export interface Owner {
  uid: number;
  gid: number;
}

// A line on the pipe means "all is well, go"; end of file means that our parent is gone.
// Then: as many tenths of a second as the program may take to end by itself, the gentle signal, a
// second later the firm one, then SIGKILL.
const GUARD = `trap '' INT TERM HUP
read -r _ && exit 0
pid=$1
rest() { n=$1; while [ "$n" -gt 0 ] && kill -0 "$pid" 2>/dev/null; do sleep 0.1; n=$((n - 1)); done; }
end() { kill -s "$1" "$pid" 2>/dev/null || exit 0; rest "$2"; }
rest "$2"; end "$3" 10; end "$4" 3; end KILL 0`;

/** How a guard ends its program. */
export interface GuardPlan {
  /** Time to end by itself, for programs that notice our end; multiples of 100. */
  graceMs: number;
  gentle: 'INT' | 'TERM';
  firm: 'QUIT' | 'KILL';
}

/** PostgreSQL's fast, then its immediate shutdown. */
export const POSTGRES_GUARD: GuardPlan = { graceMs: 0, gentle: 'INT', firm: 'QUIT' };
export const TEMPORAL_GUARD: GuardPlan = { graceMs: 0, gentle: 'TERM', firm: 'KILL' };
/** Our own parts end at the end of their standard input; one that hangs must not stay either. */
export const NODE_GUARD: GuardPlan = { graceMs: 10_000, gentle: 'TERM', firm: 'KILL' };

/** Starts `command` detached from our terminal's process group. */
export function spawnApart(command: Command, stdio: StdioOptions): ChildProcess {
  return spawn(command.file, command.args, {
    env: command.env,
    stdio,
    detached: true,
    ...(command.cwd === undefined ? {} : { cwd: command.cwd }),
    ...(command.owner === undefined ? {} : command.owner),
  });
}

/** Puts a guard beside a running child; it leaves by itself when the child ends while we live. */
export function guard(child: ChildProcess, plan: GuardPlan): void {
  if (child.pid === undefined) return;
  const args = [child.pid, plan.graceMs / 100, plan.gentle, plan.firm].map(String);
  const shell = spawn('/bin/sh', ['-c', GUARD, 'tenure-guard', ...args], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
    env: { PATH: '/usr/bin:/bin' },
  });
  const nothing = () => undefined;
  shell.on('error', nothing);
  shell.stdin.on('error', nothing);
  child.once('exit', () => {
    shell.stdin.end('done\n');
  });
}

/** Resolves when the child has ended (at once if it has); says how. */
export async function ended(child: ChildProcess): Promise<string> {
  if (child.exitCode === null && child.signalCode === null) {
    await new Promise<void>((resolve) => {
      child.once('exit', () => {
        resolve();
      });
      child.once('error', () => {
        resolve();
      });
    });
  }
  if (child.signalCode !== null) return child.signalCode;
  return child.exitCode === null ? 'could not be started' : `exit code ${child.exitCode}`;
}
