// The frame around every step that speaks to Okta: asks whether the connection may be used, keeps the
// request ids, writes step, ledger row and learned facts in one transaction, and turns errors once.
import { Context } from '@temporalio/activity';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import type { OktaUserId } from '../domain/brand.js';
import { isIntent, type Effect } from '../domain/effects.js';
import type { RunEvent, RunRef, StepStatus } from '../domain/run.js';
import { OktaError, type Answer, type OktaClient, type OktaConnection } from '../okta/index.js';
import type { AccountHolder, StepReport, Store } from '../store/store.js';
import { createBlocking, type Entered } from './blocking.js';
import { about, blocked, CONNECTION_BLOCKED, judge, withEffects } from './failures.js';

export interface ActivityDeps {
  okta: OktaClient;
  store: Pick<Store, 'connections' | 'connectionKeys' | 'runs' | 'refusals' | 'groups'>;
  now: () => Date;
  /** Told how every attempt ended. */
  observe?: (step: ObservedStep) => void;
}

/** An attempt of a step, for metrics and logs: bounded words, numbers and Okta's request ids only. */
export interface ObservedStep {
  activity: string;
  result: NonNullable<Done<unknown>['status']> | Trouble;
  code: string | null;
  limited: 'window' | 'concurrency' | 'budget' | null;
  durationMs: number;
  oktaRequestIds: string[];
}

/** `broken`: our own store, or an error of ours. */
type Trouble = 'retried' | 'parked' | 'blocked' | 'cancelled' | 'broken';

/** What a step says of itself once it is through. */
export interface Done<T> {
  value: T;
  /** For people. */
  detail: string;
  /** Done unless said otherwise. */
  status?: 'done' | 'skipped' | 'undone' | 'failed';
  /** What was done in Okta, for the ledger; left out where nothing was changed. */
  action?: string;
  /** What the journal gets: results of this step, and intents of the write that follows it. */
  effects?: Effect[];
  /** The account that Okta showed. */
  shown?: { oktaUserId: OktaUserId; login: string; name: string };
  /**
   * The account shown is to be this run's alone. Where another open run has it, this says what becomes of
   * the step, and none of its effects are kept. May throw a failure that parks.
   */
  whenBusy?: (holder: AccountHolder) => Done<T>;
}

/** What every step gives to its workflow. */
export interface StepResult<T> {
  value: T;
  effects: Effect[];
}

/** What the body of a step works with. */
export interface StepTools {
  okta: OktaConnection;
  /** Ends the calls when the attempt is over. */
  signal: AbortSignal;
  /** Whether an earlier attempt may have reached Okta. */
  mayHaveHappened: boolean;
  /** What a refusal is about, for people: added to the problem that the run parks with. */
  concerns: (whom: string) => void;
  /** Says before a write what is known where Okta surely refuses it. */
  ifRefused: (effects: Effect[]) => void;
  /** Says that a write of this attempt was done, so that a later refusal does not count as nothing. */
  wrote: () => void;
  /**
   * Says that something on the way to the write was done: the next attempt looks anew, while a refusal of the
   * write itself still counts as nothing.
   */
  prepared: () => void;
  /** Keeps that an answer was lost although the step goes on. */
  noteLost: (error: OktaError) => void;
  /** Unwraps an answer and keeps its request id. */
  take: <T>(answer: Answer<T>) => T;
}

const STORE_ATTEMPTS = 5;
const HEARTBEAT_MS = 5_000;

export type RunStep = <T>(
  input: { run: RunRef },
  body: (tools: StepTools) => Promise<Done<T>>,
) => Promise<StepResult<T>>;

/** What an attempt leaves to the next one: the last attempt that surely did not reach Okta. */
interface Progress {
  untouchedThrough: number;
}

export function createStepRunner({ okta, store, now, observe }: ActivityDeps): RunStep {
  const blocking = createBlocking(store, now);

  return async function runStep(input, body) {
    const context = Context.current();
    const { attempt, activityId, activityType } = context.info;
    const connection = okta.connection(input.run.connection);
    const startedAt = now().toISOString();
    const startedMs = performance.now();
    const requestIds: string[] = [];
    const before = context.info.heartbeatDetails as Progress | undefined;
    const mayHaveHappened = attempt > 1 && before?.untouchedThrough !== attempt - 1;
    let isTouched = mayHaveHappened;
    let isPrepared = false;
    let hasEntered = false;
    let refusal: Effect[] = [];
    let concern: string | null = null;
    let lost: RunEvent | null = null;

    const ended = (
      result: ObservedStep['result'],
      code: string | null = null,
      limited: ObservedStep['limited'] = null,
    ): void => {
      const durationMs = performance.now() - startedMs;
      const step = { activity: activityType, result, code, limited, durationMs };
      observe?.({ ...step, oktaRequestIds: requestIds });
    };

    const report = (
      status: StepStatus,
      detail: string | null,
      event: RunEvent | null,
      learned: Pick<StepReport, 'effects' | 'shown' | 'claims'> = { effects: [] },
    ): Promise<AccountHolder | null> =>
      persist(store, {
        run: input.run,
        activityId,
        // Undefined only outside a workflow, where no step runs.
        workflowRunId: context.info.workflowExecution?.runId ?? '',
        name: activityType,
        status,
        startedAt,
        finishedAt: status === 'running' ? null : now().toISOString(),
        attempts: attempt,
        oktaRequestIds: requestIds,
        detail,
        event,
        ...learned,
      });

    // Without signs of life, a task that was lost on its way to us would be missed after a minute only.
    const beat = setInterval(() => {
      context.heartbeat(before);
    }, HEARTBEAT_MS);
    const signal = unlessCancelled(context);
    let entered: Entered | undefined;
    try {
      entered = await blocking.enter(input.run, activityType, connection, signal);
      hasEntered = true;
      let done = await body({
        okta: connection,
        signal,
        mayHaveHappened,
        concerns: (whom) => {
          concern = whom;
        },
        ifRefused: (effects) => {
          refusal = effects;
        },
        wrote: () => {
          isTouched = true;
        },
        prepared: () => {
          isPrepared = true;
        },
        noteLost: (error) => {
          if (error.oktaRequestId !== null) requestIds.push(error.oktaRequestId);
          if (error.outcome === 'unknown') lost = lostAnswer(error);
        },
        take: (answer) => {
          if (answer.requestId !== null) requestIds.push(answer.requestId);
          return answer.value;
        },
      });
      const holder = await tell(done);
      if (holder !== null && done.whenBusy !== undefined) {
        done = done.whenBusy(holder);
        await tell(done);
      }
      const { status = 'done' } = done;
      if (status === 'done' || status === 'undone') await entered.passed();
      ended(status);
      // An intent is the workflow's to record, when the write really comes.
      return { value: done.value, effects: resultsOf(done.effects ?? []) };
    } catch (error) {
      if (error instanceof OktaError) {
        if (error.oktaRequestId !== null) requestIds.push(error.oktaRequestId);
        throw await settle(error);
      }
      if (error instanceof ApplicationFailure && error.nonRetryable === true) {
        const effects = isUntouched(error.cause) ? refusal : [];
        await report('failed', error.message, null, { effects });
        ended(...troubleOf(error, context.cancellationSignal));
        throw context.cancellationSignal.aborted
          ? new CancelledFailure('cancelled', [effects])
          : withEffects(error, effects);
      }
      if (!hasEntered) leaveProgress();
      ended(...troubleOf(error, context.cancellationSignal));
      throw context.cancellationSignal.aborted ? new CancelledFailure('cancelled') : error;
    } finally {
      clearInterval(beat);
      await entered?.left();
    }

    function tell(done: Done<unknown>): Promise<AccountHolder | null> {
      const { status = 'done', detail, action, effects = [], shown, whenBusy } = done;
      const event = action === undefined ? lost : eventOf(context, action, detail, 'done');
      return report(status, detail, event, {
        effects,
        ...(shown === undefined ? {} : { shown }),
        claims: whenBusy !== undefined,
      });
    }

    function isUntouched(cause: unknown): boolean {
      return cause instanceof OktaError && cause.outcome === 'not-done' && !isTouched;
    }

    function lostAnswer(error: OktaError): RunEvent {
      return eventOf(context, `${activityType}.answer-lost`, error.message, String(attempt));
    }

    async function settle(error: OktaError): Promise<Error> {
      const unanswered = error.outcome === 'unknown' ? lostAnswer(error) : null;
      const verdict = judge(error, attempt);
      switch (verdict.kind) {
        case 'retry':
          // A refusal that is simply repeated shows in Temporal; a lost answer is a fact to keep.
          if (unanswered !== null) await report('running', error.message, unanswered);
          if (error.outcome === 'not-done') leaveProgress();
          ended('retried', error.code, error.code === 'OKTA_RATE_LIMITED' ? error.kind : null);
          return verdict.failure;
        case 'park': {
          const waits = await blocking.refused(input.run, activityType, error);
          if (waits !== null) {
            if (error.outcome === 'not-done') leaveProgress();
            ended('blocked', error.code);
            return waits;
          }
          const effects = isUntouched(error) ? refusal : [];
          const failure = withEffects(about(verdict.failure, concern), effects);
          await report('failed', failure.message, unanswered, { effects });
          ended('parked', error.code);
          return failure;
        }
        case 'block':
          await blocking.block(input.run.connection, verdict);
          if (error.outcome === 'not-done') leaveProgress();
          ended('blocked', error.code);
          return blocked(verdict.detail);
      }
    }

    /** The SDK sends the last heartbeat before the failure, so the next attempt knows it. */
    function leaveProgress(): void {
      if (isTouched || isPrepared) return;
      const progress: Progress = { untouchedThrough: attempt };
      context.heartbeat(progress);
    }
  };
}

/**
 * Ends the calls when the attempt is over (timed out, or its worker stops), but not when the run is
 * cancelled: a call that is under way is short, and what came of it must be known to take it back.
 */
function unlessCancelled(context: Context): AbortSignal {
  const calls = new AbortController();
  context.cancellationSignal.addEventListener('abort', () => {
    if (context.cancellationDetails?.cancelRequested === true) return;
    calls.abort(context.cancellationSignal.reason);
  });
  return calls.signal;
}

/** How an attempt ended that Okta did not end. */
function troubleOf(error: unknown, signal: AbortSignal): [Trouble, string | null] {
  if (error instanceof ApplicationFailure && error.nonRetryable === true) {
    return ['parked', error.type ?? null];
  }
  if (signal.aborted) return ['cancelled', null];
  if (error instanceof ApplicationFailure && error.type === CONNECTION_BLOCKED) {
    return ['blocked', error.type];
  }
  return ['broken', null];
}

/**
 * A ledger row's key. A lost answer is a row for each attempt; what was done is one for the step, although a
 * worker may die between writing it down and telling Temporal, and the next attempt finds it done.
 */
function eventOf(context: Context, action: string, detail: string, part: string): RunEvent {
  const { activityId, workflowExecution } = context.info;
  return { key: `${workflowExecution?.runId ?? ''}/${activityId}/${part}`, action, detail };
}

/** It is done; only its record is missing. Worth a few tries before the whole step is repeated. */
async function persist(
  store: ActivityDeps['store'],
  report: StepReport,
): Promise<AccountHolder | null> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await store.runs.reportStep(report);
    } catch (error) {
      if (tries === STORE_ATTEMPTS) throw error;
      await Context.current().sleep(200 * 2 ** tries);
    }
  }
}

function resultsOf(effects: Effect[]): Effect[] {
  return effects.filter((effect) => !isIntent(effect));
}
