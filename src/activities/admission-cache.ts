// That a connection is well is kept for a second, so that a busy worker does not ask the database before
// every step. A block is never kept, and neither is a step that was refused for somebody since it last
// worked: each run asks for it anew, since its turns are given out in the database.
import type { Admission } from '../domain/admission.js';
import type { ConnectionId } from '../domain/brand.js';
import type { RunRef } from '../domain/run.js';
import type { ConnectionStore } from '../store/store.js';

const KEPT_MS = 1_000;

export interface AdmissionCache {
  admission(run: RunRef, step: string): Promise<Admission>;
  /** Whether a step was refused for somebody since it last worked, as far as this process knows. */
  isRefused(id: ConnectionId, step: string): boolean;
  /** A refusal of this process counts at once; those of others are known after a second. */
  addRefused(id: ConnectionId, step: string): void;
  removeRefused(id: ConnectionId, step: string): void;
  /** The connection is blocked as a whole. */
  drop(id: ConnectionId): void;
}

export function createAdmissionCache(
  connections: Pick<ConnectionStore, 'admission'>,
  now: () => number = Date.now,
): AdmissionCache {
  const known = new Map<ConnectionId, { until: number; refused: Set<string> }>();

  function of(id: ConnectionId): { until: number; refused: Set<string> } {
    const found = known.get(id) ?? { until: 0, refused: new Set() };
    known.set(id, found);
    return found;
  }

  return {
    async admission(run, step) {
      const { until, refused } = of(run.connection);
      if (now() < until && !refused.has(step)) return { kind: 'ready', refused: [...refused] };
      const admission = await connections.admission(run, step);
      if (admission.kind === 'ready') {
        known.set(run.connection, {
          until: now() + KEPT_MS,
          refused: new Set(admission.refused),
        });
      }
      return admission;
    },
    isRefused: (id, step) => known.get(id)?.refused.has(step) ?? false,
    addRefused: (id, step) => void of(id).refused.add(step),
    removeRefused: (id, step) => void of(id).refused.delete(step),
    drop: (id) => void known.delete(id),
  };
}
