// A run whose workflow was ended from outside: it stands until somebody decides, and knows what was done.
import { afterEach, describe, expect, it } from 'vitest';
import { resolveUpdate } from '../../src/contract/messages.js';
import type { Recovered } from '../../src/contract/workflows.js';
import { journalOf, type Effect } from '../../src/domain/effects.js';
import { orphanedBy } from '../../src/domain/orphan.js';
import type { Decision, Deadlines } from '../../src/domain/run.js';
import { eventually } from '../support/eventually.js';
import { stubActivities, USER_ID } from '../support/stub-activities.js';
import { inMs, startHarness, type Harness } from './harness.js';

let harness: Harness | undefined;
afterEach(async () => {
  await harness?.close();
  harness = undefined;
});

const at = new Date(0).toISOString();
const LOOK = {
  kind: 'seen',
  oktaUserId: USER_ID,
  status: 'ACTIVE',
  statusChanged: null,
  at,
} as const;
const SUSPENDED: Effect[] = [
  { kind: 'look', look: LOOK },
  {
    kind: 'suspend',
    stage: 'done',
    access: { result: 'suspended', ours: true, unlocked: false, at },
  },
];
const SUSPENDING: Effect[] = [
  { kind: 'look', look: LOOK },
  { kind: 'suspend', stage: 'intended', before: LOOK },
];
const recovered = (changes: Partial<Recovered> = {}): Recovered => ({
  problem: orphanedBy('TERMINATED'),
  version: 9_000,
  deadlines: {},
  undoing: false,
  endedAt: at,
  ...changes,
});

async function orphaned(did: Effect[], changes: Partial<Recovered> = {}) {
  const before: unknown[] = [];
  const stubs = stubActivities({
    loadJournal: () => Promise.resolve(journalOf(did)),
    unsuspendUser: (request) => {
      before.push(request.before);
      return Promise.resolve({ value: null, effects: [{ kind: 'unsuspend' }] });
    },
  });
  harness = await startHarness(stubs);
  const { handle, run } = await harness.offboard({ recovered: recovered(changes) });
  await eventually('it is parked', () => stubs.last(run.id)?.problem?.code === 'ORPHANED');
  const decide = (decision: Decision) =>
    handle.executeUpdate(resolveUpdate, {
      args: [{ actionId: decision, runId: run.id, requestedBy: null, reason: null, decision }],
    });
  return { stubs, handle, run, decide, before };
}

describe('a run whose workflow was ended from outside', () => {
  it('writes nothing before somebody decides', async () => {
    const { stubs, run } = await orphaned(SUSPENDED);
    expect(stubs.calls).toEqual([]);
    expect(stubs.last(run.id)).toMatchObject({
      phase: 'parked',
      problem: { actions: ['retry', 'abort', 'leave'] },
      actions: ['cancel', 'resolve'],
    });
  });

  it('"retry" goes on where it stood, without suspending twice', async () => {
    const { stubs, run, decide } = await orphaned(SUSPENDED);
    await decide('retry');
    await eventually('it holds', () => stubs.last(run.id)?.phase === 'holding');
    expect(stubs.calls).toEqual(['revokeSessions', 'readBack']);
  });

  it('"abort" takes back what was done', async () => {
    const { stubs, handle, run, decide } = await orphaned(SUSPENDED);
    await decide('abort');
    expect(await handle.result()).toMatchObject({ outcome: 'aborted' });
    expect(stubs.calls).toEqual(['unsuspendUser']);
    expect(stubs.last(run.id)).toMatchObject({ phase: 'cancelled', outcome: 'aborted' });
  });

  it('"leave" ends it, and everything stays', async () => {
    const { stubs, handle, run, decide } = await orphaned(SUSPENDED);
    await decide('leave');
    expect(await handle.result()).toMatchObject({ outcome: 'partial' });
    expect(stubs.calls).toEqual([]);
    expect(stubs.last(run.id)).toMatchObject({ phase: 'completed', outcome: 'partial' });
  });

  it('a cancel takes back, as it does everywhere', async () => {
    const { stubs, handle, run } = await orphaned(SUSPENDED);
    await handle.cancel();
    await handle.result().catch(() => undefined);
    expect(stubs.calls).toEqual(['unsuspendUser']);
    expect(stubs.last(run.id)).toMatchObject({ phase: 'cancelled', outcome: 'undone' });
  });

  it('judges a suspension in doubt by the time at which its workflow ended', async () => {
    const { handle, before, decide } = await orphaned(SUSPENDING);
    await decide('abort');
    await handle.result();
    expect(before).toEqual([{ ...LOOK, until: at }]);
  });

  it('"retry" of an undo goes on with the undo', async () => {
    const { stubs, handle, run, decide } = await orphaned(SUSPENDED, { undoing: true });
    await decide('retry');
    await handle.result();
    expect(stubs.calls).toEqual(['unsuspendUser']);
    expect(stubs.last(run.id)).toMatchObject({ phase: 'cancelled', outcome: 'undone' });
  });

  it('says which deadlines pass meanwhile, and does nothing about them', async () => {
    const deadlines: Deadlines = { suspendAt: inMs(1_500) };
    const { stubs, run } = await orphaned([], { deadlines });
    const isLate = () => stubs.last(run.id)?.problem?.detail.includes('Overdue: suspend') === true;
    await eventually('it says so', isLate);
    expect(stubs.calls).toEqual([]);
  });
});
