// The journal of a run: everything that it did in Okta, may have done and took back, as one value. An
// effect is recorded twice: as an intent before its write, and as a result after it. Pure.
import type { OktaGroupId, OktaUserId } from './brand.js';
import type { Profile } from './okta-user.js';

/** What Okta showed of an account at one look, in ids, with Okta's own time of the look. */
export type Look =
  | {
      kind: 'seen';
      oktaUserId: OktaUserId;
      status: string;
      statusChanged: string | null;
      at: string;
      /** Of a workflow that was ended from outside: no change of its own came later, give or take a minute. */
      until?: string;
    }
  | { kind: 'absent' | 'unreadable'; at: string };

type SeenLook = Extract<Look, { kind: 'seen' }>;

/** The journal's part of an account that Okta showed: ids, status and times, nothing personal. */
export function seenLook({
  oktaUserId,
  status,
  statusChanged,
  at,
}: Omit<SeenLook, 'kind' | 'until'>): SeenLook {
  return { kind: 'seen', oktaUserId, status, statusChanged, at };
}

/** How a suspension ended. `left`: nothing had to be done, or nothing could be and none was needed. */
export interface Access {
  result: 'suspended' | 'deactivated' | 'left';
  /** Whether this run suspended; only then may it unsuspend. */
  ours: boolean;
  /** A lock was taken off on the way, which cannot be given back. */
  unlocked: boolean;
  /** Okta's time of the answer: a suspension that shows a later time is somebody else's. */
  at: string;
}

/** `refused`: Okta surely did nothing of it. */
export type Stage = 'intended' | 'done' | 'refused';

export type Effect =
  /** The look before a write: it tells whose doing a later change is. */
  | { kind: 'look'; look: Look }
  /** `absentAt`: Okta's time when nobody had the login. `groupIds`: put in by the create itself. */
  | { kind: 'create'; stage: 'intended'; absentAt: string; groupIds: OktaGroupId[] }
  | {
      kind: 'create';
      stage: 'done';
      oktaUserId: OktaUserId;
      status: string;
      groupIds: OktaGroupId[];
    }
  | { kind: 'create'; stage: 'refused' }
  /** An account that was there before is the one to work on. */
  | { kind: 'adopt'; oktaUserId: OktaUserId }
  /** `before` and `after` hold the attributes that differ. */
  | { kind: 'change-profile'; stage: 'intended' | 'done'; before: Profile; after: Profile }
  | { kind: 'change-profile'; stage: 'refused' }
  | { kind: 'add-to-groups' | 'remove-from-groups'; stage: Stage; groupIds: OktaGroupId[] }
  | { kind: 'suspend'; stage: 'intended'; before: Look }
  | { kind: 'suspend'; stage: 'done'; access: Access }
  | { kind: 'suspend'; stage: 'refused' }
  /** Also where it was found given back, or suspended by somebody else. */
  | { kind: 'unsuspend' }
  /** Also where the role does not allow it, so that it is not tried again. */
  | { kind: 'revoke-sessions' }
  | { kind: 'deactivate' }
  /** From here on everything is being taken back. */
  | { kind: 'undo' };

/** Groups that one kind of write concerns. A group that is `intended` may be done. */
export interface Memberships {
  intended: OktaGroupId[];
  done: OktaGroupId[];
}

export type Creation =
  | { stage: 'intended'; absentAt: string; groupIds: OktaGroupId[]; until?: string }
  | { stage: 'done'; oktaUserId: OktaUserId; status: string };

export interface Journal {
  /** The last look before a write. */
  look: Look | null;
  creation: Creation | null;
  adopted: OktaUserId | null;
  profile: { before: Profile; after: Profile; stage: 'intended' | 'done' } | null;
  added: Memberships;
  removed: Memberships;
  /** How access stands by what this run knows; null before, and after it was given back. */
  access: Access | null;
  /** A suspension that was begun, with the look before it; null where its outcome is known. */
  suspending: Look | null;
  revoked: boolean;
  deactivated: boolean;
  undoing: boolean;
  /** A run before this one was taking back what it had made: its cancel still stands. */
  withdrawn: boolean;
}

const NO_GROUPS: Memberships = { intended: [], done: [] };

export const EMPTY_JOURNAL: Journal = {
  look: null,
  creation: null,
  adopted: null,
  profile: null,
  added: NO_GROUPS,
  removed: NO_GROUPS,
  access: null,
  suspending: null,
  revoked: false,
  deactivated: false,
  undoing: false,
  withdrawn: false,
};

/** The journal after one more effect. */
export function apply(journal: Journal, effect: Effect): Journal {
  switch (effect.kind) {
    case 'look':
      // An account that was seen once stays the one to work on, also where it is gone.
      return effect.look.kind !== 'seen' && journal.look?.kind === 'seen'
        ? journal
        : { ...journal, look: effect.look };
    case 'create':
      return applyCreate(journal, effect);
    case 'adopt':
      return journal.adopted === null || journal.adopted === effect.oktaUserId
        ? { ...journal, adopted: effect.oktaUserId }
        : { ...journal, adopted: effect.oktaUserId, added: NO_GROUPS, profile: null };
    case 'change-profile':
      return { ...journal, profile: profileAfter(effect) };
    case 'add-to-groups': {
      const { ours: added, inverse: removed } = move(journal.added, journal.removed, effect);
      return { ...journal, added, removed };
    }
    case 'remove-from-groups': {
      const { ours: removed, inverse: added } = move(journal.removed, journal.added, effect);
      return { ...journal, added, removed };
    }
    case 'suspend':
      return applySuspend(journal, effect);
    case 'unsuspend':
      return { ...journal, access: null, suspending: null };
    case 'revoke-sessions':
      return { ...journal, revoked: true };
    case 'deactivate':
      return { ...journal, deactivated: true };
    case 'undo':
      return { ...journal, undoing: true };
  }
}

/** The fold of effects, oldest first. */
export function journalOf(effects: readonly Effect[], from: Journal = EMPTY_JOURNAL): Journal {
  return effects.reduce(apply, from);
}

function applyCreate(journal: Journal, effect: Extract<Effect, { kind: 'create' }>): Journal {
  switch (effect.stage) {
    case 'intended': {
      const { groupIds } = effect;
      // While a first try is in doubt, an account made since its look may be that try's.
      const { creation } = journal;
      const absentAt = creation?.stage === 'intended' ? creation.absentAt : effect.absentAt;
      return { ...journal, creation: { stage: 'intended', absentAt, groupIds } };
    }
    case 'done': {
      const { oktaUserId, status, groupIds } = effect;
      const added = { ...journal.added, done: union(journal.added.done, groupIds) };
      return { ...journal, creation: { stage: 'done', oktaUserId, status }, added };
    }
    case 'refused':
      return { ...journal, creation: null };
  }
}

function profileAfter(effect: Extract<Effect, { kind: 'change-profile' }>): Journal['profile'] {
  if (effect.stage === 'refused') return null;
  const { stage, before, after } = effect;
  // Written back: nothing of it is left.
  return Object.keys(after).length === 0 ? null : { stage, before, after };
}

/** A write of one kind takes back what the other kind did; only what is left of it is new. */
function move(
  ours: Memberships,
  inverse: Memberships,
  { stage, groupIds }: Extract<Effect, { groupIds: OktaGroupId[]; stage: Stage }>,
): { ours: Memberships; inverse: Memberships } {
  const back = groupIds.filter((id) => touched(inverse).includes(id));
  const fresh = without(groupIds, back);
  switch (stage) {
    case 'intended':
      return {
        ours: { ...ours, intended: union(ours.intended, without(fresh, ours.done)) },
        inverse,
      };
    case 'done':
      return {
        ours: { intended: without(ours.intended, groupIds), done: union(ours.done, fresh) },
        inverse: { intended: without(inverse.intended, back), done: without(inverse.done, back) },
      };
    case 'refused':
      return { ours: { ...ours, intended: without(ours.intended, groupIds) }, inverse };
  }
}

function applySuspend(journal: Journal, effect: Extract<Effect, { kind: 'suspend' }>): Journal {
  switch (effect.stage) {
    case 'intended':
      return { ...journal, suspending: effect.before };
    case 'done':
      return { ...journal, suspending: null, access: merged(journal.access, effect.access) };
    case 'refused':
      return { ...journal, suspending: null };
  }
}

/** Found as this run left it, a suspension stays this run's; a lock that it took off stays off. */
function merged(before: Access | null, now: Access): Access {
  const unlocked = now.unlocked || before?.unlocked === true;
  if (now.result !== 'left' || before?.ours !== true) return { ...now, unlocked };
  return { ...now, ours: true, at: before.at, unlocked };
}

/** Groups that were changed or may have been. */
export function touched({ intended, done }: Memberships): OktaGroupId[] {
  return union(done, intended);
}

/** The account that the run works on, where one is known. */
export function accountOf({ creation, adopted, look }: Journal): OktaUserId | null {
  if (creation?.stage === 'done') return creation.oktaUserId;
  return adopted ?? (look?.kind === 'seen' ? look.oktaUserId : null);
}

/** Whether the effect only says what is about to be done. */
export function isIntent(effect: Effect): boolean {
  return 'stage' in effect && effect.stage === 'intended';
}

/** The journal of a workflow that was ended from outside: what it left in doubt was done by then or never. */
export function endedAt(journal: Journal, until: string): Journal {
  const { suspending, creation } = journal;
  return {
    ...journal,
    suspending: suspending?.kind === 'seen' ? { ...suspending, until } : suspending,
    creation: creation?.stage === 'intended' ? { ...creation, until } : creation,
  };
}

/**
 * What a run that takes over must know to take back. An onboarding's own part stays with it, unless it was
 * being taken back: then nobody may give back the access that its cancel took.
 */
export function inherited(journal: Journal): Journal {
  const { look, access, suspending, removed, undoing, creation, adopted } = journal;
  const isWithdrawn = journal.withdrawn || (undoing && (creation !== null || adopted !== null));
  if (isWithdrawn) return { ...journal, revoked: false, undoing: false, withdrawn: true };
  const carried = { ...EMPTY_JOURNAL, look, access, suspending, removed };
  // The undo may have given access back already, which a role that cannot look does not see.
  const isInDoubt = undoing && access?.result === 'suspended' && look?.kind !== 'seen';
  return isInDoubt ? { ...carried, access: null, suspending: look } : carried;
}

export function union<T>(left: readonly T[], right: readonly T[]): T[] {
  return [...new Set([...left, ...right])];
}

export function without<T>(all: readonly T[], some: readonly T[]): T[] {
  return all.filter((one) => !some.includes(one));
}
