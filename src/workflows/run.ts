// One run from the inside: how it waits, parks, tries and reports. The stories in onboard.ts and
// offboard.ts use these verbs; messages reach the run through messages.ts.
import {
  allHandlersFinished,
  CancellationScope,
  CancelledFailure,
  condition,
  setCurrentDetails,
  setHandler,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import { progressQuery, takeoverSignal, type Takeover } from '../contract/messages.js';
import type { Recovered } from '../contract/workflows.js';
import { TenureDueAt, TenureFlow, TenurePhase, TenureRun } from '../contract/search-attributes.js';
import { DEADLINE_OF, possibleActions } from '../domain/actions.js';
import { narrate } from '../domain/narration.js';
import { passed, withLateness } from '../domain/orphan.js';
import {
  closedEvent,
  type Deadlines,
  type Decision,
  type Moment,
  type NextRun,
  type OpenPhase,
  type Problem,
  type RunEvent,
  type RunKind,
  type RunOutcome,
  type RunPhase,
  type RunRef,
  type RunReport,
  type TimeValue,
  type Waiting,
} from '../domain/run.js';
import { recordNextRun, recordRun } from './activities.js';
import { Aborted, problemOf, Superseded, undoProblemOf } from './endings.js';
import { listen } from './messages.js';

export interface RunOptions {
  ref: RunRef;
  kind: RunKind;
  /** One line for people, such as `Onboard Ada Lovelace · demo · 2 groups`. */
  title: string;
  phase: 'scheduled' | 'running';
  /** What a scheduled run waits for first. */
  awaits: Moment;
  deadlines: Deadlines;
  /** Urgent offboardings that the execution before could not look at. */
  takeovers: Takeover[];
  /** A workflow before this one was ended from outside: the run is parked until somebody decides. */
  recovered: Recovered | undefined;
}

export interface Run {
  readonly ref: RunRef;
  readonly deadlines: Deadlines;
  readonly takeovers: readonly Takeover[];
  /** Waits until `leadMs` before a moment, and leaves the run waiting. @throws {Superseded} */
  approach(moment: Moment, phase: 'scheduled' | 'holding', leadMs: number): Promise<void>;
  /** Waits for a moment, which may be moved or brought forward meanwhile. @throws {Superseded} */
  waitFor(moment: Moment, phase: 'scheduled' | 'holding'): Promise<void>;
  /** The same for the end of an undo window, which nothing moves. */
  holdUntil(end: TimeValue): Promise<void>;
  /**
   * Does a step. What only a person can settle parks the run, and `retry` does the step again
   * (`again` is true then). @throws {Aborted} {Superseded}
   */
  attempt<T>(step: (again: boolean) => Promise<T>): Promise<T>;
  /** Does a step of the undo: never superseded; what cannot be undone parks as UNDO_INCOMPLETE. */
  undo(step: () => Promise<unknown>): Promise<void>;
  beginUndo(): Promise<void>;
  /** Parked until somebody decides, saying which of these moments pass meanwhile. @throws {Superseded} */
  standOrphaned(ahead: readonly Moment[]): Promise<Decision>;
  /** The last word. No handler is at work afterwards. */
  close(phase: RunPhase, outcome: RunOutcome, next?: NextRun): Promise<void>;
}

export function openRun(options: RunOptions): Run {
  const { ref, kind, recovered } = options;
  const deadlines = recovered?.deadlines ?? options.deadlines;
  const takeovers = [...options.takeovers];
  const expedited = new Set<Moment>();
  let phase: RunPhase = recovered === undefined ? options.phase : 'parked';
  let outcome: RunOutcome | null = null;
  let waiting: Waiting | null = firstWait(phase, options.awaits, deadlines);
  let trouble: Problem | null = recovered?.problem ?? null;
  let decision: Decision | null = null;
  let undoing = recovered?.undoing ?? false;
  let reports = 0;
  let changes = 0;
  let lastReport = Promise.resolve();

  const standing = () => ({ phase, waiting, deadlines, undoing });
  const snapshot = (event: RunEvent | null, next: NextRun | null): RunReport => ({
    run: ref,
    version: (recovered?.version ?? 0) + versionOf(reports),
    kind,
    phase,
    outcome,
    deadlines,
    waiting,
    problem: trouble,
    actions: possibleActions(standing()),
    event,
    next,
  });

  /**
   * Never cancelled: what happened must be on record. One at a time: two local activities that run
   * side by side, one of them in an update, can resolve in another order when they are replayed
   * (seen with SDK 1.24.0, November 2026).
   */
  function report(event: RunEvent | null = null, next: NextRun | null = null): Promise<void> {
    reports += 1;
    const said = snapshot(event, next);
    setCurrentDetails(`${options.title}\n\n${narrate(said)}`);
    const write = next === null ? recordRun : recordNextRun;
    lastReport = lastReport.then(() => CancellationScope.nonCancellable(() => write(said)));
    return lastReport;
  }
  const note = (name: string, detail: string | null): RunEvent => ({
    key: `${workflowInfo().runId}/${name}/${reports}`,
    action: `run.${name}`,
    detail,
  });

  function stand(at: RunPhase, waits: Waiting | null): void {
    waiting = waits;
    if (at === phase) return;
    phase = at;
    upsertSearchAttributes([{ key: TenurePhase, value: phase }]);
  }

  setHandler(progressQuery, () => snapshot(null, null));
  setHandler(takeoverSignal, (message) => {
    const isOwnStart = message.input.run.requestId === ref.requestId;
    if (!isOwnStart) takeovers.push(message);
  });
  listen(ref, {
    standing,
    reschedule: (wanted) => {
      Object.assign(deadlines, wanted);
      if (waiting !== null) waiting = waitingFor(waiting, deadlines);
    },
    expedite: (what) => void expedited.add(what),
    resolve: (decided) => {
      decision = decided;
    },
    applied: async (event) => {
      changes += 1;
      await report(event);
    },
    refused: report,
  });

  const hasToYield = (): boolean => takeovers.length > 0 && !undoing;
  function yieldToTakeover(): void {
    if (hasToYield()) throw new Superseded();
  }

  const decided = (): Decision | null => decision;
  const isOver = (): boolean => decided() !== null || hasToYield();
  async function park(found: Problem): Promise<Decision> {
    const before = { phase, waiting };
    trouble = found;
    decision = null;
    stand('parked', { for: 'decision' });
    await report(note('parked', found.detail));
    await condition(isOver);
    return unpark(before.phase, before.waiting);
  }

  async function unpark(to: RunPhase, waits: Waiting | null): Promise<Decision> {
    trouble = null;
    stand(to, waits);
    yieldToTakeover();
    // The handler has reported already, with the run still parked; this is the news that it goes on.
    await report();
    return decided() ?? 'retry';
  }

  /** What passes while a run is orphaned is said; nothing is done about it. */
  async function sayingWhatPasses(ahead: readonly Moment[]): Promise<void> {
    const found = trouble;
    for (let said = -1; !isOver();) {
      const seen = changes;
      const late = passed(deadlines, ahead, Date.now());
      if (found !== null && late.length !== said) {
        trouble = withLateness(found, deadlines, late);
        await report(note(said === -1 ? 'parked' : 'late', trouble.detail));
        said = late.length;
      }
      const isNews = (): boolean => isOver() || changes !== seen;
      const nextMs = untilNext(deadlines, ahead);
      if (nextMs === null) await condition(isNews);
      else await condition(isNews, nextMs, { summary: 'a deadline of this run' });
    }
  }

  async function wait(moment: Moment, at: OpenPhase, leadMs: number): Promise<void> {
    const due = (): number =>
      expedited.has(moment) ? 0 : Date.parse(deadlines[DEADLINE_OF[moment]]?.at ?? EPOCH) - leadMs;
    const awaited = waitingFor({ for: moment }, deadlines);
    const isNews = phase !== at || waiting?.until !== awaited.until || reports === 0;
    if (Date.now() < due() && isNews) {
      stand(at, awaited);
      await report();
    }
    while (Date.now() < due()) {
      yieldToTakeover();
      const seen = changes;
      const dueAt = new Date(due());
      upsertSearchAttributes([{ key: TenureDueAt, value: dueAt }]);
      await condition(() => changes !== seen || hasToYield(), due() - Date.now(), {
        summary: `${moment} at ${dueAt.toISOString()}`,
      });
    }
    yieldToTakeover();
  }

  async function persist<T>(
    step: (again: boolean) => Promise<T>,
    problemIn: (error: unknown) => Problem | null,
    giveUp: () => T,
  ): Promise<T> {
    for (let again = false; ; again = true) {
      try {
        return await step(again);
      } catch (error) {
        const found = problemIn(error);
        if (found === null) throw error;
        throwIfCancelled();
        if ((await park(found)) === 'abort') return giveUp();
      }
    }
  }

  return {
    ref,
    deadlines,
    takeovers,

    approach: (moment, waitingPhase, leadMs) => wait(moment, waitingPhase, leadMs),

    async waitFor(moment, waitingPhase) {
      await wait(moment, waitingPhase, 0);
      stand('running', null);
    },

    async holdUntil(end) {
      deadlines.undoUntil = end;
      stand('holding', { for: 'deprovision', until: end.at });
      await report(note('holding', null));
      const remainingMs = Date.parse(end.at) - Date.now();
      if (remainingMs > 0) {
        await condition(hasToYield, remainingMs, { summary: `undo window ends ${end.at}` });
      }
      yieldToTakeover();
      stand('running', null);
    },

    attempt: (step) =>
      persist(
        (again) => {
          yieldToTakeover();
          throwIfCancelled();
          return step(again);
        },
        problemOf,
        () => {
          throw new Aborted();
        },
      ),

    undo: (step) => persist<unknown>(step, undoProblemOf, () => undefined).then(() => undefined),

    async standOrphaned(ahead) {
      await sayingWhatPasses(ahead);
      return unpark('running', null);
    },

    async beginUndo() {
      undoing = true;
      trouble = null;
      stand('running', { for: 'undo' });
      await report(note('undo', null));
    },

    async close(last, came, next) {
      outcome = came;
      trouble = null;
      stand(last, null);
      await report(closedEvent(last, came), next ?? null);
      if (allHandlersFinished()) return;
      await CancellationScope.nonCancellable(() => condition(allHandlersFinished));
    },
  };
}

/** More reports than a run makes between two events of its history. */
const REPORTS = 1_000;

/**
 * Grows with the history, not with the reports alone: what was reported by a workflow task that was then
 * lost must not outrank what the next one says.
 */
function versionOf(reports: number): number {
  return workflowInfo().historyLength * REPORTS + reports;
}

/** So that a step that is never begun is never taken back, and a run that is cancelled never parks. */
function throwIfCancelled(): void {
  if (CancellationScope.current().consideredCancelled) throw new CancelledFailure('cancelled');
}

const EPOCH = '1970-01-01T00:00:00Z';

/** Marks the execution as this run's, after continue-as-new. */
export function claimExecution(ref: RunRef, kind: RunKind, phase: RunPhase): void {
  if (workflowInfo().typedSearchAttributes.get(TenureRun) === ref.id) return;
  upsertSearchAttributes([
    { key: TenureRun, value: ref.id },
    { key: TenureFlow, value: kind },
    { key: TenurePhase, value: phase },
  ]);
}

function firstWait(phase: RunPhase, awaits: Moment, deadlines: Deadlines): Waiting | null {
  if (phase === 'parked') return { for: 'decision' };
  return phase === 'scheduled' ? waitingFor({ for: awaits }, deadlines) : null;
}

/** Milliseconds to the first of these deadlines that has not passed; null where all have. */
function untilNext(deadlines: Deadlines, moments: readonly Moment[]): number | null {
  const ahead = moments
    .map((moment) => Date.parse(deadlines[DEADLINE_OF[moment]]?.at ?? EPOCH) - Date.now())
    .filter((ms) => ms > 0);
  return ahead.length === 0 ? null : Math.min(...ahead);
}

function waitingFor(waiting: Waiting, deadlines: Deadlines): Waiting {
  if (!(waiting.for in DEADLINE_OF)) return waiting;
  const at = deadlines[DEADLINE_OF[waiting.for as Moment]]?.at;
  return at === undefined ? { for: waiting.for } : { for: waiting.for, until: at };
}
