// What a running workflow can be told and asked. Each action exists twice: as an update, validated
// before it is accepted, and as a signal for when no worker answers. The workflow applies an
// `actionId` once, whichever arrives first.
import type { UpdateDefinition } from '@temporalio/common';
import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { Decision, Moment, RunReport, TimeValue } from '../domain/run.js';
import type { ActionBase, Takeover } from './workflows.js';

export type { ActionBase, Takeover } from './workflows.js';

export interface Reschedule extends ActionBase {
  changes: {
    startAt?: TimeValue;
    endsAt?: TimeValue;
    suspendAt?: TimeValue;
    deprovisionAt?: TimeValue;
  };
}
export interface Expedite extends ActionBase {
  what: Moment;
}
export interface Resolve extends ActionBase {
  decision: Decision;
}
/** The same offboarding was asked for again: a run that has suspended looks whether it still holds. */
export type LookAgain = ActionBase;

/** What a run found when it looked again. `isOver`: it ends by that, since its account is gone. */
export interface LookedAgain {
  found: string;
  isOver: boolean;
}
/** Update and signal share a name; Temporal keeps the two kinds apart. */
export const RESCHEDULE = 'reschedule';
export const EXPEDITE = 'expedite';
export const RESOLVE = 'resolve';
export const LOOK_AGAIN = 'lookAgain';
export const TAKEOVER = 'takeover';

export const rescheduleUpdate: UpdateDefinition<void, [Reschedule]> = defineUpdate(RESCHEDULE);
export const expediteUpdate: UpdateDefinition<void, [Expedite]> = defineUpdate(EXPEDITE);
export const resolveUpdate: UpdateDefinition<void, [Resolve]> = defineUpdate(RESOLVE);
export const rescheduleSignal = defineSignal<[Reschedule]>(RESCHEDULE);
export const expediteSignal = defineSignal<[Expedite]>(EXPEDITE);
export const resolveSignal = defineSignal<[Resolve]>(RESOLVE);
export const lookAgainUpdate: UpdateDefinition<LookedAgain | null, [LookAgain]> =
  defineUpdate(LOOK_AGAIN);
export const lookAgainSignal = defineSignal<[LookAgain]>(LOOK_AGAIN);
/** Always sent as `signalWithStart` of `offboard`, so that an urgent offboarding never bounces. */
export const takeoverSignal = defineSignal<[Takeover]>(TAKEOVER);

/** There is a next key, perhaps another one: it is tried at once. */
export const KEY_OFFERED = 'keyOffered';
export const keyOfferedSignal = defineSignal(KEY_OFFERED);

/** For the Temporal Web UI; the API reads the store. */
export const progressQuery = defineQuery<RunReport>('progress');

/** The failure type with which a validator refuses an action. */
export const ACTION_NOT_POSSIBLE = 'ACTION_NOT_POSSIBLE';
