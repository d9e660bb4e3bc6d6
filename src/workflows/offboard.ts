// A person leaves: access ends at the moment that was asked for, can be given back with a click while
// the hold lasts, and is gone for good after it where the request says so.
//
//   look → … → token, look → the last day → suspend → sessions → groups → read back → hold
//
// Cancelling before the deadline touches Okta not at all; in the hold it gives back what this run took.
import type { Sighting, Suspended } from '../activities/index.js';
import type { HoldEnd, OffboardInput, RunResult } from '../contract/workflows.js';
import type { OktaGroupId } from '../domain/brand.js';
import type { OktaGroup } from '../domain/okta-user.js';
import { problem } from '../domain/problem.js';
import type { Deadlines } from '../domain/run.js';
import { okta, oktaBulk } from './activities.js';
import { parkWith } from './endings.js';
import { claimExecution, openRun, type Run } from './run.js';
import { newLedge, settle, type Ledge } from './settle.js';

/** Token and look come just before the deadline, so that at the deadline only one call is left. */
const LEAD_MS = 5_000;
const STALE_MS = 60_000;

export async function offboard(input: OffboardInput): Promise<RunResult> {
  const { run: ref, person, terms, carried } = input;
  claimExecution(ref, 'offboarding', input.suspendAt === null ? 'running' : 'scheduled');
  const run = openRun({
    ref,
    kind: 'offboarding',
    title: `Offboard ${person.name ?? person.login} · ${ref.connection}`,
    phase: input.suspendAt === null ? 'running' : 'scheduled',
    awaits: 'suspend',
    deadlines: deadlinesOf(input),
    takeovers: carried?.takeovers ?? [],
  });
  const ledge: Ledge = {
    ...newLedge(),
    oktaUserId: person.oktaUserId,
    suspendAt: input.suspendAt,
    suspended: carried?.suspended ?? false,
    removedGroups: carried?.removedGroups ?? [],
  };

  return settle(run, ledge, async () => {
    const early = await run.attempt(() => lookUp(input, ledge));
    await run.approach('suspend', 'scheduled', LEAD_MS);
    const lookedAt = Date.now();
    await run.attempt(() =>
      okta.mintToken.executeWithOptions({ summary: 'Access token' }, [{ run: ref }]),
    );
    let before = ledge.suspendAt === null ? early : await run.attempt(() => lookUp(input, ledge));
    await run.waitFor('suspend', 'scheduled');
    // Moved away meanwhile: what was seen is too old to judge by.
    if (Date.now() - lookedAt > STALE_MS) before = await run.attempt(() => lookUp(input, ledge));

    const user = ledge.oktaUserId ?? person.login;
    const access = await suspend(run, ledge, input, user, before);

    if (terms.revokeSessions !== false && access.result !== 'deactivated') {
      await run.attempt(() =>
        okta.revokeSessions.executeWithOptions({ summary: 'End sessions, revoke tokens' }, [
          { run: ref, user, optional: terms.revokeSessions === null },
        ]),
      );
    }
    const removed = await removeGroups(run, ledge, input);
    const confirmed = await readBack(run, user, access, before, removed);

    if (holds(access, ledge, terms.hold)) await hold(run, ledge, terms.hold, user);
    return { outcome: confirmed ? 'done' : 'partial' };
  });
}

/** What Okta shows of the person. Nobody there: the run parks early, long before the deadline. */
async function lookUp({ run, person }: OffboardInput, ledge: Ledge): Promise<Sighting> {
  const user = ledge.oktaUserId ?? person.login;
  const seen = await okta.readUser.executeWithOptions({ summary: `Look up ${person.login}` }, [
    { run, user },
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
  { terms, run: ref }: OffboardInput,
  user: string,
  before: Sighting,
): Promise<Suspended> {
  const carriedOver = ledge.suspended;
  let access: Suspended | null = carriedOver ? { result: 'suspended', ours: true } : null;
  let begun = carriedOver;

  ledge.compensations.push(async () => {
    if (!begun || (access !== null && !access.ours)) return;
    await okta.unsuspendUser.executeWithOptions({ summary: 'Undo: give access back' }, [
      { run: ref, user, before, certain: access !== null },
    ]);
  });
  const done = await run.attempt((again) => {
    begun = true;
    return okta.suspendUser.executeWithOptions({ summary: 'Suspend' }, [
      { run: ref, user, before, otherwise: terms.whenNotSuspendable, mayHaveHappened: again },
    ]);
  });
  access = { ...done, ours: done.ours || (carriedOver && done.result === 'left') };
  ledge.suspended = access.ours;
  return access;
}

async function removeGroups(
  run: Run,
  ledge: Ledge,
  { terms, run: ref }: OffboardInput,
): Promise<OktaGroupId[]> {
  const user = ledge.oktaUserId;
  const formerly = ledge.removedGroups;
  if (user !== null) {
    ledge.compensations.push(async () => {
      if (ledge.removedGroups.length === 0) return;
      await oktaBulk.assignGroups.executeWithOptions({ summary: 'Undo: back into the groups' }, [
        { run: ref, oktaUserId: user, groupIds: ledge.removedGroups },
      ]);
    });
  }
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
  const groupIds = removable(current, ruled);
  if (groupIds.length === 0) return [];

  ledge.removedGroups = [...formerly, ...groupIds];
  await run.attempt(() =>
    oktaBulk.removeFromGroup.executeWithOptions({ summary: `Out of ${groupIds.length} group(s)` }, [
      { run: ref, user, groupIds },
    ]),
  );
  return groupIds;
}

/** A group that a rule fills is left alone: removing somebody there would put her on the rule's exclusion list. */
function removable(groups: OktaGroup[], ruled: OktaGroupId[] | 'unreadable'): OktaGroupId[] {
  if (ruled === 'unreadable') return [];
  const filled = new Set(ruled);
  return groups
    .filter((group) => group.type === 'OKTA_GROUP' && !filled.has(group.id))
    .map((group) => group.id);
}

async function readBack(
  run: Run,
  user: string,
  access: Suspended,
  before: Sighting,
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

function promised({ result }: Suspended, before: Sighting): string[] {
  switch (result) {
    case 'suspended':
      return ['SUSPENDED'];
    case 'deactivated':
      return ['DEPROVISIONED'];
    case 'left':
      return ['SUSPENDED', 'DEPROVISIONED', ...(before.kind === 'seen' ? [before.status] : [])];
  }
}

/** There is something to give back, or something left to take. */
function holds(access: Suspended, ledge: Ledge, end: HoldEnd): boolean {
  if (access.result === 'deactivated') return false;
  return end.kind === 'deprovisionAt' || ledge.suspended || ledge.removedGroups.length > 0;
}

async function hold(run: Run, ledge: Ledge, end: HoldEnd, user: string): Promise<void> {
  if (end.kind === 'undoWindow') {
    await run.holdUntil({ at: new Date(Date.now() + end.ms).toISOString() });
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
