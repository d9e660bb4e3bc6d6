// A person is hired: an account in Okta, in the right groups, and at the contract's end an offboarding.
//
//   wait for the first day → token, groups, is the login free? → create → groups → read back
//
// What is only read is read at once. Whatever was made can be taken back until the run ends. A create
// whose answer was lost is settled by Okta's own times and attributes, never by making a second account.
import type { Created, CreateRequest, Sighting } from '../activities/index.js';
import { runRef } from '../contract/ids.js';
import type { OffboardInput, OnboardInput, RunResult } from '../contract/workflows.js';
import type { OktaGroupId, OktaUserId } from '../domain/brand.js';
import { without } from '../domain/deeds.js';
import { problem } from '../domain/problem.js';
import type { OktaGroup } from '../domain/okta-user.js';
import type { Deadlines } from '../domain/run.js';
import { okta, oktaBulk } from './activities.js';
import { ahead } from './ahead.js';
import { isUntouched, parkWith, Refused } from './endings.js';
import {
  chunkSize,
  createRequest,
  find,
  GROUPS_IN_CREATE,
  hasBegun,
  lookUp,
  newMade,
  remember,
  type Made,
} from './made.js';
import { standOrphaned } from './recovery.js';
import { openRun, type Run } from './run.js';
import { newLedge, settle, type Ending, type Ledge } from './settle.js';

/**
 * That a login is free is good for as long: between the look and the create somebody else may make the
 * account, and only its age tells it from ours.
 */
const FRESH_MS = 10_000;

export async function onboard(input: OnboardInput): Promise<RunResult> {
  const { run: ref, person, recovered } = input;
  const run = openRun({
    ref,
    kind: 'onboarding',
    title: `Onboard ${person.firstName} ${person.lastName} · ${ref.connection} · ${input.groups.length} groups`,
    phase: input.startAt === null ? 'running' : 'scheduled',
    awaits: 'start',
    deadlines: deadlinesOf(input),
    takeovers: [],
    recovered,
  });
  const ledge = newLedge();
  const made = newMade(input);

  return settle(run, ledge, async () => {
    if (recovered !== undefined) {
      await standOrphaned(run, recovered, (known) => remember(made, ledge, input, known));
    }
    if (!hasBegun(made)) await run.waitFor('start', 'scheduled');

    const token = ahead(() =>
      okta.mintToken.executeWithOptions({ summary: 'Access token' }, [{ run: ref }]),
    );
    const resolved = ahead(() => resolveGroups(input));
    const look = () => lookUp(input, person.login, true);
    const seen = hasBegun(made) ? look : ahead(look, FRESH_MS);
    await run.attempt(token);
    const groups = await run.attempt(resolved);
    await findEarlier(run, ledge, made);
    const account =
      accountOf(made) ?? (await run.attempt(async () => decide(await seen(), input.onExisting)));

    const confirmed =
      account.kind === 'adopt'
        ? await adopt(run, ledge, made, account.oktaUserId, groups)
        : await create(run, ledge, input, made, groups, account.absentAt);

    return endingOf(run, input, ledge, confirmed);
  });
}

/** The answer to a create that a workflow before this one did not hear. */
async function findEarlier(run: Run, ledge: Ledge, made: Made): Promise<void> {
  const { request } = made;
  if (request === null) return;
  made.created = await run.attempt(() => find(request, { mustKnow: false }));
  ledge.oktaUserId = made.created?.oktaUserId ?? null;
}

function accountOf({ created, adopted }: Made): Account | null {
  if (adopted !== null) return { kind: 'adopt', oktaUserId: adopted };
  return created === null ? null : { kind: 'create', absentAt: '' };
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
  made: Made,
  groups: OktaGroup[],
  absentAt: string,
): Promise<boolean> {
  const inCreate = ids(groups.slice(0, GROUPS_IN_CREATE));
  const { oktaUserId, status } =
    made.created ?? (await createNew(run, ledge, made, createRequest(input, inCreate, absentAt)));
  ledge.oktaUserId = oktaUserId;

  await assign(run, oktaUserId, groups.slice(GROUPS_IN_CREATE), made);

  return readBack(run, oktaUserId, [status, 'ACTIVE', 'PROVISIONED'], groups);
}

async function createNew(
  run: Run,
  ledge: Ledge,
  made: Made,
  request: CreateRequest,
): Promise<Created> {
  ledge.compensations.add(made.takeBack);
  const created = await run.attempt(async () => {
    const mayExist = made.request !== null;
    made.request = request;
    made.putIn = [...request.groupIds];
    try {
      return await okta.createUser.executeWithOptions(
        { summary: `Create ${request.person.login}` },
        [{ ...request, mayExist }],
      );
    } catch (error) {
      if (!mayExist && isUntouched(error)) made.request = null;
      throw error;
    }
  });
  made.created = created;
  return created;
}

/** The account stays as it is; only groups that it is not in yet are added, and only those undone. */
async function adopt(
  run: Run,
  ledge: Ledge,
  made: Made,
  oktaUserId: OktaUserId,
  groups: OktaGroup[],
): Promise<boolean> {
  ledge.oktaUserId = oktaUserId;
  const before = made.wasIn ?? (await run.attempt(() => groupsOf(run, oktaUserId)));
  const missing = groups.filter((group) => !before.includes(group.id));

  made.adopted = oktaUserId;
  if (missing.length > 0) ledge.compensations.add(made.takeBack);
  await assign(run, oktaUserId, missing, made);

  return readBack(run, oktaUserId, ADOPTABLE, groups);
}

async function groupsOf({ ref }: Run, user: OktaUserId): Promise<OktaGroupId[]> {
  const has = await okta.readGroups.executeWithOptions({ summary: 'Groups before' }, [
    { run: ref, user },
  ]);
  return has === 'unreadable' ? [] : ids(has);
}

const ADOPTABLE = ['STAGED', 'PROVISIONED', 'ACTIVE', 'RECOVERY', 'LOCKED_OUT', 'PASSWORD_EXPIRED'];

async function assign(
  run: Run,
  oktaUserId: OktaUserId,
  groups: OktaGroup[],
  { putIn, added }: Made,
): Promise<void> {
  const size = chunkSize(groups.length);
  const left = groups.filter((group) => !added.includes(group.id));
  for (let from = 0; from < left.length; from += size) {
    const chunk = left.slice(from, from + size);
    const summary = chunk.length === 1 ? `Into ${chunk[0]?.name}` : `Into ${chunk.length} groups`;
    await run.attempt((again) => {
      if (!again) putIn.push(...without(ids(chunk), putIn));
      return oktaBulk.assignGroups.executeWithOptions({ summary }, [
        { run: run.ref, oktaUserId, groupIds: ids(chunk) },
      ]);
    });
  }
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
