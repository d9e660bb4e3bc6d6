// A person is hired: an account in Okta, in the right groups, and at the contract's end an offboarding.
//
//   wait for the first day → token, groups, is the login free? → create → groups → read back
//
// What is only read is read at once. Whatever was made can be taken back until the run ends. A create whose answer was lost is settled by
// Okta's own times and attributes, never by making a second account.
import type { Created, Sighting } from '../activities/index.js';
import { runRef } from '../contract/ids.js';
import type { OffboardInput, OnboardInput, RunResult } from '../contract/workflows.js';
import type { OktaGroupId, OktaUserId } from '../domain/brand.js';
import { problem } from '../domain/problem.js';
import type { OktaGroup } from '../domain/okta-user.js';
import type { Deadlines } from '../domain/run.js';
import { okta, oktaBulk } from './activities.js';
import { parkWith, Refused } from './endings.js';
import { openRun, type Run } from './run.js';
import { newLedge, settle, type Ending, type Ledge } from './settle.js';

/** As many as Okta takes with the create (Users API, `groupIds`). */
const GROUPS_IN_CREATE = 20;
/** Up to here each further group is a step of its own; above, they go in chunks. */
const SINGLE_ASSIGNMENTS = 25;
const CHUNK = 50;
/**
 * That a login is free is good for as long: between the look and the create somebody else may make the
 * account, and only its age tells it from ours.
 */
const FRESH_MS = 10_000;

export async function onboard(input: OnboardInput): Promise<RunResult> {
  const { run: ref, person } = input;
  const run = openRun({
    ref,
    kind: 'onboarding',
    title: `Onboard ${person.firstName} ${person.lastName} · ${ref.connection} · ${input.groups.length} groups`,
    phase: input.startAt === null ? 'running' : 'scheduled',
    awaits: 'start',
    deadlines: deadlinesOf(input),
    takeovers: [],
  });
  const ledge = newLedge();

  return settle(run, ledge, async () => {
    await run.waitFor('start', 'scheduled');

    const token = begun(() =>
      okta.mintToken.executeWithOptions({ summary: 'Access token' }, [{ run: ref }]),
    );
    const resolved = begun(() => resolveGroups(input));
    const seen = begun(() => lookUp(input, person.login), FRESH_MS);
    await run.attempt(token);
    const groups = await run.attempt(resolved);
    const account = await run.attempt(async () => decide(await seen(), input.onExisting));

    const confirmed =
      account.kind === 'adopt'
        ? await adopt(run, ledge, account.oktaUserId, groups)
        : await create(run, ledge, input, groups, account.absentAt);

    return endingOf(run, input, ledge, confirmed);
  });
}

/**
 * Begins a step; what comes of it is for the first who asks, and within `goodForMs` of its end. Who asks
 * later or again gets it done anew.
 */
function begun<T>(step: () => Promise<T>, goodForMs = Infinity): () => Promise<T> {
  let endedAt: number | null = null;
  const end = (): void => {
    endedAt = Date.now();
  };
  let first: Promise<T> | null = step();
  first.then(end, end);
  return () => {
    const taken = first;
    first = null;
    const isStale = endedAt !== null && Date.now() - endedAt > goodForMs;
    return taken === null || isStale ? step() : taken;
  };
}

type Account = { kind: 'create'; absentAt: string } | { kind: 'adopt'; oktaUserId: OktaUserId };

/** The login is free, or the request says what to do with the account that has it. */
function decide(seen: Sighting, onExisting: OnboardInput['onExisting']): Account {
  if (seen.kind !== 'seen') return { kind: 'create', absentAt: seen.at };
  const found = problem(
    'LOGIN_TAKEN',
    `${seen.name} has this login already; the account is ${seen.status}.`,
  );
  if (onExisting === 'park') throw parkWith(found);
  if (onExisting === 'fail') throw new Refused(found);
  if (seen.status === 'SUSPENDED' || seen.status === 'DEPROVISIONED') {
    throw parkWith(
      problem('STATUS_UNSUPPORTED', `The account to adopt is ${seen.status}; bring it back first.`),
    );
  }
  return { kind: 'adopt', oktaUserId: seen.oktaUserId };
}

async function create(
  run: Run,
  ledge: Ledge,
  input: OnboardInput,
  groups: OktaGroup[],
  absentAt: string,
): Promise<boolean> {
  const { run: ref, person, activation } = input;
  const inCreate = groups.slice(0, GROUPS_IN_CREATE);
  const request = { run: ref, person, activation, absentAt, groupIds: ids(inCreate) };
  let begun = false;
  let created: Created | null = null;
  const putIn = ids(inCreate);

  ledge.compensations.push(async () => {
    if (!begun) return;
    created ??= await okta.findCreatedUser.executeWithOptions({ summary: 'Was an account made?' }, [
      { ...request, mayExist: true },
    ]);
    if (created === null) return;
    await retire(input, created, putIn);
  });
  const { oktaUserId, status } = (created = await run.attempt((again) => {
    begun = true;
    return okta.createUser.executeWithOptions({ summary: `Create ${person.login}` }, [
      { ...request, mayExist: again },
    ]);
  }));
  ledge.oktaUserId = oktaUserId;

  const further = groups.slice(GROUPS_IN_CREATE);
  await assign(run, ref, oktaUserId, further, putIn);

  return readBack(run, oktaUserId, [status, 'ACTIVE', 'PROVISIONED'], groups);
}

/** The account stays as it is; only groups that it is not in yet are added, and only those undone. */
async function adopt(
  run: Run,
  ledge: Ledge,
  oktaUserId: OktaUserId,
  groups: OktaGroup[],
): Promise<boolean> {
  const { ref } = run;
  ledge.oktaUserId = oktaUserId;
  const has = await run.attempt(() =>
    okta.readGroups.executeWithOptions({ summary: 'Groups before' }, [
      { run: ref, user: oktaUserId },
    ]),
  );
  const before = new Set(has === 'unreadable' ? [] : ids(has));
  const missing = groups.filter((group) => !before.has(group.id));

  const putIn: OktaGroupId[] = [];
  if (missing.length > 0) ledge.compensations.push(() => takeOut(ref, oktaUserId, putIn));
  await assign(run, ref, oktaUserId, missing, putIn);

  return readBack(run, oktaUserId, ADOPTABLE, groups);
}

const ADOPTABLE = ['STAGED', 'PROVISIONED', 'ACTIVE', 'RECOVERY', 'LOCKED_OUT', 'PASSWORD_EXPIRED'];

async function assign(
  run: Run,
  ref: OnboardInput['run'],
  oktaUserId: OktaUserId,
  groups: OktaGroup[],
  putIn: OktaGroupId[],
): Promise<void> {
  const size = groups.length <= SINGLE_ASSIGNMENTS ? 1 : CHUNK;
  for (let from = 0; from < groups.length; from += size) {
    const chunk = groups.slice(from, from + size);
    const summary = chunk.length === 1 ? `Into ${chunk[0]?.name}` : `Into ${chunk.length} groups`;
    await run.attempt((again) => {
      if (!again) putIn.push(...ids(chunk));
      return oktaBulk.assignGroups.executeWithOptions({ summary }, [
        { run: ref, oktaUserId, groupIds: ids(chunk) },
      ]);
    });
  }
}

/** No access first, no memberships after. An account that cannot be suspended is deactivated where the role allows. */
async function retire(
  input: OnboardInput,
  { oktaUserId, status }: Created,
  putIn: OktaGroupId[],
): Promise<void> {
  const seen = await lookUp(input, oktaUserId);
  // Where the role may not look, the create's own answer says what stands there.
  const before: Sighting =
    seen.kind === 'seen'
      ? seen
      : { kind: 'seen', oktaUserId, status, statusChanged: null, name: '', at: seen.at };
  await okta.suspendUser.executeWithOptions({ summary: 'Undo: take access away' }, [
    { run: input.run, user: oktaUserId, before, otherwise: 'deactivate', mayHaveHappened: false },
  ]);
  await takeOut(input.run, oktaUserId, putIn);
}

async function takeOut(
  ref: OnboardInput['run'],
  user: OktaUserId,
  groupIds: OktaGroupId[],
): Promise<void> {
  if (groupIds.length === 0) return;
  await oktaBulk.removeFromGroup.executeWithOptions(
    { summary: `Undo: out of ${groupIds.length} group(s)` },
    [{ run: ref, user, groupIds }],
  );
}

function lookUp({ run }: OnboardInput, user: string): Promise<Sighting> {
  return okta.readUser.executeWithOptions({ summary: `Look up ${user}` }, [{ run, user }]);
}

function resolveGroups({ run, groups }: OnboardInput): Promise<OktaGroup[]> {
  if (groups.length === 0) return Promise.resolve([]);
  return okta.resolveGroups.executeWithOptions({ summary: `Find ${groups.length} group(s)` }, [
    { run, groups },
  ]);
}

async function readBack(
  run: Run,
  user: OktaUserId,
  statuses: string[],
  groups: OktaGroup[],
): Promise<boolean> {
  const { kind } = await run.attempt(() =>
    okta.readBack.executeWithOptions({ summary: 'Does Okta show it?' }, [
      { run: run.ref, user, statuses, inGroups: ids(groups), notInGroups: [] },
    ]),
  );
  return kind !== 'differs';
}

function endingOf(run: Run, input: OnboardInput, ledge: Ledge, confirmed: boolean): Ending {
  const outcome = confirmed ? 'done' : 'partial';
  const { endsAt } = run.deadlines;
  if (input.contractEnd === null || endsAt === undefined) return { outcome };

  const { person, contractEnd } = input;
  const next = runRef(input.run.connection, input.run.subjectRef, contractEnd.requestId);
  const offboarding: OffboardInput = {
    run: next,
    person: {
      login: person.login,
      name: `${person.firstName} ${person.lastName}`,
      oktaUserId: ledge.oktaUserId,
    },
    suspendAt: endsAt,
    terms: contractEnd.terms,
    contractOf: input.run,
    carried: null,
  };
  return {
    outcome,
    next: {
      row: {
        run: next,
        kind: 'offboarding',
        phase: 'scheduled',
        deadlines: { suspendAt: endsAt },
        waiting: { for: 'suspend', until: endsAt.at },
        actions: ['cancel', 'reschedule', 'expedite'],
      },
      input: offboarding,
    },
  };
}

function deadlinesOf({ startAt, contractEnd }: OnboardInput): Deadlines {
  return {
    ...(startAt === null ? {} : { startAt }),
    ...(contractEnd === null ? {} : { endsAt: contractEnd.endsAt }),
  };
}

function ids(groups: OktaGroup[]): OktaGroupId[] {
  return groups.map((group) => group.id);
}
