// From a workflow input to everything that its workflow is started with. Pure, and from the input
// alone, so that the sweep starts a row exactly as the request would have.
import type { Priority, SearchAttributePair } from '@temporalio/common';
import {
  TenureConnection,
  TenureDueAt,
  TenureFlow,
  TenurePhase,
  TenureRun,
  TenureSubject,
} from '../contract/search-attributes.js';
import { OFFBOARD, ONBOARD, type OffboardInput, type OnboardInput } from '../contract/workflows.js';
import { possibleActions } from '../domain/actions.js';
import { say } from '../domain/narration.js';
import type { JsonValue } from '../domain/okta-user.js';
import type { Deadlines, RunAction, RunKind, RunPhase, TimeValue, Waiting } from '../domain/run.js';

/** Everything that a workflow is started with. */
export interface StartOrder {
  workflowId: string;
  workflowType: string;
  input: OnboardInput | OffboardInput;
  searchAttributes: SearchAttributePair[];
  priority: Priority;
  /** One line and a paragraph for the Web UI; encrypted by the codec. */
  summary: string;
  details: string;
}

export type RunInput =
  { kind: 'onboarding'; input: OnboardInput } | { kind: 'offboarding'; input: OffboardInput };

/** What was stored when the request was accepted. */
export function inputOf(kind: RunKind, stored: JsonValue): RunInput {
  // Written by us, from a typed value, and encrypted since: no schema could say more than the type.
  return kind === 'onboarding'
    ? { kind, input: stored as unknown as OnboardInput }
    : { kind, input: stored as unknown as OffboardInput };
}

/** Lower goes first, on servers that honour it. Taking access away is what cannot wait. */
const PRIORITY = { offboarding: 1, onboarding: 3 } as const;

/** What a run's row says before its workflow has said anything. */
export interface Beginning {
  phase: RunPhase;
  deadlines: Deadlines;
  waiting: Waiting | null;
  actions: RunAction[];
}

export function beginningOf({ kind, input }: RunInput): Beginning {
  const deadlines: Deadlines =
    kind === 'onboarding'
      ? { ...given('startAt', input.startAt), ...given('endsAt', input.contractEnd?.endsAt) }
      : {
          ...given('suspendAt', input.suspendAt),
          ...given(
            'deprovisionAt',
            input.terms.hold.kind === 'deprovisionAt' ? input.terms.hold.at : null,
          ),
        };
  const first = kind === 'onboarding' ? input.startAt : input.suspendAt;
  const phase = first === null ? 'running' : 'scheduled';
  const waiting: Waiting | null =
    first === null ? null : { for: kind === 'onboarding' ? 'start' : 'suspend', until: first.at };
  const actions = possibleActions({ phase, waiting, deadlines, undoing: false });
  return { phase, deadlines, waiting, actions };
}

/** @param workflowId of the row: the usual one, or the one of the run that it takes over from */
export function startOrderOf(run: RunInput, workflowId: string): StartOrder {
  const { kind, input } = run;
  const { connection, subjectRef, id } = input.run;
  const { phase, waiting } =
    input.recovered === undefined ? beginningOf(run) : { phase: 'parked', waiting: null };
  const due = waiting?.until;
  return {
    workflowId,
    workflowType: kind === 'onboarding' ? ONBOARD : OFFBOARD,
    input,
    searchAttributes: [
      { key: TenureRun, value: id },
      { key: TenureConnection, value: connection },
      { key: TenureFlow, value: kind },
      { key: TenurePhase, value: phase },
      { key: TenureSubject, value: subjectRef },
      ...(due === undefined ? [] : [{ key: TenureDueAt, value: new Date(due) }]),
    ] satisfies SearchAttributePair[],
    priority: { priorityKey: PRIORITY[kind], fairnessKey: connection },
    ...(kind === 'onboarding' ? onboardText(input) : offboardText(input)),
  };
}

function onboardText(input: OnboardInput): { summary: string; details: string } {
  const { person, groups, run, startAt, contractEnd } = input;
  return {
    summary: `Onboard ${person.firstName} ${person.lastName} · ${run.connection} · ${groups.length} ${groups.length === 1 ? 'group' : 'groups'}`,
    details: list([
      ['Login', person.login],
      ['Groups', groups.join(', ') || 'none'],
      ['Starts', startAt === null ? 'now' : say(startAt)],
      ['Ends', contractEnd === null ? 'open' : say(contractEnd.endsAt)],
      ['Run', run.id],
    ]),
  };
}

function offboardText(input: OffboardInput): { summary: string; details: string } {
  const { person, run, suspendAt, terms } = input;
  return {
    summary: `Offboard ${person.name ?? person.login} · ${run.connection}`,
    details: list([
      ['Login', person.login],
      ['Suspended', suspendAt === null ? 'now' : say(suspendAt)],
      terms.hold.kind === 'deprovisionAt'
        ? ['Deactivated', say(terms.hold.at)]
        : ['Undo window', `${Math.round(terms.hold.ms / 3_600_000)} hours`],
      ['Groups removed', terms.removeGroups === false ? 'none' : terms.removeGroups],
      ['Run', run.id],
    ]),
  };
}

function list(rows: [string, string][]): string {
  return rows.map(([name, value]) => `- **${name}:** ${value}`).join('\n');
}

function given<K extends keyof Deadlines>(
  name: K,
  time: TimeValue | null | undefined,
): { [key in K]?: TimeValue } {
  return time === null || time === undefined ? {} : ({ [name]: time } as Record<K, TimeValue>);
}
