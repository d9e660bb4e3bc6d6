// What Tenure promises, watched while a life goes on. Where Okta shows two stories that cannot be told
// apart, neither is held against a run: that is said at each exception.
import type { OktaGroupId, OktaUserId, RunId } from '../../src/domain/brand.js';
import type { OffboardTerms } from '../../src/contract/workflows.js';
import { isOpen, type Deadline, type RunReport } from '../../src/domain/run.js';
import type { Account, Actor, Org } from './org.js';
import { groupId, OTHERS } from './org.js';
import type { MemoryStore, Row } from './store.js';
import { SECOND } from './time.js';

/** Times in whole seconds, from two machines. */
const TOLERANCE_MS = 3 * SECOND;
/** Between the last look of a run and its last word. */
const LAST_LOOK_MS = 60 * SECOND;

const WITHOUT_ACCESS = ['SUSPENDED', 'DEPROVISIONED', 'STAGED'];

interface Picture {
  id: OktaUserId;
  status: string;
  groups: string;
  profile: string;
  groupIds: OktaGroupId[];
}

export interface Promises {
  /** A run was accepted, or another one went on as it. */
  began(row: Row): void;
  reported(row: Row, report: RunReport | null): void;
  writes(actor: Actor, what: string, account: Account | null, group?: OktaGroupId): void;
  /** A write of whose outcome nobody was told. */
  doubts(actor: Actor, what: string): void;
  expedited(row: Row): void;
  broken: string[];
}

export function watch(world: () => { org: Org; store: MemoryStore }): Promises {
  const before = new Map<string, { picture: Picture | null; acts: number }>();
  const doubtful = new Set<string>();
  const expedited = new Set<string>();
  const lastWriter = new Map<OktaUserId, Actor>();
  const broken: string[] = [];
  const say = (what: string): void => {
    if (!broken.includes(what)) broken.push(what);
  };

  function picture(account: Account | undefined | null): Picture | null {
    if (account === undefined || account === null) return null;
    const { id, status, groups, profile } = account;
    const { login: _, ...rest } = profile;
    const sorted = Object.entries(rest).sort(([a], [b]) => a.localeCompare(b));
    return {
      ...{ id, status, groups: [...groups.keys()].sort().join(' ') },
      ...{ profile: JSON.stringify(sorted), groupIds: [...groups.keys()] },
    };
  }

  /** The run and those that it goes on from: taken over, or the hire whose contract end it is. */
  function chain(id: Actor): Actor[] {
    const { rows } = world().store;
    const earlier = rows.find(({ supersededBy, continuesAs }) =>
      [supersededBy, continuesAs].includes(id as RunId),
    );
    return earlier === undefined ? [id] : [id, ...chain(earlier.run.id)];
  }

  function chainRows(row: Row): Row[] {
    const ids = chain(row.run.id);
    return world().store.rows.filter(({ run }) => ids.includes(run.id));
  }

  function foreign(row: Row, kinds: RegExp, since: number): boolean {
    const begin = Math.min(...chainRows(row).map(({ createdAt }) => createdAt));
    return world().org.acts.some(
      ({ actor, what, at }) => actor === OTHERS && kinds.test(what) && at >= since && at >= begin,
    );
  }

  const ANY = /./;
  const STATUS = /suspend|activate|unlock|rename|remake/;

  /** The run itself, or the first of the offboardings whose place it took; null where a hire gave way. */
  function firstOf(row: Row): Row | null {
    const previous = world().store.rows.find(({ run }) => run.id === row.previous);
    if (previous?.supersededBy !== row.run.id) return row;
    return previous.kind === row.kind ? firstOf(previous) : null;
  }

  function closed(row: Row): void {
    const { org } = world();
    const account =
      row.oktaUserId === null ? org.byLogin(row.login) : org.accounts.get(row.oktaUserId);
    if (row.outcome === 'done') isDone(row, account);
    if (row.phase === 'cancelled' && row.outcome !== 'partial') isUndone(row, account);
  }

  function isDone(row: Row, account: Account | undefined): void {
    const { org } = world();
    const since = org.role.readUsers ? Date.now() - LAST_LOOK_MS : 0;
    if (foreign(row, STATUS, since)) return;
    if (row.kind === 'offboarding') {
      if (account === undefined || WITHOUT_ACCESS.includes(account.status)) return;
      say(`offboarding done, but the account is ${account.status}`);
      return;
    }
    if (account === undefined) {
      say('onboarding done, but there is no account');
      return;
    }
    const missing = Array.from({ length: groupsWanted(row) }, (_, index) => index).filter(
      (index) => !account.groups.has(groupId(index)),
    );
    if (missing.length > 0 && !foreign(row, ANY, since)) {
      say(`onboarding done, but the account is not in groups ${missing.join(' ')}`);
    }
    if (['SUSPENDED', 'DEPROVISIONED'].includes(account.status)) {
      say(`onboarding done, but the account is ${account.status}`);
    }
  }

  function groupsWanted({ input }: Row): number {
    return ((input as { groups?: string[] } | null)?.groups ?? []).length;
  }

  function isUndone(row: Row, account: Account | undefined): void {
    const first = firstOf(row);
    const was = first === null ? undefined : before.get(first.run.id);
    if (was === undefined) return;
    const own = chain(row.run.id);
    const acts = world().org.acts.slice(was.acts);
    const others = acts.filter(({ actor }) => !own.includes(actor));
    const isElse = (kinds: RegExp): boolean => others.some(({ what }) => kinds.test(what));
    // Another account has the login by now, or another run has worked on this one.
    if (isElse(/remake|rename/) || others.some(({ actor }) => actor !== OTHERS)) return;
    const now = picture(account);
    if (was.picture === null) {
      hireIsUndone(now, isElse);
      return;
    }
    if (now === null) {
      say('undone, but the account is gone');
      return;
    }
    const isFinal = acts.some(({ what }) => /deactivate|unlock/.test(what));
    if (now.status !== was.picture.status && !isFinal && !isElse(STATUS)) {
      say(`undone, but the account is ${now.status} and was ${was.picture.status}`);
    }
    if (acts.some(({ what }) => what === 'deactivateUser' || what === 'deactivate')) return;
    const touched = others.map(({ group }) => group);
    const untouched = ({ groupIds }: Picture): string =>
      groupIds
        .filter((id) => !touched.includes(id))
        .sort()
        .join(' ');
    if (untouched(now) !== untouched(was.picture)) {
      say(`undone, but the account is in [${now.groups}] and was in [${was.picture.groups}]`);
    }
    if (now.profile !== was.picture.profile && !isElse(/edit/)) {
      say(`undone, but the profile is ${now.profile} and was ${was.picture.profile}`);
    }
  }

  function hireIsUndone(now: Picture | null, isElse: (kinds: RegExp) => boolean): void {
    if (now === null) return;
    if (!WITHOUT_ACCESS.includes(now.status) && !isElse(STATUS)) {
      say(`hire undone, but the account is ${now.status}`);
    }
    if (now.groups !== '' && now.status !== 'DEPROVISIONED' && !isElse(/join|leave/)) {
      say(`hire undone, but the account is in ${now.groups}`);
    }
  }

  function isAlone(actor: Actor, what: string, account: Account): void {
    const other = lastWriter.get(account.id);
    lastWriter.set(account.id, actor);
    if (other === undefined || other === actor || !world().org.role.readUsers) return;
    const row = world().store.rows.find(({ run }) => run.id === other);
    if (row === undefined || !isOpen(row.phase)) return;
    if (chain(actor).includes(other) || chain(other).includes(actor)) return;
    say(`${what} by a run while another open run has written to the account`);
  }

  function ownsSuspension(actor: Actor, account: Account): boolean {
    const own = chain(actor);
    if (account.suspendedBy === null || own.includes(account.suspendedBy)) return true;
    // A role that cannot look cannot tell whose it is.
    if (!world().org.role.readUsers) return true;
    // A suspension of ours that is in doubt looks like one that came after our look.
    if (own.some((each) => doubtful.has(`${each} suspendUser`))) return true;
    const since = account.statusChanged ?? 0;
    return world().org.acts.some(
      ({ actor: who, what, at }) =>
        own.includes(who) && what === 'suspendUser' && Math.abs(at - since) <= TOLERANCE_MS,
    );
  }

  return {
    broken,
    doubts: (actor, what) => {
      doubtful.add(`${actor} ${what}`);
    },
    expedited: (row) => {
      expedited.add(row.run.id);
    },
    began(row) {
      const { org } = world();
      const known = row.oktaUserId === null ? undefined : org.accounts.get(row.oktaUserId);
      const account = known ?? org.byLogin(row.login);
      before.set(row.run.id, { picture: picture(account), acts: org.acts.length });
    },
    reported(row, report) {
      if (row.phase === 'parked' && (row.problem === null || row.problem.actions.length === 0)) {
        say('parked without a decision that leads on');
      }
      if (row.phase === 'parked' && !row.actions.includes('resolve')) {
        say('parked, but nothing can be decided');
      }
      if (report !== null && !isOpen(report.phase)) closed(row);
    },
    writes(actor, what, account, group) {
      const { store, org } = world();
      const row = store.rows.find(({ run }) => run.id === actor);
      if (row === undefined) {
        say(`${what} by nobody whom the store knows`);
        return;
      }
      if (what === 'createUser') {
        const made = org.acts.filter((act) => act.actor === actor && act.what === 'createUser');
        if (made.length > 0 && org.byLogin(row.login) === undefined) {
          // An account that others renamed or deleted meanwhile cannot be found by its login.
          if (!foreign(row, /rename|remake/, 0)) say('a second account is made');
        }
        return;
      }
      if (!isOpen(row.phase)) say(`${what} by a run that is over`);
      if (account === null) return;
      isAlone(actor, what, account);
      if (
        what === 'unsuspendUser' &&
        account.status === 'SUSPENDED' &&
        !ownsSuspension(actor, account)
      ) {
        say(
          `a suspension by ${account.suspendedBy === OTHERS ? 'others' : 'another run'} is taken back`,
        );
      }
      const own = chain(actor);
      const takesAccess = what === 'suspendUser' || what === 'deactivateUser';
      if (takesAccess && row.kind === 'onboarding' && !own.includes(account.madeBy)) {
        say(`an undo takes access from an account that the run has not made`);
      }
      if (what === 'removeFromGroup' && group !== undefined && row.kind === 'onboarding') {
        const was = before.get(actor)?.picture;
        const isKept =
          was?.id === account.id && was.groupIds.includes(group) && !foreign(row, /leave/, 0);
        if (
          isKept &&
          account.groups.get(group) !== undefined &&
          !own.includes(account.groups.get(group) ?? '')
        ) {
          say('an undo removes a group that the person was in before');
        }
      }
      const mayBeEarly = expedited.has(actor) || row.undoing || firstOf(row) !== row;
      if (what === 'suspendUser' && row.kind === 'offboarding' && !mayBeEarly) {
        if (isAhead(row.deadlines.suspendAt)) say('suspended before the deadline that stands');
      }
      const { whenNotSuspendable } = termsOf(row);
      if (what === 'deactivateUser' && whenNotSuspendable === 'park' && !mayBeEarly) {
        if (isAhead(row.deadlines.deprovisionAt))
          say('deactivated before the deadline that stands');
      }
    },
  };
}

function isAhead(deadline: Deadline | undefined): boolean {
  return (
    deadline !== undefined && deadline.metAt === undefined && Date.parse(deadline.at) > Date.now()
  );
}

function termsOf({ input }: Row): Partial<OffboardTerms> {
  return (input as { terms?: OffboardTerms } | null)?.terms ?? {};
}
