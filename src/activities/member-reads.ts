// The read-back of the groups that a create put somebody into, shared by all people who are made at about
// the same time: members are read group by group for all of them, since reading each person's own groups
// would count against the bucket of the creates.
//
// Somebody who is made alone is read back at once. In a crowd a group is read once a minute, and whoever
// comes too late for that gets `not-read`: Okta's answer to the create, which puts a person into all of
// the groups or fails as a whole, stands for it then.
import type { ConnectionId, OktaGroupId, OktaUserId } from '../domain/brand.js';
import { orAbort } from '../okta/index.js';
import { GroupMembers, type MemberReader } from './group-members.js';

export type Membership =
  | { kind: 'member-of-all' }
  /** Two reads, a second apart, showed the whole of these groups without the person. */
  | { kind: 'missing'; groupIds: OktaGroupId[] }
  /** What is not among these was read, and shows the person. */
  | { kind: 'not-read'; groupIds: OktaGroupId[] };

export interface MemberReads {
  /** Okta has just made this person: whoever else is to be read back now is not alone. */
  made(connection: ConnectionId, user: OktaUserId): void;
  /**
   * Whether Okta shows `user`, just made, in all of these groups. Takes up to 15 seconds where many are
   * made at once.
   * @throws the signal's reason
   */
  confirm(
    connection: ConnectionId,
    okta: MemberReader,
    user: OktaUserId,
    groupIds: readonly OktaGroupId[],
    options: { signal: AbortSignal },
  ): Promise<Membership>;
}

/** Nobody else was made or read back for so long: more are not to be expected. */
const ALONE_AFTER_MS = 3_000;

/** The last of whom was heard, and when somebody else was heard of. */
interface Heard {
  user: OktaUserId;
  at: number;
  anotherAt: number;
}

/** @param now milliseconds, of a clock that is never put back */
export function createMemberReads({
  now = () => performance.now(),
}: { now?: () => number } = {}): MemberReads {
  const groups = new Map<string, GroupMembers>();
  const heard = new Map<ConnectionId, Heard>();

  function hearOf(connection: ConnectionId, user: OktaUserId): Heard {
    const last = heard.get(connection);
    const anotherAt = last?.user === user ? last.anotherAt : (last?.at ?? -Infinity);
    const next = { user, at: now(), anotherAt };
    heard.set(connection, next);
    return next;
  }

  function membersOf(connection: ConnectionId, group: OktaGroupId): GroupMembers {
    const key = `${connection}/${group}`;
    let members = groups.get(key);
    if (members === undefined) {
      for (const [other, { isIdle }] of groups) if (isIdle) groups.delete(other);
      members = new GroupMembers(group, now);
      groups.set(key, members);
    }
    return members;
  }

  return {
    made(connection, user) {
      hearOf(connection, user);
    },

    async confirm(connection, okta, user, groupIds, { signal }) {
      signal.throwIfAborted();
      const isAlone = now() - hearOf(connection, user).anotherAt > ALONE_AFTER_MS;
      const asked = [...new Set(groupIds)].map((group) => ({
        group,
        asking: membersOf(connection, group).ask(okta, user, isAlone),
      }));
      try {
        const answers = asked.map(async ({ group, asking }) => ({
          group,
          seen: await asking.seen,
        }));
        return membershipOf(await orAbort(Promise.all(answers), signal));
      } finally {
        for (const { asking } of asked) asking.leave();
      }
    },
  };
}

function membershipOf(answers: { group: OktaGroupId; seen: string }[]): Membership {
  const those = (wanted: string) =>
    answers.filter(({ seen }) => seen === wanted).map(({ group }) => group);
  const missing = those('unseen');
  if (missing.length > 0) return { kind: 'missing', groupIds: missing };
  const notRead = those('not-read');
  return notRead.length > 0 ? { kind: 'not-read', groupIds: notRead } : { kind: 'member-of-all' };
}
