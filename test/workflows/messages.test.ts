// What reaches a run that works: messages that lack something, the same request again, decisions.
import { afterEach, describe, expect, it } from 'vitest';
import { WorkflowUpdateFailedError } from '@temporalio/client';
import { parked } from '../../src/activities/failures.js';
import { lookAgainUpdate, resolveUpdate, type LookAgain } from '../../src/contract/messages.js';
import { problem } from '../../src/domain/problem.js';
import type { Decision } from '../../src/domain/run.js';
import { eventually } from '../support/eventually.js';
import {
  absent,
  seen,
  shows,
  stubActivities,
  suspended,
  unsuspended,
  type Stubs,
} from '../support/stub-activities.js';
import { HOUR, inMs, newRun, startHarness, type Harness, type Started } from './harness.js';

let harness: Harness | undefined;
afterEach(async () => {
  await harness?.close();
  harness = undefined;
});
const start = async (stubs: Stubs): Promise<Harness> => (harness = await startHarness(stubs));
const decide = ({ handle, run }: Started, decision: Decision) =>
  handle.executeUpdate(resolveUpdate, { args: [{ ...base(run.id, decision), decision }] });
const base = (runId: string, actionId: string) => ({
  actionId,
  runId,
  requestedBy: null,
  reason: null,
});

/** Of messages that somebody sent to Temporal who is no API of ours. */
const MALFORMED: [string, (runId: string) => unknown][] = [
  ['reschedule', () => undefined],
  ['reschedule', () => null],
  ['reschedule', () => 'soon'],
  ['reschedule', () => ({})],
  ['reschedule', (runId) => ({ runId })],
  ['reschedule', (runId) => base(runId, 'm1')],
  ['reschedule', (runId) => ({ ...base(runId, 'm2'), changes: null })],
  ['reschedule', (runId) => ({ ...base(runId, 'm3'), changes: { suspendAt: null } })],
  ['reschedule', (runId) => ({ ...base(runId, 'm4'), changes: { suspendAt: { at: 'soon' } } })],
  [
    'reschedule',
    (runId) => ({ ...base(runId, 'm5'), changes: { suspendAt: { at: inMs(HOUR).at, local: {} } } }),
  ],
  ['reschedule', (runId) => ({ ...base(runId, 'm6'), changes: { undoUntil: inMs(HOUR) } })],
  ['expedite', (runId) => base(runId, 'm7')],
  ['expedite', (runId) => ({ ...base(runId, 'm8'), what: 'everything' })],
  ['resolve', (runId) => base(runId, 'm9')],
  ['resolve', (runId) => ({ ...base(runId, 'm10'), decision: 'skip' })],
  ['lookAgain', () => undefined],
  ['lookAgain', () => ({ actionId: 7, runId: null })],
];
const TAKEOVERS: [string, (whole: Record<string, unknown>) => unknown][] = [
  ['nothing', () => undefined],
  ['null', () => null],
  ['a text', () => 'at once'],
  ['no input', (whole) => ({ ...whole, input: undefined })],
  ['no run', (whole) => withInput(whole, { run: undefined })],
  ['a run without its connection', (whole) => withInput(whole, { run: { requestId: 'r' } })],
  ['no person', (whole) => withInput(whole, { person: null })],
  ['no terms', (whole) => withInput(whole, { terms: null })],
  ['terms without a hold', (whole) => withInput(whole, { terms: {} })],
  ['no time', (whole) => withInput(whole, { suspendAt: undefined })],
  ['a time that is none', (whole) => withInput(whole, { suspendAt: { at: 'soon' } })],
];
function withInput(whole: Record<string, unknown>, changes: Record<string, unknown>) {
  return { ...whole, input: { ...(whole['input'] as object), ...changes } };
}

async function hasFailedTasks({ handle }: Started): Promise<boolean> {
  const { events } = await handle.fetchHistory();
  return events?.some((event) => event.workflowTaskFailedEventAttributes != null) ?? false;
}

describe('a message without its fields', () => {
  it('is refused on the record as a signal, and never fails the workflow task', async () => {
    const stubs = stubActivities();
    const { offboard } = await start(stubs);
    const started = await offboard({ suspendAt: inMs(HOUR) });
    const { handle, run } = started;
    await eventually('it waits', () => stubs.last(run.id)?.waiting?.for === 'suspend');
    for (const [name, message] of MALFORMED) await handle.signal(name, message(run.id));
    const refused = () =>
      new Set(
        stubs.reports
          .filter(({ event }) => event?.action === 'action.refused')
          .map(({ event }) => event?.key),
      );
    await eventually('all are on record', () => refused().size === MALFORMED.length);
    expect(await hasFailedTasks(started)).toBe(false);
    expect(stubs.last(run.id)).toMatchObject({ phase: 'scheduled', waiting: { for: 'suspend' } });
  });

  it('is refused as an update before it is accepted', async () => {
    const stubs = stubActivities();
    const { offboard } = await start(stubs);
    const started = await offboard({ suspendAt: inMs(HOUR) });
    const { handle, run } = started;
    await eventually('it waits', () => stubs.last(run.id)?.waiting?.for === 'suspend');
    for (const [name, message] of MALFORMED) {
      await expect(
        handle.executeUpdate<unknown, [unknown]>(name, { args: [message(run.id)] }),
        `${name} ${JSON.stringify(message(run.id))}`,
      ).rejects.toSatisfy(
        (error) =>
          error instanceof WorkflowUpdateFailedError &&
          (error.cause as { type?: unknown }).type === 'ACTION_NOT_POSSIBLE',
      );
    }
    expect(await hasFailedTasks(started)).toBe(false);
  });

  it('is no takeover: the run stays, and says that it was refused', async () => {
    const stubs = stubActivities();
    const { offboard, input } = await start(stubs);
    const started = await offboard({ suspendAt: inMs(HOUR) });
    const { handle, run } = started;
    await eventually('it waits', () => stubs.last(run.id)?.waiting?.for === 'suspend');
    const urgent = input({ run: newRun(run.subjectRef), takeover: true });
    const whole = { ...base(urgent.run.id, 't'), input: urgent };
    for (const [, message] of TAKEOVERS) await handle.signal('takeover', message(whole));
    const refused = () =>
      stubs.reports.filter(({ event }) => event?.action === 'run.refused').length;
    await eventually('all are on record', () => refused() === TAKEOVERS.length);
    expect(await hasFailedTasks(started)).toBe(false);
    expect(stubs.last(run.id)).toMatchObject({ phase: 'scheduled', waiting: { for: 'suspend' } });

    await handle.signal('takeover', whole);
    await eventually('a whole one is taken', () => stubs.last(urgent.run.id)?.phase === 'holding');
  });
});

describe('the same request again', () => {
  const lookAgain = ({ handle, run }: Started, changes: Partial<LookAgain> = {}) =>
    handle.executeUpdate(lookAgainUpdate, {
      args: [{ ...base(run.id, 'again'), requestedBy: 'hr-sync', ...changes }],
    });
  const lookedAgain = (stubs: Stubs) =>
    stubs.reports
      .filter(({ event }) => event?.action === 'run.looked-again')
      .map(({ event }) => event?.detail);

  it('in the hold suspends whom Okta shows active, says so, and goes on holding', async () => {
    const stubs = stubActivities();
    const { offboard } = await start(stubs);
    const started = await offboard();
    const { run } = started;
    await eventually('it holds', () => stubs.last(run.id)?.phase === 'holding');
    const before = stubs.calls.length;
    await lookAgain(started);
    expect(stubs.calls.slice(before)).toEqual(['readUser', 'suspendUser']);
    expect(lookedAgain(stubs)).toEqual(['Okta showed ACTIVE: suspended again (asked by hr-sync)']);
    expect(stubs.last(run.id)).toMatchObject({
      phase: 'holding',
      waiting: { for: 'hold-end' },
    });
  });

  it('in the hold of a deactivation date goes on holding for it', async () => {
    const stubs = stubActivities();
    const { offboard } = await start(stubs);
    const at = inMs(HOUR);
    const started = await offboard({
      terms: {
        hold: { kind: 'deprovisionAt', at },
        removeGroups: false,
        revokeSessions: false,
        whenNotSuspendable: 'park',
      },
    });
    await eventually('it holds', () => stubs.last(started.run.id)?.phase === 'holding');
    await lookAgain(started);
    expect(lookedAgain(stubs)).toHaveLength(1);
    expect(stubs.last(started.run.id)).toMatchObject({
      phase: 'holding',
      waiting: { for: 'deprovision', until: at.at },
    });
  });

  it('writes nothing where the suspension still holds', async () => {
    let status = 'ACTIVE';
    const stubs = stubActivities({
      readUser: (look) => shows(seen(status))(look),
      suspendUser: () => {
        status = 'SUSPENDED';
        return suspended();
      },
    });
    const { offboard } = await start(stubs);
    const started = await offboard();
    await eventually('it holds', () => stubs.last(started.run.id)?.phase === 'holding');
    const before = stubs.calls.length;
    await lookAgain(started);
    expect(stubs.calls.slice(before)).toEqual(['readUser']);
    expect(lookedAgain(stubs)).toEqual(['Okta shows SUSPENDED (asked by hr-sync)']);
  });

  it('of an account that is gone says so, and takes nobody else for it', async () => {
    let isGone = false;
    const stubs = stubActivities({
      readUser: (look) =>
        isGone
          ? shows({ ...seen(), kind: 'replaced', was: seen().oktaUserId })(look)
          : shows(seen())(look),
    });
    const { offboard } = await start(stubs);
    const started = await offboard();
    await eventually('it holds', () => stubs.last(started.run.id)?.phase === 'holding');
    isGone = true;
    await lookAgain(started);
    expect(stubs.calls.filter((name) => name === 'suspendUser')).toHaveLength(1);
    expect(lookedAgain(stubs)).toEqual(['The account is gone from Okta (asked by hr-sync)']);
  });

  it('shows whose account it is before the deadline, and takes nothing away', async () => {
    const stubs = stubActivities();
    const { offboard } = await start(stubs);
    const started = await offboard({ suspendAt: inMs(HOUR) });
    await eventually('it waits', () => stubs.last(started.run.id)?.waiting?.for === 'suspend');
    await lookAgain(started);
    expect(lookedAgain(stubs)).toEqual(['Okta shows ACTIVE (asked by hr-sync)']);
    expect(stubs.calls).not.toContain('suspendUser');
  });
});

describe('a decision', () => {
  const cannotUndo = (isMended: () => boolean) =>
    stubActivities({
      unsuspendUser: () => {
        if (!isMended()) throw parked(problem('NOT_PERMITTED', 'No.'));
        return unsuspended();
      },
    });

  it('"leave" ends an undo that cannot be finished as partial', async () => {
    const stubs = cannotUndo(() => false);
    const { offboard } = await start(stubs);
    const started = await offboard();
    await eventually('it holds', () => stubs.last(started.run.id)?.phase === 'holding');
    await started.handle.cancel();
    await eventually('it parks', () => stubs.last(started.run.id)?.phase === 'parked');
    await decide(started, 'leave');
    await started.handle.result().catch(() => undefined);
    expect(stubs.last(started.run.id)).toMatchObject({ phase: 'cancelled', outcome: 'partial' });
  });

  it('"abort" is none during an undo: everything is being taken back already', async () => {
    const stubs = cannotUndo(() => false);
    const { offboard } = await start(stubs);
    const started = await offboard();
    await eventually('it holds', () => stubs.last(started.run.id)?.phase === 'holding');
    await started.handle.cancel();
    await eventually('it parks', () => stubs.last(started.run.id)?.phase === 'parked');
    await expect(decide(started, 'abort')).rejects.toBeInstanceOf(WorkflowUpdateFailedError);
  });

  it('"abort" takes back what a parked run did, and ends it', async () => {
    const stubs = stubActivities({
      readBack: () => {
        throw parked(problem('NOT_PERMITTED', 'No.'));
      },
    });
    const { offboard } = await start(stubs);
    const started = await offboard();
    await eventually('it parks', () => stubs.last(started.run.id)?.phase === 'parked');
    await decide(started, 'abort');
    expect(await started.handle.result()).toMatchObject({ outcome: 'aborted' });
    expect(stubs.calls.at(-1)).toBe('unsuspendUser');
    expect(stubs.last(started.run.id)).toMatchObject({ phase: 'cancelled', outcome: 'aborted' });
  });

  it('"leave" ends a parked run as it is', async () => {
    const stubs = stubActivities({ readUser: absent });
    const { offboard } = await start(stubs);
    const started = await offboard();
    await eventually('it parks', () => stubs.last(started.run.id)?.phase === 'parked');
    await decide(started, 'leave');
    expect(await started.handle.result()).toEqual({ outcome: 'partial', oktaUserId: null });
    expect(stubs.last(started.run.id)).toMatchObject({
      phase: 'completed',
      outcome: 'partial',
      deadlines: {},
    });
  });
});
