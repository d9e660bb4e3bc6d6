// What a run does in Okta, and how it ends. The one place that keeps the journal: it records intents and
// results, takes back what was done, hands the journal over when the run goes on as another one, and takes
// it up where a workflow was ended from outside. The stories only say what is to be done.
import {
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  CancelledFailure,
  isCancellation,
  makeContinueAsNewFunc,
} from '@temporalio/workflow';
import type { Slice, StepResult } from '../activities/index.js';
import type { Takeover } from '../contract/messages.js';
import { OFFBOARD, type OffboardInput, type RunResult } from '../contract/workflows.js';
import type { OktaGroupId } from '../domain/brand.js';
import {
  accountOf,
  apply,
  EMPTY_JOURNAL,
  endedAt,
  inherited,
  journalOf,
  union,
  without,
  type Effect,
  type Journal,
} from '../domain/effects.js';
import { closedEvent, type NextRun, type Problem, type RunOutcome } from '../domain/run.js';
import { mergedSuspension, pendingSuspension } from '../domain/standing.js';
import { undoPlan, type Irreversible, type Undo } from '../domain/undo-plan.js';
import { loadJournal, recordRun } from './activities.js';
import {
  Aborted,
  AccountGone,
  effectsOf,
  Left,
  Moved,
  problemOf,
  Refused,
  Superseded,
  undoProblemOf,
  UndoResumed,
} from './endings.js';
import { openRun, throwIfCancelled, type Run, type RunOptions } from './run.js';

export interface SagaOptions extends RunOptions {
  /** Of the run whose place this one has taken. */
  journal: Journal | undefined;
  /** Takes back one effect; which ones, and in which order, the undo plan says. */
  compensate: (saga: Saga, undo: Undo) => Promise<unknown>;
}

export interface Saga extends Omit<Run, 'park' | 'standOrphaned' | 'beginUndo' | 'close'> {
  journal(): Journal;
  record(effect: Effect): void;
  /** What the store knows, where this run has taken over from one without a workflow. */
  replaceJournal(known: Journal): void;
  /** A step that only looks; what it learned goes to the journal. */
  step<T>(call: () => Promise<StepResult<T>>): Promise<T>;
  /** A step that writes: its intent is recorded first. Nothing is begun in a run that is cancelled. */
  write<T>(intent: Effect | null, call: () => Promise<StepResult<T>>): Promise<T>;
  /** Goes through a list of groups, slice by slice, and waits for Okta's limit in between. */
  inSlices(
    groupIds: OktaGroupId[],
    intent: Extract<Effect, { kind: 'add-to-groups' | 'remove-from-groups' }> | null,
    call: (groupIds: OktaGroupId[]) => Promise<StepResult<Slice>>,
  ): Promise<void>;
  /**
   * Does steps that belong together. What only a person can settle parks the run, and `retry` does all of
   * them again; `again` is true then. @throws {Aborted} {Left} {Superseded}
   */
  attempt<T>(work: (again: boolean) => Promise<T>): Promise<T>;
}

export interface Ending {
  outcome: Extract<RunOutcome, 'done' | 'partial'>;
  /** For the ledger, where there is more to say than the outcome. */
  detail?: string;
  /** The contract's end: the run goes on as this offboarding. */
  next?: { row: NextRun; input: OffboardInput };
}

/** Where the journal keeps what became of a list of groups. */
const WRITTEN = { 'add-to-groups': 'added', 'remove-from-groups': 'removed' } as const;

/** Made when it is called: this module is loaded before there is a workflow (scripts/bundle-workflows.mjs). */
function continueAsOffboard(input: OffboardInput): Promise<never> {
  return makeContinueAsNewFunc<(input: OffboardInput) => Promise<RunResult>>({
    workflowType: OFFBOARD,
  })(input);
}

/** Tells the story of a run, and ends it, however it ends. */
export async function runSaga(
  options: SagaOptions,
  story: (saga: Saga) => Promise<Ending>,
): Promise<RunResult> {
  const run = openRun(options);
  const { recovered, compensate } = options;
  let journal = options.journal ?? EMPTY_JOURNAL;

  const record = (effects: readonly Effect[]): void => {
    journal = journalOf(effects, journal);
  };

  const saga: Saga = {
    ...run,
    journal: () => journal,
    record: (effect) => {
      record([effect]);
    },
    replaceJournal: (known) => {
      journal = known;
    },

    async step(call) {
      try {
        const { value, effects } = await call();
        record(effects);
        return value;
      } catch (error) {
        record(effectsOf(error));
        throw error;
      }
    },

    write(intent, call) {
      throwIfCancelled();
      if (intent !== null) journal = apply(journal, intent);
      return saga.step(call);
    },

    async inSlices(groupIds, intent, call) {
      let left = groupIds;
      while (left.length > 0) {
        const next = intent === null ? null : { ...intent, groupIds: left };
        const doubted = next === null ? [] : journal[WRITTEN[next.kind]].intended;
        const { done, later, waitMs } = await saga.write(next, () => call(left));
        // What an earlier slice left in doubt is so still where this one did not come to it.
        if (next !== null) record([{ ...next, groupIds: without(doubted, done) }]);
        left = union(without(left, union(done, later)), without(later, done));
        if (left.length > 0 && waitMs > 0) await run.pause(waitMs);
      }
    },

    attempt: (work) =>
      persist(
        (again) =>
          run.unlessSuperseded(() => {
            throwIfCancelled();
            return work(again);
          }),
        problemOf,
      ),
  };

  /** @throws {Aborted} {Left} {Superseded} */
  async function persist<T>(
    work: (again: boolean) => Promise<T>,
    problemIn: (error: unknown) => Problem | null,
  ): Promise<T> {
    for (let again = false; ; again = true) {
      try {
        return await work(again);
      } catch (error) {
        const found = problemIn(error);
        if (found === null) throw error;
        throwIfCancelled();
        const decision = await run.park(found);
        if (decision === 'abort') throw new Aborted();
        if (decision === 'leave') throw new Left();
      }
    }
  }

  /** By the undo plan, which is made anew after each step; each is tried until it is done or left. */
  async function takeBack(): Promise<'undone' | 'left'> {
    if (undoPlan(journal, run.kind).steps.length === 0) return 'undone';
    return CancellationScope.nonCancellable(async () => {
      journal = apply(journal, { kind: 'undo' });
      await run.beginUndo();
      for (;;) {
        const [next] = undoPlan(journal, run.kind).steps;
        if (next === undefined) return 'undone';
        try {
          await persist(() => run.unlessSuperseded(() => compensate(saga, next)), undoProblemOf);
        } catch (error) {
          if (error instanceof Left) return 'left';
          throw error;
        }
      }
    });
  }

  async function resume(): Promise<void> {
    if (recovered === undefined) return;
    const decision = await standUntilDecided(recovered.endedAt);
    if (decision === 'abort') throw new Aborted();
    if (decision === 'leave') throw new Left();
    if (recovered.undoing) throw new UndoResumed();
  }

  async function standUntilDecided(until: string) {
    // Never cancelled: without the journal, nothing could be taken back.
    const load = () =>
      CancellationScope.nonCancellable(async () => {
        journal = endedAt(await loadJournal({ run: run.ref }), until);
      });
    await load();
    try {
      return await run.standOrphaned();
    } finally {
      // A step that was under way when the workflow ended may have reported since.
      await load();
    }
  }

  async function end({ outcome, next, detail }: Ending): Promise<RunResult> {
    await run.close('completed', outcome, {
      ...(next === undefined ? {} : { next: next.row }),
      ...(detail === undefined ? {} : { detail: `${outcome}: ${detail}` }),
    });
    if (next === undefined) return over(outcome);
    if (CancellationScope.current().consideredCancelled) {
      await makeOpenEnded(next.row);
      await yieldTo();
      throw new CancelledFailure('cancelled');
    }
    const { takeovers } = run;
    return continueAsOffboard(
      takeovers.length === 0
        ? next.input
        : {
            ...next.input,
            inherited: { from: run.kind, journal: EMPTY_JOURNAL, takeovers: [...takeovers] },
          },
    );
  }

  async function endEarly(error: unknown): Promise<RunResult> {
    if (error instanceof Moved) return { outcome: 'moved', oktaUserId: accountOf(journal) };
    if (error instanceof Superseded) return giveWay();
    if (error instanceof Left) {
      await run.close('completed', 'partial', { detail: 'partial: left as it is by decision' });
      return over('partial');
    }
    if (error instanceof Refused) {
      await run.close('failed', 'failed');
      await yieldTo();
      throw ApplicationFailure.nonRetryable(error.message, error.problem.code);
    }
    const isDecided = error instanceof Aborted || error instanceof UndoResumed;
    if (!isDecided && !isCancelled(error)) throw error;
    // Before anything is taken back: afterwards the journal knows of nothing any more.
    const { cannot } = undoPlan(journal, run.kind);
    try {
      const came = await takeBack();
      const outcome = came === 'left' ? 'partial' : error instanceof Aborted ? 'aborted' : 'undone';
      await run.close('cancelled', outcome, detailed(outcome, cannot));
      if (isDecided) return await over(outcome);
    } catch (late) {
      if (late instanceof Superseded) return giveWay();
      throw late;
    }
    await yieldTo();
    throw isCancellation(error) ? error : new CancelledFailure('cancelled');
  }

  async function giveWay(): Promise<RunResult> {
    const [takeover] = run.takeovers;
    const standing = run.standing();
    const isDone = journal.access !== null || standing.undoing;
    const pending = pendingSuspension(run.kind, standing, isDone);
    const more = takeover === undefined ? {} : { next: nextRow(takeover) };
    await run.close('completed', 'superseded', more);
    await yieldTo(pending);
    return { outcome: 'superseded', oktaUserId: accountOf(journal) };
  }

  async function over(outcome: RunOutcome): Promise<RunResult> {
    await yieldTo();
    return { outcome, oktaUserId: accountOf(journal) };
  }

  /**
   * An urgent offboarding that waits takes the workflow's place now; without one, nothing happens.
   * @param pending the suspension that the run that gives way has still ahead of it
   */
  async function yieldTo(pending: ReturnType<typeof pendingSuspension> = null): Promise<void> {
    const [takeover, ...takeovers] = run.takeovers;
    if (takeover === undefined) return;
    const { person } = takeover.input;
    await continueAsOffboard({
      ...takeover.input,
      // An account that was just made may not be found by its login yet.
      person: { ...person, oktaUserId: accountOf(journal) ?? person.oktaUserId },
      suspendAt: mergedSuspension(takeover.input.suspendAt, pending),
      inherited: { from: run.kind, journal: inherited(journal), takeovers },
    });
  }

  let ending: Ending;
  try {
    await resume();
    ending = await story(saga).catch(unlessGone);
    // The last step was awaited although a cancel had met it. What is final stays.
    if (CancellationScope.current().consideredCancelled && !journal.deactivated) {
      throw new CancelledFailure('cancelled in the last step');
    }
  } catch (error) {
    return endEarly(error);
  }
  return end(ending);
}

/**
 * A cancel that came when the onboarding was already closed is meant for its contract end, which would
 * not hear of it: a cancellation does not pass over to the execution that goes on.
 */
async function makeOpenEnded({ run }: NextRun): Promise<void> {
  await CancellationScope.nonCancellable(() =>
    recordRun({
      run,
      version: 1,
      kind: 'offboarding',
      phase: 'cancelled',
      outcome: 'undone',
      deadlines: {},
      waiting: null,
      problem: null,
      actions: [],
      undoing: false,
      event: closedEvent('cancelled', 'undone'),
      next: null,
    }),
  );
}

/** Nobody is there any more to give access back to, or to take it from. */
function unlessGone(error: unknown): Ending {
  if (error instanceof AccountGone) {
    return { outcome: 'done', detail: 'the account is gone from Okta' };
  }
  throw error;
}

/** A step that fails while the run is cancelled is not tried again: Temporal gives its failure instead. */
function isCancelled(error: unknown): boolean {
  return (
    isCancellation(error) ||
    (error instanceof ActivityFailure && CancellationScope.current().consideredCancelled)
  );
}

/** What stays although everything was taken back that can be. */
function detailed(outcome: RunOutcome, cannot: readonly Irreversible[]): { detail?: string } {
  if (cannot.length === 0) return {};
  return { detail: `${outcome}: ${cannot.map(({ why }) => why).join(' ')}` };
}

/** The row exists since the API accepted the takeover; the report only links the two. */
function nextRow({ input }: Takeover): NextRun {
  return {
    link: 'supersedes',
    run: input.run,
    kind: 'offboarding',
    phase: input.suspendAt === null ? 'running' : 'scheduled',
    deadlines: input.suspendAt === null ? {} : { suspendAt: input.suspendAt },
    waiting: null,
    actions: ['cancel'],
  };
}
