import { afterEach, describe, expect, it } from 'vitest';
import { ApplicationFailure, isCancellation } from '@temporalio/workflow';
import { TenurePhase, TenureRun } from '../../src/contract/search-attributes.js';
import {
  expediteUpdate,
  rescheduleSignal,
  rescheduleUpdate,
  resolveUpdate,
  takeoverSignal,
} from '../../src/contract/messages.js';
import type { OffboardTerms } from '../../src/contract/workflows.js';
import { parked } from '../../src/activities/failures.js';
import { journalOf } from '../../src/domain/effects.js';
import { problem } from '../../src/domain/problem.js';
import { eventually } from '../support/eventually.js';
import {
  absent,
  answer,
  found,
  leftSo,
  seen,
  shows,
  slice,
  stubActivities,
  suspended,
  unsuspended,
  USER_ID,
  type Stubs,
} from '../support/stub-activities.js';
import { HOUR, inMs, newRun, startHarness, type Harness } from './harness.js';

let harness: Harness | undefined;
afterEach(async () => {
  await harness?.close();
  harness = undefined;
});
const start = async (stubs: Stubs): Promise<Harness> => (harness = await startHarness(stubs));
const action = (run: { id: string }, actionId: string) => ({
  actionId,
  runId: run.id,
  requestedBy: null,
  reason: null,
});

const TERMS: OffboardTerms = {
  hold: { kind: 'undoWindow', ms: HOUR },
  removeGroups: false,
  revokeSessions: null,
  whenNotSuspendable: 'park',
};
const LOOK = {
  kind: 'seen',
  oktaUserId: USER_ID,
  status: 'ACTIVE',
  statusChanged: null,
  at: new Date(0).toISOString(),
} as const;

describe('an offboarding', () => {
  it('suspends, ends sessions, reads back and holds; a cancel in the hold gives access back', async () => {
    const stubs = stubActivities();
    const { offboard } = await start(stubs);
    const { handle, run } = await offboard();

    await eventually('it holds', () => stubs.last(run.id)?.phase === 'holding');
    expect(stubs.calls).toEqual(['readUser', 'suspendUser', 'revokeSessions', 'readBack']);
    expect(stubs.last(run.id)).toMatchObject({
      actions: ['cancel'],
      waiting: { for: 'hold-end' },
    });

    await handle.cancel();
    await expect(handle.result()).rejects.toSatisfy(
      (error: Error) => isCancellation(error) || isCancellation(error.cause),
    );
    expect((await handle.describe()).status.name).toBe('CANCELLED');
    expect(stubs.calls.at(-1)).toBe('unsuspendUser');
    expect(stubs.last(run.id)).toMatchObject({
      phase: 'cancelled',
      outcome: 'undone',
      actions: [],
    });
  });

  it('takes back a suspension that was cancelled in flight and then failed', async () => {
    let fail: () => void = () => undefined;
    const failing = new Promise<never>((_resolve, reject) => {
      fail = () => {
        reject(ApplicationFailure.create({ type: 'OKTA_TIMEOUT', message: 'slow' }));
      };
    });
    const stubs = stubActivities({ suspendUser: () => failing });
    const { offboard } = await start(stubs);
    const { handle, run } = await offboard();
    await eventually('it suspends', () => stubs.calls.includes('suspendUser'));
    await handle.cancel();
    fail();
    await handle.result().catch(() => undefined);
    expect((await handle.describe()).status.name).toBe('CANCELLED');
    expect(stubs.calls.at(-1)).toBe('unsuspendUser');
    expect(stubs.last(run.id)).toMatchObject({ phase: 'cancelled', outcome: 'undone' });
  });

  it('touches Okta not at all when it is cancelled before its deadline', async () => {
    const stubs = stubActivities();
    const { offboard } = await start(stubs);
    const { handle, run } = await offboard({ suspendAt: inMs(HOUR) });

    await eventually('it is scheduled', () => stubs.last(run.id)?.waiting?.for === 'suspend');
    await handle.cancel();
    await handle.result().catch(() => undefined);

    expect(stubs.calls).toEqual(['readUser']);
    expect(stubs.last(run.id)).toMatchObject({ phase: 'cancelled', outcome: 'undone' });
  });

  it('holds what the run before suspended, and gives it back although it has done nothing itself', async () => {
    const stubs = stubActivities({ readUser: shows(seen('SUSPENDED')) });
    const { offboard } = await start(stubs);
    const access = { result: 'suspended', ours: true, unlocked: false, at: '' } as const;
    const journal = journalOf([
      { kind: 'look', look: LOOK },
      { kind: 'suspend', stage: 'done', access },
      { kind: 'remove-from-groups', stage: 'done', groupIds: ['00g00000000000000000' as never] },
    ]);
    const { handle, run } = await offboard({
      suspendAt: inMs(HOUR),
      terms: { ...TERMS, revokeSessions: false },
      inherited: { from: 'offboarding', journal, takeovers: [] },
    });
    await eventually('it holds', () => stubs.last(run.id)?.phase === 'holding');
    await handle.cancel();
    await handle.result().catch(() => undefined);
    expect(stubs.calls).toEqual(['readUser', 'readBack', 'unsuspendUser', 'assignGroups']);
  });

  it('never gives back what somebody else took', async () => {
    const stubs = stubActivities({
      suspendUser: leftSo,
    });
    const { offboard } = await start(stubs);
    const { handle, run } = await offboard({
      terms: {
        hold: { kind: 'deprovisionAt', at: inMs(HOUR) },
        removeGroups: false,
        revokeSessions: false,
        whenNotSuspendable: 'park',
      },
    });
    await eventually('it holds', () => stubs.last(run.id)?.phase === 'holding');
    await handle.cancel();
    await handle.result().catch(() => undefined);
    expect(stubs.calls).not.toContain('unsuspendUser');
  });

  it.each([
    ['this run suspended', 'ACTIVE', undefined],
    ['somebody else had suspended before', 'SUSPENDED', leftSo],
  ])(
    'asks Okta before it is done, and parks where access is back: %s',
    async (_who, first, suspendUser) => {
      let status = first;
      const stubs = stubActivities({
        readUser: (look) => shows(seen(status))(look),
        readGroups: () =>
          found([{ id: '00g00000000000000000' as never, type: 'OKTA_GROUP', name: 'Sales' }]),
        ...(suspendUser === undefined ? {} : { suspendUser }),
      });
      const { offboard } = await start(stubs);
      const { run } = await offboard({
        terms: { ...TERMS, removeGroups: 'all', hold: { kind: 'undoWindow', ms: 1_000 } },
      });
      await eventually('it holds', () => stubs.last(run.id)?.phase === 'holding');
      status = 'ACTIVE';
      await eventually('it parks', () => stubs.last(run.id)?.phase === 'parked');
      expect(stubs.last(run.id)?.problem).toMatchObject({
        code: 'STATUS_UNSUPPORTED',
        detail: expect.stringContaining('Okta shows ACTIVE') as string,
      });
    },
  );

  it('removes direct groups after suspending, leaves those that a rule fills, and puts them back after access', async () => {
    const group = (id: string, type = 'OKTA_GROUP') => ({ id: id as never, type, name: id });
    const removed: unknown[] = [];
    const assigned: unknown[] = [];
    const stubs = stubActivities({
      readGroups: () => found([group('direct'), group('ruled'), group('app', 'APP_GROUP')]),
      readRuleGroups: () => answer(['ruled' as never]),
      removeFromGroup: ({ groupIds }) => {
        removed.push(...groupIds);
        return slice('remove-from-groups', groupIds);
      },
      assignGroups: ({ groupIds }) => {
        assigned.push(...groupIds);
        return slice('add-to-groups', groupIds);
      },
    });
    const { offboard } = await start(stubs);
    const { handle, run } = await offboard({
      terms: {
        hold: { kind: 'undoWindow', ms: HOUR },
        removeGroups: 'direct',
        revokeSessions: false,
        whenNotSuspendable: 'park',
      },
    });
    await eventually('it holds', () => stubs.last(run.id)?.phase === 'holding');
    expect(removed).toEqual(['direct']);
    expect(stubs.calls.indexOf('suspendUser')).toBeLessThan(stubs.calls.indexOf('removeFromGroup'));

    await handle.cancel();
    await handle.result().catch(() => undefined);
    expect(assigned).toEqual(['direct']);
    expect(stubs.calls.slice(-2)).toEqual(['unsuspendUser', 'assignGroups']);
  });

  it('is moved and brought forward while it waits, once per action', async () => {
    const stubs = stubActivities();
    const { offboard } = await start(stubs);
    const { handle, run } = await offboard({ suspendAt: inMs(HOUR) });
    const later = inMs(2 * HOUR);

    const message = { ...action(run, 'a1'), changes: { suspendAt: later } };
    await handle.executeUpdate(rescheduleUpdate, { args: [message], updateId: 'a1' });
    await handle.signal(rescheduleSignal, { ...message, changes: { suspendAt: inMs(1) } });
    expect(stubs.last(run.id)).toMatchObject({
      deadlines: { suspendAt: later },
      waiting: { for: 'suspend', until: later.at },
    });

    await expect(
      handle.executeUpdate(expediteUpdate, {
        args: [{ ...action(run, 'a2'), what: 'deprovision' as const }],
      }),
    ).rejects.toThrow();
    await handle.executeUpdate(expediteUpdate, {
      args: [{ ...action(run, 'a3'), what: 'suspend' as const }],
    });
    await eventually('it holds', () => stubs.last(run.id)?.phase === 'holding');
    expect(stubs.reports.filter(({ event }) => event?.action === 'run.rescheduled')).toHaveLength(
      1,
    );
  });

  it('records a signal that comes when it is not possible', async () => {
    const stubs = stubActivities();
    const { offboard } = await start(stubs);
    const { handle, run } = await offboard();
    await eventually('it holds', () => stubs.last(run.id)?.phase === 'holding');
    await handle.signal(rescheduleSignal, {
      ...action(run, 'late'),
      changes: { suspendAt: inMs(HOUR) },
    });
    await eventually('it is on record', () =>
      stubs.reports.some(({ event }) => event?.key === 'late' && event.action === 'action.refused'),
    );
  });

  it('parks on what only a person can settle, and goes on when told to', async () => {
    let tries = 0;
    const stubs = stubActivities({
      suspendUser: ({ mayHaveHappened }) => {
        tries += 1;
        if (!mayHaveHappened)
          throw parked(problem('STATUS_UNSUPPORTED', 'The account is RECOVERY.'));
        return suspended();
      },
    });
    const { offboard } = await start(stubs);
    const { handle, run } = await offboard();
    await eventually('it is parked', () => stubs.last(run.id)?.phase === 'parked');
    expect(stubs.last(run.id)).toMatchObject({
      problem: { code: 'STATUS_UNSUPPORTED', actions: ['retry', 'abort', 'leave'] },
      actions: ['cancel', 'resolve'],
      waiting: { for: 'decision' },
    });
    await handle.executeUpdate(resolveUpdate, {
      args: [{ ...action(run, 'r1'), decision: 'retry' as const }],
    });
    await eventually('it holds', () => stubs.last(run.id)?.phase === 'holding');
    expect(tries).toBe(2);
    // A retry looks before it writes.
    expect(stubs.calls.slice(0, 4)).toEqual(['readUser', 'suspendUser', 'readUser', 'suspendUser']);
  });

  it('parks early when Okta does not know the person, and ends aborted on a decision', async () => {
    const stubs = stubActivities({ readUser: absent });
    const { offboard } = await start(stubs);
    const { handle, run } = await offboard({ suspendAt: inMs(HOUR) });
    await eventually(
      'it is parked',
      () => stubs.last(run.id)?.problem?.code === 'PERSON_NOT_FOUND',
    );
    await handle.executeUpdate(resolveUpdate, {
      args: [{ ...action(run, 'r1'), decision: 'abort' as const }],
    });
    expect(await handle.result()).toEqual({ outcome: 'aborted', oktaUserId: null });
    expect(stubs.last(run.id)).toMatchObject({ phase: 'cancelled', outcome: 'aborted' });
  });

  it('parks an undo that cannot be finished rather than losing it', async () => {
    let fails = true;
    const stubs = stubActivities({
      unsuspendUser: () => {
        if (fails) throw parked(problem('NOT_PERMITTED', 'No.'));
        return unsuspended();
      },
    });
    const { offboard } = await start(stubs);
    const { handle, run } = await offboard();
    await eventually('it holds', () => stubs.last(run.id)?.phase === 'holding');
    await handle.cancel();
    await eventually('the undo is parked', () => stubs.last(run.id)?.phase === 'parked');
    expect(stubs.last(run.id)).toMatchObject({
      problem: { code: 'UNDO_INCOMPLETE', actions: ['retry', 'leave'] },
      actions: ['resolve'],
    });
    fails = false;
    await handle.executeUpdate(resolveUpdate, {
      args: [{ ...action(run, 'r1'), decision: 'retry' as const }],
    });
    await handle.result().catch(() => undefined);
    expect(stubs.last(run.id)).toMatchObject({ phase: 'cancelled', outcome: 'undone' });
  });

  it('deactivates at the end of a hold that says so', async () => {
    const stubs = stubActivities();
    const { offboard } = await start(stubs);
    const { handle, run } = await offboard({
      terms: {
        hold: { kind: 'deprovisionAt', at: inMs(HOUR) },
        removeGroups: false,
        revokeSessions: false,
        whenNotSuspendable: 'park',
      },
    });
    await eventually('it holds', () => stubs.last(run.id)?.phase === 'holding');
    expect(stubs.last(run.id)?.actions).toEqual(['cancel', 'reschedule', 'expedite']);
    await handle.executeUpdate(expediteUpdate, {
      args: [{ ...action(run, 'now'), what: 'deprovision' as const }],
    });
    expect(await handle.result()).toEqual({ outcome: 'done', oktaUserId: USER_ID });
    expect(stubs.calls.at(-1)).toBe('deactivateUser');
    expect(stubs.last(run.id)).toMatchObject({ phase: 'completed', outcome: 'done' });
  });
});

describe('an urgent offboarding', () => {
  it('takes the place of one that holds, and can still give access back', async () => {
    const stubs = stubActivities();
    const { offboard, input, client } = await start(stubs);
    const first = await offboard();
    await eventually('it holds', () => stubs.last(first.run.id)?.phase === 'holding');

    const urgent = input({ run: newRun(first.run.subjectRef), takeover: true });
    await first.handle.signal(takeoverSignal, { ...action(urgent.run, 't1'), input: urgent });
    await eventually('the urgent one holds', () => stubs.last(urgent.run.id)?.phase === 'holding');
    expect(stubs.last(first.run.id)).toMatchObject({
      phase: 'completed',
      outcome: 'superseded',
      next: { run: { id: urgent.run.id } },
    });
    const handle = client.workflow.getHandle(first.handle.workflowId);
    // The report goes out before the server has the task's other commands.
    await eventually('Temporal shows the same', async () => {
      const { typedSearchAttributes } = await handle.describe();
      return (
        typedSearchAttributes.get(TenureRun) === urgent.run.id &&
        typedSearchAttributes.get(TenurePhase) === 'holding'
      );
    });

    await handle.cancel();
    await handle.result().catch(() => undefined);
    expect(stubs.calls.at(-1)).toBe('unsuspendUser');
    expect(stubs.last(urgent.run.id)).toMatchObject({ phase: 'cancelled', outcome: 'undone' });
  });

  it('lets a step of an undo that is under way end, and then suspends after all', async () => {
    let letUndo: () => void = () => undefined;
    const undoing = new Promise<void>((resolve) => (letUndo = resolve));
    const stubs = stubActivities({ unsuspendUser: () => undoing.then(unsuspended) });
    const { offboard, input } = await start(stubs);
    const first = await offboard();
    await eventually('it holds', () => stubs.last(first.run.id)?.phase === 'holding');
    await first.handle.cancel();
    await eventually('it undoes', () => stubs.last(first.run.id)?.waiting?.for === 'undo');

    const urgent = input({ run: newRun(first.run.subjectRef), takeover: true });
    await first.handle.signal(takeoverSignal, { ...action(urgent.run, 't1'), input: urgent });
    letUndo();
    await eventually('the urgent one holds', () => stubs.last(urgent.run.id)?.phase === 'holding');
    expect(stubs.last(first.run.id)).toMatchObject({ phase: 'cancelled', outcome: 'undone' });
    expect(stubs.calls.filter((name) => name === 'suspendUser')).toHaveLength(2);
  });

  it('interrupts an undo that waits to try again, and gives nothing back', async () => {
    const stubs = stubActivities({
      unsuspendUser: () => {
        throw ApplicationFailure.create({ type: 'OKTA_RATE_LIMITED', nextRetryDelay: '1 hour' });
      },
    });
    const { offboard, input } = await start(stubs);
    const first = await offboard({ terms: { ...TERMS, removeGroups: 'all' } });
    await eventually('it holds', () => stubs.last(first.run.id)?.phase === 'holding');
    await first.handle.cancel();
    await eventually('it tries to give back', () => stubs.calls.includes('unsuspendUser'));

    const urgent = input({ run: newRun(first.run.subjectRef), takeover: true });
    await first.handle.signal(takeoverSignal, { ...action(urgent.run, 't1'), input: urgent });
    await eventually('the urgent one holds', () => stubs.last(urgent.run.id)?.phase === 'holding');
    expect(stubs.last(first.run.id)).toMatchObject({ outcome: 'superseded' });
    expect(stubs.calls.filter((name) => name === 'unsuspendUser')).toHaveLength(1);
  });

  it('closes every run in between when two come at once', async () => {
    const stubs = stubActivities();
    const { offboard, input } = await start(stubs);
    const first = await offboard({ suspendAt: inMs(HOUR) });
    await eventually('it waits', () => stubs.last(first.run.id)?.waiting?.for === 'suspend');
    const second = input({
      run: newRun(first.run.subjectRef),
      takeover: true,
      suspendAt: inMs(2 * HOUR),
    });
    const third = input({ run: newRun(first.run.subjectRef), takeover: true });
    for (const urgent of [second, third]) {
      await first.handle.signal(takeoverSignal, {
        ...action(urgent.run, urgent.run.id),
        input: urgent,
      });
    }
    await eventually('the last one holds', () => stubs.last(third.run.id)?.phase === 'holding');
    for (const { run } of [first, second]) {
      expect(stubs.last(run.id)).toMatchObject({ phase: 'completed', outcome: 'superseded' });
    }
  });
});
