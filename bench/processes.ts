// Who belongs to a part of an installation, and how much of the processor it has had (Linux).
import { readdirSync, readFileSync } from 'node:fs';

/** Of each part its process, as `runtime.json` names it. */
export type Pids = Record<string, { pid: number }>;

/** Of each part its process and all that it has started. */
export function membersOf(pids: Pids): Record<string, number[]> {
  const parents = parentsOfAll();
  return Object.fromEntries(
    Object.entries(pids).map(([part, { pid }]) => {
      // The supervisor's children are the other parts.
      return [part, part === 'supervisor' ? [pid] : familyOf(pid, parents)];
    }),
  );
}

function familyOf(pid: number, parents: ReadonlyMap<number, number>): number[] {
  const family = [pid];
  for (const member of family) {
    for (const [child, parent] of parents) if (parent === member) family.push(child);
  }
  return family;
}

function parentsOfAll(): Map<number, number> {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    const parent = Number.isInteger(pid) ? statOf(pid)?.[1] : undefined;
    if (parent !== undefined) parents.set(pid, parent);
  }
  return parents;
}

/** Kernels count processor time in hundredths of a second, whatever their own tick is. */
const TICK_MS = 10;
const USER = 11;
const SYSTEM = 12;

/** Milliseconds of processor time of each part so far; of ended children nothing. */
export function processorTimes(pids: Pids): Record<string, number> {
  return Object.fromEntries(
    Object.entries(membersOf(pids)).map(([part, members]) => [
      part,
      members.reduce((sum, member) => {
        const stat = statOf(member);
        return sum + ((stat?.[USER] ?? 0) + (stat?.[SYSTEM] ?? 0)) * TICK_MS;
      }, 0),
    ]),
  );
}

/** The fields of `stat` after the name, from the state on; null where the process has ended. */
function statOf(pid: number): number[] | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name, in parentheses, may hold anything.
    return stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number);
  } catch {
    return null;
  }
}
