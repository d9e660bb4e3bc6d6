// Where a run stands: one value, and how each thing that happens to a run changes it. Pure.
import {
  DEADLINE_OF,
  type Deadlines,
  type Moment,
  type OpenPhase,
  type Problem,
  type RunKind,
  type RunOutcome,
  type RunPhase,
  type TimeValue,
  type Waiting,
} from './run.js';

export interface Standing {
  phase: RunPhase;
  waiting: Waiting | null;
  deadlines: Deadlines;
  problem: Problem | null;
  undoing: boolean;
  outcome: RunOutcome | null;
  /** Moments that were brought forward to now. */
  expedited: Moment[];
}

export type Happening =
  /** It waits for a deadline of its own. */
  | { kind: 'awaits'; moment: Moment; phase: 'scheduled' | 'holding' }
  /** It waits for the end of the undo window, `until`. */
  | { kind: 'holds'; until: TimeValue }
  | { kind: 'works' }
  | { kind: 'limited'; until: string }
  | { kind: 'met'; moment: Moment; at: number }
  | { kind: 'parked'; problem: Problem }
  /** After a decision: back to where it stood before it parked. */
  | { kind: 'resumed'; phase: OpenPhase; waiting: Waiting | null }
  | { kind: 'rescheduled'; changes: Partial<Record<keyof Deadlines, TimeValue>> }
  | { kind: 'expedited'; moment: Moment }
  | { kind: 'undoes' }
  | { kind: 'closed'; phase: 'completed' | 'cancelled' | 'failed'; outcome: RunOutcome };

export function transition(standing: Standing, happening: Happening): Standing {
  switch (happening.kind) {
    case 'awaits': {
      const waiting = waitingFor({ for: happening.moment }, standing.deadlines);
      return { ...standing, phase: happening.phase, waiting };
    }
    case 'holds': {
      const deadlines = { ...standing.deadlines, undoUntil: happening.until };
      const waiting = { for: 'hold-end' as const, until: happening.until.at };
      return { ...standing, phase: 'holding', deadlines, waiting };
    }
    case 'works':
      return {
        ...standing,
        phase: 'running',
        waiting: standing.undoing ? { for: 'undo' } : null,
      };
    case 'limited':
      return { ...standing, waiting: { for: 'rate-limit', until: happening.until } };
    case 'met':
      return { ...standing, deadlines: met(standing, happening.moment, happening.at) };
    case 'parked':
      return {
        ...standing,
        phase: 'parked',
        problem: happening.problem,
        waiting: { for: 'decision' },
      };
    case 'resumed':
      return {
        ...standing,
        phase: happening.phase,
        waiting: happening.waiting,
        problem: null,
      };
    case 'rescheduled': {
      const deadlines = { ...standing.deadlines, ...happening.changes };
      const { waiting } = standing;
      return {
        ...standing,
        deadlines,
        waiting: waiting === null ? null : waitingFor(waiting, deadlines),
      };
    }
    case 'expedited':
      return { ...standing, expedited: [...standing.expedited, happening.moment] };
    case 'undoes':
      return {
        ...standing,
        phase: 'running',
        waiting: { for: 'undo' },
        problem: null,
        undoing: true,
      };
    case 'closed':
      return {
        ...standing,
        phase: happening.phase,
        outcome: happening.outcome,
        waiting: null,
        problem: null,
        deadlines: metAlone(standing.deadlines),
      };
  }
}

/** When a moment is due, in milliseconds; 0 where no time was given or it was brought forward. */
export function dueMs({ deadlines, expedited }: Standing, moment: Moment): number {
  if (expedited.includes(moment)) return 0;
  const due = deadlines[DEADLINE_OF[moment]];
  return due === undefined ? 0 : Date.parse(due.at);
}

function met(
  { deadlines, expedited }: Pick<Standing, 'deadlines' | 'expedited'>,
  moment: Moment,
  at: number,
): Deadlines {
  const name = DEADLINE_OF[moment];
  const asked = deadlines[name];
  if (asked === undefined || asked.metAt !== undefined) return deadlines;
  const lateMs = expedited.includes(moment) ? 0 : Math.max(0, at - Date.parse(asked.at));
  return { ...deadlines, [name]: { ...asked, metAt: new Date(at).toISOString(), lateMs } };
}

/** A closed run has no deadline ahead of it. */
export function metAlone(deadlines: Deadlines): Deadlines {
  const kept = Object.entries(deadlines).filter(
    ([, deadline]: [string, Deadlines[keyof Deadlines]]) => deadline?.metAt !== undefined,
  );
  return Object.fromEntries(kept);
}

function waitingFor(waiting: Waiting, deadlines: Deadlines): Waiting {
  if (!(waiting.for in DEADLINE_OF)) return waiting;
  const at = deadlines[DEADLINE_OF[waiting.for as Moment]]?.at;
  return at === undefined ? { for: waiting.for } : { for: waiting.for, until: at };
}

/** The suspension that a run still has ahead of it; null: none, or it is done. */
export function pendingSuspension(
  kind: RunKind,
  { deadlines, expedited }: Pick<Standing, 'deadlines' | 'expedited'>,
  isDone: boolean,
): TimeValue | 'now' | null {
  if (isDone) return null;
  if (kind === 'onboarding') return deadlines.endsAt ?? null;
  const { suspendAt } = deadlines;
  if (suspendAt === undefined || expedited.includes('suspend')) return 'now';
  return suspendAt.metAt === undefined ? suspendAt : null;
}

/**
 * When to suspend a person for whom a second order came: at the earlier of the times that stand now. Null
 * means now.
 */
export function mergedSuspension(
  wanted: TimeValue | null,
  pending: TimeValue | 'now' | null,
): TimeValue | null {
  if (wanted === null || pending === 'now') return null;
  if (pending === null || Date.parse(wanted.at) <= Date.parse(pending.at)) return wanted;
  const { at, local } = pending;
  return local === undefined ? { at } : { at, local };
}
