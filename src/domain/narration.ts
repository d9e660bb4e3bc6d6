// A run in words, for whoever reads the Temporal Web UI or looks from a terminal. Pure.
import type { RunKind, RunOutcome, TimeValue, WaitingFor } from './run.js';
import type { Standing } from './standing.js';

type Told = Pick<Standing, 'outcome' | 'waiting' | 'problem'> & { kind: RunKind };

export const WAITS: Record<WaitingFor, string> = {
  start: 'Waiting for the first day',
  suspend: 'Waiting for the last day; access goes on until then',
  deprovision: 'On hold until the account is deactivated',
  'hold-end': 'On hold until the undo window ends',
  'rate-limit': 'Waiting for Okta’s rate limit',
  retry: 'Waiting to try again',
  decision: 'Waiting for a decision',
  connection: 'Waiting for the connection to work again',
  undo: 'Taking back what was done',
  worker: 'Waiting for a worker',
};

export const ENDS: Record<RunOutcome, string> = {
  done: 'Done',
  partial: 'Done in part',
  undone: 'Cancelled, and everything taken back',
  superseded: 'Replaced by another run',
  aborted: 'Given up by decision',
  failed: 'Failed',
};

export function narrate({ kind, outcome, waiting, problem }: Told): string {
  const what = kind === 'onboarding' ? 'Onboarding' : 'Offboarding';
  if (problem !== null) return `**${what}: ${problem.title}.** ${problem.detail}`;
  if (outcome !== null) return `**${what}:** ${ENDS[outcome]}.`;
  if (waiting === null) return `**${what}:** at work.`;
  const until = waiting.until === undefined ? '' : ` (until ${waiting.until})`;
  return `**${what}:** ${WAITS[waiting.for]}${until}.`;
}

/** `2027-03-31T17:00[Europe/Berlin]` where the wall clock is known, else the instant. */
export function say(time: TimeValue): string {
  return time.local ?? time.at;
}
