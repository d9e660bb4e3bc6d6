// Every path through the two stories, told with stub activities: recorded once by
// `npm run record-history`, replayed by `replay.test.ts` for as long as runs of that kind may live.
import { parked, withEffects } from '../../src/activities/failures.js';
import type { Activities } from '../../src/activities/index.js';
import { personWorkflowId } from '../../src/contract/ids.js';
import {
  expediteUpdate,
  keyOfferedSignal,
  lookAgainUpdate,
  rescheduleUpdate,
  resolveUpdate,
  takeoverSignal,
} from '../../src/contract/messages.js';
import type { OffboardInput, OffboardTerms, OnboardInput } from '../../src/contract/workflows.js';
import type { Recovered } from '../../src/contract/workflows.js';
import { as, type OktaGroupId } from '../../src/domain/brand.js';
import { journalOf, type Effect } from '../../src/domain/effects.js';
import { orphanedBy } from '../../src/domain/orphan.js';
import { problem } from '../../src/domain/problem.js';
import type { Decision, RunRef } from '../../src/domain/run.js';
import { eventually } from '../support/eventually.js';
import {
  absent,
  answer,
  created,
  found,
  seen,
  shows,
  slice,
  suspended,
  USER_ID,
  type Stubs,
} from '../support/stub-activities.js';
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
const decide = async (told: Told, decision: Decision) => {
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
      return suspended();
    },
  };
}

/** Okta's limit is reached after the first group. */
function limited(waitMs: number): Pick<Activities, 'assignGroups' | 'removeFromGroup'> {
  let calls = 0;
  const through = (kind: Parameters<typeof slice>[0], groupIds: OktaGroupId[]) => {
    calls += 1;
    if (calls > 1) return slice(kind, groupIds);
    const [done, untried] = [groupIds.slice(0, 1), groupIds.slice(1)];
    return answer({ done, later: [], waitMs }, [
      { kind, stage: 'done', groupIds: done },
      { kind, stage: 'refused', groupIds: untried },
    ]);
  };
  return {
    assignGroups: ({ groupIds }) => through('add-to-groups', groupIds),
    removeFromGroup: ({ groupIds }) => through('remove-from-groups', groupIds),
  };
}
const inThreeGroups: Pick<Activities, 'readGroups'> = {
  readGroups: () =>
    found(
      ['A', 'B', 'C'].map((name, index) => ({
        id: as(`00g0000000000000000${index}`),
        type: 'OKTA_GROUP',
        name,
      })),
    ),
};
const limitReached = (told: Told) =>
  eventually('the limit', () => told.stubs.last(told.run.id)?.waiting?.for === 'rate-limit');

/** An urgent order finds the account with another run, whose workflow goes on as the urgent run. */
function moved(): Pick<Scenario, 'stubs' | 'start'> {
  let holder: RunRef | null = null;
  return {
    stubs: {
      readUser: (look) => {
        if (holder === null || look.claims !== 'tell') return shows(seen())(look);
        const { id, connection, subjectRef } = holder;
        holder = null;
        return answer({
          kind: 'busy',
          by: {
            run: id,
            kind: 'offboarding',
            phase: 'scheduled',
            login: 'ada@example.com',
            since: new Date(0).toISOString(),
            workflowId: personWorkflowId(connection, subjectRef),
          },
        });
      },
    },
    start: async (harness) => {
      const { run } = await harness.offboard({ suspendAt: inMs(HOUR) });
      holder = run;
      return harness.offboard({ takeover: true });
    },
  };
}

/** Shown active until it was suspended, and gone after that. */
function goneInHold(): Pick<Activities, 'readUser' | 'suspendUser'> {
  let isGone = false;
  return {
    readUser: (look) =>
      shows(isGone ? { kind: 'absent', at: new Date(0).toISOString() } : seen())(look),
    suspendUser: () => {
      isGone = true;
      return suspended();
    },
  };
}
const lookAgain = async (told: Told) => {
  await reaches(told, 'holding');
  await told.handle.executeUpdate(lookAgainUpdate, { args: [action(told, 'again')] });
};

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
const did = (...effects: Effect[]): Pick<Activities, 'loadJournal'> => ({
  loadJournal: () => Promise.resolve(journalOf(effects)),
});
const SUSPENDED: Effect = {
  kind: 'suspend',
  stage: 'done',
  access: { result: 'suspended', ours: true, unlocked: false, at: new Date(0).toISOString() },
};
const CREATED: Effect = {
  kind: 'create',
  stage: 'done',
  oktaUserId: USER_ID,
  status: 'PROVISIONED',
  groupIds: [],
};
const NOT_CREATED: Effect = { kind: 'create', stage: 'refused' };

export const SCENARIOS: readonly Scenario[] = [
  { name: 'onboard-done', stubs: { readUser: absent }, start: onboard() },
  {
    name: 'onboard-25-groups',
    stubs: { readUser: absent },
    start: onboard({ groups: Array.from({ length: 25 }, (_, i) => `Team ${i}`) }),
  },
  { name: 'onboard-adopt', start: onboard({ onExisting: 'adopt' }) },
  {
    name: 'onboard-adopt-undone',
    stubs: {
      readUser: shows(seen('ACTIVE', { profile: { firstName: 'Augusta' } })),
      readBack: () => Promise.reject(parked(problem('NOT_PERMITTED', 'No.'))),
    },
    start: onboard({ onExisting: 'adopt' }),
    then: cancelAt('parked'),
  },
  {
    name: 'onboard-25-groups-limited',
    stubs: { readUser: absent, ...limited(50) },
    start: onboard({ groups: Array.from({ length: 25 }, (_, i) => `Team ${i}`) }),
  },
  {
    name: 'onboard-parked-left',
    stubs: {
      readUser: absent,
      readBack: () => Promise.reject(parked(problem('NOT_PERMITTED', 'No.'))),
    },
    start: onboard(),
    then: (told) => decide(told, 'leave'),
  },
  {
    name: 'onboard-superseded-before-start',
    stubs: { readUser: absent },
    start: onboard({ startAt: inMs(HOUR) }),
    then: async (told) => {
      await reaches(told, 'scheduled');
      const urgent = told.harness.input({ run: newRun(told.run.subjectRef) });
      await told.handle.signal(takeoverSignal, { ...action(told, 'takeover'), input: urgent });
      await eventually('it ends', () => told.stubs.last(urgent.run.id)?.phase === 'completed');
    },
  },
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
      findCreatedUser: () => created(),
    },
    start: onboard(),
    then: cancelAt('parked'),
  },
  {
    name: 'onboard-refused-undone',
    stubs: {
      readUser: absent,
      createUser: () =>
        Promise.reject(withEffects(parked(problem('LOGIN_TAKEN', 'Taken.')), [NOT_CREATED])),
    },
    start: onboard(),
    then: cancelAt('parked'),
  },
  {
    name: 'onboard-unseen-undo-parked-left',
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
      await decide(told, 'leave');
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
        found([{ id: '00g00000000000000000' as never, type: 'OKTA_GROUP', name: 'A' }]),
    },
    start: offboard({ terms: terms({ removeGroups: 'direct' }) }),
    then: cancelAt('holding'),
  },
  {
    name: 'offboard-groups-limited-undone',
    stubs: { ...inThreeGroups, ...limited(HOUR) },
    start: offboard({ terms: terms({ removeGroups: 'all' }) }),
    then: async (told) => {
      await limitReached(told);
      await told.handle.cancel();
    },
  },
  {
    name: 'offboard-looked-again-undone',
    start: offboard(),
    then: async (told) => {
      await lookAgain(told);
      await cancelAt('holding')(told);
    },
  },
  {
    name: 'offboard-account-gone',
    stubs: goneInHold(),
    start: offboard(),
    then: lookAgain,
  },
  { name: 'offboard-moved', ...moved() },
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
    name: 'offboard-undo-parked-left',
    stubs: {
      unsuspendUser: () => {
        throw parked(problem('UNDO_INCOMPLETE', 'Look yourself.'));
      },
    },
    start: offboard(),
    then: async (told) => {
      await cancelAt('holding')(told);
      await decide(told, 'leave');
    },
  },
  {
    name: 'offboard-undo-superseded',
    stubs: {
      unsuspendUser: () => Promise.reject(parked(problem('UNDO_INCOMPLETE', 'Look yourself.'))),
    },
    start: offboard(),
    then: async (told) => {
      await cancelAt('holding')(told);
      await reaches(told, 'parked');
      await takeOver(told);
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
    stubs: did(SUSPENDED),
    start: offboard({ recovered: recovered() }),
    then: async (told) => {
      await decide(told, 'retry');
      await cancelAt('holding')(told);
    },
  },
  {
    name: 'offboard-orphaned-undo-resumed',
    stubs: did(SUSPENDED),
    start: offboard({ recovered: recovered(true) }),
    then: (told) => decide(told, 'retry'),
  },
  {
    name: 'offboard-orphaned-aborted',
    stubs: did(SUSPENDED),
    start: offboard({ recovered: recovered() }),
    then: (told) => decide(told, 'abort'),
  },
  {
    name: 'offboard-orphaned-left',
    stubs: did(SUSPENDED),
    start: offboard({ recovered: recovered() }),
    then: (told) => decide(told, 'leave'),
  },
  {
    name: 'onboard-orphaned-undone',
    stubs: did(CREATED),
    start: onboard({ recovered: recovered() }),
    then: cancelAt('parked'),
  },
];
