// The permissions of Okta's custom admin role, in the words of its menu, and what each is for. Source:
// Okta's "About role permissions"; which call needs which: docs/concepts/role-assignment.

export const PERMISSIONS = [
  'okta.users.create',
  'okta.users.userprofile.manage',
  'okta.users.lifecycle.suspend',
  'okta.users.lifecycle.unsuspend',
  'okta.users.groupMembership.manage',
  'okta.groups.read',
  'okta.groups.members.manage',
  'okta.users.read',
  'okta.users.lifecycle.activate',
  'okta.users.lifecycle.clearSessions',
  'okta.users.lifecycle.deactivate',
  'okta.users.lifecycle.unlock',
] as const;
export type Permission = (typeof PERMISSIONS)[number];

export interface PermissionFacts {
  /** As Okta's menu has it. */
  label: string;
  /** Without a required one some run cannot do its work. */
  required: boolean;
  /** What it is for: completes "Tenure needs it to …". */
  purpose: string;
}

export const PERMISSION_FACTS: Readonly<Record<Permission, PermissionFacts>> = {
  'okta.users.create': {
    label: 'Create users',
    required: true,
    purpose: 'make the accounts of people who are hired',
  },
  'okta.users.userprofile.manage': {
    label: "Edit users' profile attributes",
    required: true,
    purpose: 'set the attributes of a new account',
  },
  'okta.users.lifecycle.suspend': {
    label: 'Suspend users',
    required: true,
    purpose: 'end the access of people who leave',
  },
  'okta.users.lifecycle.unsuspend': {
    label: 'Unsuspend users',
    required: true,
    purpose: 'give access back when an offboarding is cancelled',
  },
  'okta.users.groupMembership.manage': {
    label: "Edit users' group membership",
    required: true,
    purpose: 'put people into groups and take them out',
  },
  'okta.groups.read': {
    label: 'View groups and their details',
    required: true,
    purpose: 'find groups by their names',
  },
  'okta.groups.members.manage': {
    label: 'Manage group membership',
    required: true,
    purpose: 'put people into groups and take them out',
  },
  'okta.users.read': {
    label: 'View users and their details',
    required: false,
    purpose: 'see what became of a lost answer, instead of asking a person',
  },
  'okta.users.lifecycle.activate': {
    label: 'Activate users',
    required: false,
    purpose: 'be sure that Okta mails a new person her activation link',
  },
  'okta.users.lifecycle.clearSessions': {
    label: "Clear users' sessions",
    required: false,
    purpose: 'end sessions and revoke tokens beside the suspension',
  },
  'okta.users.lifecycle.deactivate': {
    label: 'Deactivate users',
    required: false,
    purpose: 'deprovision at the end of an offboarding',
  },
  'okta.users.lifecycle.unlock': {
    label: 'Unlock users',
    required: false,
    purpose: 'suspend somebody whose account is locked',
  },
};
