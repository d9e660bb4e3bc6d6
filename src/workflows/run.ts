// One run from the inside: where it stands, how it waits, parks and reports, and how messages reach it.
// What it does in Okta, and how that is taken back, is in saga.ts.
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
import { TenureDueAt, TenureFlow, TenurePhase, TenureRun } from '../contract/search-attributes.js';
import type { Recovered } from '../contract/workflows.js';
import { possibleActions } from '../domain/actions.js';
import { narrate } from '../domain/narration.js';
import { passed, withLateness } from '../domain/orphan.js';
import {
  closedEvent,
  DEADLINE_OF,
  type Deadlines,
  type Decision,
  type Moment,
  type NextRun,
  type Problem,
  type RunEvent,
  type RunKind,
  type RunOutcome,
  type RunRef,
  type RunReport,
  type TimeValue,
} from '../domain/run.js';
import { dueMs, transition, type Happening, type Standing } from '../domain/standing.js';
import { recordNextRun, recordRun } from './activities.js';
import { Superseded } from './endings.js';
import { listen } from './messages.js';

export interface RunOptions {
  ref: RunRef;
  kind: RunKind;
  /** One line for people, such as `Onboard Ada Lovelace · demo · 2 groups`. */
  title: string;
  /** What it waits for first; the moments that it has, in their order. */
  moments: readonly Moment[];
  deadlines: Deadlines;
  /** Urgent offboardings that the execution before could not look at. */
  takeovers: Takeover[];
  /** A workflow before this one was ended from outside: the run is parked until somebody decides. */
  recovered: Recovered | undefined;
}

export interface Run {
  readonly ref: RunRef;
  readonly kind: RunKind;
  readonly takeovers: readonly Takeover[];
  standing(): Standing;
  /**
   * Waits until `leadMs` before a moment that may be moved meanwhile, and does `recheck` as often as
   * somebody asks for the same again. @throws {Superseded}
   */
  waitFor(
    moment: Moment,
    phase: 'scheduled' | 'holding',
    options?: { leadMs?: number; recheck?: () => Promise<void> },
  ): Promise<void>;
  /** The run is at work again. */
  works(): void;
  /** Says when what was asked for at a moment was done. */
  met(moment: Moment, at: number): void;
  /**
   * Waits for the end of an undo window, and does `recheck` as often as somebody asks for the same again.
   * @throws {Superseded}
   */
  holdUntil(end: TimeValue, recheck: () => Promise<void>): Promise<void>;
  /** Waits for Okta's limit. Interrupted by cancellation. */
  pause(ms: number): Promise<void>;
  /** Parks until somebody decides. @throws {Superseded} */
  park(found: Problem): Promise<Decision>;
  /** The same for a run without a workflow before this one; says which deadlines pass meanwhile. */
  standOrphaned(): Promise<Decision>;
  beginUndo(): Promise<void>;
  /** Does `work` unless an urgent offboarding comes first; then a step under way ends. @throws {Superseded} */
  unlessSuperseded<T>(work: () => Promise<T>): Promise<T>;
  /** Lets `recheck` answer whoever asks for the same again. */
  offersRecheck(recheck: () => Promise<string>): void;
  /** Rechecks that were asked for while the run was at work. */
  catchUpOnRechecks(): Promise<void>;
  /** The last word. No handler is at work afterwards. */
  close(
    phase: 'completed' | 'cancelled' | 'failed',
    outcome: RunOutcome,
    more?: { next?: NextRun; detail?: string },
  ): Promise<void>;
}

export function openRun(options: RunOptions): Run {
  const { ref, kind, recovered, moments } = options;
  const takeovers = [...options.takeovers];
  let standing = firstStanding(options);
  let decision: Decision | null = null;
  let reports = 0;
  let changes = 0;
  let lastReport = Promise.resolve();
  let interrupt: (() => void) | null = null;
  let recheck: (() => Promise<string>) | null = null;
  const asked: { by: string | null; key: string; answered: (said: string | null) => void }[] = [];

  const snapshot = (event: RunEvent | null, next: NextRun | null): RunReport => {
    const { phase, outcome, deadlines, waiting, problem, undoing } = standing;
    const actions = possibleActions(standing);
    const version = (recovered?.version ?? 0) + versionOf(reports);
    return {
      ...{ run: ref, version, kind, phase, outcome, deadlines, waiting, problem, undoing },
      ...{ actions, event, next },
    };
  };

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

  function happens(happening: Happening): void {
    const { phase } = standing;
    standing = transition(standing, happening);
    if (standing.phase === phase) return;
    upsertSearchAttributes([{ key: TenurePhase, value: standing.phase }]);
  }

  const hasToYield = (): boolean => takeovers.length > 0;
  function yieldToTakeover(): void {
    if (hasToYield()) throw new Superseded();
  }

  setHandler(progressQuery, () => snapshot(null, null));
  setHandler(takeoverSignal, (message) => {
    if (!isTakeover(message)) {
      return report(note('refused', 'A takeover without its fields was refused.'));
    }
    const isOwnStart = message.input.run.requestId === ref.requestId;
    const isKnown = takeovers.some(({ actionId }) => actionId === message.actionId);
    if (isOwnStart || isKnown) return undefined;
    takeovers.push(message);
    interrupt?.();
    return undefined;
  });
  listen(ref, {
    standing: () => standing,
    reschedule: (wanted) => {
      happens({ kind: 'rescheduled', changes: wanted });
    },
    expedite: (moment) => {
      happens({ kind: 'expedited', moment });
    },
    resolve: (decided) => {
      decision = decided;
    },
    canRecheck: () => recheck !== null && !standing.undoing && standing.outcome === null,
    recheck: (by, key) =>
      new Promise((answered) => {
        asked.push({ by, key, answered });
      }),
    applied: async (event) => {
      changes += 1;
      await report(event);
    },
    refused: report,
  });

  /** Looks once for everybody who asked, and tells each what was found. */
  async function answerRechecks(): Promise<void> {
    if (recheck === null || asked.length === 0) return;
    const waiting = asked.splice(0);
    try {
      const said = await recheck();
      for (const { by, key } of waiting) {
        const who = by === null ? '' : ` (asked by ${by})`;
        await report({ key, action: 'run.looked-again', detail: `${said}${who}` });
      }
      for (const { answered } of waiting) answered(said);
    } catch (error) {
      for (const { answered } of waiting) answered(null);
      throw error;
    }
  }

  const decided = (): Decision | null => decision;
  const isOver = (): boolean => decided() !== null || hasToYield();

  async function unpark(before: Standing): Promise<Decision> {
    const { waiting } = before;
    const phase = isParkable(before.phase) ? before.phase : 'running';
    happens({ kind: 'resumed', phase, waiting });
    yieldToTakeover();
    // The handler has reported already, with the run still parked; this is the news that it goes on.
    await report();
    return decided() ?? 'retry';
  }

  /** What passes while a run is orphaned is said; nothing is done about it. */
  async function sayingWhatPasses(found: Problem): Promise<void> {
    for (let said = -1; !isOver();) {
      const seen = changes;
      const late = passed(standing.deadlines, moments, Date.now());
      if (late.length !== said) {
        const problem = withLateness(found, standing.deadlines, late);
        happens({ kind: 'parked', problem });
        await report(note(said === -1 ? 'parked' : 'late', problem.detail));
        said = late.length;
      }
      const isNews = (): boolean => isOver() || changes !== seen;
      const nextMs = untilNext(standing.deadlines, moments);
      if (nextMs === null) await condition(isNews);
      else await condition(isNews, nextMs, { summary: 'a deadline of this run' });
    }
  }

  return {
    ref,
    kind,
    takeovers,
    standing: () => standing,

    async waitFor(moment, phase, { leadMs = 0, recheck: again } = {}) {
      const due = (): number => dueMs(standing, moment) - leadMs;
      if (Date.now() < due()) {
        const before = standing;
        happens({ kind: 'awaits', moment, phase });
        const isNews = before.phase !== phase || before.waiting?.until !== standing.waiting?.until;
        if (isNews || reports === 0) await report();
      }
      while (Date.now() < due()) {
        yieldToTakeover();
        const seen = changes;
        const dueAt = new Date(due());
        upsertSearchAttributes([{ key: TenureDueAt, value: dueAt }]);
        const isNews = (): boolean => changes !== seen || hasToYield() || asked.length > 0;
        await condition(isNews, due() - Date.now(), {
          summary: `${moment} at ${dueAt.toISOString()}`,
        });
        if (asked.length > 0) await again?.();
      }
      yieldToTakeover();
    },

    works: () => {
      happens({ kind: 'works' });
    },

    met: (moment, at) => {
      happens({ kind: 'met', moment, at });
    },

    async holdUntil(end, again) {
      happens({ kind: 'holds', until: end });
      await report(note('holding', null));
      for (;;) {
        const remainingMs = Date.parse(end.at) - Date.now();
        if (remainingMs <= 0) break;
        const isNews = (): boolean => hasToYield() || asked.length > 0;
        await condition(isNews, remainingMs, { summary: `undo window ends ${end.at}` });
        yieldToTakeover();
        if (asked.length > 0) await again();
      }
      happens({ kind: 'works' });
    },

    async pause(ms) {
      happens({ kind: 'limited', until: new Date(Date.now() + ms).toISOString() });
      await report();
      await condition(hasToYield, ms, { summary: 'Okta’s rate limit' });
      happens({ kind: 'works' });
      yieldToTakeover();
    },

    async park(found) {
      const before = standing;
      decision = null;
      happens({ kind: 'parked', problem: found });
      await report(note('parked', found.detail));
      while (!isOver()) {
        await condition(() => isOver() || asked.length > 0);
        // A problem of its own leaves this one as it is; whoever asked is told.
        if (!isOver()) await answerRechecks().catch(rethrowCancellation);
      }
      return unpark(before);
    },

    async standOrphaned() {
      // A decision may have come while the journal was loaded.
      const { problem } = standing;
      if (problem !== null) await sayingWhatPasses(problem);
      return unpark({ ...standing, phase: 'running', waiting: null });
    },

    async beginUndo() {
      happens({ kind: 'undoes' });
      await report(note('undo', null));
    },

    async unlessSuperseded(work) {
      yieldToTakeover();
      const scope = new CancellationScope();
      interrupt = () => {
        scope.cancel();
      };
      try {
        return await scope.run(work);
      } catch (error) {
        if (hasToYield() && scope.consideredCancelled && !isCancelledOutside()) {
          throw new Superseded();
        }
        throw error;
      } finally {
        interrupt = null;
      }
    },

    offersRecheck: (look) => {
      recheck = look;
    },
    catchUpOnRechecks: answerRechecks,

    async close(phase, outcome, { next, detail } = {}) {
      for (const { answered } of asked.splice(0)) answered(null);
      recheck = null;
      if (!allHandlersFinished()) {
        await CancellationScope.nonCancellable(() => condition(allHandlersFinished));
      }
      happens({ kind: 'closed', phase, outcome });
      await report(closedEvent(phase, detail ?? outcome), next ?? null);
      if (allHandlersFinished()) return;
      await CancellationScope.nonCancellable(() => condition(allHandlersFinished));
    },
  };
}

function firstStanding({ recovered, deadlines, moments }: RunOptions): Standing {
  const standing: Standing = {
    phase: 'running',
    waiting: null,
    deadlines: recovered?.deadlines ?? deadlines,
    problem: null,
    undoing: recovered?.undoing ?? false,
    outcome: null,
    expedited: [],
  };
  if (recovered !== undefined) {
    return transition(standing, { kind: 'parked', problem: recovered.problem });
  }
  const [first] = moments;
  return first === undefined || deadlines[DEADLINE_OF[first]] === undefined
    ? standing
    : transition(standing, { kind: 'awaits', moment: first, phase: 'scheduled' });
}

/** The phase to go back to after a decision. */
function isParkable(phase: Standing['phase']): phase is 'scheduled' | 'running' | 'holding' {
  return phase === 'scheduled' || phase === 'running' || phase === 'holding';
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
export function throwIfCancelled(): void {
  if (isCancelledOutside()) throw new CancelledFailure('cancelled');
}

function isCancelledOutside(): boolean {
  return CancellationScope.current().consideredCancelled;
}

function rethrowCancellation(error: unknown): void {
  if (error instanceof CancelledFailure || error instanceof Superseded) throw error;
}

/** Marks the execution as this run's, after continue-as-new. */
export function claimExecution(ref: RunRef, kind: RunKind, phase: Standing['phase']): void {
  if (workflowInfo().typedSearchAttributes.get(TenureRun) === ref.id) return;
  upsertSearchAttributes([
    { key: TenureRun, value: ref.id },
    { key: TenureFlow, value: kind },
    { key: TenurePhase, value: phase },
  ]);
}

/** Milliseconds to the first of these deadlines that has not passed; null where all have. */
function untilNext(deadlines: Deadlines, moments: readonly Moment[]): number | null {
  const ahead = moments
    .map((moment) => Date.parse(deadlines[DEADLINE_OF[moment]]?.at ?? EPOCH) - Date.now())
    .filter((ms) => ms > 0);
  return ahead.length === 0 ? null : Math.min(...ahead);
}

const EPOCH = '1970-01-01T00:00:00Z';

/** Whoever reaches Temporal can send anything; what lacks its fields must not fail the workflow task. */
function isTakeover(message: unknown): message is Takeover {
  if (typeof message !== 'object' || message === null) return false;
  const { actionId, input } = message as Partial<Takeover>;
  return (
    typeof actionId === 'string' &&
    typeof input === 'object' &&
    typeof input?.run?.requestId === 'string' &&
    typeof input.person?.login === 'string' &&
    typeof input.terms === 'object'
  );
}
