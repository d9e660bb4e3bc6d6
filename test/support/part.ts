// One of Tenure's processes alone, as `npm run PART` starts it; without npm in between, so that it can be
// signalled.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { ended } from '../../src/embedded/guarded-process.js';
import { eventually } from './eventually.js';

export const checkout = fileURLToPath(new URL('../../', import.meta.url));

export interface Part {
  /** What it has written to standard output and standard error. */
  output: () => string;
  /** Until it has said so. */
  says: (text: string) => Promise<unknown>;
  /** By itself or by somebody's signal. */
  ended: () => Promise<string>;
  /** SIGTERM, and its end. */
  stop: () => Promise<string>;
}

export function startPart(name: string, env: Record<string, string>): Part {
  let output = '';
  const child = spawn(process.execPath, ['scripts/run.mjs', name], {
    cwd: checkout,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  });
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => (output += chunk.toString('utf8')));
  }
  return {
    output: () => output,
    says: (text) => eventually(`${name} says ${text}`, () => output.includes(text), 60_000),
    ended: () => ended(child),
    stop: () => {
      child.kill('SIGTERM');
      return ended(child);
    },
  };
}
