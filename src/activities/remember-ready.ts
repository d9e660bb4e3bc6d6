// That a connection is well is remembered for a second, so that a busy worker does not ask the database
// before every step; that it is blocked is never remembered.
import type { ConnectionId } from '../domain/brand.js';
import type { ConnectionStore } from '../store/store.js';

const REMEMBERED_MS = 1_000;

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
