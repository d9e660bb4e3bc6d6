/**
 * Okta's lifecycle of a user: which operation is legal from which status, where it leads, and how
 * a wrong one is refused. Pure; who may call is not asked here.
 * Sources: Okta's API reference (User Lifecycle) and recorded traffic of 2016 to 2026.
 */
import type { User, UserStatus } from './entities.js';
import {
  alreadyActive,
  notFound,
  statusForbids,
  unlockNotAllowed,
  validationFailed,
  type OktaError,
} from './okta-error.js';
import type { OrgSettings } from './settings.js';

export const LIFECYCLE_OPS = [
  'activate',
  'reactivate',
  'suspend',
  'unsuspend',
  'deactivate',
  'unlock',
  'expire_password',
  'expire_password_with_temp_password',
  'reset_password',
  'reset_factors',
] as const;
export type LifecycleOp = (typeof LIFECYCLE_OPS)[number];

/** What a ruling looks at. */
type Subject = Pick<User, 'id' | 'status' | 'statusBefore' | 'hasPassword'>;

/** The status after `op`, or how Okta refuses it. */
export function rule(
  op: LifecycleOp,
  user: Subject,
  settings: Pick<OrgSettings, 'suspendProvisioned'>,
): UserStatus | OktaError {
  switch (op) {
    case 'activate':
      return from(user, ['STAGED', 'DEPROVISIONED'], activated(user), alreadyActive);
    case 'reactivate':
      return from(user, ['PROVISIONED', 'RECOVERY'], user.status, statusForbids);
    case 'suspend':
      return from(user, suspendable(settings), 'SUSPENDED', () =>
        validationFailed('suspendUser', ['Cannot suspend a user that is not active']),
      );
    case 'unsuspend':
      // Recorded once: a user with an expired password had one again after the suspension.
      return from(user, ['SUSPENDED'], user.statusBefore ?? 'ACTIVE', () =>
        validationFailed('unsuspendUser', ['Cannot unsuspend a user that is not suspended']),
      );
    case 'deactivate':
      return user.status === 'DEPROVISIONED' ? notFound(user.id, 'User') : 'DEPROVISIONED';
    case 'unlock':
      return from(user, ['LOCKED_OUT'], 'ACTIVE', unlockNotAllowed);
    case 'expire_password':
    case 'expire_password_with_temp_password':
      return from(user, ['ACTIVE', 'PASSWORD_EXPIRED'], 'PASSWORD_EXPIRED', statusForbids);
    case 'reset_password':
      return from(user, RESETTABLE, 'RECOVERY', statusForbids);
    case 'reset_factors':
      return user.status;
  }
}

/** The status of an activated user: without a password the person has to follow a mail first. */
export function activated({ hasPassword }: Pick<User, 'hasPassword'>): UserStatus {
  return hasPassword ? 'ACTIVE' : 'PROVISIONED';
}

const RESETTABLE: readonly UserStatus[] = [
  'PROVISIONED',
  'ACTIVE',
  'PASSWORD_EXPIRED',
  'RECOVERY',
  'LOCKED_OUT',
];

/** The documentation says ACTIVE only; the links of live orgs offer it for two statuses more. */
function suspendable({
  suspendProvisioned,
}: Pick<OrgSettings, 'suspendProvisioned'>): UserStatus[] {
  const always: UserStatus[] = ['ACTIVE', 'PASSWORD_EXPIRED'];
  return suspendProvisioned ? [...always, 'PROVISIONED', 'RECOVERY'] : always;
}

function from(
  { status }: Subject,
  legal: readonly UserStatus[],
  to: UserStatus,
  refusal: () => OktaError,
): UserStatus | OktaError {
  return legal.includes(status) ? to : refusal();
}
