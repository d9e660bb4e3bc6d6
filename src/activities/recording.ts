// The workflow's own word about its run, written into the store. Nothing of Okta in here.
import type { RunReport } from '../domain/run.js';
import type { Store } from '../store/store.js';

export interface RecordingActivities {
  recordRun: (report: RunReport) => Promise<void>;
}

export function createRecordingActivities(
  runs: Pick<Store['runs'], 'report'>,
): RecordingActivities {
  return { recordRun: (report) => runs.report(report) };
}
