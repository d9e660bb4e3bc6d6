/**
 * What the admin roles of an app allow. A role is a set of permissions bound to a resource set;
 * both must cover a call. Scopes are a gate of their own, in `api.ts`.
 * Source: developer.okta.com/docs/concepts/role-assignment, "Permissions".
 */
import type { AdminRole, App, Group, User } from './entities.js';
import { notPermitted } from './okta-error.js';

export type Permission =
  | 'okta.users.create'
  | 'okta.users.read'
  | 'okta.users.userprofile.manage'
  | 'okta.users.groupMembership.manage'
  | 'okta.users.credentials.expirePassword'
  | 'okta.users.credentials.resetPassword'
  | 'okta.users.credentials.resetFactors'
  | 'okta.users.lifecycle.activate'
  | 'okta.users.lifecycle.clearSessions'
  | 'okta.users.lifecycle.deactivate'
  | 'okta.users.lifecycle.delete'
  | 'okta.users.lifecycle.suspend'
  | 'okta.users.lifecycle.unlock'
  | 'okta.users.lifecycle.unsuspend'
  | 'okta.groups.create'
  | 'okta.groups.manage'
  | 'okta.groups.members.manage'
  | 'okta.groups.read';

/** The admin roles of one app, as questions. */
export class Access {
  readonly #roles: readonly AdminRole[];

  constructor(app: Pick<App, 'roles'>) {
    this.#roles = app.roles;
  }

  /** Whether any role has the permission, over whatever resources. */
  has(permission: Permission): boolean {
    return this.#roles.some((role) => grants(role, permission));
  }

  overUser(permission: Permission, user: User): boolean {
    return this.#roles.some((role) => grants(role, permission) && coversUser(role, user));
  }

  overGroup(permission: Permission, groupId: string): boolean {
    return this.#roles.some((role) => grants(role, permission) && coversGroup(role, groupId));
  }

  overAllGroups(permission: Permission): boolean {
    return this.#roles.some(
      (role) => grants(role, permission) && role.resourceSet.groups === 'all',
    );
  }

  /** Group rules are for super administrators; no custom role offers them by itself. */
  get overRules(): boolean {
    return this.#roles.some(
      ({ permissions, resourceSet: { users, groups } }) =>
        permissions === 'all' && users === 'all' && groups === 'all',
    );
  }

  /**
   * Whether users may be created into `groupIds`. A role bound to some groups must name one of
   * them; with a role over all groups the user may also be in none.
   */
  mayCreateIn(groupIds: readonly string[]): boolean {
    const anchored =
      this.overAllGroups('okta.users.create') ||
      groupIds.some((id) => this.overGroup('okta.users.create', id));
    return anchored && groupIds.every((id) => this.overGroup('okta.groups.members.manage', id));
  }
}

/** Refuses unless `allowed`. @throws OktaError E0000006 */
export function demand(allowed: boolean): void {
  if (!allowed) throw notPermitted();
}

/** `okta.users.lifecycle.manage` stands for every `okta.users.lifecycle.…`, and so on. */
function grants({ permissions }: AdminRole, wanted: Permission): boolean {
  if (permissions === 'all') return true;
  return permissions.some(
    (held) =>
      held === wanted ||
      (held.endsWith('.manage') && wanted.startsWith(held.slice(0, -'manage'.length))),
  );
}

function coversUser({ resourceSet: { users } }: AdminRole, user: User): boolean {
  return users === 'all' || users.some((id) => id === user.id || id in user.groups);
}

function coversGroup({ resourceSet: { groups } }: AdminRole, groupId: string): boolean {
  return groups === 'all' || groups.includes(groupId);
}

export const canSeeGroup = (access: Access, group: Group): boolean =>
  access.overGroup('okta.groups.read', group.id);
