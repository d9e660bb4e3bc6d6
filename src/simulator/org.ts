/**
 * One simulated org: its state, clock, rate limits, faults and log in one place. Speaks no HTTP.
 */
import { AccessTokens, newSigningKey } from './access-tokens.js';
import type { Group, GroupRule, User } from './entities.js';
import { dpopNonce, isDpopNonce } from './dpop-nonce.js';
import { FaultPlan } from './faults.js';
import { membershipsUnder } from './group-rule.js';
import { IdSource, random } from './ids.js';
import { RateLimiter } from './rate-limit.js';
import { RemoteKeys } from './remote-keys.js';
import { RequestLog } from './request-log.js';
import { type Seed, seedPuts } from './seed.js';
import { DEFAULT_SETTINGS, type OrgSettings } from './settings.js';
import type { Put, State } from './state.js';
import { UsedIds } from './used-ids.js';
import { type Moment, withGroups } from './user-changes.js';

export class Org {
  readonly state: State;
  readonly limiter = new RateLimiter();
  readonly faults = new FaultPlan();
  readonly log = new RequestLog();
  readonly usedAssertions = new UsedIds();
  readonly usedProofs = new UsedIds();
  /** What was fetched for the apps that keep their keys behind a URL. */
  readonly remoteKeys = new RemoteKeys();
  /** Calls being worked on now. */
  inFlight = 0;
  #tokens: AccessTokens | undefined;
  #ids: IdSource | undefined;

  private constructor(state: State) {
    this.state = state;
  }

  /** Goes on with `state`, or fills it from `seed` if it is new. */
  static async open(state: State, seed: Seed): Promise<Org> {
    const org = new Org(state);
    if (state.isNew) await org.reset(seed);
    return org;
  }

  /** As if the org had just been made: its id, signing key, settings and everything in it. */
  async reset(seed: Seed): Promise<void> {
    const sisters = this.state.all('sister');
    const idSuffix = random(4);
    const ids = new IdSource(idSuffix);
    const value = {
      id: ids.next('00o'),
      idSuffix,
      userTypeId: ids.next('oty'),
      schemaId: ids.next('osc'),
      signingKey: await newSigningKey(),
      settings: DEFAULT_SETTINGS,
    };
    const now = momentAt(Date.now());
    this.state.replaceAll([
      { kind: 'org', id: 'org', value },
      ...sisters.map((sister): Put => ({
        kind: 'sister',
        id: String(sister.port),
        value: sister,
      })),
      ...seedPuts(seed, ids, now),
    ]);
    this.#ids = ids;
    this.#tokens = undefined;
    this.limiter.clearWindows();
    this.limiter.clearConsumers();
    this.faults.clear();
    this.log.clear();
    this.usedAssertions.clear();
    this.usedProofs.clear();
    this.remoteKeys.clear();
  }

  get settings(): OrgSettings {
    return this.state.org.settings;
  }

  get ids(): IdSource {
    return (this.#ids ??= new IdSource(this.state.org.idSuffix));
  }

  get tokens(): AccessTokens {
    return (this.#tokens ??= new AccessTokens(this.state.org.signingKey));
  }

  /** The org's clock, epoch milliseconds: it may be ahead of this machine's, or behind. */
  now(): number {
    return Date.now() + this.settings.clockSkewSeconds * 1000;
  }

  moment(): Moment {
    return momentAt(this.now());
  }

  /** The nonce to put into a DPoP proof for the token endpoint. */
  get dpopNonce(): string {
    return dpopNonce(this.#nonceSecret, this.now());
  }

  isDpopNonce(nonce: unknown): boolean {
    return isDpopNonce(nonce, this.#nonceSecret, this.now());
  }

  get #nonceSecret(): string {
    return String(this.state.org.signingKey.d);
  }

  saveSettings(settings: OrgSettings): void {
    this.state.commit({ kind: 'org', id: 'org', value: { ...this.state.org, settings } });
  }

  /** Brings every membership in line with the rules in force. */
  applyRules(): void {
    const rules = this.state.rulesInForce();
    for (const user of this.state.users()) {
      if (!sameKeys(membershipsUnder(rules, user), user.groups)) this.saveUser(user);
    }
  }

  /**
   * Stores a user once the group rules have had their say, and touches the groups concerned.
   *
   * @param changedRules rules to store in the same commit, and to go by
   */
  saveUser(user: User, changedRules: readonly GroupRule[] = []): User {
    const before = this.state.get('user', user.id);
    const at = this.moment();
    const rules = this.state
      .rulesInForce()
      .map((rule) => changedRules.find(({ id }) => id === rule.id) ?? rule);
    const groups = membershipsUnder(rules, user);
    const saved = sameKeys(groups, user.groups) ? user : withGroups(user, groups, at);
    const touched = differingKeys(before?.groups ?? {}, saved.groups)
      .flatMap((id) => this.state.get('group', id) ?? [])
      .map((group): Group => ({ ...group, lastMembershipUpdated: at.stamp }));
    this.state.commit(
      { kind: 'user', id: saved.id, value: saved },
      ...touched.map((group): Put => ({ kind: 'group', id: group.id, value: group })),
      ...changedRules.map((rule): Put => ({ kind: 'rule', id: rule.id, value: rule })),
    );
    return saved;
  }
}

function momentAt(epochMs: number): Moment {
  const instant = new Date(epochMs).toISOString();
  return { instant, stamp: `${instant.slice(0, -'.000Z'.length)}.000Z` };
}

function differingKeys(a: object, b: object): string[] {
  return [
    ...Object.keys(a).filter((key) => !(key in b)),
    ...Object.keys(b).filter((key) => !(key in a)),
  ];
}

const sameKeys = (a: object, b: object): boolean => differingKeys(a, b).length === 0;
