// What the steps of a run found and did, in ids: kept with each step, so that a run whose workflow was
// ended from outside can go on, or be taken back, by what the store knows. Pure.
import type { OktaGroupId, OktaUserId } from './brand.js';

/** What Okta showed of a person, without her name. */
export type Look =
  | {
      kind: 'seen';
      oktaUserId: OktaUserId;
      status: string;
      statusChanged: string | null;
      at: string;
    }
  | { kind: 'absent' | 'unreadable'; at: string };

/** How a suspension ended; see `Suspended` of the activities. */
export interface Access {
  result: 'suspended' | 'deactivated' | 'left';
  ours: boolean;
}

export type Deed =
  /** The look just before the first write: whose doing a change is, shows by it. */
  | { kind: 'looked'; look: Look }
  /** Okta gave a token: what comes after it may have been tried. */
  | { kind: 'authorized' }
  /** Okta's own groups that the person was in before any was added or removed. */
  | { kind: 'was-in'; groupIds: OktaGroupId[] }
  /** Those that an active rule fills. */
  | { kind: 'ruled'; groupIds: OktaGroupId[] }
  /** Those that the request named, in the order in which the person is put into them. */
  | { kind: 'wanted'; groupIds: OktaGroupId[] }
  /** `groupIds`: put in by the create itself. */
  | { kind: 'created'; oktaUserId: OktaUserId; status: string; groupIds: OktaGroupId[] }
  | { kind: 'added' | 'removed'; groupIds: OktaGroupId[] }
  | { kind: 'access'; access: Access }
  /** `revoked`: also where the role does not allow it, and so is not to be tried again. */
  | { kind: 'revoked' | 'given-back' | 'deactivated' };

/** What is known of one run. */
export interface Recalled {
  looked: Look | null;
  authorized: boolean;
  /** Null: not read, or what came of it is known. */
  wasIn: OktaGroupId[] | null;
  ruled: OktaGroupId[] | null;
  wanted: OktaGroupId[];
  created: { oktaUserId: OktaUserId; status: string } | null;
  added: OktaGroupId[];
  removed: OktaGroupId[];
  access: Access | null;
  revoked: boolean;
  deactivated: boolean;
}

/** Of the run itself, and of those that it took over from: it must be able to undo what they did. */
export interface Recollection {
  own: Recalled;
  carried: { suspended: boolean; removedGroups: OktaGroupId[] };
}

/** Folds deeds, oldest first: what was taken back is not done any more. */
export function recollect(deeds: readonly Deed[]): Recalled {
  return deeds.reduce(withDeed, NOTHING);
}

const NOTHING: Recalled = {
  looked: null,
  authorized: false,
  wasIn: null,
  ruled: null,
  wanted: [],
  created: null,
  added: [],
  removed: [],
  access: null,
  revoked: false,
  deactivated: false,
};

function withDeed(known: Recalled, deed: Deed): Recalled {
  switch (deed.kind) {
    case 'looked':
      return { ...known, looked: deed.look };
    case 'authorized':
      return { ...known, authorized: true };
    case 'was-in':
      return { ...known, wasIn: deed.groupIds };
    case 'ruled':
      return { ...known, ruled: deed.groupIds };
    case 'wanted':
      return { ...known, wanted: deed.groupIds };
    case 'created': {
      const { oktaUserId, status, groupIds } = deed;
      return { ...known, created: { oktaUserId, status }, added: union(known.added, groupIds) };
    }
    case 'added': {
      const { removed, added } = known;
      const back = intersection(removed, deed.groupIds);
      return {
        ...known,
        removed: without(removed, back),
        added: union(added, without(deed.groupIds, back)),
      };
    }
    case 'removed': {
      const { removed, added } = known;
      const back = intersection(added, deed.groupIds);
      return {
        ...known,
        wasIn: null,
        added: without(added, back),
        removed: union(removed, without(deed.groupIds, back)),
      };
    }
    case 'access':
      return { ...known, access: deed.access };
    case 'given-back':
      return { ...known, access: null, looked: null };
    case 'revoked':
      return { ...known, revoked: true };
    case 'deactivated':
      return { ...known, deactivated: true };
  }
}

/**
 * Whether a create may have been sent, with nothing known of its answer: nobody had the login, and all
 * that a create waits for had come. The look alone does not say so, since it is taken beside the rest,
 * which may take hours (a group that is unknown, a connection that is blocked).
 */
export function mayHaveCreated(known: Recalled, groups: number): boolean {
  const { looked, authorized, wanted, created } = known;
  if (created !== null || looked === null || looked.kind === 'seen') return false;
  return authorized && (groups === 0 || wanted.length > 0);
}

export function union<T>(left: readonly T[], right: readonly T[]): T[] {
  return [...new Set([...left, ...right])];
}

export function without<T>(all: readonly T[], some: readonly T[]): T[] {
  return all.filter((one) => !some.includes(one));
}

function intersection<T>(left: readonly T[], right: readonly T[]): T[] {
  return left.filter((one) => right.includes(one));
}
