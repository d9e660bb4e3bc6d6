// A run as it is shown at a terminal: where it stands, its deadlines on the person's wall clock, its
// steps, what it waits for and what can be done. Pure: lines of text, `now` passed in.
import type { RunAnswer } from '../domain/answer.schema.js';
import { ENDS, WAITS } from '../domain/narration.js';
import type { Deadlines, RunPhase } from '../domain/run.js';
import { aligned } from './text.js';
import { clockOf, fromNow, lengthOf } from './time.js';

const KINDS = { onboarding: 'Onboarding', offboarding: 'Offboarding' } as const;

const PHASES: Record<RunPhase, string> = {
  scheduled: 'waits for its moment',
  running: 'at work',
  parked: 'waits for a decision',
  holding: 'suspended; a cancel gives access back',
  completed: 'over',
  cancelled: 'over',
  failed: 'over',
};

const DEADLINES: Record<keyof Deadlines, string> = {
  startAt: 'starts',
  endsAt: 'ends',
  suspendAt: 'suspended',
  deprovisionAt: 'deprovisioned',
  undoUntil: 'undo until',
};

/** The whole of it. */
export function runLines(run: RunAnswer, now: number): string[] {
  return [
    titleOf(run),
    `  ${run.phase}: ${standingOf(run)}`,
    ...section(deadlineRows(run, now)),
    ...section(stepRows(run)),
    ...(run.waiting === null ? [] : ['', `  ${waitingOf(run.waiting, now)}`]),
    ...problemLines(run),
    ...(run.confirmed === false ? ['', '  Accepted; no worker has confirmed it yet.'] : []),
    ...(run.previous === null ? [] : ['', `  Came from  ${run.previous}`]),
    ...(run.next === null ? [] : ['', `  Goes on as ${run.next}`]),
    '',
    `  ${run.id}`,
    ...(run.actions.length === 0 ? [] : [`  Possible: ${run.actions.join(', ')}`]),
  ];
}

/** `Onboarding of Ada Lovelace (ada@example.com) at acme` */
export function titleOf({ kind, person, connection }: RunAnswer): string {
  const who = person.name === null ? person.login : `${person.name} (${person.login})`;
  return `${KINDS[kind]} of ${who} at ${connection}`;
}

/** What came of it, else what its phase means. */
export function standingOf({ phase, outcome }: RunAnswer): string {
  return outcome === null ? PHASES[phase] : ENDS[outcome].toLowerCase();
}

/** `Waiting for the last day; access goes on until then (in 2 h 5 min).` */
export function waitingOf(waiting: NonNullable<RunAnswer['waiting']>, now: number): string {
  const words = WAITS[waiting.for];
  return waiting.until === undefined ? `${words}.` : `${words} (${fromNow(waiting.until, now)}).`;
}

function section(rows: readonly (readonly string[])[]): string[] {
  return rows.length === 0 ? [] : ['', ...aligned(rows).map((row) => `  ${row}`)];
}

function deadlineRows({ deadlines }: RunAnswer, now: number): string[][] {
  return (Object.keys(DEADLINES) as (keyof Deadlines)[]).flatMap((name) => {
    const time = deadlines[name];
    if (time === undefined) return [];
    const { at, local } = time;
    const clock = clockOf(local === undefined ? { at } : { at, local });
    return [[DEADLINES[name], clock, fromNow(at, now)]];
  });
}

function stepRows({ steps }: RunAnswer): string[][] {
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

function problemLines({ id, problem }: RunAnswer): string[] {
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
