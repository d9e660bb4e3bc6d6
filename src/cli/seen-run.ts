// A run as the commands read it: the API's answer, whose words a newer service may have more of, and what
// the steps and deadlines in it say was done. Pure.
import type { RunAnswer } from '../domain/answer.schema.js';
import { isOpen, type Deadlines } from '../domain/run.js';
import type { ExitCode } from './command.js';

export interface SeenDeadline {
  at: string;
  local?: string | undefined;
  /** When it was done, and how long after `at`. */
  metAt?: string | undefined;
  lateMs?: number | undefined;
}

export interface SeenRun extends Omit<RunAnswer, 'deadlines' | 'waiting' | 'problem'> {
  deadlines: { [Name in keyof Deadlines]?: SeenDeadline | undefined };
  waiting: { for: string; until?: string | undefined } | null;
  problem: { code: string; title: string; detail: string; actions: readonly string[] } | null;
}

/** `none`: the account was left as it was found. `undone`: access was given back. */
export type Suspension = 'ahead' | 'done' | 'none' | 'undone';

type StepStatus = SeenRun['steps'][number]['status'];
const BY_STEP: Readonly<Record<string, Readonly<Record<StepStatus, Suspension>>>> = {
  suspendUser: {
    ...{ pending: 'ahead', running: 'ahead', failed: 'ahead' },
    ...{ done: 'done', skipped: 'none', undone: 'undone' },
  },
  unsuspendUser: {
    ...{ pending: 'done', running: 'done', failed: 'done' },
    ...{ done: 'undone', skipped: 'none', undone: 'done' },
  },
};

/** Whether this run has suspended the person: by what was done, since a phase says what is to come. */
export function suspensionOf({
  steps,
  deadlines,
}: Pick<SeenRun, 'steps' | 'deadlines'>): Suspension {
  const last = steps.findLast(({ name }) => name in BY_STEP);
  const byStep = last === undefined ? undefined : BY_STEP[last.name]?.[last.status];
  return byStep ?? (deadlines.suspendAt?.metAt === undefined ? 'ahead' : 'done');
}

/**
 * 0 where the run came to what was asked for, and Okta shows it, or where it waits as asked; else 1.
 * A run in its hold has read back what Okta shows; a read-back that failed says that it shows something
 * else.
 */
export function exitCodeOf({ phase, outcome, steps }: SeenRun): ExitCode {
  if (!isOpen(phase)) return outcome === 'done' ? 0 : 1;
  if (phase === 'parked') return 1;
  const shown = steps.findLast(({ name }) => name === 'readBack');
  return phase === 'holding' && shown?.status === 'failed' ? 1 : 0;
}

/** Nothing more is to be waited for: it has ended, the person has no access, or somebody must decide. */
export function isSettled(run: SeenRun): boolean {
  if (!isOpen(run.phase) || run.phase === 'parked') return true;
  return run.phase === 'holding' && suspensionOf(run) !== 'ahead';
}
