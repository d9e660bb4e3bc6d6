// A run whose workflow was ended from outside, begun anew on the same workflow id: parked as ORPHANED
// from its first moment. Whatever is decided, the story first learns what was done, from the store.
import { CancellationScope } from '@temporalio/workflow';
import type { Recovered } from '../contract/workflows.js';
import type { Recollection } from '../domain/deeds.js';
import type { Moment } from '../domain/run.js';
import { recall } from './activities.js';
import { Aborted, UndoResumed } from './endings.js';
import type { Run } from './run.js';

/**
 * Returns when the run is to go on. `remember` takes up what is known, as often as it is called, and
 * says which moments are still to come. @throws {Aborted} {Superseded} {UndoResumed}
 */
export async function standOrphaned(
  run: Run,
  recovered: Recovered,
  remember: (known: Recollection) => Moment[],
): Promise<void> {
  // Never cancelled: without it, nothing could be taken back.
  const learn = () =>
    CancellationScope.nonCancellable(async () => remember(await recall({ run: run.ref })));
  const ahead = await learn();
  try {
    const decision = await run.standOrphaned(ahead);
    if (decision === 'abort') throw new Aborted({ leavesAll: true });
  } finally {
    // A step that was under way when the workflow ended may have reported since.
    await learn();
  }
  if (recovered.undoing) throw new UndoResumed();
}
