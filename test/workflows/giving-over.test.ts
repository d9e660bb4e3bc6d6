// Two workflows, one account: an urgent order meets the run that has it under another spelling.
import { afterEach, expect, it } from 'vitest';
import { personWorkflowId } from '../../src/contract/ids.js';
import { journalOf } from '../../src/domain/effects.js';
import { eventually } from '../support/eventually.js';
import {
  answer,
  seen,
  shows,
  stubActivities,
  USER_ID,
  type Stubs,
} from '../support/stub-activities.js';
import { HOUR, inMs, newRun, startHarness, type Harness, type Started } from './harness.js';

let harness: Harness | undefined;
afterEach(async () => {
  await harness?.close();
  harness = undefined;
});
const start = async (stubs: Stubs): Promise<Harness> => (harness = await startHarness(stubs));
const at = new Date(0).toISOString();
const holderOf = ({ run }: Started) =>
  answer({
    kind: 'busy' as const,
    by: {
      run: run.id,
      kind: 'offboarding' as const,
      phase: 'scheduled' as const,
      login: 'ada@example.com',
      since: at,
      workflowId: personWorkflowId(run.connection, run.subjectRef),
    },
  });

it('becomes that run’s workflow: what it had ahead is done now, by the urgent run', async () => {
  const holder: Started[] = [];
  const moves: unknown[] = [];
  const stubs: Stubs = stubActivities({
    readUser: (look) => {
      const [first] = holder;
      const isBusy =
        first !== undefined &&
        look.claims === 'tell' &&
        stubs.last(first.run.id)?.outcome !== 'superseded';
      return isBusy ? holderOf(first) : shows(seen())(look);
    },
    moveRun: (move) => Promise.resolve(void moves.push(move)),
  });
  const { offboard } = await start(stubs);
  const first = await offboard({ suspendAt: inMs(HOUR) });
  await eventually('it waits', () => stubs.last(first.run.id)?.waiting?.for === 'suspend');
  holder.push(first);

  const urgent = await offboard({ run: newRun(), takeover: true });
  expect(await urgent.handle.result()).toMatchObject({ outcome: 'moved' });
  expect(moves).toEqual([{ run: urgent.run, workflowId: first.handle.workflowId }]);
  await eventually('she is suspended', () => stubs.last(urgent.run.id)?.phase === 'holding');
  expect(stubs.last(first.run.id)).toMatchObject({ outcome: 'superseded' });
  expect(stubs.calls.filter((name) => name === 'suspendUser')).toHaveLength(1);
});

it('takes account and journal from a run whose workflow is gone', async () => {
  const taken: unknown[] = [];
  const stubs: Stubs = stubActivities({
    readUser: (look) => {
      const [first] = [gone];
      return taken.length === 0 ? holderOf(first) : shows(seen('SUSPENDED'))(look);
    },
    takeAccount: (given) => {
      taken.push(given);
      return Promise.resolve(true);
    },
    loadJournal: () =>
      Promise.resolve(
        journalOf([
          {
            kind: 'look',
            look: { kind: 'seen', oktaUserId: USER_ID, status: 'ACTIVE', statusChanged: null, at },
          },
          {
            kind: 'suspend',
            stage: 'done',
            access: { result: 'suspended', ours: true, unlocked: false, at },
          },
        ]),
      ),
    suspendUser: ({ before }) => {
      const access = { result: 'left', ours: false, unlocked: false, at: before.at } as const;
      return answer(access, [{ kind: 'suspend', stage: 'done', access }]);
    },
  });
  const gone = { run: newRun() } as Started;
  const { offboard } = await start(stubs);
  const urgent = await offboard({ takeover: true });
  await eventually('she is suspended', () => stubs.last(urgent.run.id)?.phase === 'holding');
  expect(taken).toEqual([{ run: urgent.run, from: gone.run.id }]);
  // Found as the run before left it, the suspension is this run's to give back.
  await urgent.handle.cancel();
  await urgent.handle.result().catch(() => undefined);
  expect(stubs.calls.at(-1)).toBe('unsuspendUser');
});
