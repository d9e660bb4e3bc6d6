// The calls that Tenure makes to one Okta org, as the rest of the service sees them. Only the shape;
// `calls.ts` makes the real thing.
import type { OktaGroupId, OktaUserId } from '../domain/brand.js';
import type { OktaGroup, OktaUser, Profile } from '../domain/okta-user.js';

/** What Okta answered. */
export interface Answer<T> {
  value: T;
  /**
   * `X-Okta-Request-Id`, for the ledger; null where Okta was not asked or gave none. Of an answer in
   * pages, the first page's.
   */
  requestId: string | null;
  /** Okta's `Date`, RFC 3339, whole seconds; of an answer in pages, the first page's. */
  date: string | null;
}

export interface CallOptions {
  /** Ends the call at once with the signal's own reason; what was sent may still happen. */
  signal?: AbortSignal;
}

/** How a scan of a list ended: `cut-short` where it has more pages than were to be read. */
export type Scanned = 'stopped' | 'whole' | 'cut-short';

export interface NewUser {
  /** At least `login`, `email`, `firstName`, `lastName`. */
  profile: Profile;
  /** Up to 20 (Okta answers `E0000093` above). One that does not exist refuses the whole create. */
  groupIds: readonly OktaGroupId[];
  /** True: PROVISIONED, and Okta mails the person. False: STAGED, no mail. */
  activate: boolean;
}

/** Okta fills the groups of an ACTIVE rule by itself. */
export interface OktaGroupRule {
  id: string;
  name: string;
  /** `INACTIVE`, `ACTIVE`, `INVALID`, or one that is not known yet. */
  status: string;
  /** The groups that it fills. */
  groupIds: OktaGroupId[];
}

/**
 * One org. Every method throws an `OktaError`, whatever happens, save the caller's own abort. `user`
 * is an Okta user id or a login; a login with a `/` or `?` cannot be addressed (Okta Users API).
 * Writes are never repeated by themselves once they may have reached Okta.
 */
export interface OktaConnection {
  /**
   * Makes sure of a token: the shared one while it is fresh (then `requestId` is null), else a new
   * one. `renew` asks for a new one in any case, which proves key, client id and domain.
   */
  mintToken(
    options?: CallOptions & { renew?: boolean },
  ): Promise<Answer<{ expiresAt: string; scopes: string[] }>>;
  /**
   * The org that calls go to, `https://acme.okta.com`: where a connection was moved to another one, it
   * takes half a minute until calls go there.
   */
  origin(options?: CallOptions): Promise<string>;
  getUser(user: string, options?: CallOptions): Promise<Answer<OktaUser>>;
  /**
   * Whether the role sees any user at all, so that a 404 says something. Remembered for some minutes.
   * A role that sees some users only cannot be told from one that sees all.
   */
  canReadUsers(options?: CallOptions): Promise<boolean>;
  createUser(user: NewUser, options?: CallOptions): Promise<Answer<OktaUser>>;
  /** Changes the attributes that are named and leaves the others (`POST`, a partial update). */
  updateUser(user: OktaUserId, profile: Profile, options?: CallOptions): Promise<Answer<OktaUser>>;
  suspendUser(user: string, options?: CallOptions): Promise<Answer<void>>;
  unsuspendUser(user: string, options?: CallOptions): Promise<Answer<void>>;
  /** Cannot be undone. Okta answers 404 where the account is deactivated already. */
  deactivateUser(user: string, options?: CallOptions): Promise<Answer<void>>;
  unlockUser(user: string, options?: CallOptions): Promise<Answer<void>>;
  /** Ends Okta sessions and revokes OAuth tokens; sessions inside apps go on. */
  revokeSessions(user: string, options?: CallOptions): Promise<Answer<void>>;
  /** All of them, Everyone included. */
  listUserGroups(user: string, options?: CallOptions): Promise<Answer<OktaGroup[]>>;
  getGroup(group: string, options?: CallOptions): Promise<Answer<OktaGroup>>;
  /** Groups of exactly this name, capitals included. Okta does not promise that there is only one. */
  findGroupsByName(name: string, options?: CallOptions): Promise<Answer<OktaGroup[]>>;
  /** The first 200 whose names start with `prefix`, any where it is empty; capitals do not count. */
  listGroups(prefix: string, options?: CallOptions): Promise<Answer<OktaGroup[]>>;
  /** All pages, or as many as it takes until `until` holds for a member, who is then the last. */
  /**
   * Tells `visit` the id of each member, until it returns true or `maxPages` of a thousand were read.
   * Holds one page at a time.
   */
  scanGroupMembers(
    group: string,
    visit: (user: OktaUserId) => boolean,
    options: CallOptions & { maxPages: number },
  ): Promise<Answer<Scanned>>;
  listGroupMembers(
    group: OktaGroupId,
    options?: CallOptions & { until?: (member: OktaUser) => boolean },
  ): Promise<Answer<OktaUser[]>>;
  /** Adding a member again is taken for done (Okta answers 204; not documented). */
  addToGroup(group: OktaGroupId, user: OktaUserId, options?: CallOptions): Promise<Answer<void>>;
  removeFromGroup(
    group: OktaGroupId,
    user: OktaUserId,
    options?: CallOptions,
  ): Promise<Answer<void>>;
  listGroupRules(options?: CallOptions): Promise<Answer<OktaGroupRule[]>>;
}
