// The calls of an inspection to Okta's API, and how Okta took each. Reads; and probes, which are writes
// that cannot succeed: they name nobody who can exist, or lack what every user needs.
import type { z } from 'zod';
import type { Permission } from '../domain/admin-role.js';
import { NOT_ASKED, type Reads, type Reply } from '../domain/sightings.js';
import { groupAnswer, userAnswer } from './answers.schema.js';
import { callOf, type Call } from './call.js';
import { readNothing, type Caller } from './caller.js';
import { OktaError } from './errors.js';
import { GROUP, GROUPS, MEMBER, MEMBERS, USER, USERS } from './paths.js';

export interface Org {
  caller: Caller;
  signal: AbortSignal;
}

/** Longer than any login (100 characters) and any id (20), so it is nobody's, nor the start of a login. */
const NOBODY = `00u${'0'.repeat(100)}`;
const NO_GROUP = `00g${'0'.repeat(100)}`;

const ONE = { limit: '1' };

export async function lookAround(org: Org): Promise<Reads> {
  const [users, groups, impossibleUser] = await Promise.all([
    first(org, callOf('GET', USERS, 'A', {}, ONE), userAnswer),
    first(org, callOf('GET', GROUPS, 'D', {}, ONE), groupAnswer),
    replyTo(org, callOf('GET', USER, 'B', { user: NOBODY })),
  ]);
  const isOpen = users.reply.kind === 'empty' && impossibleUser.kind === 'absent';
  return {
    users: users.reply,
    groups: groups.reply,
    impossibleUser,
    impossibleGroup:
      groups.reply.kind === 'empty'
        ? await replyTo(org, callOf('GET', GROUP, 'E', { group: NO_GROUP }))
        : NOT_ASKED,
    member: isOpen ? await someMember(org, groups.found?.id ?? null) : NOT_ASKED,
  };
}

/** How Okta takes a look at somebody who is a member of Everyone, or else of `group`. */
async function someMember(org: Org, group: string | null): Promise<Reply> {
  const search = callOf('GET', GROUPS, 'D', {}, { q: 'Everyone', ...ONE });
  const everyone = await first(org, search, groupAnswer);
  const listed = everyone.found?.id ?? group;
  if (listed === null) return NOT_ASKED;
  const call = callOf('GET', MEMBERS, 'D', { group: listed }, ONE);
  const { found } = await first(org, call, userAnswer);
  return found === null ? NOT_ASKED : replyTo(org, callOf('GET', USER, 'B', { user: found.id }));
}

/** One after the other: a handful of calls, beside the work of others. */
export async function probe(org: Org): Promise<Partial<Record<Permission, Reply>>> {
  // One that is Okta's own: others cannot be written to by anybody.
  const own = callOf('GET', GROUPS, 'D', {}, { filter: 'type eq "OKTA_GROUP"', ...ONE });
  const { found } = await first(org, own, groupAnswer);
  const replies: Partial<Record<Permission, Reply>> = {};
  for (const [permission, call] of probesOf(found?.id ?? null))
    replies[permission] = await replyTo(org, call);
  return replies;
}

function probesOf(group: string | null): readonly (readonly [Permission, Call])[] {
  // Without login, e-mail and names there is no user to create (Okta answers E0000001).
  const create = (activate: string): Call => ({
    ...callOf('POST', USERS, 'A', {}, { activate }),
    body: JSON.stringify({ profile: {} }),
  });
  const lifecycle = (operation: string): Call =>
    callOf('POST', `${USER}/lifecycle/${operation}`, 'A', { user: NOBODY });
  return [
    ['okta.users.create', create('false')],
    ['okta.users.lifecycle.activate', create('true')],
    [
      'okta.users.userprofile.manage',
      { ...callOf('POST', USER, 'C', { user: NOBODY }), body: JSON.stringify({ profile: {} }) },
    ],
    ['okta.users.lifecycle.suspend', lifecycle('suspend')],
    ['okta.users.lifecycle.unsuspend', lifecycle('unsuspend')],
    ['okta.users.lifecycle.deactivate', lifecycle('deactivate')],
    ['okta.users.lifecycle.unlock', lifecycle('unlock')],
    [
      'okta.users.lifecycle.clearSessions',
      callOf('DELETE', `${USER}/sessions`, 'A', { user: NOBODY }),
    ],
    ['okta.groups.members.manage', callOf('PUT', MEMBER, 'D', { group: NO_GROUP, user: NOBODY })],
    // The group is looked at before the user, so this one needs a group that is there.
    ...(group === null
      ? []
      : ([
          [
            'okta.users.groupMembership.manage',
            callOf('PUT', MEMBER, 'D', { group, user: NOBODY }),
          ],
        ] as const)),
  ];
}

/** The first of a list, and how Okta took the question. */
async function first<T>(
  { caller, signal }: Org,
  call: Call,
  item: z.ZodType<T>,
): Promise<{ reply: Reply; found: T | null }> {
  try {
    const { value } = await caller.list(call, item, { signal, until: () => true });
    const [found = null] = value;
    return { reply: { kind: found === null ? 'empty' : 'done', detail: null }, found };
  } catch (error) {
    return { reply: replyOf(error, signal), found: null };
  }
}

async function replyTo({ caller, signal }: Org, call: Call): Promise<Reply> {
  try {
    await caller.call(call, readNothing, signal);
    return { kind: 'done', detail: null };
  } catch (error) {
    return replyOf(error, signal);
  }
}

function replyOf(error: unknown, signal: AbortSignal): Reply {
  if (error instanceof OktaError) return { kind: kindOf(error), detail: error.message };
  if (!signal.aborted) throw error;
  return { kind: 'no-answer', detail: 'The inspection took too long.' };
}

function kindOf({ code }: OktaError): Reply['kind'] {
  switch (code) {
    case 'OKTA_FORBIDDEN':
      return 'forbidden';
    case 'OKTA_SCOPE_MISSING':
      return 'scope-missing';
    case 'OKTA_NOT_FOUND':
      return 'absent';
    case 'OKTA_VALIDATION':
    case 'OKTA_LOGIN_TAKEN':
    case 'OKTA_WRONG_STATUS':
      return 'invalid';
    case 'OKTA_RATE_LIMITED':
    case 'OKTA_UNAVAILABLE':
    case 'OKTA_TIMEOUT':
    case 'OKTA_AUTH_FAILED':
    case 'OKTA_UNEXPECTED_RESPONSE':
      return 'no-answer';
  }
}
