// A run as it is shown at a terminal: where it stands, its deadlines on the person's wall clock, its
// steps, what it waits for and what can be done. Pure: lines of text, `now` passed in.
import { ENDS, WAITS } from '../domain/narration.js';
import { isOpen, type Deadlines, type RunPhase } from '../domain/run.js';
import { suspensionOf, type SeenDeadline, type SeenRun, type Suspension } from './seen-run.js';
import { aligned } from './text.js';
import { clockOf, fromNow, lengthOf } from './time.js';

const KINDS = { onboarding: 'Onboarding', offboarding: 'Offboarding' } as const;

const PHASES: Record<RunPhase, string> = {
  scheduled: 'waits for its moment',
  running: 'at work',
  parked: 'waits for a decision',
  holding: 'in its hold; a cancel takes back what it did',
  completed: 'over',
  cancelled: 'over',
  failed: 'over',
};

const DEADLINES: Record<keyof Deadlines, readonly [ahead: string, met: string]> = {
  startAt: ['starts', 'started'],
  endsAt: ['ends', 'ended'],
  suspendAt: ['to be suspended', 'suspended'],
  deprovisionAt: ['to be deprovisioned', 'deprovisioned'],
  undoUntil: ['undo until', 'undo until'],
};

/** By what was done, whatever the deadline says. */
const SUSPENSIONS: Record<Suspension, string> = {
  ahead: DEADLINES.suspendAt[0],
  done: DEADLINES.suspendAt[1],
  none: 'nothing to suspend',
  undone: 'access given back',
};

const WAIT_WORDS: Readonly<Record<string, string>> = WAITS;

/** The whole of it. */
export function runLines(run: SeenRun, now: number): string[] {
  return [
    titleOf(run),
    `  ${run.phase}: ${standingOf(run)}`,
    ...section(deadlineRows(run, now)),
    ...section(stepRows(run)),
    ...(run.waiting === null ? [] : ['', `  ${waitingOf(run.waiting, now)}`]),
    ...problemLines(run),
    ...(run.confirmed === false ? ['', '  Accepted; no worker has confirmed it yet.'] : []),
    ...links(run),
    '',
    `  ${run.id}`,
    ...(run.actions.length === 0 ? [] : [`  Possible: ${run.actions.join(', ')}`]),
  ];
}

/** `Onboarding of Ada Lovelace (ada@example.com) at acme` */
export function titleOf({ kind, person, connection }: SeenRun): string {
  const who = person.name === null ? person.login : `${person.name} (${person.login})`;
  return `${KINDS[kind]} of ${who} at ${connection}`;
}

/** What came of it, else what its phase means. */
export function standingOf(run: SeenRun): string {
  const { phase, outcome } = run;
  if (outcome !== null) return ENDS[outcome].toLowerCase();
  return phase === 'holding' && suspensionOf(run) === 'done'
    ? 'suspended; a cancel gives access back'
    : PHASES[phase];
}

/** `Waiting for the last day; access goes on until then (in 2 h 5 min).` */
export function waitingOf(waiting: NonNullable<SeenRun['waiting']>, now: number): string {
  const words = WAIT_WORDS[waiting.for] ?? `Waiting: ${waiting.for}`;
  return waiting.until === undefined ? `${words}.` : `${words} (${fromNow(waiting.until, now)}).`;
}

/** The runs before it and after it. */
function links({ previous, next, supersededBy, continuesAs }: SeenRun): string[] {
  const isOther = next !== supersededBy && next !== continuesAs;
  const lines: [words: string, id: string | null][] = [
    ['Came from ', previous],
    ['Its place was taken by', supersededBy],
    ['Goes on as', continuesAs],
    ['Next run  ', isOther ? next : null],
  ];
  return lines.flatMap(([words, id]) => (id === null ? [] : ['', `  ${words} ${id}`]));
}

function section(rows: readonly (readonly string[])[]): string[] {
  return rows.length === 0 ? [] : ['', ...aligned(rows).map((row) => `  ${row}`)];
}

function deadlineRows(run: SeenRun, now: number): string[][] {
  return (Object.keys(DEADLINES) as (keyof Deadlines)[]).flatMap((name) => {
    const time = run.deadlines[name];
    if (time === undefined || isVoid(name, run)) return [];
    const { at, local } = time;
    const clock = clockOf(local === undefined ? { at } : { at, local });
    return [[labelOf(name, time, run), clock, whenOf(name, time, run, now)]];
  });
}

/** Of a run that ended before it suspended anybody. */
function isVoid(name: keyof Deadlines, run: SeenRun): boolean {
  return name === 'suspendAt' && !isOpen(run.phase) && suspensionOf(run) === 'ahead';
}

function labelOf(name: keyof Deadlines, { metAt }: SeenDeadline, run: SeenRun): string {
  if (name === 'suspendAt') return SUSPENSIONS[suspensionOf(run)];
  const [ahead, met] = DEADLINES[name];
  return metAt === undefined ? ahead : met;
}

/** `in 2 h`, `1 d ago, 31 ms late`, `overdue, 3 min ago`. */
function whenOf(name: keyof Deadlines, time: SeenDeadline, run: SeenRun, now: number): string {
  const { at, metAt, lateMs } = time;
  if (metAt !== undefined) {
    const late =
      lateMs === undefined ? '' : lateMs > 0 ? `, ${durationOf(lateMs)} late` : ', on time';
    return `${fromNow(metAt, now)}${late}`;
  }
  const isOverdue = name === 'suspendAt' && Date.parse(at) < now && suspensionOf(run) === 'ahead';
  return `${isOverdue ? 'overdue, ' : ''}${fromNow(at, now)}`;
}

function stepRows({ steps }: SeenRun): string[][] {
  return steps.map(({ status, name, startedAt, finishedAt, attempts, detail }) => {
    const took =
      startedAt === null || finishedAt === null
        ? ''
        : durationOf(Date.parse(finishedAt) - Date.parse(startedAt));
    const tries = attempts > 1 ? `try ${attempts}` : '';
    return [status, name, took, tries, detail ?? ''];
  });
}

function durationOf(ms: number): string {
  return ms < 1_000 ? `${Math.max(0, ms)} ms` : lengthOf(ms);
}

function problemLines({ id, problem }: SeenRun): string[] {
  if (problem === null) return [];
  const { title, code, detail, actions } = problem;
  return [
    '',
    `  ${title} (${code})`,
    `  ${detail}`,
    ...(actions.length === 0
      ? []
      : [`  Decide: npm run tenure -- resolve ${id} ${actions.join(' | ')}`]),
  ];
}
