// Activities without Okta and without a database, for tests of what the workflows decide. Each call
// is on record; any of them can be replaced, by what the answers below make.
import type {
  Activities,
  Created,
  Sighting,
  Slice,
  StepResult,
} from '../../src/activities/index.js';
import { as, type OktaGroupId } from '../../src/domain/brand.js';
import { EMPTY_JOURNAL, type Access, type Effect } from '../../src/domain/effects.js';
import type { OktaGroup } from '../../src/domain/okta-user.js';
import type { RunReport } from '../../src/domain/run.js';

export interface Stubs {
  activities: Activities;
  /** Names of the Okta steps in order. */
  calls: string[];
  reports: RunReport[];
  last(runId: string): RunReport | undefined;
}

export const USER_ID = as<never>('00u0000000000000000a');
const at = new Date(0).toISOString();

/** What a step gives to its workflow. */
export function answer<T>(value: T, effects: Effect[] = []): Promise<StepResult<T>> {
  return Promise.resolve({ value, effects });
}

export function seen(status = 'ACTIVE', more: Partial<Seen> = {}): Seen {
  return {
    kind: 'seen',
    oktaUserId: USER_ID,
    status,
    statusChanged: null,
    login: 'ada@example.com',
    name: 'Ada Lovelace',
    profile: {},
    at,
    ...more,
  };
}
type Seen = Extract<Sighting, { kind: 'seen' }>;

/** A look; the journal keeps it where a write follows. */
export function shows(sighting: Sighting): Activities['readUser'] {
  return ({ intends }) => {
    const isKept = intends !== null && (sighting.kind === 'seen' || sighting.kind === 'absent');
    return answer(sighting, isKept ? [{ kind: 'look', look: lookOf(sighting) }] : []);
  };
}
function lookOf(sighting: Extract<Sighting, { kind: 'seen' | 'absent' }>) {
  if (sighting.kind === 'absent') return sighting;
  const { kind, oktaUserId, status, statusChanged } = sighting;
  return { kind, oktaUserId, status, statusChanged, at: sighting.at };
}
export const absent = shows({ kind: 'absent', at });

export const found = (groups: OktaGroup[]): Promise<StepResult<OktaGroup[]>> => answer(groups);

export function created(groupIds: OktaGroupId[] = []): Promise<StepResult<Created>> {
  const account = { oktaUserId: USER_ID, status: 'PROVISIONED' };
  return answer(account, [{ kind: 'create', stage: 'done', ...account, groupIds }]);
}

export function suspended(more: Partial<Access> = {}): Promise<StepResult<Access>> {
  const access: Access = { result: 'suspended', ours: true, unlocked: false, at, ...more };
  return answer(access, [{ kind: 'suspend', stage: 'done', access }]);
}
/** Somebody else had suspended, or nothing could be done and nothing was needed. */
export const leftSo = () => suspended({ result: 'left', ours: false });
export const unsuspended = () => answer(null, [{ kind: 'unsuspend' }]);

export function slice(
  kind: 'add-to-groups' | 'remove-from-groups',
  done: OktaGroupId[],
  { later = [], waitMs = 0 }: Partial<Omit<Slice, 'done'>> = {},
): Promise<StepResult<Slice>> {
  return answer({ done, later, waitMs }, [{ kind, stage: 'done', groupIds: done }]);
}

export function stubActivities(overrides: Partial<Activities> = {}): Stubs {
  const calls: string[] = [];
  const reports: RunReport[] = [];
  const plain: Activities = {
    mintToken: () => answer({ expiresAt: at, scopes: [] }),
    resolveGroups: ({ groups }) =>
      found(
        groups.map((name, index) => ({
          id: as<never>(`00g${String(index).padStart(17, '0')}`),
          type: 'OKTA_GROUP',
          name,
        })),
      ),
    readUser: shows(seen()),
    readGroups: () => found([]),
    readBack: ({ statuses }) => answer({ kind: 'confirmed', status: statuses[0] ?? null }),
    createUser: ({ groupIds }) => created(groupIds),
    findCreatedUser: () => answer(null, [{ kind: 'create', stage: 'refused' }]),
    changeProfile: ({ before, after, isUndo }) => {
      const change = isUndo ? { before: {}, after: {} } : { before, after };
      return answer(null, [{ kind: 'change-profile', stage: 'done', ...change }]);
    },
    assignGroups: ({ groupIds }) => slice('add-to-groups', groupIds),
    suspendUser: () => suspended(),
    unsuspendUser: unsuspended,
    revokeSessions: () => answer(null, [{ kind: 'revoke-sessions' }]),
    readRuleGroups: () => answer([]),
    removeFromGroup: ({ groupIds }) => slice('remove-from-groups', groupIds),
    deactivateUser: () => answer(null, [{ kind: 'deactivate' }]),
    proveNextKey: () => Promise.resolve('adopted' as const),
    recordRun: (report) => {
      reports.push(report);
      return Promise.resolve();
    },
    loadJournal: () => Promise.resolve(EMPTY_JOURNAL),
    moveRun: () => Promise.resolve(),
    takeAccount: () => Promise.resolve(true),
  };
  const all = { ...plain, ...overrides };
  const recorded = Object.entries(all).map(([name, activity]) => [
    name,
    (input: never) => {
      if (!RECORDING.includes(name)) calls.push(name);
      return (activity as (input: never) => Promise<unknown>)(input);
    },
  ]);
  return {
    activities: Object.fromEntries(recorded) as Activities,
    calls,
    reports,
    last: (runId) => reports.findLast((report) => report.run.id === runId),
  };
}

/** They speak to the store, not to Okta. */
const RECORDING = ['recordRun', 'loadJournal', 'moveRun', 'takeAccount'];
