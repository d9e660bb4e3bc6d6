// Whose doing is it? After a lost answer the state of Okta is read again, and these rules say whether
// what stands there is ours. All times are Okta's own, so no clock of ours plays a part.
import { knownStatus, type JsonValue, type OktaUser, type Profile } from './okta-user.js';

/** Okta writes whole seconds, and `Date` and `created` may come from two of its machines. */
const TOLERANCE_MS = 2_000;

/** A call that was under way when its workflow was ended from outside is over within a minute. */
const UNDER_WAY_MS = 60_000;

/** Statuses that a create of ours can have yielded: invited, staged, or active where passwords are optional. */
const YIELDED: Record<'email' | 'none', readonly string[]> = {
  email: ['PROVISIONED', 'ACTIVE'],
  none: ['STAGED'],
};

export interface CreateEvidence {
  /** Okta's `Date` of the answer before our first create. */
  absentAt: string;
  /** Every attribute that we sent. */
  sent: Profile;
  activation: 'email' | 'none';
  /** When the workflow that may have made it ended; left out while it lives. */
  until?: string;
}

/**
 * Whether an account that stands there now was made by a create of ours whose answer was lost. What
 * remains open: another integration that creates the same person, alike, in the same seconds.
 */
export function isOurCreate(found: OktaUser, evidence: CreateEvidence): boolean {
  const created = Date.parse(found.created);
  const absent = Date.parse(evidence.absentAt);
  return (
    created >= absent - TOLERANCE_MS &&
    isBy(created, evidence.until) &&
    YIELDED[evidence.activation].includes(knownStatus(found.status)) &&
    Object.entries(evidence.sent).every(([name, value]) => same(found.profile[name], value))
  );
}

/** Whether a suspension that stands there now was made after we looked and found none. */
export function isOurSuspension(
  now: { status: string; statusChanged: string | null },
  before: { status: string; at: string; until?: string },
): boolean {
  return (
    now.status === 'SUSPENDED' &&
    before.status !== 'SUSPENDED' &&
    now.statusChanged !== null &&
    Date.parse(now.statusChanged) >= Date.parse(before.at) - TOLERANCE_MS &&
    isBy(Date.parse(now.statusChanged), before.until)
  );
}

/** Whether a suspension that stands there now was made after ours, and so by somebody else. */
export function isLaterSuspension(
  now: { statusChanged: string | null },
  suspendedAt: string,
): boolean {
  return (
    now.statusChanged !== null &&
    Date.parse(now.statusChanged) > Date.parse(suspendedAt) + TOLERANCE_MS
  );
}

function isBy(at: number, until: string | undefined): boolean {
  return until === undefined || at <= Date.parse(until) + UNDER_WAY_MS;
}

function same(left: JsonValue | undefined, right: JsonValue): boolean {
  return JSON.stringify(left ?? null) === JSON.stringify(right);
}
