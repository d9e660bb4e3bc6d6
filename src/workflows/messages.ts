// How a run listens. Every action comes as an update, refused before it is accepted, or as a signal,
// refused on the record; an `actionId` is applied once, whichever arrives first. A message that lacks its
// fields is refused like any other: it must never fail the workflow task.
import { ApplicationFailure, setHandler } from '@temporalio/workflow';
import {
  ACTION_NOT_POSSIBLE,
  expediteSignal,
  expediteUpdate,
  lookAgainSignal,
  lookAgainUpdate,
  rescheduleSignal,
  rescheduleUpdate,
  resolveSignal,
  resolveUpdate,
  type Expedite,
  type LookAgain,
  type LookedAgain,
  type Reschedule,
  type Resolve,
} from '../contract/messages.js';
import type { ActionBase } from '../contract/workflows.js';
import {
  possibleActions,
  refuseAction,
  refuseExpedite,
  refuseReschedule,
} from '../domain/actions.js';
import { say } from '../domain/narration.js';
import {
  DECISIONS,
  MOMENTS,
  type Decision,
  type Moment,
  type RunEvent,
  type RunRef,
} from '../domain/run.js';
import type { Standing } from '../domain/standing.js';

/** What the messages act on. */
export interface Listener {
  standing: () => Standing;
  reschedule: (changes: Reschedule['changes']) => void;
  expedite: (what: Moment) => void;
  resolve: (decision: Decision) => void;
  canRecheck: () => boolean;
  /** Resolves to what was found, once the run has looked; null where it could not. */
  recheck: (by: string | null, key: string) => Promise<LookedAgain | null>;
  applied: (event: RunEvent) => Promise<void>;
  refused: (event: RunEvent) => Promise<void>;
}

interface Action<M> {
  /** In the past tense, for the record. */
  name: string;
  /** Whether the fields beside those of every message are there. */
  isWhole: (message: Partial<M>) => boolean;
  /** Why it cannot be done now; null where it can. */
  refuse: (message: M) => string | null;
  /** Does it, and says so. */
  apply: (message: M) => string;
}

export function listen(ref: RunRef, run: Listener): void {
  const applied = new Set<string>();
  let malformed = 0;

  const guard = <M extends ActionBase>(action: Action<M>) => {
    const refusalOf = (message: M): string | null => {
      if (!isMessage(message) || !action.isWhole(message)) {
        return 'The message lacks fields, or has fields of another kind.';
      }
      return message.runId === ref.id
        ? action.refuse(message)
        : 'That run is over; this person has another one by now.';
    };
    const isApplied = (message: M): boolean => isMessage(message) && applied.has(message.actionId);

    const validator = (message: M): void => {
      if (isApplied(message)) return;
      const refused = refusalOf(message);
      if (refused === null) return;
      throw ApplicationFailure.nonRetryable(refused, ACTION_NOT_POSSIBLE, {
        actions: possibleActions(run.standing()),
      });
    };
    const take = async (message: M): Promise<void> => {
      if (isApplied(message)) return;
      const refused = refusalOf(message);
      if (refused !== null) {
        malformed += 1;
        const key = isMessage(message) ? message.actionId : `malformed/${malformed}`;
        await run.refused({ key, action: 'action.refused', detail: refused });
        return;
      }
      applied.add(message.actionId);
      const detail = action.apply(message);
      await run.applied({ key: message.actionId, action: `run.${action.name}`, detail });
    };
    /** Refuses like the others; `true` where the message is to be heard now. */
    const isHeard = async (message: M): Promise<boolean> => {
      if (isApplied(message)) return false;
      const refused = refusalOf(message);
      if (refused !== null) {
        await take(message);
        return false;
      }
      applied.add(message.actionId);
      return true;
    };
    return { validator, take, isHeard };
  };

  const reschedule = guard<Reschedule>({
    name: 'rescheduled',
    isWhole: ({ changes }) => areTimes(changes),
    refuse: ({ changes }) =>
      refuseAction(run.standing(), 'reschedule') ?? refuseReschedule(run.standing(), changes),
    apply: ({ changes }) => {
      run.reschedule(changes);
      return Object.entries(changes)
        .map(([name, time]) => `${name}: ${say(time)}`)
        .join(', ');
    },
  });
  setHandler(rescheduleUpdate, reschedule.take, { validator: reschedule.validator });
  setHandler(rescheduleSignal, reschedule.take);

  const expedite = guard<Expedite>({
    name: 'expedited',
    isWhole: ({ what }) => MOMENTS.some((moment) => moment === what),
    refuse: ({ what }) =>
      refuseAction(run.standing(), 'expedite') ?? refuseExpedite(run.standing(), what),
    apply: ({ what }) => {
      run.expedite(what);
      return `${what} now`;
    },
  });
  setHandler(expediteUpdate, expedite.take, { validator: expedite.validator });
  setHandler(expediteSignal, expedite.take);

  const resolve = guard<Resolve>({
    name: 'resolved',
    isWhole: ({ decision }) => DECISIONS.some((known) => known === decision),
    refuse: ({ decision }) => {
      const { problem } = run.standing();
      if (problem !== null && !problem.actions.includes(decision)) {
        return `"${decision}" is no way out here. Possible: ${problem.actions.join(', ')}.`;
      }
      return refuseAction(run.standing(), 'resolve');
    },
    apply: ({ decision }) => {
      run.resolve(decision);
      return decision;
    },
  });
  setHandler(resolveUpdate, resolve.take, { validator: resolve.validator });
  setHandler(resolveSignal, resolve.take);

  const lookAgain = guard<LookAgain>({
    name: 'looked-again',
    isWhole: () => true,
    refuse: () => (run.canRecheck() ? null : 'The run has nothing to look at again now.'),
    apply: () => 'looked again',
  });
  /** What was found is on record as the run's own word, so that several who ask share one look. */
  const look = async (message: LookAgain): Promise<LookedAgain | null> =>
    (await lookAgain.isHeard(message)) ? run.recheck(message.requestedBy, message.actionId) : null;
  setHandler(lookAgainUpdate, look, { validator: lookAgain.validator });
  setHandler(lookAgainSignal, async (message) => {
    await look(message);
  });
}

function isMessage(message: unknown): message is ActionBase {
  if (typeof message !== 'object' || message === null) return false;
  const { actionId, runId, requestedBy } = message as Partial<ActionBase>;
  const isSigned = requestedBy === null || typeof requestedBy === 'string';
  return isSigned && typeof actionId === 'string' && typeof runId === 'string';
}

function areTimes(changes: unknown): boolean {
  return typeof changes === 'object' && changes !== null && Object.values(changes).every(isTime);
}

/** Whether it is a time that a run can wait for. */
export function isTime(time: unknown): boolean {
  const { at, local } = (time ?? {}) as { at?: unknown; local?: unknown };
  const hasWallClock = local === undefined || typeof local === 'string';
  return hasWallClock && typeof at === 'string' && !Number.isNaN(Date.parse(at));
}
