/**
 * What happens to a user record when something happens to the user: timestamps, status, sessions,
 * memberships and the list of changes that tests read. Pure; every function returns a new record.
 */
import type { Change, Profile, User, UserStatus } from './entities.js';
import { loginOf } from './profile.js';

/** A moment by the org's clock: as an entity shows it, and to the millisecond. */
export interface Moment {
  /** `2026-01-31T12:00:00.000Z`: whole seconds, as in every recorded answer. */
  readonly stamp: string;
  readonly instant: string;
}

/** Changes kept per user. */
const REMEMBERED = 200;

interface NewUser {
  readonly id: string;
  readonly status: UserStatus;
  readonly profile: Profile;
  readonly hasPassword?: boolean;
  readonly hasImportedPassword?: boolean;
  readonly recoveryQuestion?: string | undefined;
  readonly groups?: User['groups'];
  readonly sessions?: number;
}

export function newUser(facts: NewUser, at: Moment): User {
  const { id, status, profile, hasPassword = false, recoveryQuestion } = facts;
  const wasActivated = status !== 'STAGED';
  return note(
    {
      id,
      status,
      ...(status === 'SUSPENDED' ? { statusBefore: 'ACTIVE' as const } : {}),
      created: at.stamp,
      activated: wasActivated ? at.stamp : null,
      statusChanged: wasActivated ? at.stamp : null,
      lastLogin: null,
      lastUpdated: at.stamp,
      passwordChanged: hasPassword ? at.stamp : null,
      hasPassword,
      ...(facts.hasImportedPassword === true ? { hasImportedPassword: true } : {}),
      ...(recoveryQuestion === undefined ? {} : { recoveryQuestion }),
      profile,
      groups: facts.groups ?? {},
      sessions: facts.sessions ?? 0,
      version: 1,
      changes: [],
    },
    at,
    [`created as ${status}`],
  );
}

/** Moves a user to `status`. Suspension and deactivation end the sessions, as Okta's do. */
export function withStatus(user: User, status: UserStatus, at: Moment): User {
  if (status === user.status) return user;
  const { statusBefore: _, ...rest } = user;
  const shut = status === 'SUSPENDED' || status === 'DEPROVISIONED';
  return note(
    {
      ...rest,
      status,
      ...(status === 'SUSPENDED' ? { statusBefore: user.status } : {}),
      activated: user.status === 'STAGED' && status !== 'DEPROVISIONED' ? at.stamp : user.activated,
      statusChanged: at.stamp,
      lastUpdated: at.stamp,
      sessions: shut ? 0 : user.sessions,
      version: user.version + 1,
    },
    at,
    [`${user.status} → ${status}`],
  );
}

export function withProfile(user: User, profile: Profile, at: Moment): User {
  const changed = [...new Set([...Object.keys(user.profile), ...Object.keys(profile)])].filter(
    (name) => JSON.stringify(user.profile[name]) !== JSON.stringify(profile[name]),
  );
  if (changed.length === 0) return user;
  return note({ ...user, profile, lastUpdated: at.stamp, version: user.version + 1 }, at, [
    `profile: ${changed.join(', ')}`,
  ]);
}

export function withPassword(user: User, at: Moment): User {
  const { hasImportedPassword: _, ...rest } = user;
  return {
    ...rest,
    hasPassword: true,
    passwordChanged: at.stamp,
    lastUpdated: at.stamp,
    version: user.version + 1,
  };
}

/** Memberships are no part of what `lastUpdated` and `etag` stand for. */
export function withGroups(user: User, groups: User['groups'], at: Moment): User {
  const joined = Object.keys(groups).filter((id) => !(id in user.groups));
  const left = Object.keys(user.groups).filter((id) => !(id in groups));
  return note({ ...user, groups }, at, [
    ...joined.map((id) => `joined ${id}`),
    ...left.map((id) => `left ${id}`),
  ]);
}

export function withoutSessions(user: User, tokensToo: boolean, at: Moment): User {
  const what = tokensToo ? 'sessions and OAuth tokens revoked' : 'sessions revoked';
  return note({ ...user, sessions: 0 }, at, [what]);
}

/** The person follows the activation mail and sets a password. */
export function withFirstSignIn(user: User, at: Moment): User {
  return {
    ...withPassword(withStatus(user, 'ACTIVE', at), at),
    lastLogin: at.stamp,
    sessions: user.sessions + 1,
  };
}

function note(user: User, { instant }: Moment, what: readonly string[]): User {
  const changes: Change[] = what.map((each) => ({ at: instant, what: each }));
  return { ...user, changes: [...user.changes, ...changes].slice(-REMEMBERED) };
}

/** What tests may read of a user: the truth, without any lag. */
export function truthOf(user: User): Record<string, unknown> {
  return {
    id: user.id,
    login: loginOf(user),
    status: user.status,
    profile: user.profile,
    groups: Object.keys(user.groups),
    sessions: user.sessions,
    created: user.created,
    changes: user.changes,
  };
}
