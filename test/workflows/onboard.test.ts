import { WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { afterEach, describe, expect, it } from 'vitest';
import { parked } from '../../src/activities/failures.js';
import { resolveUpdate, takeoverSignal } from '../../src/contract/messages.js';
import type { OffboardTerms } from '../../src/contract/workflows.js';
import { as } from '../../src/domain/brand.js';
import { problem } from '../../src/domain/problem.js';
import type { RunReport } from '../../src/domain/run.js';
import { eventually } from '../support/eventually.js';
import { stubActivities, USER_ID, type Stubs } from '../support/stub-activities.js';
import { HOUR, inMs, newRun, startHarness, type Harness } from './harness.js';

let harness: Harness | undefined;
afterEach(async () => {
  await harness?.close();
  harness = undefined;
});
const start = async (stubs: Stubs): Promise<Harness> => (harness = await startHarness(stubs));
const at = new Date(0).toISOString();
const absent = () => Promise.resolve({ kind: 'absent' as const, at });
const names = (count: number): string[] => Array.from({ length: count }, (_, i) => `Team ${i}`);
const TERMS: OffboardTerms = {
  hold: { kind: 'undoWindow', ms: HOUR },
  removeGroups: false,
  revokeSessions: null,
  whenNotSuspendable: 'park',
};

describe('an onboarding', () => {
  it('looks first, creates with the groups in the same call, and reads back', async () => {
    const stubs = stubActivities({ readUser: absent });
    const { onboard } = await start(stubs);
    const { handle, run } = await onboard();
    expect(await handle.result()).toEqual({ outcome: 'done', oktaUserId: USER_ID });
    // What is only read goes side by side.
    expect(stubs.calls.slice(0, 3).toSorted()).toEqual(['mintToken', 'readUser', 'resolveGroups']);
    expect(stubs.calls.slice(3)).toEqual(['createUser', 'readBack']);
    expect(stubs.last(run.id)).toMatchObject({ phase: 'completed', outcome: 'done' });
  });

  it('looks again where something else took longer than a look is good for', async () => {
    const looks: string[] = [];
    let absentAt = '';
    let attempts = 0;
    const stubs = stubActivities({
      readUser: () => {
        looks.push(`2026-11-24T12:00:0${looks.length}.000Z`);
        return Promise.resolve({ kind: 'absent' as const, at: looks.at(-1) ?? '' });
      },
      resolveGroups: () => {
        attempts += 1;
        if (attempts > 1) return Promise.resolve([]);
        throw ApplicationFailure.create({
          type: 'OKTA_RATE_LIMITED',
          nextRetryDelay: '11 seconds',
        });
      },
      createUser: (input) => {
        ({ absentAt } = input);
        return Promise.resolve({ oktaUserId: USER_ID, status: 'PROVISIONED' });
      },
    });
    const { onboard } = await start(stubs);
    await (await onboard()).handle.result();
    expect(looks).toHaveLength(2);
    expect(absentAt).toBe(looks[1]);
  }, 40_000);

  it('puts up to 20 groups into the create and each further one into a step of its own', async () => {
    let inCreate = 0;
    const assigned: number[] = [];
    const stubs = stubActivities({
      readUser: absent,
      createUser: ({ groupIds }) => {
        inCreate = groupIds.length;
        return Promise.resolve({ oktaUserId: USER_ID, status: 'PROVISIONED' });
      },
      assignGroups: ({ groupIds }) => Promise.resolve(void assigned.push(groupIds.length)),
    });
    const { onboard } = await start(stubs);
    await (await onboard({ groups: names(25) })).handle.result();
    expect(inCreate).toBe(20);
    expect(assigned).toEqual([1, 1, 1, 1, 1]);

    assigned.length = 0;
    await (await onboard({ groups: names(80) })).handle.result();
    expect(assigned).toEqual([50, 10]);
  });

  it('creates nothing when a group does not exist, and goes on when it does', async () => {
    let exists = false;
    const stubs = stubActivities({
      readUser: absent,
      resolveGroups: () => {
        if (!exists) throw parked(problem('GROUP_UNKNOWN', 'There is no group "Enginering".'));
        return Promise.resolve([]);
      },
    });
    const { onboard } = await start(stubs);
    const { handle, run } = await onboard();
    await eventually('it is parked', () => stubs.last(run.id)?.problem?.code === 'GROUP_UNKNOWN');
    expect(stubs.calls).not.toContain('createUser');
    exists = true;
    await handle.executeUpdate(resolveUpdate, {
      args: [
        {
          actionId: 'r',
          runId: run.id,
          requestedBy: null,
          reason: null,
          decision: 'retry' as const,
        },
      ],
    });
    expect(await handle.result()).toMatchObject({ outcome: 'done' });
  });

  it('parks, adopts or fails on an account that is there already, as the request says', async () => {
    const assigned: string[] = [];
    const stubs = stubActivities({
      readGroups: () =>
        Promise.resolve([
          { id: as<never>('00g00000000000000000'), type: 'OKTA_GROUP', name: 'Engineering' },
        ]),
      assignGroups: ({ groupIds }) => Promise.resolve(void assigned.push(...groupIds)),
    });
    const { onboard } = await start(stubs);

    const parking = await onboard({ onExisting: 'park' });
    await eventually('it is parked', () => stubs.last(parking.run.id)?.phase === 'parked');
    expect(stubs.last(parking.run.id)?.problem?.code).toBe('LOGIN_TAKEN');

    const adopting = await onboard({ onExisting: 'adopt' });
    expect(await adopting.handle.result()).toMatchObject({ outcome: 'done' });
    expect(assigned).toEqual(['00g00000000000000001']);

    const failing = await onboard({ onExisting: 'fail' });
    await expect(failing.handle.result()).rejects.toBeInstanceOf(WorkflowFailedError);
    expect(stubs.last(failing.run.id)).toMatchObject({ phase: 'failed', outcome: 'failed' });
    expect(stubs.calls).not.toContain('createUser');
  });

  it('takes back what it made when it is cancelled half-way: access first, then the groups', async () => {
    const taken: unknown[] = [];
    const stubs = stubActivities({
      readUser: absent,
      readBack: () => {
        throw parked(problem('NOT_PERMITTED', 'No.'));
      },
      removeFromGroup: ({ groupIds }) => Promise.resolve(void taken.push(...groupIds)),
    });
    const { onboard } = await start(stubs);
    const { handle, run } = await onboard();
    await eventually('it is parked', () => stubs.last(run.id)?.phase === 'parked');
    await handle.cancel();
    await handle.result().catch(() => undefined);
    expect(stubs.calls.slice(-3)).toEqual(['readUser', 'suspendUser', 'removeFromGroup']);
    expect(taken).toHaveLength(2);
    expect(stubs.last(run.id)).toMatchObject({ phase: 'cancelled', outcome: 'undone' });
  });

  it('looks for an account whose create never answered before it takes it back', async () => {
    const stubs = stubActivities({
      readUser: absent,
      createUser: () => {
        throw parked(problem('OUTCOME_UNKNOWN', 'Lost.'));
      },
      findCreatedUser: () => Promise.resolve({ oktaUserId: USER_ID, status: 'PROVISIONED' }),
    });
    const { onboard } = await start(stubs);
    const { handle, run } = await onboard();
    await eventually('it is parked', () => stubs.last(run.id)?.phase === 'parked');
    await handle.cancel();
    await handle.result().catch(() => undefined);
    expect(stubs.calls).toContain('findCreatedUser');
    expect(stubs.calls).toContain('suspendUser');
  });

  it('looks for no account where Okta surely made none', async () => {
    const isUntouched = true;
    const stubs = stubActivities({
      readUser: absent,
      createUser: () => {
        throw parked(problem('LOGIN_TAKEN', 'Taken.'), undefined, isUntouched);
      },
    });
    const { onboard } = await start(stubs);
    const { handle, run } = await onboard();
    await eventually('it is parked', () => stubs.last(run.id)?.phase === 'parked');
    await handle.cancel();
    await handle.result().catch(() => undefined);
    expect(stubs.calls).not.toContain('findCreatedUser');
    expect(stubs.last(run.id)).toMatchObject({ phase: 'cancelled', outcome: 'undone' });
  });

  it('forgets no create that may have been done for a later one that surely was not', async () => {
    const failures = [
      parked(problem('OUTCOME_UNKNOWN', 'Lost.')),
      parked(problem('LOGIN_TAKEN', 'Taken.'), undefined, true),
    ];
    const stubs = stubActivities({
      readUser: absent,
      createUser: () => Promise.reject(failures.shift() ?? new Error('a third create')),
    });
    const { onboard } = await start(stubs);
    const { handle, run } = await onboard();
    await eventually('it is parked', () => stubs.last(run.id)?.problem?.code === 'OUTCOME_UNKNOWN');
    const retry = { actionId: 'r', runId: run.id, requestedBy: null, reason: null };
    await handle.executeUpdate(resolveUpdate, { args: [{ ...retry, decision: 'retry' }] });
    await eventually('it is parked', () => stubs.last(run.id)?.problem?.code === 'LOGIN_TAKEN');
    await handle.cancel();
    await handle.result().catch(() => undefined);
    expect(stubs.calls).toContain('findCreatedUser');
  });

  it('leaves the account alone when it is cancelled before its start', async () => {
    const stubs = stubActivities();
    const { onboard } = await start(stubs);
    const { handle, run } = await onboard({ startAt: inMs(HOUR) });
    await eventually('it waits', () => stubs.last(run.id)?.waiting?.for === 'start');
    await handle.cancel();
    await handle.result().catch(() => undefined);
    expect(stubs.calls).toEqual([]);
    expect(stubs.last(run.id)).toMatchObject({ phase: 'cancelled', outcome: 'undone' });
  });

  it('goes on as the offboarding of the contract end, under a run id of its own', async () => {
    const stubs = stubActivities({ readUser: absent });
    const { onboard, client } = await start(stubs);
    const requestId = newRun().requestId;
    const endsAt = inMs(HOUR);
    const { handle, run } = await onboard({ contractEnd: { endsAt, requestId, terms: TERMS } });
    const next = await eventually('the contract end waits', () =>
      stubs.reports.find((report) => report.run.requestId === requestId),
    );
    expect(stubs.last(run.id)).toMatchObject({
      phase: 'completed',
      outcome: 'done',
      next: { run: { id: next.run.id }, phase: 'scheduled', waiting: { for: 'suspend' } },
    });
    await client.workflow.getHandle(handle.workflowId).cancel();
    await eventually('it is open-ended', () => stubs.last(next.run.id)?.phase === 'cancelled');
    expect(stubs.calls).not.toContain('suspendUser');
  });

  it('is open-ended when the cancel comes just as it goes on as its contract end', async () => {
    let letClose: () => void = () => undefined;
    const closing = new Promise<void>((resolve) => (letClose = resolve));
    const seen: RunReport[] = [];
    const stubs = stubActivities({
      readUser: absent,
      recordRun: async (report) => {
        seen.push(report);
        if (report.next !== null) await closing;
      },
    });
    const { onboard } = await start(stubs);
    const requestId = newRun().requestId;
    const { handle } = await onboard({
      contractEnd: { endsAt: inMs(HOUR), requestId, terms: TERMS },
    });
    await eventually('it closes', () => seen.some(({ next }) => next !== null));
    await handle.cancel();
    letClose();
    await handle.result().catch(() => undefined);
    expect((await handle.describe()).status.name).toBe('CANCELLED');
    expect(seen.at(-1)).toMatchObject({
      run: { requestId },
      phase: 'cancelled',
      outcome: 'undone',
    });
    expect(stubs.calls).not.toContain('suspendUser');
  });

  it('makes way for an urgent offboarding between two steps', async () => {
    let letGo: () => void = () => undefined;
    const looking = new Promise<void>((resolve) => (letGo = resolve));
    const stubs = stubActivities({
      resolveGroups: () => looking.then(() => []),
    });
    const { onboard, input } = await start(stubs);
    const { handle, run } = await onboard();
    await eventually('it is at the groups', () => stubs.calls.includes('resolveGroups'));
    const urgent = input({ run: newRun(run.subjectRef) });
    await handle.signal(takeoverSignal, {
      actionId: 't',
      runId: urgent.run.id,
      requestedBy: null,
      reason: null,
      input: urgent,
    });
    letGo();
    await eventually('she is suspended', () => stubs.last(urgent.run.id)?.phase === 'holding');
    expect(stubs.calls).not.toContain('createUser');
    expect(stubs.last(run.id)).toMatchObject({ outcome: 'superseded' });
  });
});
