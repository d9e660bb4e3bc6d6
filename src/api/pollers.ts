// Who polls a task queue. Temporal remembers a poller for five minutes after its last poll, so what it
// lists is judged by that time, and by tasks that nobody has fetched.
import type proto from '@temporalio/proto';
import { msOf } from './timestamp.js';

type Description = proto.temporal.api.workflowservice.v1.IDescribeTaskQueueResponse;

/** Where runs are carried on, and where questions of the API are answered. */
export const WORK_QUEUES = ['runs', 'questions'] as const;
export type WorkQueue = (typeof WORK_QUEUES)[number];

/** A poll lasts a minute at most, and a worker that is well polls again at once. */
const POLL_MS = 75_000;
/** A worker that is well fetches a task sooner than that. */
const UNFETCHED_MS = 5_000;

/**
 * How many workers poll for tasks of one type, by what the server says. A worker that stopped shows as
 * gone after 75 s, or when a task has waited for 5 s and nobody has polled since that task came: then no
 * worker is there, or none has a free place.
 */
export function pollersIn({ pollers, stats }: Description, now: number): number {
  const polledAt = (pollers ?? []).map(({ lastAccessTime }) => msOf(lastAccessTime) ?? 0);
  const oldestWaitsMs = msOf(stats?.approximateBacklogAge) ?? 0;
  const since =
    oldestWaitsMs < UNFETCHED_MS ? now - POLL_MS : Math.max(now - oldestWaitsMs, now - POLL_MS);
  return polledAt.filter((at) => at > since).length;
}

/** A look at the pollers that many callers share. */
export interface PollerLook {
  /** As seen a few seconds ago at most. Rejects when Temporal does not answer. */
  count(queue: WorkQueue): Promise<number>;
}

/** What a caller may have is so old at most. */
const FRESH_MS = 3_000;
const LOOK_MS = 2_000;

export function createPollerLook(engine: {
  countPollers: (queue: WorkQueue, withinMs: number) => Promise<number>;
}): PollerLook {
  const looks = new Map<WorkQueue, { at: number; count: Promise<number> }>();
  return {
    count(queue) {
      const last = looks.get(queue);
      if (last !== undefined && Date.now() - last.at < FRESH_MS) return last.count;
      const count = engine.countPollers(queue, LOOK_MS);
      looks.set(queue, { at: Date.now(), count });
      // A look that failed serves nobody else.
      count.catch(() => looks.delete(queue));
      return count;
    },
  };
}
