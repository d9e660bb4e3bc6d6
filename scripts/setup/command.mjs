// Runs one program of a set-up step and collects what it says, so that a failure can show it.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/**
 * Runs a program to its end. `onLine` sees every line of both outputs.
 * Resolves to `{ code, output }`; `code` is null when it could not start or was killed.
 */
export async function run(file, args, { env = process.env, cwd, onLine, signal, timeoutMs } = {}) {
  const child = spawn(file, args, {
    env,
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
    signal,
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
  });
  const stop = () => child.kill('SIGTERM');
  process.once('exit', stop);
  const lines = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line);
      if (lines.length > 400) lines.shift();
      onLine?.(line);
    });
  }
  const code = await new Promise((resolve) => {
    child.once('error', (error) => {
      lines.push(error.message);
      resolve(null);
    });
    child.once('close', resolve);
  });
  process.off('exit', stop);
  return { code, output: lines.join('\n') };
}
