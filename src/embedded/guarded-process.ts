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
// Within about 1.5 s: the gentle signal, after a second the firm one, then SIGKILL.
const GUARD = `trap '' INT TERM HUP
read -r _ && exit 0
end() { kill -s "$1" "$pid" 2>/dev/null || exit 0; n=$2
  while [ "$n" -gt 0 ] && kill -0 "$pid" 2>/dev/null; do sleep 0.1; n=$((n - 1)); done; }
pid=$1; end "$2" 10; end "$3" 3; end KILL 0`;

/** The signals a guard uses, gentle first. For PostgreSQL: fast, then immediate shutdown. */
export interface GuardSignals {
  gentle: 'INT' | 'TERM';
  firm: 'QUIT' | 'KILL';
}

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
export function guard(child: ChildProcess, signals: GuardSignals): void {
  if (child.pid === undefined) return;
  const shell = spawn(
    '/bin/sh',
    ['-c', GUARD, 'tenure-guard', String(child.pid), signals.gentle, signals.firm],
    { stdio: ['pipe', 'ignore', 'ignore'], detached: true, env: { PATH: '/usr/bin:/bin' } },
  );
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
