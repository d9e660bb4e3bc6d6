// What can be asked of a run, by where it stands, and why not. Pure; the workflow's validators decide
// by it, and the API tells what is possible.
import {
  DEADLINE_OF,
  RUN_ACTIONS,
  type Deadlines,
  type Moment,
  type RunAction,
  type TimeValue,
  type Waiting,
} from './run.js';
import type { Standing as RunStanding } from './standing.js';

/** Where a run stands, as far as it matters for what can be asked of it. */
type Standing = Pick<RunStanding, 'phase' | 'waiting' | 'deadlines' | 'undoing'>;

/** Deadlines in the order in which they come; one that has passed cannot be moved. */
const ORDER: readonly (keyof Deadlines)[] = ['startAt', 'suspendAt', 'deprovisionAt', 'endsAt'];

/** The actions that are possible now, in the order of {@link RUN_ACTIONS}. */
export function possibleActions(standing: Standing): RunAction[] {
  const possible = new Set(actionsOf(standing));
  return RUN_ACTIONS.filter((action) => possible.has(action));
}

function actionsOf({ phase, deadlines, undoing }: Standing): RunAction[] {
  const decide: RunAction[] = phase === 'parked' ? ['resolve'] : [];
  if (undoing) return decide;
  switch (phase) {
    case 'scheduled':
      return ['cancel', 'reschedule', 'expedite'];
    case 'holding':
      return deadlines.deprovisionAt === undefined
        ? ['cancel']
        : ['cancel', 'reschedule', 'expedite'];
    case 'running':
    case 'parked':
      return deadlines.endsAt === undefined
        ? ['cancel', ...decide]
        : ['cancel', 'reschedule', ...decide];
    case 'completed':
    case 'cancelled':
    case 'failed':
      return [];
  }
}

/** Why an action is not possible now; null where it is. */
export function refuseAction(standing: Standing, action: RunAction): string | null {
  const possible = possibleActions(standing);
  if (possible.includes(action)) return null;
  return possible.length === 0
    ? 'Nothing can be changed in this run any more.'
    : `Not possible now. Possible: ${possible.join(', ')}.`;
}

/** Why these deadlines cannot be set; null where they can. */
export function refuseReschedule(standing: Standing, changes: Partial<Deadlines>): string | null {
  const names = Object.keys(changes) as (keyof Deadlines)[];
  if (names.length === 0) return 'Nothing to change was given.';
  const fixed = names.filter((name) => !isAhead(standing, name));
  if (fixed.length > 0) return `${fixed.join(', ')} cannot be moved in this run any more.`;
  return endBeforeStart({ ...standing.deadlines, ...changes })
    ? 'The end would come before the start.'
    : null;
}

/** Why a moment cannot be brought forward; null where it can. */
export function refuseExpedite(standing: Standing, what: Moment): string | null {
  return standing.waiting?.for === what ? null : `The run is not waiting to ${what}.`;
}

function isAhead({ waiting, deadlines }: Standing, name: keyof Deadlines): boolean {
  const deadline = deadlines[name];
  if (deadline === undefined || deadline.metAt !== undefined) return false;
  const awaited = waiting === null ? undefined : momentOf(waiting);
  return awaited === undefined || ORDER.indexOf(name) >= ORDER.indexOf(DEADLINE_OF[awaited]);
}

function momentOf(waiting: Waiting): Moment | undefined {
  return waiting.for in DEADLINE_OF ? (waiting.for as Moment) : undefined;
}

function endBeforeStart(deadlines: Deadlines): boolean {
  return (
    isBefore(deadlines.endsAt, deadlines.startAt) ||
    isBefore(deadlines.deprovisionAt, deadlines.suspendAt)
  );
}

function isBefore(end: TimeValue | undefined, start: TimeValue | undefined): boolean {
  return end !== undefined && start !== undefined && Date.parse(end.at) <= Date.parse(start.at);
}
