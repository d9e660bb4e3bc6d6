// What Temporal has on record of a workflow, as tests look at it.
import type { WorkflowHandle } from '@temporalio/client';

/** Names of the activities that a workflow has asked for, in order; further attempts of one are no others. */
export async function activitiesOf(
  handle: Pick<WorkflowHandle, 'fetchHistory'>,
): Promise<string[]> {
  const { events } = await handle.fetchHistory();
  return (events ?? []).flatMap(({ activityTaskScheduledEventAttributes: scheduled }) =>
    scheduled === null || scheduled === undefined ? [] : [scheduled.activityType?.name ?? ''],
  );
}
