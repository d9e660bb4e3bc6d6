// Steps that look and change nothing: the token, groups by name, the person, the read-back.
import { Context } from '@temporalio/activity';
import { isAccessTaken } from '../domain/account-status.js';
import type { OktaGroupId, OktaUserId } from '../domain/brand.js';
import { without, type Effect, type Look } from '../domain/effects.js';
import { ownGroups, removableGroups } from '../domain/groups.js';
import type { OktaGroup, Profile } from '../domain/okta-user.js';
import { problem } from '../domain/problem.js';
import type { RunRef } from '../domain/run.js';
import type { AccountHolder } from '../store/store.js';
import { parked } from './failures.js';
import type { GroupDirectory } from './group-directory.js';
import {
  groupsOf,
  look,
  lookFor,
  lookOf,
  NOT_READABLE,
  type Sighting,
  type UserRef,
} from './looks.js';
import type { MemberReads, Membership } from './member-reads.js';
import type { Done, RunStep, StepResult, StepTools } from './step.js';

/** A look at an account. */
export interface LookRequest {
  run: RunRef;
  user: UserRef;
  /** The write that follows where this look allows it; its intent is kept with the look. */
  intends: 'suspend' | 'create' | null;
  /** With `create`: the groups that the create will name. */
  groupIds?: OktaGroupId[];
  /** The account is to be this run's alone. `tell`: one that another run has is shown as busy. */
  claims: 'no' | 'park' | 'tell';
  /** Attributes to bring along. */
  profile?: string[];
}

export interface ReadBack {
  /** `unreadable`: the role cannot look, so the answers of the writes have to do. */
  kind: 'confirmed' | 'differs' | 'unreadable';
  /** The status that Okta shows; null where it shows none. */
  status: string | null;
}

export interface ReadBackRequest {
  run: RunRef;
  user: string;
  statuses: string[];
  inGroups: OktaGroupId[];
  notInGroups: OktaGroupId[];
  /** The create put the person into them; so their members are read once for many people. */
  shared: boolean;
}

/** A look at somebody's groups, and the intents of the writes that follow. */
export interface GroupsLook {
  run: RunRef;
  user: OktaUserId;
  /** The account is adopted: these groups are added, and these attributes changed. */
  adopts?: { groupIds: OktaGroupId[]; profile: { before: Profile; after: Profile } | null };
  /** All groups are removed but those that a rule fills. */
  removes?: { ruled: OktaGroupId[] };
}

export interface ReadingActivities {
  mintToken: (input: {
    run: RunRef;
  }) => Promise<StepResult<{ expiresAt: string; scopes: string[] }>>;
  /** @throws `GROUP_UNKNOWN`, `GROUP_NOT_MANAGEABLE` (parks). */
  resolveGroups: (input: { run: RunRef; groups: string[] }) => Promise<StepResult<OktaGroup[]>>;
  /** @throws `ACCOUNT_BUSY` (parks) unless `claims` says otherwise. */
  readUser: (input: LookRequest) => Promise<StepResult<Sighting>>;
  /** The groups that a person is in, Everyone left out. */
  readGroups: (input: GroupsLook) => Promise<StepResult<OktaGroup[] | 'unreadable'>>;
  /** Looks until Okta shows what was done, for a bounded time. */
  readBack: (input: ReadBackRequest) => Promise<StepResult<ReadBack>>;
}

const READ_BACK_MS = 10_000;
const PAUSE_MS = 400;

/** What many runs share. */
export interface SharedReads {
  directory: GroupDirectory;
  members: MemberReads;
}

export function createReadingActivities(
  step: RunStep,
  { directory, members }: SharedReads,
): ReadingActivities {
  return {
    mintToken: (input) =>
      step(input, async ({ okta, signal, take }) => {
        const { expiresAt, scopes } = take(await okta.mintToken({ signal }));
        return { value: { expiresAt, scopes }, detail: `Scopes: ${scopes.join(' ')}` };
      }),

    resolveGroups: (input) =>
      step(input, async (tools) => {
        const groups: OktaGroup[] = [];
        const { okta, signal, take } = tools;
        for (const name of input.groups) {
          groups.push(await directory.resolve(input.run.connection, okta, name, { signal, take }));
        }
        const unmanageable = groups.filter((group) => group.type !== 'OKTA_GROUP');
        if (unmanageable.length > 0) {
          const names = unmanageable.map((group) => `"${group.name}" (${group.type})`).join(', ');
          throw parked(
            problem('GROUP_NOT_MANAGEABLE', `Only Okta's own groups take members here: ${names}.`),
          );
        }
        const found = distinct(groups);
        return {
          value: found,
          detail: `${groups.length} group(s) found`,
        };
      }),

    readUser: (input) =>
      step<Sighting>(input, async (tools) => {
        const sighting = await lookFor(tools, input.user, {
          ...(input.profile === undefined ? {} : { profile: input.profile }),
          // Before a create nothing depends on it: one that exists after all refuses the create.
          prove: input.intends !== 'create',
        });
        return told(input, sighting);
      }),

    readGroups: (input) =>
      step(input, async (tools) => {
        const groups = await groupsOf(tools, input.user);
        const detail = groups === 'unreadable' ? NOT_READABLE : `In ${groups.length} group(s)`;
        return { value: groups, detail, effects: intentsOf(groups, input) };
      }),

    readBack: (input) =>
      step(input, async (tools) => {
        const until = Date.now() + READ_BACK_MS;
        for (;;) {
          const seen = await compare(tools, input, members);
          if (seen.kind !== 'differs' || Date.now() >= until) return readBackOf(seen);
          await Context.current().sleep(PAUSE_MS);
        }
      }),
  };
}

/** What a look says, keeps and claims. */
function told(input: LookRequest, sighting: Sighting): Done<Sighting> {
  const done = { value: sighting, detail: describe(sighting), effects: effectsOf(input, sighting) };
  if (sighting.kind !== 'seen') return done;
  const { oktaUserId, login, name } = sighting;
  const shown = { ...done, shown: { oktaUserId, login, name } };
  switch (input.claims) {
    case 'no':
      return shown;
    case 'park':
      return {
        ...shown,
        whenBusy: (by) => {
          throw parked(problem('ACCOUNT_BUSY', sayBusy(by)));
        },
      };
    case 'tell':
      return {
        ...shown,
        whenBusy: (by) => ({ value: { kind: 'busy', by }, detail: sayBusy(by), status: 'skipped' }),
      };
  }
}

function sayBusy({ run, kind, phase, since, login }: AccountHolder): string {
  return `The ${kind} ${run} of ${login} works on this account: ${phase} since ${since}. Cancel it or wait until it is over, then retry; an urgent offboarding takes its place with ifOpen "takeover".`;
}

/** The look, and the intent of the write that it allows. */
function effectsOf({ intends, claims, groupIds = [] }: LookRequest, sighting: Sighting): Effect[] {
  if (sighting.kind !== 'seen' && sighting.kind !== 'absent' && sighting.kind !== 'unreadable') {
    return [];
  }
  const seen = lookOf(sighting);
  const looked: Effect = { kind: 'look', look: seen };
  switch (intends) {
    case null:
      // Of the run's own account, so that every later look is by its id.
      return claims === 'no' || seen.kind !== 'seen' ? [] : [looked];
    case 'suspend':
      return mayBeSuspended(seen)
        ? [looked, { kind: 'suspend', stage: 'intended', before: seen }]
        : [looked];
    case 'create':
      return seen.kind === 'seen'
        ? [looked]
        : [looked, { kind: 'create', stage: 'intended', absentAt: seen.at, groupIds }];
  }
}

function mayBeSuspended(seen: Look): boolean {
  if (seen.kind !== 'seen') return seen.kind === 'unreadable';
  return !isAccessTaken(seen.status);
}

/** Only Okta's own groups can be changed. */
function intentsOf(
  groups: OktaGroup[] | 'unreadable',
  { user, adopts, removes }: GroupsLook,
): Effect[] {
  const known = groups === 'unreadable' ? [] : groups;
  const own = ownGroups(known);
  if (adopts !== undefined) {
    const groupIds = without(adopts.groupIds, own);
    const { profile } = adopts;
    return [
      { kind: 'adopt', oktaUserId: user },
      { kind: 'add-to-groups', stage: 'intended', groupIds },
      ...(profile === null
        ? []
        : [{ kind: 'change-profile', stage: 'intended', ...profile } as const]),
    ];
  }
  if (removes === undefined) return [];
  const groupIds = removableGroups(known, removes.ruled);
  return [{ kind: 'remove-from-groups', stage: 'intended', groupIds }];
}

async function compare(
  tools: StepTools,
  expected: ReadBackRequest,
  members: MemberReads,
): Promise<Compared> {
  const person = await look(tools, expected.user);
  if (person.kind === 'unreadable') return { kind: 'unreadable', status: null };
  // By id and just written: a replica that lags.
  if (person.kind === 'absent') return { kind: 'differs', status: null };
  const { status } = person;
  if (!expected.statuses.includes(status)) return { kind: 'differs', status };
  if (expected.inGroups.length + expected.notInGroups.length === 0) {
    return { kind: 'confirmed', status };
  }
  if (expected.shared) {
    const { okta, signal } = tools;
    const { oktaUserId } = person;
    const { kind } = await members.confirm(
      expected.run.connection,
      okta,
      oktaUserId,
      expected.inGroups,
      { signal },
    );
    return { kind: MEMBERSHIP[kind], status, isCreateTrusted: kind === 'not-read' };
  }
  const groups = await groupsOf(tools, person.oktaUserId);
  if (groups === 'unreadable') return { kind: 'unreadable', status };
  const ids = new Set<string>(groups.map((group) => group.id));
  const right =
    expected.inGroups.every((id) => ids.has(id)) && !expected.notInGroups.some((id) => ids.has(id));
  return { kind: right ? 'confirmed' : 'differs', status };
}

/** `isCreateTrusted`: the groups were not read; Okta's answer to the create stands for them. */
type Compared = ReadBack & { isCreateTrusted?: boolean };

const MEMBERSHIP = {
  'member-of-all': 'confirmed',
  missing: 'differs',
  'not-read': 'confirmed',
} as const satisfies Record<Membership['kind'], ReadBack['kind']>;

const READ_BACK_DETAIL: Record<ReadBack['kind'], string> = {
  confirmed: 'Okta shows the promised state',
  differs: `Okta did not show the promised state within ${READ_BACK_MS / 1_000} s`,
  unreadable: `${NOT_READABLE}; Okta's answers to the changes stand for it`,
};

function readBackOf({ isCreateTrusted = false, ...found }: Compared): Done<ReadBack> {
  const status = ({ confirmed: 'done', differs: 'failed', unreadable: 'skipped' } as const)[
    found.kind
  ];
  const detail = isCreateTrusted
    ? 'Okta shows the account; its answer to the create stands for the groups'
    : READ_BACK_DETAIL[found.kind];
  return { value: found, detail, status };
}

function describe(sighting: Sighting): string {
  switch (sighting.kind) {
    case 'seen':
      return `Found, ${sighting.status}`;
    case 'replaced':
      return `The account ${sighting.was} is gone; ${sighting.oktaUserId} has the login now`;
    case 'misnamed':
      return `Okta takes this name for ${sighting.login}`;
    case 'absent':
      return 'Okta shows no such person';
    case 'unreadable':
      return NOT_READABLE;
    case 'busy':
      return sayBusy(sighting.by);
  }
}

function distinct(groups: OktaGroup[]): OktaGroup[] {
  return [...new Map(groups.map((group) => [group.id, group])).values()];
}
