// What is said of a run whose workflow was ended from outside. Pure.
import { say } from './narration.js';
import { problem } from './problem.js';
import { DEADLINE_OF, type Deadlines, type Moment, type Problem } from './run.js';

/** How Temporal has it: a closed status of its own, or no such workflow at all. */
export type WorkflowEnd =
  'TERMINATED' | 'TIMED_OUT' | 'FAILED' | 'CANCELLED' | 'COMPLETED' | 'LOST';

const HOW: Record<WorkflowEnd, string> = {
  TERMINATED: 'was terminated in Temporal',
  TIMED_OUT: 'timed out in Temporal',
  FAILED: 'failed in Temporal',
  CANCELLED: 'has ended in Temporal, while this record was still open',
  COMPLETED: 'has ended in Temporal, while this record was still open',
  LOST: 'is unknown to Temporal',
};

export function orphanedBy(end: WorkflowEnd): Problem {
  return problem(
    'ORPHANED',
    `The workflow of this run ${HOW[end]}. Nothing happens before somebody decides: "retry" goes on where it stood, "abort" takes back what was done, "leave" ends the run and lets everything stay as it is.`,
  );
}

/** Deadlines among these that have passed, in their order. */
export function passed(deadlines: Deadlines, moments: readonly Moment[], now: number): Moment[] {
  return moments.filter((moment) => {
    const due = deadlines[DEADLINE_OF[moment]];
    return due !== undefined && Date.parse(due.at) <= now;
  });
}

/** The same problem, with what has become overdue meanwhile. */
export function withLateness(
  found: Problem,
  deadlines: Deadlines,
  late: readonly Moment[],
): Problem {
  const overdue = late.map((moment) => {
    const due = deadlines[DEADLINE_OF[moment]];
    return due === undefined ? moment : `${moment} (was due ${say(due)})`;
  });
  return overdue.length === 0
    ? found
    : { ...found, detail: `${found.detail} Overdue: ${overdue.join(', ')}.` };
}
