// Where the numbers of the API's metrics come from: the store, and a look at the task queues.
import type { ApiMetricSources } from '../observability/metrics.js';
import type { Store } from '../store/store.js';
import { WORK_QUEUES, type PollerLook } from './pollers.js';

export function metricSources(
  store: Pick<Store, 'runs' | 'connections' | 'troubles'>,
  pollers: PollerLook,
): ApiMetricSources {
  return {
    countRuns: () => store.runs.countOpen(),
    connectionStatuses: async () => (await store.connections.list()).map(({ status }) => status),
    oldestUnstarted: async () => (await store.runs.unstarted(0, 1))[0]?.run.requestId ?? null,
    trouble: () => store.troubles.summary(),
    pollers: async () => {
      const counts = WORK_QUEUES.map(async (queue) => [queue, await pollers.count(queue)] as const);
      return Object.fromEntries(await Promise.all(counts));
    },
  };
}
