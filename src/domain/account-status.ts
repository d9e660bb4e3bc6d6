// The meaning of each status of an Okta account for somebody who leaves or is hired, in one table. An unknown
// status has none: it does not count as access taken away, and such an account is not adopted.
import { OKTA_USER_STATUSES, knownStatus, type OktaUserStatus } from './okta-user.js';

interface Meaning {
  /** Nobody can sign in, and only an administrator of the org can change that. */
  accessTaken: boolean;
  /** The click in Okta (Directory, People, the person) that makes the account usable again. */
  bringBack: string | null;
}

const USABLE: Meaning = { accessTaken: false, bringBack: null };

const MEANINGS: Record<OktaUserStatus, Meaning> = {
  STAGED: USABLE,
  PROVISIONED: USABLE,
  ACTIVE: USABLE,
  RECOVERY: USABLE,
  LOCKED_OUT: USABLE,
  PASSWORD_EXPIRED: USABLE,
  SUSPENDED: { accessTaken: true, bringBack: 'More Actions, Unsuspend' },
  DEPROVISIONED: { accessTaken: true, bringBack: 'Activate' },
};

/** The statuses that keep the promise of an offboarding. */
export const ACCESS_TAKEN: readonly string[] = OKTA_USER_STATUSES.filter(
  (status) => MEANINGS[status].accessTaken,
);

/** The statuses of accounts that can be adopted as they are. */
export const ADOPTABLE: readonly string[] = OKTA_USER_STATUSES.filter(
  (status) => MEANINGS[status].bringBack === null,
);

export function isAccessTaken(status: string): boolean {
  return ACCESS_TAKEN.includes(status);
}

/** The click that has to come before an adoption; null where none is needed, or none is known. */
export function clickToBringBack(status: string): string | null {
  const known = knownStatus(status);
  return known === 'UNKNOWN' ? null : MEANINGS[known].bringBack;
}
