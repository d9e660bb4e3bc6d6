// What people do to a run: cancel, reschedule, expedite, resolve. The row says what is possible, the
// workflow decides, the ledger remembers who asked. A message goes to the person's workflow id, never
// to one of Temporal's run ids, and says which run it is meant for.
import { setTimeout as sleep } from 'node:timers/promises';
import type { ActionBase, Reschedule } from '../contract/messages.js';
import { isOpen, type Decision, type RunRecord, type TimeValue } from '../domain/run.js';
import type { ApiKey, RunStore } from '../store/store.js';
import { Problem } from './problem.js';
import type { ActionMessage, Engine } from './temporal.js';

export interface Asked {
  key: ApiKey;
  actionId: string;
  requestedBy: string | null;
  reason: string | null;
}

export type Wanted =
  | { action: 'cancel' }
  | { action: 'reschedule'; changes: Reschedule['changes'] }
  | { action: 'expedite'; what: 'start' | 'suspend' | 'deprovision' }
  | { action: 'resolve'; decision: Decision };

/** The run that was acted on, as it stands now; `confirmed` is false while no worker has answered. */
export interface Done {
  run: RunRecord;
  confirmed: boolean;
}

export interface RunActions {
  /**
   * The run that an action on `run` is about: itself, or the open offboarding that a finished
   * onboarding goes on as. @throws {Problem} 409 where it is over.
   */
  target(run: RunRecord, wanted: Wanted): Promise<{ run: RunRecord; wanted: Wanted }>;
  /** @throws {Problem} 409 `ACTION_NOT_POSSIBLE`, 503. */
  act(run: RunRecord, wanted: Wanted, asked: Asked): Promise<Done>;
}

export interface RunActionsDeps {
  runs: RunStore;
  engine: Engine;
  /** How long an answer waits for the row to show what was done. */
  showMs?: number;
}

const SHOW_MS = 3_000;
const LOOK_EVERY_MS = 50;

export function createRunActions(deps: RunActionsDeps): RunActions {
  const { runs, engine, showMs = SHOW_MS } = deps;

  async function target(run: RunRecord, wanted: Wanted) {
    if (run.supersededBy !== null) throw Problem.superseded(run, await runs.get(run.supersededBy));
    const next =
      isOpen(run.phase) || run.continuesAs === null ? null : await runs.get(run.continuesAs);
    const moved = next === null ? null : movedToNext(run, next, wanted);
    const chosen = moved === null || next === null ? { run, wanted } : { run: next, wanted: moved };
    const misfit = misfitOf(chosen.run, chosen.wanted);
    if (misfit !== null) throw Problem.actionNotPossible(chosen.run, misfit);
    return chosen;
  }

  async function act(run: RunRecord, wanted: Wanted, asked: Asked): Promise<Done> {
    await runs.note(
      run,
      {
        key: `asked/${asked.actionId}`,
        action: `${wanted.action}.asked`,
        detail: tell(wanted, asked),
      },
      asked.key.id,
    );
    return wanted.action === 'cancel' ? cancel(run) : send(run, messageOf(run, wanted, asked));
  }

  async function cancel(run: RunRecord): Promise<Done> {
    const { workflowId } = run;
    const seen = await engine.describe(workflowId);
    if (seen === null) return gone(run);
    // A cancellation cannot say which run it is for, so that is looked at before.
    if (seen.run !== run.id && !(await isBefore(seen.run, run))) {
      if (!run.started) throw notStarted();
      throw Problem.actionNotPossible(run, 'Another run of this person has not given way yet');
    }
    if ((await engine.cancel(workflowId)) === 'gone') return gone(run);
    return confirmedCancel(run);
  }

  /** The workflow goes on as `run` and has not had a worker yet to say so. */
  async function isBefore(id: string | null, run: RunRecord): Promise<boolean> {
    if (id === null || run.previous !== id) return false;
    const previous = await runs.get(run.previous);
    return previous !== null && !isOpen(previous.phase);
  }

  async function confirmedCancel(run: RunRecord): Promise<Done> {
    const seen = await shown(run, (now) => !now.actions.includes('cancel'));
    return { run: seen ?? run, confirmed: seen !== null };
  }

  async function send(run: RunRecord, message: ActionMessage): Promise<Done> {
    const outcome = await engine.act(run.workflowId, message);
    switch (outcome.kind) {
      case 'applied': {
        const seen = await shown(run, (now) => fingerprint(now) !== fingerprint(run));
        return { run: seen ?? (await runs.get(run.id)) ?? run, confirmed: true };
      }
      case 'unconfirmed':
        return { run: (await runs.get(run.id)) ?? run, confirmed: false };
      case 'refused':
        throw Problem.actionNotPossible((await runs.get(run.id)) ?? run, outcome.detail);
      case 'gone':
        return gone(run);
    }
  }

  async function gone(run: RunRecord): Promise<never> {
    const now = (await runs.get(run.id)) ?? run;
    if (isOpen(now.phase) && !now.started) throw notStarted();
    if (isOpen(now.phase)) {
      throw Problem.actionNotPossible(
        now,
        'Its workflow has ended. If it was ended from outside, the run is parked within a minute, and can be decided then',
      );
    }
    throw Problem.actionNotPossible(now, 'The run is over');
  }

  /** The row once it shows `change`; null where it did not in time. */
  async function shown(run: RunRecord, change: (now: RunRecord) => boolean) {
    const until = Date.now() + showMs;
    for (;;) {
      const now = await runs.get(run.id);
      if (now !== null && change(now)) return now;
      if (Date.now() >= until) return null;
      await sleep(LOOK_EVERY_MS);
    }
  }

  return { target, act };
}

function notStarted(): Problem {
  return Problem.temporalUnavailable('The run has not started yet; try again soon');
}

/** A finished onboarding's cancel and new contract end are the offboarding's cancel and suspension. */
function movedToNext(run: RunRecord, next: RunRecord, wanted: Wanted): Wanted | null {
  if (run.kind !== 'onboarding' || !isOpen(next.phase)) return null;
  if (wanted.action === 'cancel') return wanted;
  if (wanted.action !== 'reschedule') return null;
  const { endsAt, ...others } = wanted.changes;
  if (endsAt === undefined || Object.keys(others).length > 0) return null;
  return { action: 'reschedule', changes: { suspendAt: endsAt } };
}

const TIMES_OF: Record<RunRecord['kind'], string[]> = {
  onboarding: ['startAt', 'endsAt'],
  offboarding: ['suspendAt', 'deprovisionAt'],
};
const MOMENTS_OF: Record<RunRecord['kind'], string[]> = {
  onboarding: ['start'],
  offboarding: ['suspend', 'deprovision'],
};

/** Why the row already says no; null where it does not. */
function misfitOf(run: RunRecord, wanted: Wanted): string | null {
  if (!isOpen(run.phase)) return `The run is over (${run.phase})`;
  if (!run.actions.includes(wanted.action)) {
    return run.actions.length === 0
      ? 'Nothing can be changed in this run any more'
      : `Not possible now (${run.phase}); possible: ${run.actions.join(', ')}`;
  }
  if (wanted.action === 'reschedule') {
    const foreign = Object.keys(wanted.changes).filter(
      (name) => !TIMES_OF[run.kind].includes(name),
    );
    if (foreign.length > 0) return `This ${run.kind} has no ${foreign.join(', ')}`;
  }
  if (wanted.action === 'expedite' && !MOMENTS_OF[run.kind].includes(wanted.what)) {
    return `This ${run.kind} is not waiting to ${wanted.what}`;
  }
  return null;
}

function messageOf(
  run: RunRecord,
  wanted: Exclude<Wanted, { action: 'cancel' }>,
  asked: Asked,
): ActionMessage {
  const base: ActionBase = {
    actionId: asked.actionId,
    runId: run.id,
    requestedBy: asked.requestedBy,
    reason: asked.reason,
  };
  switch (wanted.action) {
    case 'reschedule':
      return { name: 'reschedule', args: { ...base, changes: wanted.changes } };
    case 'expedite':
      return { name: 'expedite', args: { ...base, what: wanted.what } };
    case 'resolve':
      return { name: 'resolve', args: { ...base, decision: wanted.decision } };
  }
}

/** One line for the ledger. */
function tell(wanted: Wanted, { requestedBy, reason }: Asked): string | null {
  const parts = [whatOf(wanted), requestedBy === null ? null : `by ${requestedBy}`, reason];
  return parts.filter((part) => part !== null).join('; ') || null;
}

function whatOf(wanted: Wanted): string | null {
  switch (wanted.action) {
    case 'cancel':
      return null;
    case 'reschedule':
      return Object.entries(wanted.changes)
        .map(([name, time]: [string, TimeValue]) => `${name}: ${time.local ?? time.at}`)
        .join(', ');
    case 'expedite':
      return wanted.what;
    case 'resolve':
      return wanted.decision;
  }
}

function fingerprint(run: RunRecord): string {
  const { phase, outcome, deadlines, waiting, problem, actions } = run;
  return JSON.stringify({ phase, outcome, deadlines, waiting, problem, actions });
}
