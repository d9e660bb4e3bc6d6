// Whether a step may call Okta now: whom a block concerns, who tries it out, who comes back when.
// That a connection is well is remembered for a second, so that a busy worker does not ask the database
// before every step; that it is blocked is never remembered.
import type { ConnectionId, RunId } from '../domain/brand.js';
import type { ConnectionProblem } from '../domain/connection.js';
import type { Admission, ConnectionStore } from '../store/store.js';

const REMEMBERED_MS = 1_000;
/** Who waits asks again this soon at the latest: somebody may have lifted the block meanwhile. */
const LONGEST_PAUSE_MS = 30_000;
/** Between runs that come back, so that they come in order and not all at once. */
const APART_MS = 100;

type Admissions = Pick<ConnectionStore, 'admission' | 'block'>;

/** The same two calls, with that memory. */
export function rememberReady(connections: Admissions, now: () => number = Date.now): Admissions {
  const readyUntil = new Map<ConnectionId, number>();
  return {
    async admission(id, run, step) {
      if (now() < (readyUntil.get(id) ?? 0)) return { kind: 'ready' };
      const admission = await connections.admission(id, run, step);
      if (admission.kind === 'ready') readyUntil.set(id, now() + REMEMBERED_MS);
      return admission;
    },
    async block(id, problem) {
      readyUntil.delete(id);
      await connections.block(id, problem);
    },
  };
}

/** What a step does with the connection's standing. */
export type Entry =
  | { kind: 'go' }
  /** Token and a read first; then the block is lifted. */
  | { kind: 'probe'; problem: ConnectionProblem }
  /** The step itself is what was refused: only it can show that it is permitted again. */
  | { kind: 'trial' }
  | { kind: 'wait'; reason: string; retryInMs: number };

export async function entryOf(
  connections: Admissions,
  id: ConnectionId,
  run: RunId,
  step: string,
): Promise<Entry> {
  const admission = await connections.admission(id, run, step);
  if (admission.kind === 'ready') return { kind: 'go' };
  if (admission.kind === 'unknown') {
    const reason = `There is no connection "${id}".`;
    return { kind: 'wait', reason, retryInMs: LONGEST_PAUSE_MS };
  }
  const { problem } = admission;
  if (problem.step !== undefined && problem.step !== step) return { kind: 'go' };
  if (admission.kind === 'blocked') {
    return { kind: 'wait', reason: sentence(problem), retryInMs: pauseOf(admission) };
  }
  return problem.step === undefined ? { kind: 'probe', problem } : { kind: 'trial' };
}

/** The most overdue comes back first. */
function pauseOf({ probeInMs, ahead }: Extract<Admission, { kind: 'blocked' }>): number {
  return Math.min(probeInMs, LONGEST_PAUSE_MS) + ahead * APART_MS;
}

export function sentence({ title, detail }: ConnectionProblem): string {
  return `${title}. ${detail}`;
}
