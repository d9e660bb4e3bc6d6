// The frame around every step that speaks to Okta: asks whether the connection may be used, keeps the
// request ids, writes step, ledger row and learned facts in one transaction, and turns errors once.
import { Context } from '@temporalio/activity';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import type { ConnectionId, OktaUserId } from '../domain/brand.js';
import type { ConnectionProblem } from '../domain/connection.js';
import type { RunEvent, RunRef, StepStatus } from '../domain/run.js';
import { OktaError, type Answer, type OktaClient, type OktaConnection } from '../okta/index.js';
import type { StepReport, Store } from '../store/store.js';
import { blocked, judge } from './failures.js';

export interface ActivityDeps {
  okta: OktaClient;
  store: Pick<Store, 'connections' | 'runs'>;
  now: () => Date;
}

/** What a step says of itself once it is through. */
export interface Done<T> {
  value: T;
  /** For people. */
  detail: string;
  /** Done unless said otherwise. */
  status?: 'done' | 'skipped' | 'undone' | 'failed';
  /** What was done in Okta, for the ledger; left out where nothing was changed. */
  action?: string;
  oktaUserId?: OktaUserId;
}

/** What the body of a step works with. */
export interface StepTools {
  okta: OktaConnection;
  /** Ends the calls when the activity is cancelled. */
  signal: AbortSignal;
  /** Whether an earlier attempt may have reached Okta. */
  mayHaveHappened: boolean;
  /** Unwraps an answer and keeps its request id. */
  take: <T>(answer: Answer<T>) => T;
}

const STORE_ATTEMPTS = 5;
const FIRST_PROBE_MS = 10_000;

export type RunStep = <T>(
  input: { run: RunRef },
  body: (tools: StepTools) => Promise<Done<T>>,
) => Promise<T>;

export function createStepRunner({ okta, store, now }: ActivityDeps): RunStep {
  return async function runStep(input, body) {
    const context = Context.current();
    const { attempt, activityId, activityType } = context.info;
    const connection = okta.connection(input.run.connection);
    const startedAt = now().toISOString();
    const requestIds: string[] = [];

    const report = (
      status: StepStatus,
      detail: string | null,
      event: RunEvent | null,
      oktaUserId?: OktaUserId,
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
        ...(oktaUserId === undefined ? {} : { oktaUserId }),
      });

    try {
      await admit(store, connection, input.run.connection, context.cancellationSignal);
      const done = await body({
        okta: connection,
        signal: context.cancellationSignal,
        mayHaveHappened: attempt > 1,
        take: (answer) => {
          if (answer.requestId !== null) requestIds.push(answer.requestId);
          return answer.value;
        },
      });
      const event = done.action === undefined ? null : eventOf(context, done.action, done.detail);
      await report(done.status ?? 'done', done.detail, event, done.oktaUserId);
      return done.value;
    } catch (error) {
      if (error instanceof OktaError) {
        if (error.oktaRequestId !== null) requestIds.push(error.oktaRequestId);
        throw await settle(error);
      }
      if (error instanceof ApplicationFailure && error.nonRetryable === true) {
        await report('failed', error.message, null);
      }
      throw context.cancellationSignal.aborted ? new CancelledFailure('cancelled') : error;
    }

    async function settle(error: OktaError): Promise<Error> {
      const lost =
        error.outcome === 'unknown'
          ? eventOf(context, `${activityType}.answer-lost`, error.message)
          : null;
      const verdict = judge(error, attempt);
      switch (verdict.kind) {
        case 'retry':
          // A refusal that is simply repeated shows in Temporal; a lost answer is a fact to keep.
          if (lost !== null) await report('running', error.message, lost);
          return verdict.failure;
        case 'park':
          await report('failed', verdict.failure.message, lost);
          return verdict.failure;
        case 'block': {
          const { code, title, detail } = verdict;
          await store.connections.block(input.run.connection, {
            code,
            title,
            detail,
            since: now().toISOString(),
          });
          return blocked(detail, FIRST_PROBE_MS);
        }
      }
    }
  };
}

/** A ledger row's key: one an attempt, whatever is repeated. */
function eventOf(context: Context, action: string, detail: string): RunEvent {
  const { activityId, attempt, workflowExecution } = context.info;
  return { key: `${workflowExecution?.runId ?? ''}/${activityId}/${attempt}`, action, detail };
}

/** Passes when the connection works. Blocked: the one caller whose turn it is tries it out. */
async function admit(
  store: ActivityDeps['store'],
  okta: OktaConnection,
  id: ConnectionId,
  signal: AbortSignal,
): Promise<void> {
  const admission = await store.connections.admission(id);
  switch (admission.kind) {
    case 'ready':
      return;
    case 'unknown':
      throw blocked(`There is no connection "${id}".`, FIRST_PROBE_MS);
    case 'blocked':
      throw blocked(sentence(admission.problem), admission.retryInMs);
    case 'probe':
      await probe(okta, signal, admission.problem);
      await store.connections.unblock(id);
  }
}

/** One token and one read; a role that may not read groups is not what blocks a connection. */
async function probe(
  okta: OktaConnection,
  signal: AbortSignal,
  problem: ConnectionProblem,
): Promise<void> {
  try {
    await okta.mintToken({ signal, renew: true });
    await okta.findGroupsByName('Everyone', { signal });
  } catch (error) {
    if (error instanceof OktaError && error.code === 'OKTA_FORBIDDEN') return;
    throw error instanceof OktaError ? blocked(sentence(problem), FIRST_PROBE_MS) : error;
  }
}

function sentence({ title, detail }: ConnectionProblem): string {
  return `${title}. ${detail}`;
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
