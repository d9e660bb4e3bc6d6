// What must happen for a person to lose access, from whatever status she is in. Pure and total over
// Okta's statuses, the unknown ones included.
import type { OktaUserStatus } from './okta-user.js';

export type SuspensionPlan =
  /** Nothing to do; what holds already was not done by us. */
  | { kind: 'satisfied'; why: 'suspended' | 'deprovisioned' | 'staged' }
  | { kind: 'suspend' }
  /** Okta may refuse (documented for ACTIVE only, offered by its links for these): then deactivate or park. */
  | { kind: 'try-suspend'; otherwise: 'deactivate' | 'park' }
  /** A locked account is unlocked first, where the role allows it. */
  | { kind: 'unlock-then-suspend'; otherwise: 'deactivate' | 'park' }
  | { kind: 'deactivate' }
  | { kind: 'park' };

/** The table of the offboarding, row by row. */
export function planSuspension(
  status: OktaUserStatus | 'UNKNOWN',
  otherwise: 'deactivate' | 'park',
): SuspensionPlan {
  switch (status) {
    case 'ACTIVE':
      return { kind: 'suspend' };
    case 'PASSWORD_EXPIRED':
    case 'PROVISIONED':
    case 'RECOVERY':
      return { kind: 'try-suspend', otherwise };
    case 'LOCKED_OUT':
      return { kind: 'unlock-then-suspend', otherwise };
    case 'STAGED':
      return otherwise === 'deactivate'
        ? { kind: 'deactivate' }
        : { kind: 'satisfied', why: 'staged' };
    case 'SUSPENDED':
      return { kind: 'satisfied', why: 'suspended' };
    case 'DEPROVISIONED':
      return { kind: 'satisfied', why: 'deprovisioned' };
    case 'UNKNOWN':
      return { kind: 'park' };
  }
}
