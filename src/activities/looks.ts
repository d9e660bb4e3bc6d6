// Looks at one account, as the steps need them: by id or login, with Okta's own time, and told apart from
// an account that merely answers to the same name. Nothing is written here.
import type { OktaGroupId, OktaUserId } from '../domain/brand.js';
import { seenLook, type Look } from '../domain/effects.js';
import { foldLogin, sameLogin } from '../domain/login.js';
import type { OktaGroup, OktaUser, Profile } from '../domain/okta-user.js';
import { OktaError } from '../okta/index.js';
import type { AccountHolder } from '../store/store.js';
import type { StepTools } from './step.js';

/** Whom a step is about: the account, where it is known, and the login that was asked for. */
export interface UserRef {
  oktaUserId: OktaUserId | null;
  login: string;
}

/** An account as Okta showed it. `profile` has the attributes that were asked about. */
export interface SeenUser {
  oktaUserId: OktaUserId;
  status: string;
  statusChanged: string | null;
  login: string;
  name: string;
  profile: Profile;
  at: string;
}

export type Sighting =
  | ({ kind: 'seen' } & SeenUser)
  /** The account `was` is gone; this one has the login now. */
  | ({ kind: 'replaced'; was: OktaUserId } & SeenUser)
  /** Okta takes the name for this account, whose login is another one. */
  | ({ kind: 'misnamed' } & SeenUser)
  | { kind: 'absent'; at: string }
  /** The role may not read users; nothing is known. */
  | { kind: 'unreadable'; at: string }
  /** Another open run works on the account. */
  | { kind: 'busy'; by: AccountHolder };

/** The result of one look by id or login. */
export type Shown =
  | ({ kind: 'seen' } & SeenUser)
  | { kind: 'absent'; at: string }
  | { kind: 'unreadable'; at: string };

export interface LookOptions {
  /** Attributes to bring along. */
  profile?: readonly string[];
  /**
   * Whether a 404 is to be proved by seeing that the role can read users at all, which may cost a call;
   * else it counts as absent.
   */
  prove?: boolean;
}

/**
 * Reads an account by login or id. A 404 proves absence only to a role that may read users at all;
 * otherwise nothing is known (Okta does not say which of 403 and 404 it answers then).
 */
export async function look(
  { okta, signal, take }: StepTools,
  user: string,
  { profile = [], prove = true }: LookOptions = {},
): Promise<Shown> {
  try {
    const answer = await okta.getUser(user, { signal });
    return seen(take(answer), answer.date ?? new Date().toISOString(), profile);
  } catch (error) {
    if (!(error instanceof OktaError)) throw error;
    const at = error.date ?? new Date().toISOString();
    if (error.code === 'OKTA_NOT_FOUND') {
      const isSure = !prove || (await okta.canReadUsers({ signal }));
      return { kind: isSure ? 'absent' : 'unreadable', at };
    }
    if (error.code === 'OKTA_FORBIDDEN') return { kind: 'unreadable', at };
    throw error;
  }
}

/** Looks by id where one is known, and by login where there is none or the account is gone. */
export async function lookFor(
  tools: StepTools,
  { oktaUserId, login }: UserRef,
  options: LookOptions = {},
): Promise<Exclude<Sighting, { kind: 'busy' }>> {
  if (oktaUserId !== null) {
    const known = await look(tools, oktaUserId, options);
    if (known.kind !== 'absent') return known;
  }
  const named = await look(tools, login, options);
  if (named.kind !== 'seen') return named;
  if (!sameLogin(named.login, login)) return { ...named, kind: 'misnamed' };
  return oktaUserId === null ? named : { ...named, kind: 'replaced', was: oktaUserId };
}

function seen(
  user: OktaUser,
  at: string,
  wanted: readonly string[],
): Extract<Shown, { kind: 'seen' }> {
  const { profile } = user;
  const text = (name: string): string => {
    const value = profile[name];
    return typeof value === 'string' ? value : '';
  };
  return {
    kind: 'seen',
    oktaUserId: user.id,
    status: user.status,
    statusChanged: user.statusChanged,
    login: text('login'),
    name: [text('firstName'), text('lastName')].filter((part) => part !== '').join(' '),
    profile: Object.fromEntries(wanted.map((name) => [name, profile[name] ?? null])),
    at,
  };
}

/** The journal's part of it: ids only. */
export function lookOf(shown: Shown): Look {
  return shown.kind === 'seen' ? seenLook(shown) : shown;
}

/** All groups that a person is in, `BUILT_IN` left out. */
export async function groupsOf(
  { okta, signal, take }: StepTools,
  user: string,
): Promise<OktaGroup[] | 'unreadable'> {
  try {
    const groups = take(await okta.listUserGroups(user, { signal }));
    return groups.filter((group) => group.type !== 'BUILT_IN');
  } catch (error) {
    if (
      error instanceof OktaError &&
      (error.code === 'OKTA_FORBIDDEN' || error.code === 'OKTA_NOT_FOUND')
    ) {
      return 'unreadable';
    }
    throw error;
  }
}

/** Somebody among the members of a group: the way of a role that may not read users. */
export async function findMember(
  { okta, signal, take }: StepTools,
  group: OktaGroupId,
  login: string,
): Promise<OktaUser | null> {
  const wanted = foldLogin(login);
  const until = ({ profile }: OktaUser): boolean =>
    typeof profile['login'] === 'string' && foldLogin(profile['login']) === wanted;
  const last = take(await okta.listGroupMembers(group, { signal, until })).at(-1);
  return last !== undefined && until(last) ? last : null;
}

export const NOT_READABLE = 'The role of this connection may not read users';
