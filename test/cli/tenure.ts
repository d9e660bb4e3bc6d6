// The command itself, as `npm run tenure` starts it; without npm in between, so that it can be killed.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const checkout = fileURLToPath(new URL('../../', import.meta.url));

export interface Outcome {
  exitCode: number | null;
  signal: NodeJS.Signals | null;
  out: string;
  err: string;
}

/** Starts it; nothing of the surrounding environment but the path and the home directory counts. */
export function startTenure(
  args: readonly string[],
  env: Record<string, string>,
): { child: ChildProcess; ended: Promise<Outcome> } {
  const { PATH = '', HOME = '', XDG_CACHE_HOME = '' } = process.env;
  const child = spawn(process.execPath, ['scripts/run.mjs', 'tenure', ...args], {
    cwd: checkout,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH, HOME, XDG_CACHE_HOME, ...env },
  });
  let [out, err] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString('utf8')));
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString('utf8')));
  const ended = once(child, 'close').then(() => ({
    exitCode: child.exitCode,
    signal: child.signalCode,
    out,
    err,
  }));
  return { child, ended };
}

export function tenure(args: readonly string[], env: Record<string, string>): Promise<Outcome> {
  return startTenure(args, env).ended;
}
