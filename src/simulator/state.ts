/**
 * Everything an org remembers, in memory and in its journal. A commit is all or nothing: one
 * journal line, written before memory changes. Knows entities and their indexes; knows no rules
 * of Okta's.
 */
import type { Entities, Group, GroupRule, Kind, OrgRecord, User } from './entities.js';
import type { Journal, JournalEntry } from './journal.js';
import { foldLogin, loginOf } from './profile.js';

/** One entity to store under its id, or (`null`) to remove. */
export type Put = { [K in Kind]: { kind: K; id: string; value: Entities[K] | null } }[Kind];

type Tables = { [K in Kind]: Map<string, Entities[K]> };

/** How a read sees the state: as it is, or as Okta's caches and search index may still show it. */
export type View = 'now' | 'lagging';

export class State {
  readonly #journal: Journal | undefined;
  #tables: Tables = emptyTables();
  #userByLogin = new Map<string, string>();
  #membersByGroup = new Map<string, Set<string>>();
  /** What lagging reads still see of users changed lately, the oldest first. */
  #outdated = new Map<string, { until: number; value: User | undefined }[]>();

  constructor(journal?: Journal) {
    this.#journal = journal;
    for (const commit of journal?.read() ?? []) {
      for (const [kind, id, value] of commit) this.#apply({ kind, id, value } as Put);
    }
    if (this.#tables.org.size > 0) this.#compact();
  }

  get isNew(): boolean {
    return this.#tables.org.size === 0;
  }

  get org(): OrgRecord {
    const org = this.#tables.org.get('org');
    if (org === undefined) throw new Error('the org has not been set up');
    return org;
  }

  /** Makes `puts` true, on disk and in memory. */
  commit(...puts: readonly Put[]): void {
    this.#journal?.append(puts.map(toEntry));
    for (const put of puts) this.#apply(put);
  }

  /** Forgets everything but what `puts` say. */
  replaceAll(puts: readonly Put[]): void {
    this.#journal?.rewrite(puts.map(toEntry));
    this.#tables = emptyTables();
    this.#userByLogin = new Map();
    this.#membersByGroup = new Map();
    this.#outdated = new Map();
    for (const put of puts) this.#apply(put);
  }

  all<K extends Kind>(kind: K): Entities[K][] {
    return [...this.#tables[kind].values()];
  }

  get<K extends Kind>(kind: K, id: string): Entities[K] | undefined {
    return this.#tables[kind].get(id);
  }

  /** The user with this id or login; logins are compared as Okta does, see `foldLogin`. */
  user(idOrLogin: string, view: View = 'now'): User | undefined {
    const id = this.#tables.user.has(idOrLogin)
      ? idOrLogin
      : this.#userByLogin.get(foldLogin(idOrLogin));
    return id === undefined ? undefined : this.#see(id, view);
  }

  /** The one user whose login begins with this name before the `@`; nobody where there are several. */
  userByShortName(name: string, view: View = 'now'): User | undefined {
    if (name.includes('@')) return undefined;
    const wanted = `${foldLogin(name)}@`;
    const logins = [...this.#userByLogin].filter(([login]) => login.startsWith(wanted));
    const [found, ...others] = logins;
    return found === undefined || others.length > 0 ? undefined : this.#see(found[1], view);
  }

  users(view: View = 'now'): User[] {
    if (view === 'now') return this.all('user');
    return [...this.#tables.user.keys()].flatMap((id) => this.#see(id, view) ?? []);
  }

  /** Members in order of their ids. */
  members(group: Group, view: View = 'now'): User[] {
    if (group.everyone) return this.users(view);
    const ids = new Set(this.#membersByGroup.get(group.id));
    if (view === 'lagging') for (const id of this.#outdated.keys()) ids.add(id);
    return [...ids]
      .sort(byCodePoint)
      .flatMap((id) => this.#see(id, view) ?? [])
      .filter((user) => group.id in user.groups);
  }

  /** Groups of a user, Everyone included, in order of their ids. */
  groupsOf(user: User): Group[] {
    return this.all('group').filter((group) => group.everyone ?? group.id in user.groups);
  }

  rulesInForce(): GroupRule[] {
    return this.all('rule').filter((rule) => rule.status === 'ACTIVE');
  }

  close(): void {
    this.#journal?.close();
  }

  #see(id: string, view: View): User | undefined {
    const current = this.#tables.user.get(id);
    if (view === 'now') return current;
    const shown = this.#outdated.get(id)?.find(({ until }) => until > Date.now());
    if (shown !== undefined) return shown.value;
    this.#outdated.delete(id);
    return current;
  }

  #apply(put: Put): void {
    if (put.kind === 'user') this.#applyUser(put.id, put.value);
    else if (put.value === null) this.#tables[put.kind].delete(put.id);
    else (this.#tables[put.kind] as Map<string, unknown>).set(put.id, put.value);
  }

  #applyUser(id: string, value: User | null): void {
    const before = this.#tables.user.get(id);
    const lagMs = this.#tables.org.get('org')?.settings.readLagMs ?? 0;
    if (lagMs > 0) {
      const now = Date.now();
      const outdated = (this.#outdated.get(id) ?? []).filter(({ until }) => until > now);
      this.#outdated.set(id, [...outdated, { until: now + lagMs, value: before }]);
    }
    if (before !== undefined) {
      this.#userByLogin.delete(foldLogin(loginOf(before)));
      for (const group of Object.keys(before.groups)) this.#membersByGroup.get(group)?.delete(id);
    }
    if (value === null) {
      this.#tables.user.delete(id);
      return;
    }
    this.#tables.user.set(id, value);
    this.#userByLogin.set(foldLogin(loginOf(value)), id);
    for (const group of Object.keys(value.groups)) {
      const members = this.#membersByGroup.get(group) ?? new Set();
      this.#membersByGroup.set(group, members.add(id));
    }
  }

  /** Rewrites the journal without its history. */
  #compact(): void {
    this.#journal?.rewrite(
      (Object.keys(this.#tables) as Kind[]).flatMap((kind) =>
        [...this.#tables[kind]].map(([id, value]) => [kind, id, value] as const),
      ),
    );
  }
}

const byCodePoint = (a: string, b: string): number => (a < b ? -1 : 1);

const toEntry = ({ kind, id, value }: Put): JournalEntry => [kind, id, value];

function emptyTables(): Tables {
  return {
    org: new Map(),
    user: new Map(),
    group: new Map(),
    rule: new Map(),
    app: new Map(),
    sister: new Map(),
  };
}
