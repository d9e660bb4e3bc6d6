// Parts made of tiny Node scripts, and what the tests ask about processes. No real server in here.
import { readFileSync } from 'node:fs';
import type { Part } from '../../src/embedded/part.js';
import { markOf } from '../../src/embedded/process-mark.js';

const GENTLE_END = `process.on('SIGTERM', () => process.exit(0));`;
const STAY = `setInterval(() => undefined, 1000);`;
const END_WITH_STDIN = `process.stdin.on('end', () => process.exit(0)).resume();`;

/** A part of our own kind: speaks lines, ends at the end of its standard input. */
export function nodeStub(name: string, overrides: Partial<Part> & { script?: string } = {}): Part {
  const { script, ...rest } = overrides;
  return {
    name,
    command: () => ({
      file: process.execPath,
      args: ['-e', script ?? `${GENTLE_END}${END_WITH_STDIN}console.log('ready');`],
      env: {},
    }),
    ready: ({ line }) => line('ready'),
    stop: { signal: 'SIGTERM', hurry: 'SIGKILL', withinMs: 5_000 },
    output: 'lines',
    guard: { graceMs: 500, gentle: 'TERM', firm: 'KILL' },
    ...rest,
  };
}

/** A part like PostgreSQL: logs to a file, and outlives us unless a guard ends it. */
export function foreignStub(name: string, overrides: Partial<Part> = {}): Part {
  return nodeStub(name, {
    script: `${GENTLE_END}${STAY}`,
    ready: () => Promise.resolve(),
    output: 'file',
    guard: { graceMs: 0, gentle: 'TERM', firm: 'KILL' },
    ...overrides,
  });
}

/** The pids in a runtime.json, by part; empty while there is none. */
export function runningParts(home: string): Record<string, number> {
  try {
    const file = JSON.parse(readFileSync(`${home}/runtime.json`, 'utf8')) as {
      pids: Record<string, { pid: number }>;
    };
    return Object.fromEntries(Object.entries(file.pids).map(([part, { pid }]) => [part, pid]));
  } catch {
    return {};
  }
}

/** Whether a process with this pid lives; a zombie does not. */
export const lives = (pid: number | undefined) => pid !== undefined && markOf(pid) !== null;
