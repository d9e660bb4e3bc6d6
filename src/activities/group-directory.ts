// Groups by name or id, asked of Okta once for all runs of all workers, and known for a minute. In memory
// for the runs of this worker, in the store for the other workers.
//
// Only a group that takes members is remembered. What somebody has to mend in Okta (a name that is not
// there, there twice, or an app's) is asked for again by the next run, so that `retry` sees the mend.
import type { ConnectionId } from '../domain/brand.js';
import type { OktaGroup } from '../domain/okta-user.js';
import { problem } from '../domain/problem.js';
import {
  OktaError,
  orAbort,
  withoutRequestId,
  type Answer,
  type OktaConnection,
} from '../okta/index.js';
import type { GroupQuestion, GroupStore } from '../store/store.js';
import { parked } from './failures.js';

export interface GroupDirectory {
  /**
   * The group of this id or of exactly this name; of several with the name, Okta's own. Whether it may
   * take members is for the caller to judge by its `type`. A rename shows after a minute at the latest.
   *
   * `take` gets the answers of the calls that were made for this caller, and no others.
   * @throws `GROUP_UNKNOWN` (parks) where there is none, or the name is ambiguous
   * @throws OktaError
   * @throws the signal's reason
   */
  resolve(
    connection: ConnectionId,
    okta: GroupReader,
    name: string,
    options: { signal: AbortSignal; take: <T>(answer: Answer<T>) => T },
  ): Promise<OktaGroup>;
  /**
   * Forgets the groups of a connection, here and in the store: one that was remembered is not there any
   * more, as a call has just shown. Other workers may remember it for up to a minute.
   */
  forget(connection: ConnectionId): Promise<void>;
}

export type GroupReader = Pick<OktaConnection, 'origin' | 'getGroup' | 'findGroupsByName'>;

export interface GroupDirectoryDeps {
  store: GroupStore;
  /** Milliseconds, of a clock that is never put back. */
  now?: () => number;
}

/** From the moment when Okta answered. */
const KNOWN_MS = 60_000;

/** The result of asking Okta for a group. */
type Found =
  | { kind: 'group'; group: OktaGroup }
  /** Nobody should be put into a group by guess: an ambiguous name is as bad as an unknown one. */
  | { kind: 'unknown'; detail: string; cause?: OktaError };

/** How a lookup of one run ended, as the others that waited for it see it. */
type Shared = Found | { kind: 'left' } | { kind: 'failed'; error: unknown };

interface Known {
  group: OktaGroup;
  until: number;
}

export function createGroupDirectory({
  store,
  now = () => performance.now(),
}: GroupDirectoryDeps): GroupDirectory {
  const known = new Map<string, Known>();
  const lookups = new Map<string, Promise<Shared>>();

  function knownGroup(key: string): OktaGroup | null {
    const entry = known.get(key);
    return entry !== undefined && now() < entry.until ? entry.group : null;
  }

  function keep(key: string, group: OktaGroup, answeredAt: number): void {
    for (const [other, { until }] of known) if (until <= now()) known.delete(other);
    known.set(key, { group, until: answeredAt + KNOWN_MS });
  }

  /** Asks the other workers, then Okta. */
  async function lookUp(
    question: GroupQuestion,
    key: string,
    okta: GroupReader,
    { signal, take }: Parameters<GroupDirectory['resolve']>[3],
  ): Promise<Found> {
    const askedAt = now();
    const recalled = await orAbort(store.recall(question, KNOWN_MS), signal);
    if (recalled !== null) {
      keep(key, recalled.group, askedAt - recalled.ageMs);
      return { kind: 'group', group: recalled.group };
    }
    const found = await ask(okta, question.name, signal, take);
    const answeredAt = now();
    if (found.kind !== 'group' || found.group.type !== 'OKTA_GROUP') return found;
    // A connection that has just been moved to another org may have asked there.
    if ((await okta.origin({ signal })) !== question.origin) return found;
    keep(key, found.group, answeredAt);
    // The answer is worth more than its record: another worker asks again then.
    const record = { group: found.group, ageMs: now() - answeredAt };
    await store.remember(question, record).catch(() => undefined);
    return found;
  }

  /** Looks up for this caller, and lets whoever comes meanwhile share what comes of it. */
  async function lead(
    question: GroupQuestion,
    key: string,
    okta: GroupReader,
    options: Parameters<GroupDirectory['resolve']>[3],
  ): Promise<Found> {
    const lookup = lookUp(question, key, okta, options).finally(() => {
      lookups.delete(key);
    });
    const shared = lookup.catch((error: unknown): Shared => {
      return options.signal.aborted ? { kind: 'left' } : { kind: 'failed', error };
    });
    lookups.set(key, shared);
    return lookup;
  }

  return {
    async resolve(connection, okta, name, options) {
      const { signal } = options;
      const origin = await okta.origin({ signal });
      const key = JSON.stringify([connection, origin, name]);
      // One failure of another's call is no reason not to try; a second one speaks for Okta.
      let failures = 0;
      for (;;) {
        const group = knownGroup(key);
        if (group !== null) return group;
        const theirs = lookups.get(key);
        if (theirs === undefined) {
          return groupOf(await lead({ connection, origin, name }, key, okta, options));
        }
        const shared = await orAbort(theirs, signal);
        if (shared.kind === 'failed') {
          failures += 1;
          if (failures > 1) throw forOthers(shared.error);
        } else if (shared.kind === 'unknown') {
          throw parked(problem('GROUP_UNKNOWN', shared.detail));
        } else if (shared.kind === 'group') {
          return shared.group;
        }
      }
    },

    async forget(connection) {
      const prefix = `[${JSON.stringify(connection)},`;
      for (const key of known.keys()) if (key.startsWith(prefix)) known.delete(key);
      await store.forget(connection);
    },
  };
}

function groupOf(found: Found): OktaGroup {
  if (found.kind === 'group') return found.group;
  throw parked(problem('GROUP_UNKNOWN', found.detail), found.cause);
}

function forOthers(error: unknown): unknown {
  return error instanceof OktaError ? withoutRequestId(error) : error;
}

const GROUP_ID = /^00g[0-9A-Za-z]{17}$/;

async function ask(
  okta: GroupReader,
  name: string,
  signal: AbortSignal,
  take: <T>(answer: Answer<T>) => T,
): Promise<Found> {
  if (!GROUP_ID.test(name)) {
    return choiceOf(take(await okta.findGroupsByName(name, { signal })), name);
  }
  try {
    return { kind: 'group', group: take(await okta.getGroup(name, { signal })) };
  } catch (error) {
    if (!(error instanceof OktaError) || error.code !== 'OKTA_NOT_FOUND') throw error;
    return { kind: 'unknown', detail: `There is no group with the id ${name}.`, cause: error };
  }
}

function choiceOf(candidates: OktaGroup[], name: string): Found {
  const own = candidates.filter((group) => group.type === 'OKTA_GROUP');
  const choice = own.length > 0 ? own : candidates;
  const [group, ...others] = choice;
  if (group === undefined) {
    const detail = `There is no group "${name}" that this connection can see.`;
    return { kind: 'unknown', detail };
  }
  if (others.length > 0) {
    const detail = `${choice.length} groups are called "${name}"; give the id instead.`;
    return { kind: 'unknown', detail };
  }
  return { kind: 'group', group };
}
