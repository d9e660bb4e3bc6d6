// One Okta org in memory: the status machine, groups, rules, times in whole seconds (API-FACTS 4.6), and
// the answers that can be had. Whose doing each thing is, is kept beside it.
import { as, type OktaGroupId, type OktaUserId } from '../../src/domain/brand.js';
import { sameLogin } from '../../src/domain/login.js';
import type { OktaGroup, OktaUser, Profile } from '../../src/domain/okta-user.js';
import type { OktaConnection } from '../../src/okta/index.js';
import {
  OktaForbiddenError,
  OktaLoginTakenError,
  OktaNotFoundError,
  OktaRateLimitedError,
  OktaTimeoutError,
  OktaUnavailableError,
  OktaWrongStatusError,
} from '../../src/okta/errors.js';
import { currentAttempt } from './activity-runs.js';
import { sleep, stamp } from './time.js';

/** A run's id, or `others`. */
export type Actor = string;
export const OTHERS: Actor = 'others';

export interface Account {
  id: OktaUserId;
  status: string;
  statusBefore: string;
  created: number;
  statusChanged: number | null;
  profile: Profile;
  /** Who put the person in, for each group. */
  groups: Map<OktaGroupId, Actor>;
  madeBy: Actor;
  suspendedBy: Actor | null;
}

/** `what` of others: `suspended`, `renamed`, …; of a run: the call. */
export interface Act {
  at: number;
  actor: Actor;
  what: string;
  account: OktaUserId;
  group?: OktaGroupId;
  /** Whether the actor was told that it was done. */
  isKnown: boolean;
}

/** How a call goes; `none` where nothing is in its way. */
export const FAULTS = [
  'none',
  'slow',
  'lost',
  'error',
  'refused',
  'limited',
  'late-limit',
  'lag',
  'dies-before',
  'dies-after',
  'dies-at-end',
] as const;
export type Fault = (typeof FAULTS)[number];

const DOUBTFUL: readonly Fault[] = ['lost', 'error', 'dies-before', 'dies-after', 'dies-at-end'];

export interface Role {
  readUsers: boolean;
  readRules: boolean;
  revoke: boolean;
  deactivate: boolean;
  unlock: boolean;
  suspend: boolean;
  /** The person is an administrator, whom the role must not touch. */
  mayTouch: boolean;
  /** Which group it must not change the members of. */
  deniedGroup: number | null;
}

export const FULL_ROLE: Role = {
  ...{ readUsers: true, readRules: true, revoke: true, deactivate: true, unlock: true },
  ...{ suspend: true, mayTouch: true, deniedGroup: null },
};

export const GROUPS = Array.from({ length: 24 }, (_, index) => `Group ${index}`);
const RULED = 2;

export interface Org {
  connection: OktaConnection;
  accounts: Map<OktaUserId, Account>;
  acts: Act[];
  role: Role;
  byLogin(login: string): Account | undefined;
  make(login: string, status: string, groups: number[], actor: Actor): Account;
  setStatus(account: Account, status: string, actor: Actor): void;
  remove(account: Account): void;
  note(actor: Actor, what: string, account: OktaUserId, group?: OktaGroupId): Act;
}

export interface OrgOptions {
  suspendsProvisioned: boolean;
  nextFault: () => Fault;
  /** Before and after a call takes effect. */
  onCall: () => void;
  /** Before a write takes effect. */
  onWrite: (actor: Actor, what: string, account: Account | null, group?: OktaGroupId) => void;
  /** A write may have taken effect without its actor being told. */
  onDoubt: (actor: Actor, what: string) => void;
  say: (line: string) => void;
}

const LATENCY_MS = 150;
const SLOW_MS = 9_000;
const LAG_MS = 1_500;

export function groupId(index: number): OktaGroupId {
  return as(`00g${String(index).padStart(17, '0')}`);
}

export function createOrg(options: OrgOptions): Org {
  const accounts = new Map<OktaUserId, Account>();
  const acts: Act[] = [];
  const groups: OktaGroup[] = [
    { id: groupId(99), type: 'BUILT_IN', name: 'Everyone' },
    ...GROUPS.map((name, index) => ({ id: groupId(index), type: 'OKTA_GROUP', name })),
  ];
  const org: Org = {
    accounts,
    acts,
    role: FULL_ROLE,
    connection: connectionTo(),
    byLogin: (login) =>
      [...accounts.values()].find(({ profile }) => sameLogin(loginOf(profile), login)),
    make(login, status, memberOf, actor) {
      const id = as<OktaUserId>(`00u${String(accounts.size + acts.length).padStart(17, '0')}`);
      const profile = { firstName: 'Ada', lastName: 'Lovelace', email: login, login };
      const account = newAccount(id, status, profile, memberOf.map(groupId), actor);
      return account;
    },
    setStatus(account, status, actor) {
      if (status === 'SUSPENDED' && account.status !== status)
        account.statusBefore = account.status;
      account.status = status;
      account.statusChanged = Date.now();
      account.suspendedBy = status === 'SUSPENDED' ? actor : null;
    },
    remove(account) {
      accounts.delete(account.id);
    },
    note(actor, what, account, group) {
      const act: Act = {
        ...{ at: Date.now(), actor, what, account, isKnown: actor === OTHERS },
        ...(group === undefined ? {} : { group }),
      };
      acts.push(act);
      return act;
    },
  };
  return org;

  function newAccount(
    id: OktaUserId,
    status: string,
    profile: Profile,
    memberOf: readonly OktaGroupId[],
    actor: Actor,
  ): Account {
    const now = Date.now();
    const account: Account = {
      ...{ id, status, statusBefore: 'ACTIVE', created: now, profile: { ...profile } },
      statusChanged: status === 'STAGED' ? null : now,
      groups: new Map(memberOf.map((group) => [group, actor])),
      ...{ madeBy: actor, suspendedBy: status === 'SUSPENDED' ? actor : null },
    };
    accounts.set(id, account);
    return account;
  }

  function find(user: string): Account | undefined {
    return accounts.get(as(user)) ?? org.byLogin(user);
  }

  function connectionTo(): OktaConnection {
    interface Call<T> {
      name: string;
      /** Null: a read. Else what it is about, for the record. */
      writes: { user?: string; group?: OktaGroupId } | null;
      signal: AbortSignal | undefined;
      /** Does it; told whether the answer is to lag. */
      does: (actor: Actor, isLate: boolean) => T;
    }

    async function call<T>({ name, writes, signal, does }: Call<T>) {
      const attempt = currentAttempt();
      const actor = (attempt?.input as { run?: { id?: string } } | undefined)?.run?.id ?? '';
      const fault = options.nextFault();
      const tell = (line: string): void => {
        options.say(
          `${name}${writes?.group === undefined ? '' : ` ${writes.group.slice(-2)}`} ${line}`,
        );
      };
      const facts = (httpStatus: number | null, outcome: 'not-done' | 'unknown') => ({
        ...{ method: 'POST', path: name, httpStatus, oktaErrorCode: null },
        ...{ oktaRequestId: null, outcome },
        date: httpStatus === null ? null : stamp(Date.now()),
      });
      if (writes !== null && DOUBTFUL.includes(fault)) options.onDoubt(actor, name);
      const died = (): Error => attempt?.crash() ?? new Error('no attempt');

      if (fault === 'limited' || fault === 'late-limit') {
        tell(fault);
        const retryAfterMs = fault === 'limited' ? 3_000 : 60_000;
        throw new OktaRateLimitedError('later', {
          ...facts(fault === 'limited' ? null : 429, 'not-done'),
          ...{
            kind: fault === 'limited' ? ('budget' as const) : ('window' as const),
            retryAfterMs,
          },
        });
      }
      await sleep((fault === 'slow' ? SLOW_MS : LATENCY_MS) / 2, signal);
      options.onCall();
      currentAttempt();
      if (fault === 'dies-before') {
        tell('dies before it');
        throw died();
      }
      if (fault === 'refused') {
        tell('cannot connect');
        throw new OktaUnavailableError('no connection', facts(null, 'not-done'));
      }
      if (fault === 'error') {
        tell('answers 500, nothing done');
        throw new OktaUnavailableError('500', facts(500, writes === null ? 'not-done' : 'unknown'));
      }
      let value: T;
      const before = acts.length;
      try {
        if (writes !== null) checkRole(name, writes);
        if (writes !== null) {
          options.onWrite(
            actor,
            name,
            writes.user === undefined ? null : (find(writes.user) ?? null),
            writes.group,
          );
        }
        value = does(actor, fault === 'lag');
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        tell(`refused: ${error.kind}`);
        await sleep(LATENCY_MS / 2, signal);
        currentAttempt();
        throw error.asOktaError(facts(REFUSED_WITH[error.kind], 'not-done'));
      }
      const at = stamp(Date.now());
      options.onCall();
      await sleep((fault === 'slow' ? SLOW_MS : LATENCY_MS) / 2, signal);
      currentAttempt();
      if (fault === 'dies-after') {
        tell('done, then dies');
        throw died();
      }
      if (fault === 'dies-at-end') attempt?.crashAtEnd();
      if (fault === 'lost') {
        tell('done, its answer lost');
        throw new OktaTimeoutError('lost', facts(null, writes === null ? 'not-done' : 'unknown'));
      }
      for (const act of acts.slice(before)) if (act.actor === actor) act.isKnown = true;
      tell(fault === 'none' ? 'ok' : `ok (${fault})`);
      return { value, requestId: 'req', date: at };
    }

    function checkRole(
      name: string,
      { user, group }: { user?: string; group?: OktaGroupId },
    ): void {
      const { role } = org;
      if (user !== undefined && !role.mayTouch) throw new Refusal('forbidden');
      if (group !== undefined && group === deniedGroup()) throw new Refusal('forbidden');
      const isAllowed: Record<string, boolean> = {
        suspendUser: role.suspend,
        unsuspendUser: role.suspend,
        revokeSessions: role.revoke,
        deactivateUser: role.deactivate,
        unlockUser: role.unlock,
      };
      if (isAllowed[name] === false) throw new Refusal('forbidden');
    }

    function deniedGroup(): OktaGroupId | null {
      return org.role.deniedGroup === null ? null : groupId(org.role.deniedGroup);
    }

    const mustFind = (user: string): Account => {
      const account = find(user);
      if (account === undefined) throw new Refusal('not-found');
      return account;
    };
    const mustRead = (): void => {
      if (!org.role.readUsers) throw new Refusal('forbidden');
    };
    const lifecycle = (
      name: string,
      legal: (account: Account) => boolean,
      to: (account: Account) => string,
      otherwise: RefusalKind = 'status',
    ) => {
      return async (user: string, { signal }: { signal?: AbortSignal } = {}) =>
        call({
          ...{ name, writes: { user }, signal },
          does: (actor) => {
            const account = mustFind(user);
            if (!legal(account)) throw new Refusal(otherwise);
            org.setStatus(account, to(account), actor);
            org.note(actor, name, account.id);
          },
        });
    };
    const membership =
      (name: string, change: (account: Account, group: OktaGroupId, actor: Actor) => void) =>
      (group: OktaGroupId, user: OktaUserId, { signal }: { signal?: AbortSignal } = {}) =>
        call({
          ...{ name, writes: { user, group }, signal },
          does: (actor) => {
            const account = mustFind(user);
            org.note(actor, name, account.id, group);
            change(account, group, actor);
          },
        });
    const suspendable = (): string[] =>
      options.suspendsProvisioned
        ? ['ACTIVE', 'PASSWORD_EXPIRED', 'PROVISIONED', 'RECOVERY']
        : ['ACTIVE', 'PASSWORD_EXPIRED'];
    const read = <T>(name: string, signal: AbortSignal | undefined, does: Call<T>['does']) =>
      call({ name, writes: null, signal, does });

    return {
      origin: () => Promise.resolve('https://model.okta.com'),
      scanGroupMembers: () => Promise.reject(new Error('reads of members are not shared here')),
      mintToken: ({ signal } = {}) =>
        read('mintToken', signal, () => ({ expiresAt: stamp(Date.now()), scopes: [] })),
      getUser: (user, { signal } = {}) =>
        read('getUser', signal, (_actor, isLate) => {
          mustRead();
          const account = mustFind(user);
          if (isLate && Date.now() - account.created < LAG_MS) throw new Refusal('not-found');
          return shown(account);
        }),
      canReadUsers: () => Promise.resolve(org.role.readUsers),
      createUser: ({ profile, groupIds, activate }, { signal } = {}) =>
        call({
          ...{ name: 'createUser', writes: {}, signal },
          does: (actor) => {
            if (org.byLogin(loginOf(profile)) !== undefined) throw new Refusal('taken');
            if (groupIds.some((id) => id === deniedGroup())) throw new Refusal('forbidden');
            const id = as<OktaUserId>(
              `00u${String(accounts.size + acts.length).padStart(17, '0')}`,
            );
            const status = activate ? 'PROVISIONED' : 'STAGED';
            const account = newAccount(id, status, profile, groupIds, actor);
            org.note(actor, 'createUser', id);
            return shown(account);
          },
        }),
      updateUser: (user, profile, { signal } = {}) =>
        call({
          ...{ name: 'updateUser', writes: { user }, signal },
          does: (actor) => {
            const account = mustFind(user);
            if (account.status === 'DEPROVISIONED') throw new Refusal('status');
            const all = { ...account.profile, ...profile };
            account.profile = Object.fromEntries(
              Object.entries(all).filter(([, value]) => value !== null),
            );
            org.note(actor, 'updateUser', account.id);
            return shown(account);
          },
        }),
      suspendUser: lifecycle(
        'suspendUser',
        ({ status }) => suspendable().includes(status),
        () => 'SUSPENDED',
      ),
      unsuspendUser: lifecycle(
        'unsuspendUser',
        ({ status }) => status === 'SUSPENDED',
        ({ statusBefore }) => statusBefore,
      ),
      deactivateUser: lifecycle(
        'deactivateUser',
        ({ status }) => status !== 'DEPROVISIONED',
        () => 'DEPROVISIONED',
        'not-found',
      ),
      unlockUser: lifecycle(
        'unlockUser',
        ({ status }) => status === 'LOCKED_OUT',
        () => 'ACTIVE',
        'forbidden',
      ),
      revokeSessions: async (user, { signal } = {}) =>
        call({
          ...{ name: 'revokeSessions', writes: { user }, signal },
          does: (actor) => {
            org.note(actor, 'revokeSessions', mustFind(user).id);
          },
        }),
      listUserGroups: (user, { signal } = {}) =>
        read('listUserGroups', signal, (_actor, isLate) => {
          mustRead();
          const account = mustFind(user);
          const seen = new Set<string>(account.groups.keys());
          if (isLate) forgetRecent(account, seen);
          return groups.filter(({ id, type }) => type === 'BUILT_IN' || seen.has(id));
        }),
      getGroup: (group, { signal } = {}) =>
        read('getGroup', signal, () => {
          const found = groups.find(({ id }) => id === group);
          if (found === undefined) throw new Refusal('not-found');
          return found;
        }),
      findGroupsByName: (name, { signal } = {}) =>
        read('findGroupsByName', signal, () => groups.filter((group) => group.name === name)),
      listGroups: (prefix, { signal } = {}) =>
        read('listGroups', signal, () => groups.filter(({ name }) => name.startsWith(prefix))),
      listGroupMembers: (group, { signal, until = () => false } = {}) =>
        read('listGroupMembers', signal, () => {
          const members = [...accounts.values()]
            .filter((account) => account.groups.has(group))
            .map(shown);
          const last = members.findIndex(until);
          return last === -1 ? members : members.slice(0, last + 1);
        }),
      addToGroup: membership('addToGroup', (account, group, actor) => {
        if (account.status === 'DEPROVISIONED') throw new Refusal('forbidden');
        if (!account.groups.has(group)) account.groups.set(group, actor);
      }),
      removeFromGroup: membership('removeFromGroup', (account, group) => {
        account.groups.delete(group);
      }),
      listGroupRules: ({ signal } = {}) =>
        read('listGroupRules', signal, () => {
          if (!org.role.readRules) throw new Refusal('forbidden');
          return [{ id: 'rule', name: 'Rule', status: 'ACTIVE', groupIds: [groupId(RULED)] }];
        }),
    };

    /** A read soon after a change may miss it. */
    function forgetRecent({ id, groups: now }: Account, seen: Set<string>): void {
      const recent = acts.filter(({ at, account }) => account === id && Date.now() - at < LAG_MS);
      for (const { what, group } of recent) {
        if (group === undefined) continue;
        if (what === 'addToGroup' && now.has(group)) seen.delete(group);
        if (what === 'removeFromGroup' && !now.has(group)) seen.add(group);
      }
    }
  }
}

type RefusalKind = 'forbidden' | 'not-found' | 'taken' | 'status';
const REFUSED_WITH: Record<RefusalKind, number> = {
  ...{ forbidden: 403, 'not-found': 404, taken: 400, status: 400 },
};
const ERRORS = {
  forbidden: OktaForbiddenError,
  'not-found': OktaNotFoundError,
  taken: OktaLoginTakenError,
  status: OktaWrongStatusError,
};

class Refusal extends Error {
  readonly kind: RefusalKind;
  constructor(kind: RefusalKind) {
    super(kind);
    this.kind = kind;
  }
  asOktaError(facts: ConstructorParameters<typeof OktaForbiddenError>[1]): Error {
    return new ERRORS[this.kind](this.kind, facts);
  }
}

export function loginOf(profile: Profile): string {
  const { login } = profile;
  return typeof login === 'string' ? login : '';
}

function shown({ id, status, created, statusChanged, profile }: Account): OktaUser {
  return {
    ...{ id, status, created: stamp(created), transitioningToStatus: null },
    statusChanged: statusChanged === null ? null : stamp(statusChanged),
    profile: { ...profile },
  };
}
