// The deadline that a run is to meet next, so that lists can be asked for what is due. Pure.
import {
  isOpen,
  MOMENTS,
  type Deadlines,
  type RunPhase,
  type TimeValue,
  type Waiting,
} from '../domain/run.js';

export interface Timetable {
  phase: RunPhase;
  deadlines: Deadlines;
  waiting: Waiting | null;
}

/**
 * An instant, or null for a closed run and one without deadlines. A deadline that passed while its
 * step has not been done (a parked run, a blocked connection) stays due.
 */
export function dueAt({ phase, deadlines, waiting }: Timetable): string | null {
  if (!isOpen(phase)) return null;
  if (waiting?.until !== undefined && isDeadline(waiting)) return waiting.until;
  const { startAt, suspendAt, deprovisionAt, undoUntil, endsAt } = deadlines;
  // The end of the undo window is known once the person is suspended: the suspension was met.
  const next =
    undoUntil === undefined ? [startAt ?? suspendAt, deprovisionAt] : [deprovisionAt ?? undoUntil];
  const known = [...next, endsAt].filter(
    (time) => time !== undefined && time.metAt === undefined,
  ) as TimeValue[];
  return known.map(({ at }) => at).sort(byInstant)[0] ?? null;
}

function isDeadline({ for: reason }: Waiting): boolean {
  return reason === 'hold-end' || MOMENTS.some((moment) => moment === reason);
}

function byInstant(left: string, right: string): number {
  return Date.parse(left) - Date.parse(right);
}
