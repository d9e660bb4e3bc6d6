// A person as Okta knows her: the statuses and the fields that Tenure decides by.
import type { OktaGroupId, OktaUserId } from './brand.js';

/** Okta's `UserStatus`; the enum is open, see {@link knownStatus}. */
export const OKTA_USER_STATUSES = [
  'STAGED',
  'PROVISIONED',
  'ACTIVE',
  'RECOVERY',
  'LOCKED_OUT',
  'PASSWORD_EXPIRED',
  'SUSPENDED',
  'DEPROVISIONED',
] as const;
export type OktaUserStatus = (typeof OKTA_USER_STATUSES)[number];

/** A status nobody has heard of counts as `UNKNOWN`: never acted on by guess. */
export function knownStatus(status: string): OktaUserStatus | 'UNKNOWN' {
  return (OKTA_USER_STATUSES as readonly string[]).includes(status)
    ? (status as OktaUserStatus)
    : 'UNKNOWN';
}

export type JsonValue =
  string | number | boolean | null | JsonValue[] | { [key: string]: JsonValue };

export type Profile = Record<string, JsonValue>;

export interface OktaUser {
  id: OktaUserId;
  status: string;
  /** RFC 3339; Okta writes whole seconds. */
  created: string;
  statusChanged: string | null;
  transitioningToStatus: string | null;
  profile: Profile;
}

export interface OktaGroup {
  id: OktaGroupId;
  /** `OKTA_GROUP`, `APP_GROUP`, `BUILT_IN`, or one that is not known yet. */
  type: string;
  name: string;
}
