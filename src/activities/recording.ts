// The workflow's own word about its run, written into the store, and what the store knows of it for a
// recovery. Nothing of Okta in here.
import type { Recollection } from '../domain/deeds.js';
import type { RunRef, RunReport } from '../domain/run.js';
import type { Store } from '../store/store.js';

export interface RecordingActivities {
  recordRun: (report: RunReport) => Promise<void>;
  /** What this run and those that it took over from have done, by their steps. */
  recall: (input: { run: RunRef }) => Promise<Recollection>;
}

export function createRecordingActivities(
  runs: Pick<Store['runs'], 'report' | 'recall'>,
): RecordingActivities {
  return {
    recordRun: (report) => runs.report(report),
    recall: ({ run }) => runs.recall(run.id),
  };
}
