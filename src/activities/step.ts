// The frame around every step that speaks to Okta: asks whether the connection may be used, keeps the
// request ids, writes step, ledger row and learned facts in one transaction, and turns errors once.
import { Context } from '@temporalio/activity';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import type { OktaUserId } from '../domain/brand.js';
import type { Deed } from '../domain/deeds.js';
import type { RunEvent, RunRef, StepStatus } from '../domain/run.js';
import { OktaError, type Answer, type OktaClient, type OktaConnection } from '../okta/index.js';
import type { StepReport, Store } from '../store/store.js';
import { createBlocking, type Entered } from './blocking.js';
import { blocked, CONNECTION_BLOCKED, judge } from './failures.js';

export interface ActivityDeps {
  okta: OktaClient;
  store: Pick<Store, 'connections' | 'connectionKeys' | 'runs' | 'refusals'>;
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
  /** What a recovery must know of it. */
  deed?: Deed;
  oktaUserId?: OktaUserId;
}

/** What the body of a step works with. */
export interface StepTools {
  okta: OktaConnection;
  /** Ends the calls when the attempt is over. */
  signal: AbortSignal;
  /** Whether an earlier attempt may have reached Okta. */
  mayHaveHappened: boolean;
  /** Unwraps an answer and keeps its request id. */
  take: <T>(answer: Answer<T>) => T;
}

const STORE_ATTEMPTS = 5;
const HEARTBEAT_MS = 5_000;

export type RunStep = <T>(
  input: { run: RunRef },
  body: (tools: StepTools) => Promise<Done<T>>,
) => Promise<T>;

export function createStepRunner({ okta, store, now, observe }: ActivityDeps): RunStep {
  const blocking = createBlocking(store, now);

  return async function runStep(input, body) {
    const context = Context.current();
    const { attempt, activityId, activityType } = context.info;
    const connection = okta.connection(input.run.connection);
    const startedAt = now().toISOString();
    const startedMs = performance.now();
    const requestIds: string[] = [];

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
      learned: Pick<Done<unknown>, 'deed' | 'oktaUserId'> = {},
    ): Promise<void> =>
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
      context.heartbeat();
    }, HEARTBEAT_MS);
    const signal = unlessCancelled(context);
    let entered: Entered | undefined;
    try {
      entered = await blocking.enter(input.run, activityType, connection, signal);
      const done = await body({
        okta: connection,
        signal,
        mayHaveHappened: attempt > 1,
        take: (answer) => {
          if (answer.requestId !== null) requestIds.push(answer.requestId);
          return answer.value;
        },
      });
      const event =
        done.action === undefined ? null : eventOf(context, done.action, done.detail, 'done');
      const { deed, oktaUserId, status = 'done' } = done;
      await report(status, done.detail, event, {
        ...(deed === undefined ? {} : { deed }),
        ...(oktaUserId === undefined ? {} : { oktaUserId }),
      });
      if (status === 'done' || status === 'undone') await entered.passed();
      ended(status);
      return done.value;
    } catch (error) {
      if (error instanceof OktaError) {
        if (error.oktaRequestId !== null) requestIds.push(error.oktaRequestId);
        throw await settle(error);
      }
      if (error instanceof ApplicationFailure && error.nonRetryable === true) {
        await report('failed', error.message, null);
      }
      ended(...troubleOf(error, context.cancellationSignal));
      throw context.cancellationSignal.aborted ? new CancelledFailure('cancelled') : error;
    } finally {
      clearInterval(beat);
      await entered?.left();
    }

    async function settle(error: OktaError): Promise<Error> {
      const lost =
        error.outcome === 'unknown'
          ? eventOf(context, `${activityType}.answer-lost`, error.message, String(attempt))
          : null;
      const verdict = judge(error, attempt);
      switch (verdict.kind) {
        case 'retry':
          // A refusal that is simply repeated shows in Temporal; a lost answer is a fact to keep.
          if (lost !== null) await report('running', error.message, lost);
          ended('retried', error.code, error.code === 'OKTA_RATE_LIMITED' ? error.kind : null);
          return verdict.failure;
        case 'park': {
          const waits = await blocking.refused(input.run, activityType, error);
          if (waits !== null) {
            ended('blocked', error.code);
            return waits;
          }
          await report('failed', verdict.failure.message, lost);
          ended('parked', error.code);
          return verdict.failure;
        }
        case 'block':
          await blocking.block(input.run.connection, verdict);
          ended('blocked', error.code);
          return blocked(verdict.detail);
      }
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
 * A ledger row's key. A lost answer is a row for each attempt; a deed is one for the step, although a
 * worker may die between writing it down and telling Temporal, and the next attempt finds it done.
 */
function eventOf(context: Context, action: string, detail: string, part: string): RunEvent {
  const { activityId, workflowExecution } = context.info;
  return { key: `${workflowExecution?.runId ?? ''}/${activityId}/${part}`, action, detail };
}

/** The deed is done; only its record is missing. Worth a few tries before the whole step is repeated. */
async function persist(store: ActivityDeps['store'], report: StepReport): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      await store.runs.reportStep(report);
      return;
    } catch (error) {
      if (tries === STORE_ATTEMPTS) throw error;
      await Context.current().sleep(200 * 2 ** tries);
    }
  }
}
