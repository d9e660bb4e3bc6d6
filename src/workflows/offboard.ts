// A person leaves: access ends at the moment that was asked for, can be given back with a click while
// the hold lasts, and is gone for good after it where the request says so.
//
//   look → … → token, look → the last day → suspend → sessions → groups → read back → hold
//
// Cancelling before the deadline touches Okta not at all; in the hold it gives back what this run took.
import type { Sighting } from '../activities/index.js';
import type { HoldEnd, OffboardInput, RunResult } from '../contract/workflows.js';
import { ACCESS_TAKEN, isAccessTaken } from '../domain/account-status.js';
import type { OktaGroupId } from '../domain/brand.js';
import { accountOf, seenLook, touched, type Access, type Look } from '../domain/effects.js';
import { removableGroups } from '../domain/groups.js';
import { problem } from '../domain/problem.js';
import type { Deadlines, TimeValue } from '../domain/run.js';
import { okta } from './activities.js';
import { compensations } from './compensations.js';
import { AccountGone, parkWith, problemOf } from './endings.js';
import { takeFrom } from './giving-over.js';
import { claimExecution } from './run.js';
import { runSaga, type Ending, type Saga } from './saga.js';

/** Token and look come just before the deadline, so that at the deadline only one call is left. */
const LEAD_MS = 5_000;
const STALE_MS = 60_000;

export async function offboard(input: OffboardInput): Promise<RunResult> {
  const { run: ref, person, suspendAt, inherited, recovered } = input;
  claimExecution(ref, 'offboarding', suspendAt === null ? 'running' : 'scheduled');
  return runSaga(
    {
      ref,
      kind: 'offboarding',
      title: `Offboard ${person.name ?? person.login} · ${ref.connection}`,
      moments: ['suspend', 'deprovision'],
      deadlines: deadlinesOf(input),
      takeovers: inherited?.takeovers ?? [],
      recovered,
      journal: inherited?.journal,
      compensate: compensations(ref, person.login, (saga) => findWithdrawn(saga, input)),
    },
    async (saga) => {
      const again = offerRechecks(saga, input);
      const access = await suspendInTime(saga, input, again);
      if (access === 'nobody') return nothingToTake();
      saga.met('suspend', Date.now());

      await endSessions(saga, input, access);
      const removed = await removeGroups(saga, input);
      const confirmed = await readBack(saga, input, removed);

      await hold(saga, input, again);
      return { outcome: confirmed ? 'done' : 'partial', ...detailOf(saga, input) };
    },
  );
}

/** A hire that was withdrawn before an account was made leaves nobody to offboard. */
function nothingToTake(): Ending {
  return { outcome: 'done', detail: 'no account was made, so there is nothing to take away' };
}

/** Looks at once, so that a wrong login shows early; at the deadline only one call is left. */
async function suspendInTime(
  saga: Saga,
  input: OffboardInput,
  again: () => Promise<void>,
): Promise<Access | 'nobody'> {
  const { access } = saga.journal();
  if (access !== null && access.result !== 'left') {
    // What the run before has done is true only if Okta shows it.
    if (input.inherited !== undefined) await saga.attempt(() => recheck(saga, input));
    return accessOf(saga);
  }
  if (saga.standing().deadlines.suspendAt !== undefined) {
    const seen = await saga.attempt(() => lookFor(saga, input, null));
    if (seen === 'nobody') return seen;
    await saga.waitFor('suspend', 'scheduled', { leadMs: LEAD_MS, recheck: again });
    await saga.attempt(() =>
      saga.step(() =>
        okta.mintToken.executeWithOptions({ summary: 'Access token' }, [{ run: saga.ref }]),
      ),
    );
  }
  let looked = await saga.attempt(() => lookFor(saga, input, 'suspend'));
  const lookedAt = Date.now();
  await saga.waitFor('suspend', 'scheduled', { recheck: again });
  saga.works();
  // Moved away meanwhile: what was seen is too old to judge by.
  const isStale = Date.now() - lookedAt > STALE_MS;
  return saga.attempt(async (again) => {
    if (again || isStale) looked = await lookFor(saga, input, 'suspend');
    return looked === 'nobody' ? looked : suspendIfThere(saga, input, looked);
  });
}

/**
 * What Okta shows of the person. An urgent order takes the account from whichever run has it. A hire that
 * was withdrawn may never have had one.
 */
async function lookFor(
  saga: Saga,
  input: OffboardInput,
  intends: 'suspend' | null,
): Promise<Look | 'nobody'> {
  for (;;) {
    const seen = await lookAt(saga, input, intends);
    if (seen.kind === 'absent' && isWithdrawnHire(saga, input)) return 'nobody';
    if (seen.kind !== 'busy') return mustBeThere(saga, seen, input);
    await takeFrom(saga, input, seen.by);
  }
}

/** An onboarding that gave way before an account was known; at a contract's end there was one. */
function isWithdrawnHire(saga: Saga, { inherited, contractOf, person }: OffboardInput): boolean {
  const isKnown = (accountOf(saga.journal()) ?? person.oktaUserId) !== null;
  return inherited?.from === 'onboarding' && contractOf === null && !isKnown;
}

function lookAt(
  saga: Saga,
  { run, person, takeover }: OffboardInput,
  intends: 'suspend' | null,
): Promise<Sighting> {
  const oktaUserId = accountOf(saga.journal()) ?? person.oktaUserId;
  return saga.step(() =>
    okta.readUser.executeWithOptions({ summary: `Look up ${person.login}` }, [
      {
        run,
        user: { oktaUserId, login: person.login },
        intends,
        claims: takeover ? 'tell' : 'park',
      },
    ]),
  );
}

/** Whoever is not there, or is somebody else, parks with what Okta shows instead. */
function mustBeThere(
  saga: Saga,
  seen: Exclude<Sighting, { kind: 'busy' }>,
  { person }: OffboardInput,
): Look {
  switch (seen.kind) {
    case 'seen':
      return seenLook(seen);
    case 'unreadable':
      return seen;
    case 'absent':
      throw parkWith(
        problem('PERSON_NOT_FOUND', `Okta shows no account with the login ${person.login}.`),
      );
    case 'misnamed':
      throw parkWith(
        problem(
          'PERSON_NOT_FOUND',
          `No account has the login ${person.login}. Okta takes that name for ${seen.login} (${seen.name}, ${seen.status}): ask for that login instead.`,
        ),
      );
    case 'replaced':
      saga.record({ kind: 'look', look: seenLook(seen) });
      throw parkWith(
        problem(
          'PERSON_NOT_FOUND',
          `The account ${seen.was} is gone from Okta. The login ${seen.login} belongs to ${seen.oktaUserId} (${seen.name}, ${seen.status}) now: "retry" takes that one.`,
        ),
      );
  }
}

async function suspend(saga: Saga, input: OffboardInput, before: Look): Promise<Access> {
  const { run, terms, person } = input;
  // A suspension in doubt is told from a stranger's by the look before it, not by the one after it.
  const { suspending } = saga.journal();
  const isInDoubt = suspending !== null && before.kind === 'seen' && before.status === 'SUSPENDED';
  const judgedBy = isInDoubt ? suspending : before;
  const intent = isSuspended(before)
    ? null
    : ({ kind: 'suspend', stage: 'intended', before } as const);
  await saga.write(intent, () =>
    okta.suspendUser.executeWithOptions({ summary: 'Suspend' }, [
      {
        run,
        user: accountOf(saga.journal()) ?? person.login,
        before: judgedBy,
        otherwise: terms.whenNotSuspendable,
        mayHaveHappened: suspending !== null,
      },
    ]),
  );
  return accessOf(saga);
}

/** Where the role may not look, Okta's answer to the suspension tells that a withdrawn hire was never made. */
async function suspendIfThere(
  saga: Saga,
  input: OffboardInput,
  before: Look,
): Promise<Access | 'nobody'> {
  try {
    return await suspend(saga, input, before);
  } catch (error) {
    const isNobody = isWithdrawnHire(saga, input) && problemOf(error)?.code === 'PERSON_NOT_FOUND';
    if (isNobody && before.kind === 'unreadable') return 'nobody';
    throw error;
  }
}

function isSuspended(look: Look): boolean {
  return look.kind === 'seen' && isAccessTaken(look.status);
}

function accessOf(saga: Saga): Access {
  const { access } = saga.journal();
  if (access === null) throw new Error('a suspension without a result');
  return access;
}

/**
 * Whoever asks for the same again, or for the login of this account, has the run look what Okta shows.
 * Returns what does so for those who wait. @throws {AccountGone}
 */
function offerRechecks(saga: Saga, input: OffboardInput): () => Promise<void> {
  let isGone = false;
  saga.offersRecheck(async () => {
    const found = await recheck(saga, input);
    isGone = found === GONE && (saga.journal().access !== null || input.contractOf !== null);
    return { found, isOver: isGone };
  });
  return async () => {
    await saga.attempt(() => saga.catchUpOnRechecks());
    if (isGone) throw new AccountGone();
  };
}

const GONE = 'The account is gone from Okta';

/** Of this account alone: whoever has its login by now is somebody else. */
async function recheck(saga: Saga, input: OffboardInput): Promise<string> {
  const isDone = saga.journal().access !== null;
  const seen = await lookAt(saga, input, isDone ? 'suspend' : null);
  if (seen.kind === 'absent' || seen.kind === 'replaced') return GONE;
  if (seen.kind !== 'seen') return 'Okta cannot be looked at';
  const before = seenLook(seen);
  if (!isDone || isSuspended(before)) return `Okta shows ${before.status}`;
  const { result } = await suspend(saga, input, before);
  return `Okta showed ${before.status}: ${result === 'left' ? 'left so' : `${result} again`}`;
}

async function endSessions(
  saga: Saga,
  { run, person, terms, earlier }: OffboardInput,
  access: Access,
): Promise<void> {
  const { revoked } = saga.journal();
  // A suspension that stands since the same request was carried out has ended them.
  const isRepeat = earlier !== undefined && access.result === 'left';
  if (terms.revokeSessions === false || access.result === 'deactivated' || revoked || isRepeat) {
    return;
  }
  const user = accountOf(saga.journal()) ?? person.login;
  await saga.attempt(() =>
    saga.write(null, () =>
      okta.revokeSessions.executeWithOptions({ summary: 'End sessions, revoke tokens' }, [
        { run, user, optional: terms.revokeSessions === null },
      ]),
    ),
  );
}

/** The groups that the person is to be out of. */
async function removeGroups(saga: Saga, { run, terms }: OffboardInput): Promise<OktaGroupId[]> {
  if (terms.removeGroups === false || saga.journal().deactivated) return [];
  await saga.attempt(async () => {
    const user = accountOf(saga.journal());
    const ruled = terms.removeGroups === 'all' ? [] : await rulesOf(saga);
    if (user === null || ruled === 'unreadable') return;
    const current = await saga.step(() =>
      okta.readGroups.executeWithOptions({ summary: 'Groups before' }, [
        { run, user, removes: { ruled } },
      ]),
    );
    if (current === 'unreadable') return;
    const groupIds = removableGroups(current, ruled);
    const intent = { kind: 'remove-from-groups', stage: 'intended', groupIds } as const;
    await saga.inSlices(groupIds, intent, (left) =>
      okta.removeFromGroup.executeWithOptions({ summary: `Out of ${left.length} group(s)` }, [
        { run, oktaUserId: user, groupIds: left },
      ]),
    );
  });
  return saga.journal().removed.done;
}

function rulesOf(saga: Saga): Promise<OktaGroupId[] | 'unreadable'> {
  return saga.step(() =>
    okta.readRuleGroups.executeWithOptions({ summary: 'Groups filled by rules' }, [
      { run: saga.ref },
    ]),
  );
}

/** Who is active again by now is suspended again: a run is not over while Okta shows otherwise. */
async function readBack(
  saga: Saga,
  input: OffboardInput,
  notInGroups: OktaGroupId[],
): Promise<boolean> {
  const { run, person } = input;
  return saga.attempt(async (): Promise<boolean> => {
    for (let again = false; ; again = true) {
      const { kind, status } = await saga.step(() =>
        okta.readBack.executeWithOptions({ summary: 'Does Okta show it?' }, [
          {
            run,
            user: accountOf(saga.journal()) ?? person.login,
            statuses: promised(saga),
            inGroups: [],
            notInGroups,
            shared: false,
          },
        ]),
      );
      const isBack = kind === 'differs' && status !== null && !promised(saga).includes(status);
      if (!isBack || again) return kind !== 'differs';
      await recheck(saga, input);
    }
  });
}

/** The statuses that keep what was promised. */
function promised(saga: Saga): string[] {
  const { access, look } = saga.journal();
  switch (access?.result) {
    case 'suspended':
      return [...ACCESS_TAKEN];
    case 'deactivated':
      return ['DEPROVISIONED'];
    case 'left':
    case undefined:
      // STAGED is left as it is, since it has no access.
      return [...ACCESS_TAKEN, ...(look?.kind === 'seen' ? [look.status] : [])];
  }
}

/** While there is something to give back, or something left to take. */
async function hold(saga: Saga, input: OffboardInput, again: () => Promise<void>): Promise<void> {
  const { access, removed, deactivated } = saga.journal();
  if (deactivated || access?.result === 'deactivated') return;
  await again();
  const { hold: end } = input.terms;
  if (end.kind === 'deprovisionAt') return deactivateInTime(saga, input, again);
  if (access?.ours !== true && touched(removed).length === 0) return;
  await saga.holdUntil(endOfHold(saga, end), again);
  await saga.attempt((decided) => mustStillHold(saga, input, decided));
}

/** Known already where a workflow before this one held. */
function endOfHold(saga: Saga, { ms }: Extract<HoldEnd, { kind: 'undoWindow' }>): TimeValue {
  const { undoUntil } = saga.standing().deadlines;
  return undoUntil ?? { at: new Date(Date.now() + ms).toISOString() };
}

/**
 * Before a run is called done, Okta is asked. Nobody asked for the suspension again, so whoever gave access
 * back meanwhile may have meant it: a person decides.
 */
async function mustStillHold(saga: Saga, input: OffboardInput, decided: boolean): Promise<void> {
  if (decided) {
    await recheck(saga, input);
    return;
  }
  // Of what was promised, not of what this look shows.
  const kept = promised(saga);
  const seen = await lookAt(saga, input, null);
  if (seen.kind !== 'seen' || kept.includes(seen.status)) return;
  throw parkWith(
    problem(
      'STATUS_UNSUPPORTED',
      `The undo window is over, and Okta shows ${seen.status}: somebody gave access back (${seen.statusChanged ?? 'time unknown'}). "retry" suspends again, "leave" ends the run as it is.`,
    ),
  );
}

async function deactivateInTime(
  saga: Saga,
  { run, person }: OffboardInput,
  again: () => Promise<void>,
): Promise<void> {
  await saga.waitFor('deprovision', 'holding', { recheck: again });
  saga.works();
  await saga.attempt(() =>
    saga.write(null, () =>
      okta.deactivateUser.executeWithOptions({ summary: 'Deactivate; this cannot be undone' }, [
        { run, user: accountOf(saga.journal()) ?? person.login },
      ]),
    ),
  );
  saga.met('deprovision', Date.now());
}

/** An onboarding before this run may have made an account, and was being taken back. */
async function findWithdrawn(saga: Saga, input: OffboardInput): Promise<void> {
  const seen = await lookAt(saga, { ...input, takeover: false }, null);
  if (seen.kind === 'absent') {
    saga.record({ kind: 'create', stage: 'refused' });
    return;
  }
  throw parkWith(
    problem(
      'UNDO_INCOMPLETE',
      `The onboarding before this run was cancelled and may have made the account ${input.person.login}. Look in Okta whether it is to have access, then "leave".`,
    ),
  );
}

function detailOf(saga: Saga, { earlier }: OffboardInput): Pick<Ending, 'detail'> {
  const isRepeat = earlier !== undefined && saga.journal().access?.result === 'left';
  return isRepeat ? { detail: `nothing had to be done; ${earlier.run} had done it` } : {};
}

function deadlinesOf({ suspendAt, terms }: OffboardInput): Deadlines {
  return {
    ...(suspendAt === null ? {} : { suspendAt }),
    ...(terms.hold.kind === 'deprovisionAt' ? { deprovisionAt: terms.hold.at } : {}),
  };
}
