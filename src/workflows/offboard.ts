// A person leaves: access ends at the moment that was asked for, can be given back with a click while
// the hold lasts, and is gone for good after it where the request says so.
//
//   look → … → token, look → the last day → suspend → sessions → groups → read back → hold
//
// Cancelling before the deadline touches Okta not at all; in the hold it gives back what this run took.
import type { Sighting, Suspended } from '../activities/index.js';
import type { HoldEnd, OffboardInput, RunResult } from '../contract/workflows.js';
import type { OktaGroupId } from '../domain/brand.js';
import { union, without, type Look, type Recollection } from '../domain/deeds.js';
import { problem } from '../domain/problem.js';
import type { Deadlines, Moment } from '../domain/run.js';
import { okta, oktaBulk } from './activities.js';
import { parkWith } from './endings.js';
import { standOrphaned } from './recovery.js';
import { claimExecution, openRun, type Run } from './run.js';
import { newLedge, settle, type Ledge } from './settle.js';

/** Token and look come just before the deadline, so that at the deadline only one call is left. */
const LEAD_MS = 5_000;
const STALE_MS = 60_000;

export async function offboard(input: OffboardInput): Promise<RunResult> {
  const { run: ref, person, terms, carried, recovered } = input;
  claimExecution(ref, 'offboarding', input.suspendAt === null ? 'running' : 'scheduled');
  const run = openRun({
    ref,
    kind: 'offboarding',
    title: `Offboard ${person.name ?? person.login} · ${ref.connection}`,
    phase: input.suspendAt === null ? 'running' : 'scheduled',
    awaits: 'suspend',
    deadlines: deadlinesOf(input),
    takeovers: carried?.takeovers ?? [],
    recovered,
  });
  const ledge: Ledge = {
    ...newLedge(),
    oktaUserId: person.oktaUserId,
    suspendAt: input.suspendAt,
    suspended: carried?.suspended ?? false,
    removedGroups: carried?.removedGroups ?? [],
  };
  const taken = newTaken(input, ledge);
  takeUp(taken, ledge);

  return settle(run, ledge, async () => {
    if (recovered !== undefined) {
      await standOrphaned(run, recovered, (known) => remember(taken, ledge, input, known));
    }
    const access = taken.access ?? (await suspendInTime(run, ledge, input, taken));
    const user = ledge.oktaUserId ?? person.login;

    if (terms.revokeSessions !== false && access.result !== 'deactivated' && !taken.revoked) {
      await run.attempt(() =>
        okta.revokeSessions.executeWithOptions({ summary: 'End sessions, revoke tokens' }, [
          { run: ref, user, optional: terms.revokeSessions === null },
        ]),
      );
    }
    const removed = taken.removed ?? (await removeGroups(run, ledge, input, taken));
    const confirmed = await readBack(run, user, access, taken.before, removed);

    if (taken.deactivated) ledge.final = true;
    else if (holds(access, ledge, terms.hold)) await hold(run, ledge, terms.hold, user);
    return { outcome: confirmed ? 'done' : 'partial' };
  });
}

/** What was taken from the person so far, and how it is given back. */
interface Taken {
  /** The suspension may have happened. */
  begun: boolean;
  /** Null: not known, or not yet. */
  access: Suspended | null;
  /** The look that tells whose suspension it is. */
  before: Sighting | null;
  /** By the workflow before this one, in steps of this run. */
  revoked: boolean;
  removed: OktaGroupId[] | null;
  deactivated: boolean;
  giveBack: () => Promise<void>;
  putBack: () => Promise<void>;
}

function newTaken({ run: ref, person }: OffboardInput, ledge: Ledge): Taken {
  const taken: Taken = {
    begun: false,
    access: null,
    before: null,
    revoked: false,
    removed: null,
    deactivated: false,

    async giveBack() {
      const { before, access, begun } = taken;
      const certain = ledge.suspended;
      if (before === null || !(certain || (begun && access === null))) return;
      const user = ledge.oktaUserId ?? person.login;
      await okta.unsuspendUser.executeWithOptions({ summary: 'Undo: give access back' }, [
        { run: ref, user, before, certain },
      ]);
    },

    async putBack() {
      const { oktaUserId, removedGroups: groupIds } = ledge;
      if (groupIds.length === 0 || oktaUserId === null) return;
      await oktaBulk.assignGroups.executeWithOptions({ summary: 'Undo: back into the groups' }, [
        { run: ref, oktaUserId, groupIds },
      ]);
    },
  };
  return taken;
}

/** What the run before has taken and handed over is given back by a cancel at any moment. */
function takeUp(taken: Taken, ledge: Ledge): void {
  if (ledge.suspended) {
    taken.before = beforeOf(null, undefined);
    ledge.compensations.add(taken.giveBack);
  }
  if (ledge.removedGroups.length > 0) ledge.compensations.add(taken.putBack);
}

/** Takes up what a workflow before this one did; says which moments are still to come. */
function remember(
  taken: Taken,
  ledge: Ledge,
  { terms, recovered }: OffboardInput,
  { own, carried }: Recollection,
): Moment[] {
  const { looked, access, removed } = own;
  const until = recovered?.endedAt;
  if (looked?.kind === 'seen') ledge.oktaUserId ??= looked.oktaUserId;
  ledge.suspended = access?.ours ?? carried.suspended;
  ledge.removedGroups = union(carried.removedGroups, removed);
  taken.access = access;
  taken.begun = access !== null || looked !== null;
  taken.before = beforeOf(looked, until);
  taken.revoked = own.revoked;
  taken.deactivated = own.deactivated;
  // Read, and not known to be removed: some of them may be.
  const perhaps = own.wasIn === null ? [] : removable(own.wasIn, terms.removeGroups, own.ruled);
  if (removed.length > 0) taken.removed = removed;
  else ledge.removedGroups = union(ledge.removedGroups, perhaps);

  if (taken.begun || ledge.suspended) ledge.compensations.add(taken.giveBack);
  if (ledge.removedGroups.length > 0) ledge.compensations.add(taken.putBack);
  if (own.deactivated) return [];
  return access === null ? ['suspend', 'deprovision'] : ['deprovision'];
}

function beforeOf(looked: Look | null, until: string | undefined): Sighting {
  if (looked?.kind !== 'seen') return looked ?? { kind: 'unreadable', at: '' };
  return { ...looked, name: '', ...(until === undefined ? {} : { until }) };
}

/** Looks early, so that a wrong login shows long before the deadline; at the deadline only one call is left. */
async function suspendInTime(
  run: Run,
  ledge: Ledge,
  input: OffboardInput,
  taken: Taken,
): Promise<Suspended> {
  const isNow = ledge.suspendAt === null;
  let now = await run.attempt(() => lookUp(input, ledge, isNow));
  await run.approach('suspend', 'scheduled', LEAD_MS);
  const lookedAt = Date.now();
  await run.attempt(() =>
    okta.mintToken.executeWithOptions({ summary: 'Access token' }, [{ run: run.ref }]),
  );
  if (!isNow) now = await run.attempt(() => lookUp(input, ledge, true));
  await run.waitFor('suspend', 'scheduled');
  // Moved away meanwhile: what was seen is too old to judge by.
  if (Date.now() - lookedAt > STALE_MS) now = await run.attempt(() => lookUp(input, ledge, true));

  // An answer that a workflow before this one did not hear: its own look tells whose suspension it is.
  const isLost = taken.begun && now.kind === 'seen' && now.status === 'SUSPENDED';
  taken.before = isLost && taken.before !== null ? taken.before : now;
  return suspend(run, ledge, input, taken, taken.before);
}

/** What Okta shows of the person. Nobody there: the run parks early, long before the deadline. */
async function lookUp(
  { run, person }: OffboardInput,
  ledge: Ledge,
  beforeWrite: boolean,
): Promise<Sighting> {
  const user = ledge.oktaUserId ?? person.login;
  const seen = await okta.readUser.executeWithOptions({ summary: `Look up ${person.login}` }, [
    { run, user, beforeWrite },
  ]);
  if (seen.kind === 'absent') {
    throw parkWith(
      problem('PERSON_NOT_FOUND', `Okta shows no account with the login ${person.login}.`),
    );
  }
  if (seen.kind === 'seen') ledge.oktaUserId = seen.oktaUserId;
  return seen;
}

async function suspend(
  run: Run,
  ledge: Ledge,
  { terms, run: ref, person }: OffboardInput,
  taken: Taken,
  before: Sighting,
): Promise<Suspended> {
  const carriedOver = ledge.suspended;
  const user = ledge.oktaUserId ?? person.login;
  const mayHaveHappened = taken.begun;

  ledge.compensations.add(taken.giveBack);
  const done = await run.attempt((again) => {
    taken.begun = true;
    return okta.suspendUser.executeWithOptions({ summary: 'Suspend' }, [
      {
        run: ref,
        user,
        before,
        otherwise: terms.whenNotSuspendable,
        mayHaveHappened: again || mayHaveHappened,
      },
    ]);
  });
  const access = { ...done, ours: done.ours || (carriedOver && done.result === 'left') };
  taken.access = access;
  ledge.suspended = access.ours;
  return access;
}

async function removeGroups(
  run: Run,
  ledge: Ledge,
  { terms, run: ref }: OffboardInput,
  taken: Taken,
): Promise<OktaGroupId[]> {
  const user = ledge.oktaUserId;
  const formerly = ledge.removedGroups;
  if (user !== null) ledge.compensations.add(taken.putBack);
  if (terms.removeGroups === false || user === null) return [];

  const current = await run.attempt(() =>
    okta.readGroups.executeWithOptions({ summary: 'Groups before' }, [{ run: ref, user }]),
  );
  if (current === 'unreadable') return [];
  const ruled =
    terms.removeGroups === 'all'
      ? []
      : await run.attempt(() =>
          okta.readRuleGroups.executeWithOptions({ summary: 'Groups filled by rules' }, [
            { run: ref },
          ]),
        );
  const own = current.filter((group) => group.type === 'OKTA_GROUP').map(({ id }) => id);
  const groupIds = removable(own, terms.removeGroups, ruled === 'unreadable' ? null : ruled);
  if (groupIds.length === 0) return [];

  ledge.removedGroups = union(formerly, groupIds);
  await run.attempt(() =>
    oktaBulk.removeFromGroup.executeWithOptions({ summary: `Out of ${groupIds.length} group(s)` }, [
      { run: ref, user, groupIds },
    ]),
  );
  return groupIds;
}

/**
 * A group that a rule fills is left alone: removing somebody there would put her on the rule's exclusion
 * list. Rules that cannot be seen (null) may fill every group.
 */
function removable(
  groups: OktaGroupId[],
  asked: OffboardInput['terms']['removeGroups'],
  ruled: OktaGroupId[] | null,
): OktaGroupId[] {
  switch (asked) {
    case false:
      return [];
    case 'all':
      return groups;
    case 'direct':
      return ruled === null ? [] : without(groups, ruled);
  }
}

async function readBack(
  run: Run,
  user: string,
  access: Suspended,
  before: Sighting | null,
  removed: OktaGroupId[],
): Promise<boolean> {
  const { kind } = await run.attempt(() =>
    okta.readBack.executeWithOptions({ summary: 'Does Okta show it?' }, [
      {
        run: run.ref,
        user,
        statuses: promised(access, before),
        inGroups: [],
        notInGroups: removed,
      },
    ]),
  );
  return kind !== 'differs';
}

function promised({ result }: Suspended, before: Sighting | null): string[] {
  switch (result) {
    case 'suspended':
      return ['SUSPENDED'];
    case 'deactivated':
      return ['DEPROVISIONED'];
    case 'left':
      return ['SUSPENDED', 'DEPROVISIONED', ...(before?.kind === 'seen' ? [before.status] : [])];
  }
}

/** There is something to give back, or something left to take. */
function holds(access: Suspended, ledge: Ledge, end: HoldEnd): boolean {
  if (access.result === 'deactivated') return false;
  return end.kind === 'deprovisionAt' || ledge.suspended || ledge.removedGroups.length > 0;
}

async function hold(run: Run, ledge: Ledge, end: HoldEnd, user: string): Promise<void> {
  if (end.kind === 'undoWindow') {
    // Known already where a workflow before this one held.
    await run.holdUntil(
      run.deadlines.undoUntil ?? { at: new Date(Date.now() + end.ms).toISOString() },
    );
    return;
  }
  await run.waitFor('deprovision', 'holding');
  await run.attempt(() =>
    okta.deactivateUser.executeWithOptions({ summary: 'Deactivate; this cannot be undone' }, [
      { run: run.ref, user },
    ]),
  );
  ledge.final = true;
}

function deadlinesOf({ suspendAt, terms }: OffboardInput): Deadlines {
  return {
    ...(suspendAt === null ? {} : { suspendAt }),
    ...(terms.hold.kind === 'deprovisionAt' ? { deprovisionAt: terms.hold.at } : {}),
  };
}
