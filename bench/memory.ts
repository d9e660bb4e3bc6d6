// Memory as the sum of PSS (Linux): what is private, and a fair share of what processes share. RSS
// would count PostgreSQL's shared buffers and Node's code once for every process.
import { readFileSync } from 'node:fs';
import { membersOf, type Pids } from './processes.js';

/** Megabytes by part. */
export type Memory = Record<string, number>;

/** Megabytes of a process; 0 where it has ended meanwhile. */
export function pssOf(pid: number): number {
  try {
    const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
    return Number(/^Pss:\s+(\d+) kB$/m.exec(rollup)?.[1] ?? 0) / 1_024;
  } catch {
    return 0;
  }
}

/** Megabytes of each part, PostgreSQL with all of its backends. */
export function memoryOf(pids: Pids): Memory {
  return Object.fromEntries(
    Object.entries(membersOf(pids)).map(([part, members]) => [
      part,
      members.reduce((sum, member) => sum + pssOf(member), 0),
    ]),
  );
}

/** Watches until `stop`, and gives the sample with the highest sum of `parts`. */
export function watchMemory(pids: Pids, parts: readonly string[]): { stop: () => Memory } {
  let highest = memoryOf(pids);
  const timer = setInterval(() => {
    const now = memoryOf(pids);
    if (sumOf(now, parts) > sumOf(highest, parts)) highest = now;
  }, 500);
  return {
    stop: () => {
      clearInterval(timer);
      return highest;
    },
  };
}

export function sumOf(memory: Memory, parts: readonly string[]): number {
  return parts.reduce((sum, part) => sum + (memory[part] ?? NaN), 0);
}
