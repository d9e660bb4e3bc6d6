/**
 * Finding what a call is about, with the permission gates in Okta's order: whoever lacks a
 * permission altogether learns nothing, not even whether the id exists.
 */
import type { AuthorizedCall } from '../call.js';
import { param } from '../call.js';
import type { Group, User } from '../entities.js';
import { notFound, notPermitted } from '../okta-error.js';
import { type Permission, demand } from '../permissions.js';
import type { View } from '../state.js';

/** The user that the path names, for a write that needs `permission`. */
export function userToChange(call: AuthorizedCall, permission: Permission, name = 'id'): User {
  const id = param(call, name);
  demand(call.access.has(permission));
  const user = named(call, id, 'now');
  if (user === undefined) throw notFound(id, 'User');
  demand(call.access.overUser(permission, user));
  return user;
}

/**
 * The user that the path names, for reading. What Okta answers without `okta.users.read` is
 * documented nowhere, so the org's settings say it.
 */
export function userToRead(call: AuthorizedCall, view: View): User {
  const id = param(call, 'id');
  const user = named(call, id, view);
  const visible =
    user === undefined
      ? call.access.has('okta.users.read')
      : call.access.overUser('okta.users.read', user);
  if (visible && user !== undefined) return user;
  if (visible || call.org.settings.readWithoutPermission === 404) throw notFound(id, 'User');
  throw notPermitted();
}

/** By id, login, or the part of a login before the `@` while it names one user only. */
function named({ org }: AuthorizedCall, name: string, view: View): User | undefined {
  return org.state.user(name, view) ?? org.state.userByShortName(name, view);
}

export function groupFor(call: AuthorizedCall, permission: Permission): Group {
  const id = param(call, 'gid');
  demand(call.access.has(permission));
  const group = call.org.state.get('group', id);
  if (group === undefined) throw notFound(id, 'UserGroup');
  demand(call.access.overGroup(permission, id));
  return group;
}
