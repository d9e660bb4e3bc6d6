// How an accepted row becomes a workflow, exactly once. The row is written first; what then becomes of
// the start decides: it stays, it is withdrawn, or it waits for the sweep (sweep.ts).
import { setTimeout as sleep } from 'node:timers/promises';
import type { Takeover } from '../contract/messages.js';
import type { OffboardInput } from '../contract/workflows.js';
import { isOpen, type RunKind, type RunRecord, type RunRef } from '../domain/run.js';
import type { Logger } from '../observability/logger.js';
import type { EarlierRun, NewRun, RunStore } from '../store/store.js';
import { Problem } from './problem.js';
import { inputOf, startOrderOf, type RunInput, type StartOrder } from './start-order.js';
import type { ActionOutcome, Engine, StartOutcome } from './temporal.js';

export interface Starter {
  /**
   * Accepts the request and starts it. `isNew` is false for the same request again; where its run had done
   * its part, that run has looked again, or (`isConfirmed` false) is told to by whichever worker comes.
   * @throws {Problem} `RUN_OPEN`, `TEMPORAL_UNAVAILABLE`; the row is withdrawn then.
   */
  submit(run: NewRun, input: RunInput, actionId: string): Promise<Submitted>;
  /**
   * Settles a row that Temporal may or may not have: harmless however often it is called.
   * @throws Temporal's or the database's errors: try again later.
   */
  ensureStarted(row: { run: RunRef; kind: RunKind; takeover: boolean }): Promise<Settled>;
}

export interface Submitted {
  run: RunRecord;
  isNew: boolean;
  isConfirmed: boolean;
}

/** `waiting`: the person's workflow before is still closing. `lost`: she has another open run. */
export type Settled = 'started' | 'waiting' | 'lost' | 'not-taken' | 'unknown';

export interface StarterDeps {
  runs: RunStore;
  engine: Engine;
  log: Logger;
  /** How long a request waits for the person's former workflow to close. */
  closingMs?: number;
}

/** A run that looks again may end by that, and another one may have come meanwhile. */
const TURNS = 3;
/** A workflow closes within milliseconds after its run was reported over. */
const CLOSING_MS = 2_000;
const RETRY_EVERY_MS = 100;

export function createStarter(deps: StarterDeps): Starter {
  const { runs, engine, log } = deps;
  const closingMs = deps.closingMs ?? CLOSING_MS;

  /** Each turn settles what the one before it found; a run that looks again may have ended by that. */
  async function submit(row: NewRun, input: RunInput, actionId: string): Promise<Submitted> {
    if (row.takeover) await askHolder(row, actionId);
    for (let turn = 1; ; turn += 1) {
      const acceptance = await runs.accept(row);
      const { run } = acceptance;
      switch (acceptance.kind) {
        case 'same':
          return { run, isNew: false, isConfirmed: true };
        case 'accepted': {
          const { earlier } = acceptance;
          const order = startOrderOf(repeating(input, earlier), run.workflowId);
          await begin(row, order);
          return { run, isNew: true, isConfirmed: true };
        }
        case 'look-again': {
          const looked = await lookAgain(run, row, `${actionId}/${turn}`);
          const answer = (await runs.get(acceptance.answer.id)) ?? run;
          if (looked.kind === 'unconfirmed') {
            return { run: answer, isNew: false, isConfirmed: false };
          }
          if (!(await hasGivenWay(run, row, looked))) {
            if (looked.kind !== 'applied') throw Problem.runOpen(run, row.kind);
            return { run: answer, isNew: false, isConfirmed: true };
          }
          if (turn === TURNS) throw Problem.runOpen(run, row.kind);
          break;
        }
        case 'open': {
          // The login may have another holder by now, which only a look tells.
          if (!isKnown(run) || turn === TURNS) throw Problem.runOpen(run, row.kind);
          const looked = await lookAgain(run, row, `${actionId}/${turn}`);
          if (!(await hasGivenWay(run, row, looked))) throw Problem.runOpen(run, row.kind);
        }
      }
    }
  }

  /** Whether a run does not stand for that login any more: it is over, or its account has another one. */
  async function hasGivenWay(run: RunRecord, row: NewRun, looked: ActionOutcome): Promise<boolean> {
    if (looked.kind === 'unconfirmed') return false;
    if (looked.kind !== 'applied' || looked.isOver) return isClosed(run);
    return (await runs.openFor(run.connection, row.run.subjectRef))?.id !== run.id;
  }

  /**
   * An urgent order takes the place of a run only while the account of that run has the login: whoever has
   * it since is somebody else. A run at work is not kept from it; where nobody answers, it counts.
   */
  async function askHolder(row: NewRun, actionId: string): Promise<void> {
    const holder = await runs.openFor(row.run.connection, row.run.subjectRef);
    if (holder === null || !isKnown(holder) || holder.phase === 'running') return;
    const looked = await lookAgain(holder, row, `${actionId}/holder`).catch((error: unknown) => {
      log.warn({ event: 'run.look-again.failed', runId: holder.id, error });
      return null;
    });
    if (looked?.kind === 'applied' && looked.isOver) await isClosed(holder);
  }

  /** Waits until the run is over, as it said; false where it is not in time. */
  async function isClosed({ id }: RunRecord): Promise<boolean> {
    const until = Date.now() + closingMs;
    for (;;) {
      const now = await runs.get(id);
      if (now === null || !isOpen(now.phase)) return true;
      if (Date.now() >= until) return false;
      await sleep(RETRY_EVERY_MS);
    }
  }

  /** Has the run look at its account, on record. */
  async function lookAgain(
    run: RunRecord,
    { requestedBy, reason, apiKeyId }: NewRun,
    actionId: string,
  ): Promise<ActionOutcome> {
    const by = requestedBy === null ? null : `by ${requestedBy}`;
    const event = { key: `asked/${actionId}`, action: 'look-again.asked', detail: by };
    const ref = refOf(run);
    await runs.note(ref, event, apiKeyId);
    const args = { actionId, runId: run.id, requestedBy, reason };
    return engine.act(run.workflowId, { name: 'lookAgain', args });
  }

  async function begin({ run, kind, takeover }: NewRun, order: StartOrder): Promise<void> {
    const started = await startOnceFree(order, takeover);
    switch (started.kind) {
      case 'started':
        // It runs, whatever becomes of the mark: a refusal now would not be true, and the sweep sets it.
        await runs.markStarted(run.id, started.workflowRunId).catch((error: unknown) => {
          log.warn({ event: 'run.start.unmarked', runId: run.id, error });
        });
        return;
      case 'not-taken':
        log.warn({ event: 'run.start.not-taken', runId: run.id, error: started.cause });
        if (!(await isWithdrawn(run.id))) return;
        throw Problem.temporalUnavailable('The request was not accepted; send it again');
      case 'unknown':
        log.warn({ event: 'run.start.unknown', runId: run.id, error: started.cause });
        return;
      case 'closing':
        log.warn({ event: 'run.start.waits', runId: run.id });
        return;
      case 'taken':
        await runs.withdraw(run.id);
        throw Problem.runOpen(started.by, kind);
    }
  }

  /** False where the row stays, or may stay: then the sweep starts it, and it is accepted. */
  async function isWithdrawn(id: RunRef['id']): Promise<boolean> {
    try {
      await runs.withdraw(id);
      return true;
    } catch (error) {
      log.warn({ event: 'run.withdraw.failed', runId: id, error });
      return false;
    }
  }

  type Beginning =
    | Exclude<StartOutcome, { kind: 'open' }>
    | { kind: 'closing' }
    | { kind: 'taken'; by: RunRecord | null };

  /** Starts; waits a moment where the person's former workflow is about to close. */
  async function startOnceFree(order: StartOrder, takeover: boolean): Promise<Beginning> {
    const giveUpAt = Date.now() + closingMs;
    for (;;) {
      const outcome = takeover
        ? await engine.takeover(order, takeoverOf(order))
        : await engine.start(order);
      if (outcome.kind !== 'open') return outcome;
      const holder = await holderOf(order);
      if (holder.kind !== 'closing') return holder;
      if (Date.now() > giveUpAt) return { kind: 'closing' };
      await sleep(RETRY_EVERY_MS);
    }
  }

  /** Who has the person's workflow id, by the run that the workflow says it is. */
  async function holderOf(order: StartOrder): Promise<Exclude<Beginning, { kind: 'not-taken' }>> {
    const seen = await engine.describe(order.workflowId).catch(() => null);
    if (seen?.run === order.input.run.id) {
      return { kind: 'started', workflowRunId: seen.workflowRunId };
    }
    if (seen === null || seen.run === null) return { kind: 'taken', by: null };
    const row = await runs.get(seen.run as RunRecord['id']);
    if (row === null || isOpen(row.phase)) return { kind: 'taken', by: row };
    return { kind: 'closing' };
  }

  async function ensureStarted(row: {
    run: RunRef;
    kind: RunKind;
    takeover: boolean;
  }): Promise<Settled> {
    const record = await runs.get(row.run.id);
    const stored = await runs.input(row.run.id);
    if (record === null || stored === null) return 'lost';
    const order = startOrderOf(inputOf(row.kind, stored), record.workflowId);
    const seen = await engine.describe(order.workflowId);
    if (hasBegun(record) || seen?.run === row.run.id) {
      await runs.markStarted(row.run.id, seen?.run === row.run.id ? seen.workflowRunId : null);
      return 'started';
    }
    const outcome = row.takeover
      ? await engine.takeover(order, takeoverOf(order))
      : await engine.start(order);
    switch (outcome.kind) {
      case 'started':
        await runs.markStarted(row.run.id, outcome.workflowRunId);
        return 'started';
      case 'open':
        return await settleOpen(record, order);
      case 'not-taken':
      case 'unknown':
        return outcome.kind;
    }
  }

  /** An accepted request that cannot start any more ends as failed, with the reason, and is not lost. */
  async function settleOpen(record: RunRecord, order: StartOrder): Promise<Settled> {
    const holder = await holderOf(order);
    switch (holder.kind) {
      case 'started':
        await runs.markStarted(record.id, holder.workflowRunId);
        return 'started';
      case 'closing':
      case 'unknown':
        return 'waiting';
      case 'taken':
        await runs.report({
          run: order.input.run,
          version: 1,
          kind: record.kind,
          phase: 'failed',
          outcome: 'failed',
          deadlines: {},
          waiting: null,
          problem: null,
          actions: [],
          undoing: false,
          event: {
            key: 'start.lost',
            action: 'run.failed',
            detail: `Never started: another run of this person was open${holder.by === null ? '' : ` (${holder.by.id})`}`,
          },
          next: null,
        });
        await runs.markStarted(record.id, null);
        return 'lost';
    }
  }

  return { submit, ensureStarted };
}

/** An offboarding that has seen its account can look at it again. */
function isKnown({ kind, person }: RunRecord): boolean {
  return kind === 'offboarding' && person.oktaUserId !== null;
}

/** The workflow has been at work on it, whatever the row says of its start. */
function hasBegun(record: RunRecord): boolean {
  return !isOpen(record.phase) || record.steps.length > 0 || record.next !== null;
}

function refOf({ id, connection, subjectRef, requestId }: RunRecord): RunRef {
  return { id, connection, subjectRef, requestId };
}

/** The workflow is told whose request it repeats. */
function repeating(run: RunInput, earlier: EarlierRun | null): RunInput {
  if (earlier === null) return run;
  return run.kind === 'onboarding'
    ? { kind: run.kind, input: { ...run.input, earlier } }
    : { kind: run.kind, input: { ...run.input, earlier } };
}

/** The same message however often it is sent: the request's own id names it. */
function takeoverOf(order: StartOrder): Takeover {
  const { input } = order;
  return {
    actionId: input.run.requestId,
    runId: input.run.id,
    requestedBy: null,
    reason: null,
    input: input as OffboardInput,
  };
}
