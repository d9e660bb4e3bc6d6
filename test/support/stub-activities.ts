// Activities without Okta and without a database, for tests of what the workflows decide. Each call
// is on record; any of them can be replaced.
import type { Activities } from '../../src/activities/index.js';
import { as } from '../../src/domain/brand.js';
import { recollect } from '../../src/domain/deeds.js';
import type { RunReport } from '../../src/domain/run.js';

export interface Stubs {
  activities: Activities;
  /** Names of the Okta steps in order. */
  calls: string[];
  reports: RunReport[];
  last(runId: string): RunReport | undefined;
}

export const USER_ID = as<never>('00u0000000000000000a');

export function stubActivities(overrides: Partial<Activities> = {}): Stubs {
  const calls: string[] = [];
  const reports: RunReport[] = [];
  const at = new Date(0).toISOString();
  const seen = (status: string) => ({
    kind: 'seen' as const,
    oktaUserId: USER_ID,
    status,
    statusChanged: null,
    name: 'Ada Lovelace',
    at,
  });
  const plain: Activities = {
    mintToken: () => Promise.resolve({ expiresAt: at, scopes: [] }),
    resolveGroups: ({ groups }) =>
      Promise.resolve(
        groups.map((name, index) => ({
          id: as<never>(`00g${String(index).padStart(17, '0')}`),
          type: 'OKTA_GROUP',
          name,
        })),
      ),
    readUser: () => Promise.resolve(seen('ACTIVE')),
    readGroups: () => Promise.resolve([]),
    readBack: () => Promise.resolve({ kind: 'confirmed' }),
    createUser: () => Promise.resolve({ oktaUserId: USER_ID, status: 'PROVISIONED' }),
    findCreatedUser: () => Promise.resolve(null),
    assignGroups: () => Promise.resolve(),
    suspendUser: () => Promise.resolve({ result: 'suspended', ours: true }),
    unsuspendUser: () => Promise.resolve(),
    revokeSessions: () => Promise.resolve(),
    readRuleGroups: () => Promise.resolve([]),
    removeFromGroup: () => Promise.resolve(),
    deactivateUser: () => Promise.resolve(),
    proveNextKey: () => Promise.resolve('adopted' as const),
    recall: () =>
      Promise.resolve({ own: recollect([]), carried: { suspended: false, removedGroups: [] } }),
    recordRun: (report) => {
      reports.push(report);
      return Promise.resolve();
    },
  };
  const all = { ...plain, ...overrides };
  const recorded = Object.entries(all).map(([name, activity]) => [
    name,
    (input: never) => {
      if (name !== 'recordRun' && name !== 'recall') calls.push(name);
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
