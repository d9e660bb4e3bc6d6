// A person is hired: an account in Okta, in the right groups, and at the contract's end an offboarding.
//
//   wait for the first day → token, groups → is the login free? → create → groups → read back
//
// Whatever was made can be taken back until the run ends. A create whose answer was lost is settled by
// Okta's own times and attributes, never by making a second account.
import type { Created, CreateRequest, Sighting } from '../activities/index.js';
import { runRef } from '../contract/ids.js';
import type { OffboardInput, OnboardInput, RunResult } from '../contract/workflows.js';
import { ADOPTABLE, clickToBringBack } from '../domain/account-status.js';
import type { OktaGroupId, OktaUserId } from '../domain/brand.js';
import { touched, without } from '../domain/effects.js';
import type { OktaGroup, Profile } from '../domain/okta-user.js';
import { problem } from '../domain/problem.js';
import { changesOf } from '../domain/profile.js';
import type { Deadlines } from '../domain/run.js';
import { okta } from './activities.js';
import { compensations } from './compensations.js';
import { parkWith, Refused } from './endings.js';
import { claimExecution } from './run.js';
import { runSaga, type Ending, type Saga } from './saga.js';

/** As many as Okta takes with the create (Users API, `groupIds`). */
const GROUPS_IN_CREATE = 20;

/** What the account is: made by this run, or there before. */
type Account =
  | { kind: 'made'; oktaUserId: OktaUserId; status: string }
  | { kind: 'adopted'; oktaUserId: OktaUserId; changes: ReturnType<typeof changesOf> };

export async function onboard(input: OnboardInput): Promise<RunResult> {
  const { run: ref, person, startAt, groups: wanted, recovered } = input;
  claimExecution(ref, 'onboarding', startAt === null ? 'running' : 'scheduled');
  return runSaga(
    {
      ref,
      kind: 'onboarding',
      title: `Onboard ${person.firstName} ${person.lastName} · ${ref.connection} · ${wanted.length} groups`,
      moments: ['start'],
      deadlines: deadlinesOf(input),
      takeovers: [],
      recovered,
      journal: undefined,
      compensate: compensations(ref, person.login, (saga, { creation }) =>
        findCreated(saga, requestOf(input, creation.groupIds, [], creation), true),
      ),
    },
    async (saga) => {
      await saga.waitFor('start', 'scheduled');
      saga.works();
      saga.met('start', Date.now());

      const groups = await saga.attempt(() => prepare(saga, input));
      const account = await saga.attempt(() => makeOrFind(saga, input, groups));
      const changed =
        account.kind === 'made'
          ? await saga.attempt((again) => joinFurtherGroups(saga, account, groups, again))
          : await saga.attempt(() => adopt(saga, account, groups));
      const confirmed = await readBack(saga, account, groups);

      return endingOf(saga, input, account, { confirmed, changed });
    },
  );
}

/** What is only read, side by side. */
async function prepare(saga: Saga, { run, groups }: OnboardInput): Promise<OktaGroup[]> {
  const [, found] = await Promise.all([
    saga.step(() => okta.mintToken.executeWithOptions({ summary: 'Access token' }, [{ run }])),
    groups.length === 0
      ? []
      : saga.step(() =>
          okta.resolveGroups.executeWithOptions({ summary: `Find ${groups.length} group(s)` }, [
            { run, groups },
          ]),
        ),
  ]);
  return found;
}

/** One account, whatever happened before: the one that was made, one that may have been, or a new one. */
async function makeOrFind(saga: Saga, input: OnboardInput, groups: OktaGroup[]): Promise<Account> {
  const { run, person } = input;
  const { creation, adopted } = saga.journal();
  if (creation?.stage === 'done') return { kind: 'made', ...creation };
  if (creation?.stage === 'intended') {
    const request = requestOf(input, creation.groupIds, [], creation);
    const found = await findCreated(saga, request, false);
    if (found !== null) return { kind: 'made', ...found };
  }
  const ids = idsOf(groups);
  const [inCreate, later] = [ids.slice(0, GROUPS_IN_CREATE), ids.slice(GROUPS_IN_CREATE)];
  const wanted = profileOf(input);
  const mayAdopt = input.onExisting === 'adopt' || input.earlier !== undefined;
  const lookUp = (oktaUserId: OktaUserId | null): Promise<Sighting> =>
    saga.step(() =>
      okta.readUser.executeWithOptions({ summary: `Look up ${person.login}` }, [
        {
          run,
          user: { oktaUserId, login: person.login },
          intends: 'create',
          groupIds: inCreate,
          claims: mayAdopt ? 'park' : 'no',
          ...(mayAdopt ? { profile: Object.keys(wanted) } : {}),
        },
      ]),
    );
  const known = await lookUp(adopted);
  // The account that was adopted is gone: the one that has the login now is asked for like any other.
  const seen = known.kind === 'replaced' ? await lookUp(null) : known;
  if (seen.kind !== 'absent' && seen.kind !== 'unreadable') {
    return { kind: 'adopted', ...adoptable(seen, input, wanted) };
  }
  const mayExist = saga.journal().creation !== null;
  const intent = {
    kind: 'create',
    stage: 'intended',
    absentAt: seen.at,
    groupIds: inCreate,
  } as const;
  const created = await saga.write(intent, () =>
    okta.createUser.executeWithOptions({ summary: `Create ${person.login}` }, [
      { ...requestOf(input, inCreate, later, currentCreation(saga)), mayExist },
    ]),
  );
  return { kind: 'made', ...created };
}

/** The create in doubt, whose first look tells our account from a stranger's. */
function currentCreation(saga: Saga): { absentAt: string; until?: string } {
  const { creation } = saga.journal();
  if (creation?.stage !== 'intended') throw new Error('a create without an intent');
  return creation;
}

function findCreated(
  saga: Saga,
  request: CreateRequest,
  mustKnow: boolean,
): Promise<Created | null> {
  return saga.step(() =>
    okta.findCreatedUser.executeWithOptions({ summary: 'Was an account made?' }, [
      { ...request, mayExist: true, mustKnow },
    ]),
  );
}

function requestOf(
  { run, person, activation }: OnboardInput,
  groupIds: OktaGroupId[],
  laterGroupIds: OktaGroupId[],
  { absentAt, until }: { absentAt: string; until?: string },
): CreateRequest {
  const request = { run, person, activation, absentAt, groupIds, laterGroupIds, mayExist: false };
  return until === undefined ? request : { ...request, until };
}

/** Whether the account that has the login is to be used; parks or fails where it is not. */
function adoptable(
  seen: Exclude<Sighting, { kind: 'absent' | 'unreadable' }>,
  { person, onExisting, earlier }: OnboardInput,
  wanted: Profile,
): Omit<Extract<Account, { kind: 'adopted' }>, 'kind'> {
  if (seen.kind === 'busy') throw new Error('a look that parks shows nobody as busy');
  if (seen.kind === 'misnamed') {
    throw parkWith(
      problem(
        'LOGIN_TAKEN',
        `Okta takes the name ${person.login} for the account ${seen.login} (${seen.name}). Give the whole login.`,
      ),
    );
  }
  const isOurs = earlier?.oktaUserId === seen.oktaUserId;
  if (!isOurs && onExisting !== 'adopt') {
    const found = problem(
      'LOGIN_TAKEN',
      `${seen.name} has the login ${seen.login} already; the account is ${seen.status}.`,
    );
    throw onExisting === 'fail' ? new Refused(found) : parkWith(found);
  }
  if (!ADOPTABLE.includes(seen.status)) {
    const click = clickToBringBack(seen.status);
    const wayOut =
      click === null
        ? `Tenure does not know this status; look at ${seen.name} in Okta, then retry.`
        : `In Okta, open Directory, People, ${seen.name}, and choose ${click}; then retry.`;
    throw parkWith(
      problem(
        'STATUS_UNSUPPORTED',
        `The account of ${seen.name} (${seen.login}) is ${seen.status}. ${wayOut}`,
      ),
    );
  }
  return { oktaUserId: seen.oktaUserId, changes: changesOf(seen.profile, wanted) };
}

/** Puts a new account into the groups that Okta did not take with the create. */
async function joinFurtherGroups(
  saga: Saga,
  { oktaUserId }: Account,
  groups: OktaGroup[],
  again: boolean,
): Promise<boolean> {
  const further = idsOf(groups.slice(GROUPS_IN_CREATE));
  const missing = without(further, saga.journal().added.done);
  if (missing.length === 0) return true;
  if (again) await lookAtGroups(saga, oktaUserId);
  await join(saga, oktaUserId, missing);
  return true;
}

/**
 * Brings an account that was there before to what was asked for: attributes that differ, groups that it is
 * not in. Its undo restores both. False where nothing had to be done.
 */
async function adopt(
  saga: Saga,
  { oktaUserId, changes }: Extract<Account, { kind: 'adopted' }>,
  groups: OktaGroup[],
): Promise<boolean> {
  const { ref: run } = saga;
  const wanted = idsOf(groups);
  const has = await saga.step(() =>
    okta.readGroups.executeWithOptions({ summary: 'Groups before' }, [
      { run, user: oktaUserId, adopts: { groupIds: wanted, profile: changes } },
    ]),
  );
  const before = has === 'unreadable' ? [] : idsOf(has);
  saga.record({ kind: 'adopt', oktaUserId });
  if (changes !== null) {
    await saga.write({ kind: 'change-profile', stage: 'intended', ...changes }, () =>
      okta.changeProfile.executeWithOptions({ summary: 'Bring the attributes' }, [
        { run, oktaUserId, ...changes, isUndo: false },
      ]),
    );
  }
  // A retry takes those that are in already for added: they were, by this run.
  const missing = without(wanted, before);
  await join(saga, oktaUserId, missing);
  return changes !== null || touched(saga.journal().added).length > 0;
}

function lookAtGroups(saga: Saga, user: OktaUserId): Promise<unknown> {
  return saga.step(() =>
    okta.readGroups.executeWithOptions({ summary: 'Groups before' }, [{ run: saga.ref, user }]),
  );
}

function join(saga: Saga, oktaUserId: OktaUserId, groupIds: OktaGroupId[]): Promise<void> {
  const intent = { kind: 'add-to-groups', stage: 'intended', groupIds } as const;
  return saga.inSlices(groupIds, intent, (left) =>
    okta.assignGroups.executeWithOptions({ summary: `Into ${left.length} group(s)` }, [
      { run: saga.ref, oktaUserId, groupIds: left },
    ]),
  );
}

async function readBack(saga: Saga, account: Account, groups: OktaGroup[]): Promise<boolean> {
  const statuses =
    account.kind === 'made' ? [account.status, 'ACTIVE', 'PROVISIONED'] : [...ADOPTABLE];
  const { kind } = await saga.attempt(() =>
    saga.step(() =>
      okta.readBack.executeWithOptions({ summary: 'Does Okta show it?' }, [
        {
          run: saga.ref,
          user: account.oktaUserId,
          statuses,
          inGroups: idsOf(groups),
          notInGroups: [],
          shared: account.kind === 'made' && groups.length <= GROUPS_IN_CREATE,
        },
      ]),
    ),
  );
  return kind !== 'differs';
}

function endingOf(
  saga: Saga,
  input: OnboardInput,
  { oktaUserId }: Account,
  { confirmed, changed }: { confirmed: boolean; changed: boolean },
): Ending {
  const outcome = confirmed ? 'done' : 'partial';
  const detail =
    changed || input.earlier === undefined
      ? {}
      : { detail: `nothing had to be done; ${input.earlier.run} had done it` };
  const { endsAt } = saga.standing().deadlines;
  if (input.contractEnd === null || endsAt === undefined) return { outcome, ...detail };

  const { person, contractEnd } = input;
  const next = runRef(input.run.connection, input.run.subjectRef, contractEnd.requestId);
  const offboarding: OffboardInput = {
    run: next,
    person: {
      login: person.login,
      name: `${person.firstName} ${person.lastName}`,
      oktaUserId,
    },
    suspendAt: endsAt,
    terms: contractEnd.terms,
    takeover: false,
    contractOf: input.run,
  };
  return {
    outcome,
    ...detail,
    next: {
      row: {
        link: 'continues',
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

function profileOf({ person }: OnboardInput): Profile {
  const { firstName, lastName, email, attributes } = person;
  return { ...attributes, firstName, lastName, email };
}

function idsOf(groups: OktaGroup[]): OktaGroupId[] {
  return groups.map((group) => group.id);
}
