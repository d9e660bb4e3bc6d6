// How every run ends, whichever story it tells: done, taken back, given up, replaced. Compensations
// are registered before the step that they undo and run newest first.
import {
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  CancelledFailure,
  isCancellation,
  makeContinueAsNewFunc,
} from '@temporalio/workflow';
import type { Takeover } from '../contract/messages.js';
import {
  OFFBOARD,
  type Carried,
  type OffboardInput,
  type RunResult,
} from '../contract/workflows.js';
import type { OktaGroupId, OktaUserId } from '../domain/brand.js';
import { closedEvent, type NextRun, type RunOutcome, type TimeValue } from '../domain/run.js';
import { recordRun } from './activities.js';
import { Aborted, Refused, Superseded, UndoResumed } from './endings.js';
import type { Run } from './run.js';

/** What a story leaves behind for its end. */
export interface Ledge {
  /** Undo of steps, oldest first; the same one registered again stays where it is. */
  compensations: Set<() => Promise<unknown>>;
  oktaUserId: OktaUserId | null;
  /** What a run that takes over must know to undo. */
  suspended: boolean;
  removedGroups: OktaGroupId[];
  suspendAt: TimeValue | null;
  /** Something was done that cannot be taken back, and nothing is left to do. */
  final: boolean;
}

export interface Ending {
  outcome: Extract<RunOutcome, 'done' | 'partial'>;
  /** The contract's end: the run goes on as this offboarding. */
  next?: { row: NextRun; input: OffboardInput };
}

export function newLedge(): Ledge {
  return {
    compensations: new Set(),
    oktaUserId: null,
    suspended: false,
    removedGroups: [],
    suspendAt: null,
    final: false,
  };
}

const continueAsOffboard = makeContinueAsNewFunc<(input: OffboardInput) => Promise<RunResult>>({
  workflowType: OFFBOARD,
});

export async function settle(
  run: Run,
  ledge: Ledge,
  story: () => Promise<Ending>,
): Promise<RunResult> {
  let ending: Ending;
  try {
    ending = await story();
    // The last step was awaited although a cancel had met it. What is final stays.
    if (CancellationScope.current().consideredCancelled && !ledge.final) {
      throw new CancelledFailure('cancelled in the last step');
    }
  } catch (error) {
    return endEarly(run, ledge, error);
  }
  return end(run, ledge, ending);
}

async function end(run: Run, ledge: Ledge, { outcome, next }: Ending): Promise<RunResult> {
  await run.close('completed', outcome, next?.row);
  if (next === undefined) {
    await yieldTo(run, ledge);
    return { outcome, oktaUserId: ledge.oktaUserId };
  }
  if (CancellationScope.current().consideredCancelled) {
    await makeOpenEnded(next.row);
    await yieldTo(run, ledge);
    throw new CancelledFailure('cancelled');
  }
  return continueAsOffboard(withTakeovers(next.input, run.takeovers));
}

async function endEarly(run: Run, ledge: Ledge, error: unknown): Promise<RunResult> {
  if (error instanceof Superseded) {
    const [takeover] = run.takeovers;
    await run.close('completed', 'superseded', takeover && nextRow(takeover));
    await yieldTo(run, ledge);
  }
  if (error instanceof Aborted) {
    if (!error.leavesAll) await takeBack(run, ledge);
    await run.close('cancelled', 'aborted');
    await yieldTo(run, ledge);
    return { outcome: 'aborted', oktaUserId: ledge.oktaUserId };
  }
  if (error instanceof UndoResumed) {
    await takeBack(run, ledge);
    await run.close('cancelled', 'undone');
    await yieldTo(run, ledge);
    return { outcome: 'undone', oktaUserId: ledge.oktaUserId };
  }
  if (error instanceof Refused) {
    await run.close('failed', 'failed');
    await yieldTo(run, ledge);
    throw ApplicationFailure.nonRetryable(error.message, error.problem.code);
  }
  if (!isCancelled(error)) throw error;
  await takeBack(run, ledge);
  await run.close('cancelled', 'undone');
  await yieldTo(run, ledge);
  throw isCancellation(error) ? error : new CancelledFailure('cancelled');
}

/**
 * A cancel that came when the onboarding was already closed is meant for its contract end, which would
 * not hear of it: a cancellation does not pass over to the execution that goes on.
 */
async function makeOpenEnded({ run, deadlines }: NextRun): Promise<void> {
  await CancellationScope.nonCancellable(() =>
    recordRun({
      run,
      version: 1,
      kind: 'offboarding',
      phase: 'cancelled',
      outcome: 'undone',
      deadlines,
      waiting: null,
      problem: null,
      actions: [],
      event: closedEvent('cancelled', 'undone'),
      next: null,
    }),
  );
}

/** A step that fails while the run is cancelled is not tried again: Temporal gives its failure instead. */
function isCancelled(error: unknown): boolean {
  return (
    isCancellation(error) ||
    (error instanceof ActivityFailure && CancellationScope.current().consideredCancelled)
  );
}

/** Newest first, each until it is done or given up by decision. */
async function takeBack(run: Run, ledge: Ledge): Promise<void> {
  if (ledge.compensations.size === 0) return;
  await CancellationScope.nonCancellable(async () => {
    await run.beginUndo();
    for (const compensation of [...ledge.compensations].reverse()) await run.undo(compensation);
  });
  ledge.suspended = false;
  ledge.removedGroups = [];
}

/** An urgent offboarding that waits takes the workflow's place now; without one, nothing happens. */
async function yieldTo(run: Run, ledge: Ledge): Promise<void> {
  const [takeover, ...later] = run.takeovers;
  if (takeover === undefined) return;
  const { suspended, removedGroups } = ledge;
  const carried: Carried = { suspended, removedGroups, takeovers: later };
  await continueAsOffboard({
    ...takeover.input,
    suspendAt: earlier(takeover.input.suspendAt, ledge.suspendAt),
    carried,
  });
}

/** Null means now, which nothing precedes; a deadline of the run before counts only where it has one. */
function earlier(wanted: TimeValue | null, former: TimeValue | null): TimeValue | null {
  if (wanted === null || former === null) return wanted;
  return Date.parse(former.at) < Date.parse(wanted.at) ? former : wanted;
}

function withTakeovers(input: OffboardInput, takeovers: readonly Takeover[]): OffboardInput {
  return takeovers.length === 0
    ? input
    : { ...input, carried: { suspended: false, removedGroups: [], takeovers: [...takeovers] } };
}

/** The row exists since the API accepted the takeover; the report only links the two. */
function nextRow({ input }: Takeover): NextRun {
  return {
    run: input.run,
    kind: 'offboarding',
    phase: input.suspendAt === null ? 'running' : 'scheduled',
    deadlines: input.suspendAt === null ? {} : { suspendAt: input.suspendAt },
    waiting: null,
    actions: ['cancel'],
  };
}
