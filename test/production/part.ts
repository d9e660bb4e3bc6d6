// One of Tenure's processes as an operator starts it, from the checkout or as the image does, with
// nothing but its own environment.
import { execFile, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { TEMPORAL_GUARD, ended, guard, spawnApart } from '../../src/embedded/guarded-process.js';
import { eventually } from '../support/eventually.js';

const checkout = fileURLToPath(new URL('../../', import.meta.url));
const PATIENCE_MS = 60_000;

export interface Part {
  readonly name: string;
  /** Resolves when it is ready. */
  start(): Promise<void>;
  /** SIGTERM; resolves to how it ended. */
  stop(): Promise<string>;
  /** SIGKILL, and its end. */
  kill(): Promise<void>;
  /** What it has said since its last start. */
  output(): string;
}

/** `isReady` is asked until it says so; the process ending before is an error. */
export function createPart(
  name: string,
  args: string[],
  env: Record<string, string>,
  isReady: (output: string) => Promise<boolean> | boolean,
): Part {
  let child: ChildProcess | undefined;
  let output = '';
  const end = async (signal: NodeJS.Signals) => {
    if (child === undefined) return 'never started';
    child.kill(signal);
    const how = await ended(child);
    child = undefined;
    return how;
  };
  return {
    name,
    output: () => output,
    start: async () => {
      output = '';
      const command = {
        file: process.execPath,
        args,
        env: { ...inherited(), ...env },
        cwd: checkout,
      };
      const started = spawnApart(command, ['ignore', 'pipe', 'pipe']);
      child = started;
      guard(started, TEMPORAL_GUARD);
      for (const stream of [started.stdout, started.stderr]) {
        stream?.on('data', (chunk: Buffer) => (output += chunk.toString('utf8')));
      }
      await eventually(
        `${name} is ready`,
        async () => {
          if (started.exitCode !== null) throw new Error(`${name} ended:\n${output}`);
          return await isReady(output);
        },
        PATIENCE_MS,
      );
    },
    stop: () => end('SIGTERM'),
    kill: async () => {
      await end('SIGKILL');
    },
  };
}

/** Nothing of the runner's own settings, so that a part knows what it is told and no more. */
function inherited(): Record<string, string | undefined> {
  const kept = Object.entries(process.env).filter(
    ([name]) =>
      !/^(TENURE|TEMPORAL|DATABASE|VITEST|NODE)_/.test(name) || name === 'TENURE_WORKFLOW_BUNDLE',
  );
  return Object.fromEntries(kept);
}

export interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

/** A script of the checkout that ends by itself, with nothing but this environment. */
export async function runScript(args: string[], env: Record<string, string>): Promise<Ended> {
  const options = { cwd: checkout, env: { ...inherited(), ...env } };
  return promisify(execFile)(process.execPath, args, options).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    // It ended otherwise: the error has code and both outputs.
    (error: unknown) => error as Ended,
  );
}
