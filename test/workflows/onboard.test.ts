import { WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { afterEach, describe, expect, it } from 'vitest';
import { parked, withEffects } from '../../src/activities/failures.js';
import type { Activities } from '../../src/activities/index.js';
import { resolveUpdate, takeoverSignal } from '../../src/contract/messages.js';
import type { OffboardTerms } from '../../src/contract/workflows.js';
import { as } from '../../src/domain/brand.js';
import { problem } from '../../src/domain/problem.js';
import type { Decision, RunReport } from '../../src/domain/run.js';
import { eventually } from '../support/eventually.js';
import {
  absent,
  answer,
  created,
  found,
  seen,
  shows,
  slice,
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
/** Nobody has the login before the create, and the account that it made is there afterwards. */
const untilCreated: Activities['readUser'] = (look) =>
  (look.intends === 'create' ? absent : shows(seen('PROVISIONED')))(look);
const notCreated = (): Error =>
  withEffects(parked(problem('LOGIN_TAKEN', 'Taken.')), [{ kind: 'create', stage: 'refused' }]);
const names = (count: number): string[] => Array.from({ length: count }, (_, i) => `Team ${i}`);
const TERMS: OffboardTerms = {
  hold: { kind: 'undoWindow', ms: HOUR },
  removeGroups: false,
  revokeSessions: null,
  whenNotSuspendable: 'park',
};

const decide = ({ handle, run }: Started, decision: Decision) =>
  handle.executeUpdate(resolveUpdate, {
    args: [{ actionId: decision, runId: run.id, requestedBy: null, reason: null, decision }],
  });

describe('an onboarding', () => {
  it('looks first, creates with the groups in the same call, and reads back', async () => {
    const stubs = stubActivities({ readUser: absent });
    const { onboard } = await start(stubs);
    const { handle, run } = await onboard();
    expect(await handle.result()).toEqual({ outcome: 'done', oktaUserId: USER_ID });
    // What is only read goes side by side.
    expect(stubs.calls.slice(0, 2).toSorted()).toEqual(['mintToken', 'resolveGroups']);
    expect(stubs.calls.slice(2)).toEqual(['readUser', 'createUser', 'readBack']);
    expect(stubs.last(run.id)).toMatchObject({ phase: 'completed', outcome: 'done' });
  });

  it('looks after whatever may take long, so that the create is judged by a fresh look', async () => {
    const looked: string[] = [];
    let absentAt = '';
    let attempts = 0;
    const stubs = stubActivities({
      readUser: (look) => {
        looked.push(new Date().toISOString());
        return shows({ kind: 'absent', at: looked.at(-1) ?? '' })(look);
      },
      resolveGroups: () => {
        attempts += 1;
        if (attempts > 1) return found([]);
        throw ApplicationFailure.create({ type: 'OKTA_RATE_LIMITED', nextRetryDelay: '1 second' });
      },
      createUser: (input) => {
        ({ absentAt } = input);
        return created();
      },
    });
    const { onboard } = await start(stubs);
    await (await onboard()).handle.result();
    expect(stubs.calls.lastIndexOf('resolveGroups')).toBeLessThan(stubs.calls.indexOf('readUser'));
    expect([looked.length, absentAt]).toEqual([1, looked[0]]);
  });

  it('puts up to 20 groups into the create and all further ones into a step that goes in slices', async () => {
    let inCreate = 0;
    const asked: number[] = [];
    const stubs = stubActivities({
      readUser: absent,
      createUser: ({ groupIds }) => {
        inCreate = groupIds.length;
        return created(groupIds);
      },
      // Okta's limit stops it after two, once.
      assignGroups: ({ groupIds }) => {
        asked.push(groupIds.length);
        return asked.length === 1
          ? slice('add-to-groups', groupIds.slice(0, 2), { waitMs: 200 })
          : slice('add-to-groups', groupIds);
      },
    });
    const { onboard } = await start(stubs);
    const { handle, run } = await onboard({ groups: names(25) });
    await handle.result();
    expect(inCreate).toBe(20);
    expect(asked).toEqual([5, 3]);
    expect(stubs.reports.filter(({ waiting }) => waiting?.for === 'rate-limit')).toMatchObject([
      { run: { id: run.id } },
    ]);
  });

  it('tries a group that was refused after all others, and adds it to those that are in', async () => {
    const asked: string[][] = [];
    const stubs = stubActivities({
      readUser: absent,
      assignGroups: ({ groupIds }) => {
        asked.push(groupIds.map((id) => id.slice(-2)));
        const [first, ...others] = groupIds;
        return asked.length === 1 && first !== undefined
          ? slice('add-to-groups', others, { later: [first] })
          : slice('add-to-groups', groupIds);
      },
    });
    const { onboard } = await start(stubs);
    await (await onboard({ groups: names(23) })).handle.result();
    expect(asked).toEqual([['20', '21', '22'], ['20']]);
  });

  it('creates nothing when a group does not exist, and goes on when it does', async () => {
    let exists = false;
    const stubs = stubActivities({
      readUser: absent,
      resolveGroups: () => {
        if (!exists) throw parked(problem('GROUP_UNKNOWN', 'There is no group "Enginering".'));
        return found([]);
      },
    });
    const { onboard } = await start(stubs);
    const { handle, run } = await onboard();
    await eventually('it is parked', () => stubs.last(run.id)?.problem?.code === 'GROUP_UNKNOWN');
    expect(stubs.calls).not.toContain('createUser');
    exists = true;
    await decide({ handle, run }, 'retry');
    expect(await handle.result()).toMatchObject({ outcome: 'done' });
  });

  it('parks, adopts or fails on an account that is there already, as the request says', async () => {
    const assigned: string[] = [];
    const stubs = stubActivities({
      readGroups: () =>
        found([{ id: as<never>('00g00000000000000000'), type: 'OKTA_GROUP', name: 'Engineering' }]),
      assignGroups: ({ groupIds }) => {
        assigned.push(...groupIds);
        return slice('add-to-groups', groupIds);
      },
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

  it.each([
    ['SUSPENDED', 'choose More Actions, Unsuspend'],
    ['DEPROVISIONED', 'choose Activate'],
    ['HIBERNATED', 'does not know this status'],
  ])(
    'parks before it adopts an account that is %s, and says the way out',
    async (status, wayOut) => {
      const stubs = stubActivities({ readUser: shows(seen(status)) });
      const { onboard } = await start(stubs);
      const { run } = await onboard({ onExisting: 'adopt' });
      await eventually('it parks', () => stubs.last(run.id)?.phase === 'parked');
      expect(stubs.last(run.id)?.problem).toMatchObject({
        code: 'STATUS_UNSUPPORTED',
        detail: expect.stringContaining(wayOut) as string,
      });
      expect(stubs.calls).not.toContain('assignGroups');
    },
  );

  it('takes back what it made when it is cancelled half-way: access first, then the groups', async () => {
    const taken: unknown[] = [];
    const stubs = stubActivities({
      readUser: untilCreated,
      readBack: () => {
        throw parked(problem('NOT_PERMITTED', 'No.'));
      },
      removeFromGroup: ({ groupIds }) => {
        taken.push(...groupIds);
        return slice('remove-from-groups', groupIds);
      },
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

  it('suspends nobody where the account that it made is gone by now', async () => {
    const stubs = stubActivities({
      readUser: absent,
      readBack: () => {
        throw parked(problem('NOT_PERMITTED', 'No.'));
      },
    });
    const { onboard } = await start(stubs);
    const { handle, run } = await onboard({ groups: [] });
    await eventually('it is parked', () => stubs.last(run.id)?.phase === 'parked');
    await handle.cancel();
    await handle.result().catch(() => undefined);
    expect(stubs.calls).not.toContain('suspendUser');
    expect(stubs.last(run.id)).toMatchObject({ phase: 'cancelled', outcome: 'undone' });
  });

  it('looks for an account whose create never answered before it takes it back', async () => {
    const stubs = stubActivities({
      readUser: untilCreated,
      createUser: () => {
        throw parked(problem('OUTCOME_UNKNOWN', 'Lost.'));
      },
      findCreatedUser: () => created(),
    });
    const { onboard } = await start(stubs);
    const { handle, run } = await onboard();
    await eventually('it is parked', () => stubs.last(run.id)?.phase === 'parked');
    await handle.cancel();
    await handle.result().catch(() => undefined);
    expect(stubs.calls.slice(-3)).toEqual(['findCreatedUser', 'readUser', 'suspendUser']);
  });

  it('looks for no account where Okta surely made none', async () => {
    const stubs = stubActivities({
      readUser: absent,
      createUser: () => Promise.reject(notCreated()),
    });
    const { onboard } = await start(stubs);
    const { handle, run } = await onboard();
    await eventually('it is parked', () => stubs.last(run.id)?.phase === 'parked');
    await handle.cancel();
    await handle.result().catch(() => undefined);
    expect(stubs.calls).not.toContain('findCreatedUser');
    expect(stubs.last(run.id)).toMatchObject({ phase: 'cancelled', outcome: 'undone' });
  });

  it('forgets no create that may have been done for a later one that was refused', async () => {
    const failures = [
      parked(problem('OUTCOME_UNKNOWN', 'Lost.')),
      parked(problem('LOGIN_TAKEN', 'Taken.')),
    ];
    const mayExist: boolean[] = [];
    const mustKnow: unknown[] = [];
    const stubs = stubActivities({
      readUser: absent,
      createUser: (request) => {
        mayExist.push(request.mayExist);
        return Promise.reject(failures.shift() ?? new Error('a third create'));
      },
      // The role may not look.
      findCreatedUser: (request) => {
        mustKnow.push(request.mustKnow);
        return request.mustKnow === true ? created() : answer(null);
      },
    });
    const { onboard } = await start(stubs);
    const { handle, run } = await onboard();
    await eventually('it is parked', () => stubs.last(run.id)?.problem?.code === 'OUTCOME_UNKNOWN');
    await decide({ handle, run }, 'retry');
    await eventually('it is parked', () => stubs.last(run.id)?.problem?.code === 'LOGIN_TAKEN');
    await handle.cancel();
    await handle.result().catch(() => undefined);
    expect([mayExist, mustKnow]).toEqual([
      [false, true],
      [false, true],
    ]);
  });

  it('makes an account anew only when Okta showed that the lost create made none', async () => {
    let tries = 0;
    const stubs = stubActivities({
      readUser: absent,
      createUser: ({ groupIds }) => {
        tries += 1;
        if (tries === 1) throw parked(problem('REFUSED_BY_OKTA', 'An odd answer.'));
        return created(groupIds);
      },
    });
    const { onboard } = await start(stubs);
    const { handle, run } = await onboard();
    await eventually('it is parked', () => stubs.last(run.id)?.phase === 'parked');
    await decide({ handle, run }, 'retry');
    expect(await handle.result()).toMatchObject({ outcome: 'done' });
    expect(stubs.calls.slice(-5)).toEqual([
      'createUser',
      'findCreatedUser',
      'readUser',
      'createUser',
      'readBack',
    ]);
  });

  it('leaves everything as it is when that is decided, and ends partial', async () => {
    const stubs = stubActivities({
      readUser: absent,
      readBack: () => {
        throw parked(problem('NOT_PERMITTED', 'No.'));
      },
    });
    const { onboard } = await start(stubs);
    const { handle, run } = await onboard();
    await eventually('it is parked', () => stubs.last(run.id)?.phase === 'parked');
    await decide({ handle, run }, 'leave');
    expect(await handle.result()).toEqual({ outcome: 'partial', oktaUserId: USER_ID });
    expect(stubs.calls.at(-1)).toBe('readBack');
    expect(stubs.last(run.id)).toMatchObject({ phase: 'completed', outcome: 'partial' });
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
      next: {
        link: 'continues',
        run: { id: next.run.id },
        phase: 'scheduled',
        waiting: { for: 'suspend' },
      },
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
      resolveGroups: () => looking.then(() => found([])),
    });
    const { onboard, input } = await start(stubs);
    const { handle, run } = await onboard();
    await eventually('it is at the groups', () => stubs.calls.includes('resolveGroups'));
    const urgent = input({ run: newRun(run.subjectRef), takeover: true });
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

  it('makes way for an urgent offboarding in the pause between two tries', async () => {
    const stubs = stubActivities({
      readUser: (look) => (look.intends === 'create' ? absent : shows(seen()))(look),
      createUser: () => {
        throw ApplicationFailure.create({ type: 'OKTA_RATE_LIMITED', nextRetryDelay: '1 hour' });
      },
    });
    const { onboard, input } = await start(stubs);
    const { handle, run } = await onboard();
    await eventually('it tries', () => stubs.calls.includes('createUser'));
    const urgent = input({ run: newRun(run.subjectRef), takeover: true });
    await handle.signal(takeoverSignal, {
      actionId: 't',
      runId: urgent.run.id,
      requestedBy: null,
      reason: null,
      input: urgent,
    });
    await eventually('she is suspended', () => stubs.last(urgent.run.id)?.phase === 'holding');
    expect(stubs.calls.filter((name) => name === 'createUser')).toHaveLength(1);
    expect(stubs.last(run.id)).toMatchObject({ outcome: 'superseded' });
  });

  it('that an urgent offboarding withdraws before an account was made ends as done, with nobody to suspend', async () => {
    const stubs = stubActivities({ readUser: absent });
    const { onboard, input } = await start(stubs);
    const { handle, run } = await onboard({ startAt: inMs(HOUR) });
    await eventually('it waits', () => stubs.last(run.id)?.waiting?.for === 'start');
    const urgent = input({ run: newRun(run.subjectRef), takeover: true });
    await handle.signal(takeoverSignal, {
      actionId: 't',
      runId: urgent.run.id,
      requestedBy: null,
      reason: null,
      input: urgent,
    });
    await eventually('it is over', () => stubs.last(urgent.run.id)?.outcome === 'done');
    expect(stubs.last(urgent.run.id)?.event?.detail).toContain('nothing to take away');
    expect(stubs.calls).toEqual(['readUser']);
  });
});
