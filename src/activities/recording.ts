// The workflow's own word about its run, written into the store, and what the store knows of it for a
// workflow that comes after a terminated one. Nothing of Okta in here.
import type { Journal } from '../domain/effects.js';
import type { RunId } from '../domain/brand.js';
import type { RunRef, RunReport } from '../domain/run.js';
import type { Store } from '../store/store.js';

export interface RecordingActivities {
  recordRun: (report: RunReport) => Promise<void>;
  /** What this run and those that it took over from have done, by their steps. */
  loadJournal: (input: { run: RunRef }) => Promise<Journal>;
  /** From now on the run is found on another workflow id, whose run it takes the place of. */
  moveRun: (input: { run: RunRef; workflowId: string }) => Promise<void>;
  /**
   * Ends a run whose workflow is gone in favour of `run`, which gets its account. False where it is over
   * already.
   */
  takeAccount: (input: { run: RunRef; from: RunId }) => Promise<boolean>;
}

export function createRecordingActivities(
  runs: Pick<Store['runs'], 'report' | 'loadJournal' | 'move' | 'takeAccount'>,
): RecordingActivities {
  return {
    recordRun: (report) => runs.report(report),
    loadJournal: ({ run }) => runs.loadJournal(run.id),
    moveRun: ({ run, workflowId }) => runs.move(run.id, workflowId),
    takeAccount: ({ run, from }) => runs.takeAccount(run.id, from),
  };
}
