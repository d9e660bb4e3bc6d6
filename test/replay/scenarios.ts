// Every path through the two stories, told with stub activities: recorded once by
// `npm run record-history`, replayed by `replay.test.ts` for as long as runs of that kind may live.
import { parked } from '../../src/activities/failures.js';
import type { Activities } from '../../src/activities/index.js';
import {
  expediteUpdate,
  keyOfferedSignal,
  rescheduleUpdate,
  resolveUpdate,
  takeoverSignal,
} from '../../src/contract/messages.js';
import type { OffboardInput, OffboardTerms, OnboardInput } from '../../src/contract/workflows.js';
import type { Recovered } from '../../src/contract/workflows.js';
import { recollect, type Deed } from '../../src/domain/deeds.js';
import { orphanedBy } from '../../src/domain/orphan.js';
import { problem } from '../../src/domain/problem.js';
import { eventually } from '../support/eventually.js';
import { USER_ID, type Stubs } from '../support/stub-activities.js';
import { HOUR, inMs, newRun, type Harness, type Started } from '../workflows/harness.js';

export interface Told extends Started {
  stubs: Stubs;
  harness: Harness;
}

export interface Scenario {
  name: string;
  stubs?: Partial<Activities>;
  start: (harness: Harness) => Promise<Started>;
  /** What happens to it; without it, the run simply ends. */
  then?: (told: Told) => Promise<void>;
}

const at = new Date(0).toISOString();
const absent = () => Promise.resolve({ kind: 'absent' as const, at });
const terms = (changes: Partial<OffboardTerms> = {}): OffboardTerms => ({
  hold: { kind: 'undoWindow', ms: HOUR },
  removeGroups: false,
  revokeSessions: null,
  whenNotSuspendable: 'park',
  ...changes,
});
const onboard = (changes?: Partial<OnboardInput>) => (harness: Harness) => harness.onboard(changes);
const offboard = (changes?: Partial<OffboardInput>) => (harness: Harness) =>
  harness.offboard(changes);
const reaches = ({ stubs, run }: Told, phase: string) =>
  eventually(phase, () => stubs.last(run.id)?.phase === phase);
const cancelAt = (phase: string) => async (told: Told) => {
  await reaches(told, phase);
  await told.handle.cancel();
};
const action = ({ run }: Told, actionId: string) => ({
  actionId,
  runId: run.id,
  requestedBy: null,
  reason: null,
});
const decide = async (told: Told, decision: 'retry' | 'abort') => {
  await reaches(told, 'parked');
  await told.handle.executeUpdate(resolveUpdate, {
    args: [{ ...action(told, decision), decision }],
  });
};
const takeOver = async (told: Told) => {
  const urgent = told.harness.input({ run: newRun(told.run.subjectRef) });
  await told.handle.signal(takeoverSignal, { ...action(told, 'takeover'), input: urgent });
  await eventually(
    'the urgent one holds',
    () => told.stubs.last(urgent.run.id)?.phase === 'holding',
  );
};

/** Parks once, with a problem that a retry settles. */
function oncePark(): { suspendUser: Activities['suspendUser'] } {
  let tries = 0;
  return {
    suspendUser: () => {
      tries += 1;
      if (tries === 1) throw parked(problem('STATUS_UNSUPPORTED', 'RECOVERY'));
      return Promise.resolve({ result: 'suspended', ours: true });
    },
  };
}

/** Refused once, so that the next try would come after a pause. */
function onceRefused(): { proveNextKey: Activities['proveNextKey'] } {
  let tries = 0;
  return {
    proveNextKey: () => {
      tries += 1;
      return tries === 1 ? Promise.reject(new Error('not yet')) : Promise.resolve('adopted');
    },
  };
}

/** What the API begins a run anew with whose workflow was ended from outside. */
function recovered(undoing = false): Recovered {
  const problem = orphanedBy('TERMINATED');
  return { problem, version: 9_000, deadlines: {}, undoing, endedAt: new Date().toISOString() };
}
const recalls = (...deeds: Deed[]): { recall: Activities['recall'] } => ({
  recall: () =>
    Promise.resolve({
      own: recollect(deeds),
      carried: { suspended: false, removedGroups: [] },
    }),
});
const SUSPENDED: Deed = { kind: 'access', access: { result: 'suspended', ours: true } };

export const SCENARIOS: readonly Scenario[] = [
  { name: 'onboard-done', stubs: { readUser: absent }, start: onboard() },
  {
    name: 'onboard-25-groups',
    stubs: { readUser: absent },
    start: onboard({ groups: Array.from({ length: 25 }, (_, i) => `Team ${i}`) }),
  },
  { name: 'onboard-adopt', start: onboard({ onExisting: 'adopt' }) },
  { name: 'onboard-fail-on-existing', start: onboard({ onExisting: 'fail' }) },
  {
    name: 'onboard-cancelled-before-start',
    start: onboard({ startAt: inMs(HOUR) }),
    then: cancelAt('scheduled'),
  },
  {
    name: 'onboard-undone',
    stubs: {
      readUser: absent,
      readBack: () => {
        throw parked(problem('NOT_PERMITTED', 'No.'));
      },
    },
    start: onboard(),
    then: cancelAt('parked'),
  },
  {
    // Refused after a try that may have done it: the undo has to look.
    name: 'onboard-taken-undone',
    stubs: {
      readUser: absent,
      createUser: () => Promise.reject(parked(problem('LOGIN_TAKEN', 'Taken.'))),
    },
    start: onboard(),
    then: cancelAt('parked'),
  },
  {
    name: 'onboard-in-doubt-undone',
    stubs: {
      readUser: absent,
      createUser: () => Promise.reject(parked(problem('OUTCOME_UNKNOWN', 'Lost.'))),
      findCreatedUser: () => Promise.resolve({ oktaUserId: USER_ID, status: 'PROVISIONED' }),
    },
    start: onboard(),
    then: cancelAt('parked'),
  },
  {
    name: 'onboard-refused-undone',
    stubs: {
      readUser: absent,
      createUser: () => Promise.reject(parked(problem('LOGIN_TAKEN', 'Taken.'), undefined, true)),
    },
    start: onboard(),
    then: cancelAt('parked'),
  },
  {
    name: 'onboard-unseen-undo-parked-aborted',
    stubs: {
      readUser: absent,
      createUser: () => Promise.reject(parked(problem('OUTCOME_UNKNOWN', 'Lost.'))),
      findCreatedUser: () => Promise.reject(parked(problem('OUTCOME_UNKNOWN', 'Unseen.'))),
    },
    start: onboard(),
    then: async (told) => {
      await cancelAt('parked')(told);
      await eventually(
        'the undo is parked',
        () => told.stubs.last(told.run.id)?.problem?.code === 'UNDO_INCOMPLETE',
      );
      await decide(told, 'abort');
    },
  },
  {
    name: 'onboard-parked-aborted',
    stubs: {
      resolveGroups: () => {
        throw parked(problem('GROUP_UNKNOWN', 'No such group.'));
      },
    },
    start: onboard(),
    then: (told) => decide(told, 'abort'),
  },
  {
    name: 'onboard-contract-end',
    stubs: { readUser: absent },
    start: onboard({
      contractEnd: { endsAt: inMs(HOUR), requestId: newRun().requestId, terms: terms() },
    }),
    then: (told) => reaches(told, 'completed').then(() => undefined),
  },
  { name: 'offboard-undone', start: offboard(), then: cancelAt('holding') },
  {
    name: 'offboard-cancelled-before-deadline',
    start: offboard({ suspendAt: inMs(HOUR) }),
    then: cancelAt('scheduled'),
  },
  {
    name: 'offboard-rescheduled-expedited-deprovisioned',
    start: offboard({
      suspendAt: inMs(HOUR),
      terms: terms({ hold: { kind: 'deprovisionAt', at: inMs(3 * HOUR) } }),
    }),
    then: async (told) => {
      await reaches(told, 'scheduled');
      await told.handle.executeUpdate(rescheduleUpdate, {
        args: [{ ...action(told, 'a1'), changes: { suspendAt: inMs(2 * HOUR) } }],
      });
      await told.handle.executeUpdate(expediteUpdate, {
        args: [{ ...action(told, 'a2'), what: 'suspend' as const }],
      });
      await reaches(told, 'holding');
      await told.handle.executeUpdate(expediteUpdate, {
        args: [{ ...action(told, 'a3'), what: 'deprovision' as const }],
      });
      await reaches(told, 'completed');
    },
  },
  {
    name: 'offboard-groups-removed-undone',
    stubs: {
      readGroups: () =>
        Promise.resolve([{ id: '00g00000000000000000' as never, type: 'OKTA_GROUP', name: 'A' }]),
    },
    start: offboard({ terms: terms({ removeGroups: 'direct' }) }),
    then: cancelAt('holding'),
  },
  {
    name: 'offboard-parked-retried',
    stubs: oncePark(),
    start: offboard(),
    then: async (told) => {
      await decide(told, 'retry');
      await cancelAt('holding')(told);
    },
  },
  {
    name: 'offboard-undo-parked-aborted',
    stubs: {
      unsuspendUser: () => {
        throw parked(problem('UNDO_INCOMPLETE', 'Look yourself.'));
      },
    },
    start: offboard(),
    then: async (told) => {
      await cancelAt('holding')(told);
      await decide(told, 'abort');
    },
  },
  {
    name: 'offboard-superseded',
    start: offboard({ suspendAt: inMs(HOUR) }),
    then: takeOver,
  },
  {
    name: 'adopt-key-offered-again',
    stubs: onceRefused(),
    start: (harness) => harness.adoptKey(),
    then: async ({ stubs, handle }) => {
      await eventually('a first try', () => stubs.calls.includes('proveNextKey'));
      await handle.signal(keyOfferedSignal);
    },
  },
  {
    name: 'offboard-orphaned-retried-undone',
    stubs: recalls(SUSPENDED),
    start: offboard({ recovered: recovered() }),
    then: async (told) => {
      await decide(told, 'retry');
      await cancelAt('holding')(told);
    },
  },
  {
    name: 'offboard-orphaned-undo-resumed',
    stubs: recalls(SUSPENDED),
    start: offboard({ recovered: recovered(true) }),
    then: (told) => decide(told, 'retry'),
  },
  {
    name: 'offboard-orphaned-aborted',
    start: offboard({ recovered: recovered() }),
    then: (told) => decide(told, 'abort'),
  },
  {
    name: 'onboard-orphaned-undone',
    stubs: recalls({ kind: 'created', oktaUserId: USER_ID, status: 'PROVISIONED', groupIds: [] }),
    start: onboard({ recovered: recovered() }),
    then: cancelAt('parked'),
  },
];
