// How everything that a run did is taken back: the inverses of its effects, and what has none. Pure.
import type { OktaGroupId, OktaUserId } from './brand.js';
import { accountOf, touched, type Creation, type Journal, type Look } from './effects.js';
import type { Profile } from './okta-user.js';
import type { RunKind } from './run.js';

export type Undo =
  /** `before`: the look before a suspension whose answer is not known; null where it surely is ours. */
  | { kind: 'unsuspend'; before: Look | null; suspendedAt: string | null }
  | { kind: 'add-to-groups'; oktaUserId: OktaUserId; groupIds: OktaGroupId[] }
  /** A create was begun and its outcome is not known: the account is looked for. */
  | { kind: 'find-account'; creation: Extract<Creation, { stage: 'intended' }> }
  /** Access of an account that the run made ends; where Okta does not suspend it, it is deactivated. */
  | { kind: 'suspend'; oktaUserId: OktaUserId; status: string }
  | { kind: 'remove-from-groups'; oktaUserId: OktaUserId; groupIds: OktaGroupId[] }
  | { kind: 'restore-profile'; oktaUserId: OktaUserId; before: Profile };

/** What stays, and why, in a sentence for people. */
export interface Irreversible {
  what: 'deactivated' | 'unlocked' | 'sessions' | 'withdrawn';
  why: string;
}

export interface UndoPlan {
  steps: Undo[];
  cannot: Irreversible[];
}

const WHY: Record<Irreversible['what'], string> = {
  deactivated: 'The account is deactivated, which cannot be taken back.',
  unlocked: 'The account was locked before; the lock is gone and cannot be given back.',
  sessions: 'Sessions and tokens that were ended stay ended.',
  withdrawn: 'An earlier cancel asked to take this access away, so it is not given back.',
};

/**
 * Newest first, but access before everything else: it is given back first where it was taken, and taken
 * first where it was given. The plan is made anew after each step, from the journal as it is then.
 */
export function undoPlan(journal: Journal, kind: RunKind): UndoPlan {
  if (kind === 'onboarding') return { steps: undoOnboarding(journal), cannot: [] };
  const offboarding = undoOffboarding(journal);
  if (!journal.withdrawn) return offboarding;
  const steps = offboarding.steps.filter(({ kind: undo }) => undo !== 'unsuspend');
  const keepsAccess = steps.length < offboarding.steps.length;
  const cannot = [...offboarding.cannot, ...(keepsAccess ? say('withdrawn') : [])];
  return { steps: [...undoOnboarding(journal), ...steps], cannot };
}

function undoOffboarding(journal: Journal): UndoPlan {
  const { access, suspending, removed, revoked, deactivated } = journal;
  if (deactivated || access?.result === 'deactivated') {
    return { steps: [], cannot: say('deactivated') };
  }
  const steps: Undo[] = [];
  if (access?.ours === true || suspending !== null) {
    const isOurs = access?.ours === true;
    steps.push({
      kind: 'unsuspend',
      before: isOurs ? null : suspending,
      suspendedAt: isOurs && suspending === null ? access.at : null,
    });
  }
  const groupIds = touched(removed);
  const oktaUserId = accountOf(journal);
  if (groupIds.length > 0 && oktaUserId !== null) {
    steps.push({ kind: 'add-to-groups', oktaUserId, groupIds });
  }
  const cannot = [
    ...(access?.unlocked === true ? say('unlocked') : []),
    ...(revoked ? say('sessions') : []),
  ];
  return { steps, cannot };
}

function undoOnboarding(journal: Journal): Undo[] {
  const { creation, adopted, access, added, profile } = journal;
  if (creation?.stage === 'intended') return [{ kind: 'find-account', creation }];
  const steps: Undo[] = [];
  if (creation?.stage === 'done' && access === null) {
    const { oktaUserId, status } = creation;
    steps.push({ kind: 'suspend', oktaUserId, status });
  }
  const groupIds = touched(added);
  const oktaUserId = accountOf(journal);
  if (groupIds.length > 0 && oktaUserId !== null) {
    steps.push({ kind: 'remove-from-groups', oktaUserId, groupIds });
  }
  if (profile !== null && adopted !== null) {
    steps.push({ kind: 'restore-profile', oktaUserId: adopted, before: profile.before });
  }
  return steps;
}

function say(what: Irreversible['what']): Irreversible[] {
  return [{ what, why: WHY[what] }];
}
