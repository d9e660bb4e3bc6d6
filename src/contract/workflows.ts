// What the two workflow types take and give. Payloads pass through JSON: plain objects and strings.
import type { ConnectionId, OktaUserId, RequestId, RunId } from '../domain/brand.js';
import type { JsonValue } from '../domain/okta-user.js';
import type { Journal } from '../domain/effects.js';
import type { Deadlines, Problem, RunKind, RunOutcome, RunRef, TimeValue } from '../domain/run.js';

/** Registered workflow types. */
export const ONBOARD = 'onboard';
export const OFFBOARD = 'offboard';
export const ADOPT_KEY = 'adoptKey';

export interface AdoptKeyInput {
  connection: ConnectionId;
}
/** `gone`: no key waits any more. */
export type KeyAdoption = 'adopted' | 'gone';

export const ACTIVATIONS = ['email', 'none'] as const;
export type Activation = (typeof ACTIVATIONS)[number];
export const ON_EXISTING = ['park', 'adopt', 'fail'] as const;
export type OnExisting = (typeof ON_EXISTING)[number];
export const REMOVE_GROUPS = ['direct', 'all'] as const;
export type RemoveGroups = false | (typeof REMOVE_GROUPS)[number];
export const WHEN_NOT_SUSPENDABLE = ['park', 'deactivate'] as const;
export type WhenNotSuspendable = (typeof WHEN_NOT_SUSPENDABLE)[number];

export interface NewPerson {
  firstName: string;
  lastName: string;
  email: string;
  login: string;
  /** Further Okta profile attributes, as sent. */
  attributes: Record<string, JsonValue>;
}

/** How the end of an offboarding is given. Exactly one: an instant, or milliseconds after the suspension. */
export type HoldEnd = { kind: 'deprovisionAt'; at: TimeValue } | { kind: 'undoWindow'; ms: number };

/** What an offboarding does, apart from when it starts. */
export interface OffboardTerms {
  hold: HoldEnd;
  removeGroups: RemoveGroups;
  /** Null: where the role allows it. */
  revokeSessions: boolean | null;
  whenNotSuspendable: WhenNotSuspendable;
}

/** A run of the very same request before this one, and the account that it worked on. */
export interface Earlier {
  run: RunId;
  oktaUserId: OktaUserId | null;
}

export interface OnboardInput {
  run: RunRef;
  person: NewPerson;
  /** Names or ids, without duplicates. */
  groups: string[];
  /** Null: now. */
  startAt: TimeValue | null;
  /** The contract's end: the run goes on as an offboarding with `requestId` and `terms`. */
  contractEnd: { endsAt: TimeValue; requestId: RequestId; terms: OffboardTerms } | null;
  activation: Activation;
  onExisting: OnExisting;
  /** The person's id in the asking system; kept, not acted on. */
  externalId?: string;
  /** The access profile whose groups and attributes stand in this input; kept, not acted on. */
  accessProfile?: string;
  /** Whose account is in order needs no write. */
  earlier?: Earlier;
  recovered?: Recovered;
}

export interface OffboardInput {
  run: RunRef;
  /** The Okta login; `name` is for people who read the run. */
  person: { login: string; name: string | null; oktaUserId: OktaUserId | null };
  /** Null: now. */
  suspendAt: TimeValue | null;
  terms: OffboardTerms;
  /** It takes the place of whichever run works on the account. */
  takeover: boolean;
  /** The onboarding whose contract end this is: a cancel of it makes the contract open-ended. */
  contractOf: RunRef | null;
  earlier?: Earlier;
  /** From the run before it on the same workflow id. */
  inherited?: Inherited;
  recovered?: Recovered;
}

/** What outlives continue-as-new. */
export interface Inherited {
  from: RunKind;
  /** What the run before did, and this one must be able to take back. */
  journal: Journal;
  /** Urgent offboardings that the execution before could not look at. */
  takeovers: Takeover[];
}

/** A run whose workflow was ended from outside: how it stood, by the store. */
export interface Recovered {
  problem: Problem;
  /** Of the row; what is reported from now on must outrank it. */
  version: number;
  /** As they were moved since the request. */
  deadlines: Deadlines;
  /** It was being taken back. */
  undoing: boolean;
  /** No call of the former workflow came later, give or take a minute. */
  endedAt: string;
}

/** Which run the message is meant for (after continue-as-new the workflow id is another run's), and who sent it. */
export interface ActionBase {
  actionId: string;
  runId: string;
  requestedBy: string | null;
  reason: string | null;
}

/** An urgent offboarding: always sent as `signalWithStart`, so that it never bounces. */
export interface Takeover extends ActionBase {
  input: OffboardInput;
}

/** What Temporal keeps as the result of a run. `moved`: it goes on under another workflow id. */
export interface RunResult {
  outcome: RunOutcome | 'moved';
  oktaUserId: OktaUserId | null;
}
