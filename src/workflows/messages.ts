// How a run listens. Every action comes as an update, refused before it is accepted, or as a signal,
// refused on the record; an `actionId` is applied once, whichever arrives first.
import { ApplicationFailure, setHandler } from '@temporalio/workflow';
import {
  ACTION_NOT_POSSIBLE,
  expediteSignal,
  expediteUpdate,
  rescheduleSignal,
  rescheduleUpdate,
  resolveSignal,
  resolveUpdate,
  type ActionBase,
  type Reschedule,
} from '../contract/messages.js';
import {
  possibleActions,
  refuseAction,
  refuseExpedite,
  refuseReschedule,
  type Standing,
} from '../domain/actions.js';
import { say } from '../domain/narration.js';
import type { Decision, Moment, RunEvent, RunRef } from '../domain/run.js';

/** What the messages act on. */
export interface Listener {
  standing: () => Standing;
  reschedule: (changes: Reschedule['changes']) => void;
  expedite: (what: Moment) => void;
  resolve: (decision: Decision) => void;
  applied: (event: RunEvent) => Promise<void>;
  refused: (event: RunEvent) => Promise<void>;
}

interface Action<M> {
  /** In the past tense, for the record. */
  name: string;
  /** Why it cannot be done now; null where it can. */
  refuse: (message: M) => string | null;
  /** Does it, and says so. */
  apply: (message: M) => string;
}

export function listen(ref: RunRef, run: Listener): void {
  const applied = new Set<string>();

  const guard = <M extends ActionBase>(action: Action<M>) => {
    const refusalOf = (message: M): string | null =>
      message.runId === ref.id
        ? action.refuse(message)
        : 'That run is over; this person has another one by now.';

    const validator = (message: M): void => {
      if (applied.has(message.actionId)) return;
      const refused = refusalOf(message);
      if (refused === null) return;
      throw ApplicationFailure.nonRetryable(refused, ACTION_NOT_POSSIBLE, {
        actions: possibleActions(run.standing()),
      });
    };
    const take = async (message: M): Promise<void> => {
      if (applied.has(message.actionId)) return;
      const refused = refusalOf(message);
      if (refused !== null) {
        await run.refused({ key: message.actionId, action: 'action.refused', detail: refused });
        return;
      }
      applied.add(message.actionId);
      const detail = action.apply(message);
      await run.applied({ key: message.actionId, action: `run.${action.name}`, detail });
    };
    return { validator, take };
  };

  const reschedule = guard<Reschedule>({
    name: 'rescheduled',
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

  const expedite = guard<ActionBase & { what: Moment }>({
    name: 'expedited',
    refuse: ({ what }) =>
      refuseAction(run.standing(), 'expedite') ?? refuseExpedite(run.standing(), what),
    apply: ({ what }) => {
      run.expedite(what);
      return `${what} now`;
    },
  });
  setHandler(expediteUpdate, expedite.take, { validator: expedite.validator });
  setHandler(expediteSignal, expedite.take);

  const resolve = guard<ActionBase & { decision: Decision }>({
    name: 'resolved',
    refuse: () => refuseAction(run.standing(), 'resolve'),
    apply: ({ decision }) => {
      run.resolve(decision);
      return decision;
    },
  });
  setHandler(resolveUpdate, resolve.take, { validator: resolve.validator });
  setHandler(resolveSignal, resolve.take);
}
