// Steps that look and change nothing: the token, groups by name, the person, the read-back.
import { Context } from '@temporalio/activity';
import type { OktaGroupId, OktaUserId } from '../domain/brand.js';
import type { Deed, Look } from '../domain/deeds.js';
import { sameLogin } from '../domain/login.js';
import type { OktaGroup, OktaUser } from '../domain/okta-user.js';
import { problem } from '../domain/problem.js';
import type { RunRef } from '../domain/run.js';
import { OktaError } from '../okta/index.js';
import { parked } from './failures.js';
import type { RunStep, StepTools } from './step.js';

/** What Okta showed of a person, with Okta's own time of the look. */
export type Sighting =
  | {
      kind: 'seen';
      oktaUserId: OktaUserId;
      status: string;
      statusChanged: string | null;
      name: string;
      at: string;
      /** Of a look that is recalled: no change of ours came later, give or take a minute. */
      until?: string;
    }
  | { kind: 'absent'; at: string }
  /** The role may not read users; nothing is known. */
  | { kind: 'unreadable'; at: string };

export interface ReadBack {
  /** `unreadable`: the role cannot look, so the answers of the writes have to do. */
  kind: 'confirmed' | 'differs' | 'unreadable';
}

export interface ReadingActivities {
  mintToken: (input: { run: RunRef }) => Promise<{ expiresAt: string; scopes: string[] }>;
  /** @throws `GROUP_UNKNOWN`, `GROUP_NOT_MANAGEABLE` (parks). */
  resolveGroups: (input: { run: RunRef; groups: string[] }) => Promise<OktaGroup[]>;
  /** `beforeWrite`: kept, since whose doing a change is shows by this look. */
  readUser: (input: { run: RunRef; user: string; beforeWrite?: boolean }) => Promise<Sighting>;
  /** Ids of the groups that a person is in, Everyone left out. */
  readGroups: (input: { run: RunRef; user: string }) => Promise<OktaGroup[] | 'unreadable'>;
  /** Looks until Okta shows what was done, for a bounded time. */
  readBack: (input: {
    run: RunRef;
    user: string;
    statuses: string[];
    inGroups: OktaGroupId[];
    notInGroups: OktaGroupId[];
  }) => Promise<ReadBack>;
}

const GROUP_ID = /^00g[0-9A-Za-z]{17}$/;
const READ_BACK_MS = 10_000;
const PAUSE_MS = 400;

export function createReadingActivities(step: RunStep): ReadingActivities {
  return {
    mintToken: (input) =>
      step(input, async ({ okta, signal, take }) => {
        const { expiresAt, scopes } = take(await okta.mintToken({ signal }));
        return {
          value: { expiresAt, scopes },
          detail: `Scopes: ${scopes.join(' ')}`,
          deed: { kind: 'authorized' },
        };
      }),

    resolveGroups: (input) =>
      step(input, async (tools) => {
        const groups: OktaGroup[] = [];
        for (const name of input.groups) groups.push(await resolveGroup(tools, name));
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
          deed: { kind: 'wanted', groupIds: found.map(({ id }) => id) },
        };
      }),

    readUser: (input) =>
      step(input, async (tools) => {
        const sighting = await look(tools, input.user);
        const said = { value: sighting, detail: describe(sighting) };
        return input.beforeWrite === true ? { ...said, deed: looked(sighting) } : said;
      }),

    readGroups: (input) =>
      step(input, async (tools) => {
        const groups = await groupsOf(tools, input.user);
        const detail = groups === 'unreadable' ? NOT_READABLE : `In ${groups.length} group(s)`;
        return { value: groups, detail, deed: wasIn(groups) };
      }),

    readBack: (input) =>
      step(input, async (tools) => {
        const until = Date.now() + READ_BACK_MS;
        for (;;) {
          const seen = await compare(tools, input);
          if (seen !== 'differs' || Date.now() >= until) return readBackOf(seen);
          await Context.current().sleep(PAUSE_MS);
        }
      }),
  };
}

/** Without the name: deeds hold ids only. */
function looked(sighting: Sighting): Deed {
  if (sighting.kind !== 'seen') return { kind: 'looked', look: sighting };
  const { name: _name, ...look } = sighting;
  return { kind: 'looked', look: look satisfies Look };
}

function wasIn(groups: OktaGroup[] | 'unreadable'): Deed {
  const known = groups === 'unreadable' ? [] : groups;
  const own = known.filter(({ type }) => type === 'OKTA_GROUP');
  return { kind: 'was-in', groupIds: own.map(({ id }) => id) };
}

const NOT_READABLE = 'The role of this connection may not read users';

/** By id or exact name. An ambiguous name is as bad as an unknown one: nobody should be put in by guess. */
async function resolveGroup({ okta, signal, take }: StepTools, name: string): Promise<OktaGroup> {
  const candidates = GROUP_ID.test(name)
    ? [take(await okta.getGroup(name, { signal }).catch(unknownGroup(name)))]
    : take(await okta.findGroupsByName(name, { signal }));
  const manageable = candidates.filter((group) => group.type === 'OKTA_GROUP');
  const choice = manageable.length > 0 ? manageable : candidates;
  const [group, ...others] = choice;
  if (group === undefined) {
    throw parked(
      problem('GROUP_UNKNOWN', `There is no group "${name}" that this connection can see.`),
    );
  }
  if (others.length > 0) {
    throw parked(
      problem(
        'GROUP_UNKNOWN',
        `${choice.length} groups are called "${name}"; give the id instead.`,
      ),
    );
  }
  return group;
}

function unknownGroup(name: string): (error: unknown) => never {
  return (error) => {
    if (error instanceof OktaError && error.code === 'OKTA_NOT_FOUND') {
      throw parked(problem('GROUP_UNKNOWN', `There is no group with the id ${name}.`), error);
    }
    throw error;
  };
}

/**
 * Reads a person by login or id. A 404 proves absence only to a role that may read users at all;
 * otherwise nothing is known (Okta does not say which of 403 and 404 it answers then).
 */
export async function look({ okta, signal, take }: StepTools, user: string): Promise<Sighting> {
  try {
    const answer = await okta.getUser(user, { signal });
    const found = take(answer);
    return {
      kind: 'seen',
      oktaUserId: found.id,
      status: found.status,
      statusChanged: found.statusChanged,
      name: [found.profile['firstName'], found.profile['lastName']]
        .filter((part) => typeof part === 'string')
        .join(' '),
      at: answer.date ?? new Date().toISOString(),
    };
  } catch (error) {
    if (!(error instanceof OktaError)) throw error;
    const at = error.date ?? new Date().toISOString();
    if (error.code === 'OKTA_NOT_FOUND') {
      return { kind: (await okta.canReadUsers({ signal })) ? 'absent' : 'unreadable', at };
    }
    if (error.code === 'OKTA_FORBIDDEN') return { kind: 'unreadable', at };
    throw error;
  }
}

async function groupsOf(
  { okta, signal, take }: StepTools,
  user: string,
): Promise<OktaGroup[] | 'unreadable'> {
  try {
    const groups = take(await okta.listUserGroups(user, { signal }));
    return groups.filter((group) => group.type !== 'BUILT_IN');
  } catch (error) {
    if (isUnreadable(error)) return 'unreadable';
    throw error;
  }
}

function isUnreadable(error: unknown): boolean {
  return (
    error instanceof OktaError &&
    (error.code === 'OKTA_FORBIDDEN' || error.code === 'OKTA_NOT_FOUND')
  );
}

async function compare(
  tools: StepTools,
  expected: { user: string; statuses: string[]; inGroups: string[]; notInGroups: string[] },
): Promise<ReadBack['kind']> {
  const person = await look(tools, expected.user);
  if (person.kind === 'unreadable') return 'unreadable';
  // By id and just written: a replica that lags.
  if (person.kind === 'absent') return 'differs';
  if (!expected.statuses.includes(person.status)) return 'differs';
  if (expected.inGroups.length + expected.notInGroups.length === 0) return 'confirmed';
  const groups = await groupsOf(tools, person.oktaUserId);
  if (groups === 'unreadable') return 'unreadable';
  const ids = new Set<string>(groups.map((group) => group.id));
  const right =
    expected.inGroups.every((id) => ids.has(id)) && !expected.notInGroups.some((id) => ids.has(id));
  return right ? 'confirmed' : 'differs';
}

const READ_BACK_DETAIL: Record<ReadBack['kind'], string> = {
  confirmed: 'Okta shows the promised state',
  differs: `Okta did not show the promised state within ${READ_BACK_MS / 1_000} s`,
  unreadable: `${NOT_READABLE}; Okta's answers to the changes stand for it`,
};

function readBackOf(kind: ReadBack['kind']): {
  value: ReadBack;
  detail: string;
  status: 'done' | 'skipped' | 'failed';
} {
  const status = ({ confirmed: 'done', differs: 'failed', unreadable: 'skipped' } as const)[kind];
  return { value: { kind }, detail: READ_BACK_DETAIL[kind], status };
}

function describe(sighting: Sighting): string {
  switch (sighting.kind) {
    case 'seen':
      return `Found, ${sighting.status}`;
    case 'absent':
      return 'Okta shows no such person';
    case 'unreadable':
      return NOT_READABLE;
  }
}

function distinct(groups: OktaGroup[]): OktaGroup[] {
  return [...new Map(groups.map((group) => [group.id, group])).values()];
}

/** Somebody among the members of a group: the way of a role that may not read users. */
export async function findMember(
  { okta, signal, take }: StepTools,
  group: OktaGroupId,
  login: string,
): Promise<OktaUser | null> {
  const until = ({ profile }: OktaUser): boolean =>
    typeof profile['login'] === 'string' && sameLogin(profile['login'], login);
  const last = take(await okta.listGroupMembers(group, { signal, until })).at(-1);
  return last !== undefined && until(last) ? last : null;
}
