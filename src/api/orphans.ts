// Finds runs that are open here and have no workflow any more (terminated from outside, timed out, lost
// with Temporal's database), and begins each anew on the same workflow id, parked as ORPHANED.
//
// One round lists the open workflows (a page a thousand) and asks the database, in one statement, for
// open rows that are not among them. Only those are described. A run counts as orphaned when two rounds
// have found it so and its row has not moved in between: lists lag, and a run closes just after its last
// report.
import { possibleActions } from '../domain/actions.js';
import type { RunId } from '../domain/brand.js';
import { orphanedBy, type WorkflowEnd } from '../domain/orphan.js';
import { closedEvent, isOpen } from '../domain/run.js';
import { metAlone } from '../domain/standing.js';
import type { Logger } from '../observability/logger.js';
import type { OpenRow, RunStore } from '../store/store.js';
import { recoveryOf } from './recovery.js';
import { startRounds, type Rounds } from './rounds.js';
import { startOrderOf } from './start-order.js';
import type { Engine, Sighting } from './temporal.js';

/** An orphan is found twice before it counts, so within a minute. */
const EVERY_MS = 25_000;
/** What a round looks at at most; the others wait for the next. */
const AT_ONCE = 100;
const LEFT_BEHIND =
  'superseded; its workflow was ended from outside, and a newer run of this person is open';

export interface OrphanDeps {
  runs: Pick<RunStore, 'openWithout' | 'orphan' | 'get' | 'input' | 'report'>;
  engine: Pick<Engine, 'openRuns' | 'describe' | 'start'>;
  log: Logger;
  now?: () => Date;
}

/** Starts searching. */
export function startOrphanSearch(deps: OrphanDeps): Rounds {
  return startRounds('orphans', createOrphanSearch(deps), { everyMs: EVERY_MS, log: deps.log });
}

/** One round; rejects when the database or Temporal cannot be asked. */
export function createOrphanSearch(deps: OrphanDeps): () => Promise<void> {
  const { runs, engine, log, now = () => new Date() } = deps;
  /** Versions of the rows that the round before found without a workflow. */
  let suspects = new Map<RunId, number>();

  return async function once() {
    // Workflows first: what is accepted meanwhile is described, and found alive.
    const open = await engine.openRuns();
    const rows = await runs.openWithout(open, AT_ONCE);
    const found = new Map<RunId, number>();
    for (const row of rows) {
      const seen = await engine.describe(row.workflowId);
      const fate = await fateOf(row, seen);
      if (fate === 'lives') continue;
      if (suspects.get(row.run.id) === row.version) await settle(row, fate, seen);
      else found.set(row.run.id, row.version);
    }
    suspects = found;
  };

  /** `left-behind`: the person has a newer run by now, whose workflow is open. */
  async function fateOf(
    row: OpenRow,
    seen: Sighting | null,
  ): Promise<WorkflowEnd | 'lives' | 'left-behind'> {
    if (seen === null) return 'LOST';
    if (isEnd(seen.status)) return seen.status;
    const holder = seen.run === null ? null : await runs.get(seen.run as RunId);
    return holder !== null && isOpen(holder.phase) && holder.createdAt > row.createdAt
      ? 'left-behind'
      : 'lives';
  }

  async function settle(
    row: OpenRow,
    fate: WorkflowEnd | 'left-behind',
    seen: Sighting | null,
  ): Promise<void> {
    const settled = fate === 'left-behind' ? await giveWay(row) : await recover(row, fate, seen);
    log.warn({ event: 'run.orphaned', runId: row.run.id, fate, settled });
  }

  async function recover(row: OpenRow, end: WorkflowEnd, seen: Sighting | null): Promise<string> {
    const record = await runs.get(row.run.id);
    if (record === null) return 'gone';
    const problem = orphanedBy(end);
    const { deadlines, undoing } = record;
    const order = recoveryOf(
      record,
      {
        own: await runs.input(record.id),
        previous: record.previous === null ? null : await runs.input(record.previous),
      },
      {
        problem,
        version: row.version + 1,
        deadlines,
        undoing,
        endedAt: (seen?.closedAt ?? now()).toISOString(),
      },
    );
    if (order === null) return 'without-input';
    const waiting = { for: 'decision' } as const;
    const actions = possibleActions({ phase: 'parked', waiting, deadlines, undoing });
    // Whoever marks the row starts it: of two APIs one, and none where the run has moved since.
    if (!(await runs.orphan({ row, problem, deadlines, actions }))) return 'moved';
    return (await engine.start(startOrderOf(order, record.workflowId))).kind;
  }

  async function giveWay(row: OpenRow): Promise<string> {
    const record = await runs.get(row.run.id);
    if (record === null) return 'gone';
    await runs.report({
      run: row.run,
      version: row.version + 1,
      kind: row.kind,
      phase: 'completed',
      outcome: 'superseded',
      deadlines: metAlone(record.deadlines),
      waiting: null,
      problem: null,
      actions: [],
      undoing: record.undoing,
      event: closedEvent('completed', LEFT_BEHIND),
      next: null,
    });
    return 'superseded';
  }
}

const ENDS: readonly string[] = ['TERMINATED', 'TIMED_OUT', 'FAILED', 'CANCELLED', 'COMPLETED'];

function isEnd(status: string): status is WorkflowEnd {
  return ENDS.includes(status);
}
