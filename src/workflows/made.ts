// What an onboarding has made of the account so far, how it is taken back, and how a workflow that comes
// after a terminated one takes it up.
import type { Created, CreateRequest, Sighting } from '../activities/index.js';
import type { OnboardInput } from '../contract/workflows.js';
import type { OktaGroupId, OktaUserId } from '../domain/brand.js';
import { mayHaveCreated, without, type Recollection } from '../domain/deeds.js';
import type { Moment } from '../domain/run.js';
import { okta, oktaBulk } from './activities.js';
import type { Ledge } from './settle.js';

/** As many as Okta takes with the create (Users API, `groupIds`). */
export const GROUPS_IN_CREATE = 20;
/** Up to here each further group is a step of its own; above, they go in chunks. */
const SINGLE_ASSIGNMENTS = 25;
const CHUNK = 50;

/** What was made of the account so far, and how it is taken back. */
export interface Made {
  /** The create that may have happened. */
  request: CreateRequest | null;
  created: Created | null;
  adopted: OktaUserId | null;
  /** Groups before the adoption; null where they are not known. */
  wasIn: OktaGroupId[] | null;
  /** Groups that the person may have been put into. */
  putIn: OktaGroupId[];
  /** By the workflow before this one, and known to be done. */
  added: OktaGroupId[];
  /** An undo before this one has taken access away. */
  retired: boolean;
  takeBack: () => Promise<void>;
}

export function newMade(input: OnboardInput): Made {
  const made: Made = {
    request: null,
    created: null,
    adopted: null,
    wasIn: null,
    putIn: [],
    added: [],
    retired: false,

    async takeBack() {
      if (made.adopted !== null) {
        await takeOut(input.run, made.adopted, made.putIn);
        return;
      }
      if (made.created === null && made.request !== null) {
        made.created = await find(made.request, { mustKnow: true });
      }
      if (made.created !== null) await retire(input, made.created, made);
    },
  };
  return made;
}

/** Takes up what a workflow before this one did; says which moments are still to come. */
export function remember(
  made: Made,
  ledge: Ledge,
  input: OnboardInput,
  { own }: Recollection,
): Moment[] {
  const { looked, created, wasIn, wanted, added, access } = own;
  const inCreate = wanted.slice(0, GROUPS_IN_CREATE);
  made.added = added;
  made.retired = access !== null;
  if (looked?.kind === 'seen' && wasIn !== null) {
    made.adopted = looked.oktaUserId;
    made.wasIn = wasIn;
    made.putIn = begun(without(wanted, wasIn), added);
  } else if (created !== null) {
    made.created = created;
    made.putIn = [...inCreate, ...begun(wanted.slice(GROUPS_IN_CREATE), added)];
  } else if (looked !== null && mayHaveCreated(own, input.groups.length)) {
    const until = input.recovered?.endedAt;
    const request = createRequest(input, inCreate, looked.at);
    made.request = until === undefined ? request : { ...request, until };
    made.putIn = inCreate;
  }
  ledge.oktaUserId = created?.oktaUserId ?? made.adopted;
  if (!hasBegun(made)) return ['start'];
  ledge.compensations.add(made.takeBack);
  return [];
}

/** Groups are taken in order: those that are known to be done, and the next, which may be. */
function begun(groups: OktaGroupId[], added: OktaGroupId[]): OktaGroupId[] {
  const done = groups.filter((group) => added.includes(group)).length;
  return groups.slice(0, done + chunkSize(groups.length));
}

export function hasBegun({ request, created, adopted }: Made): boolean {
  return request !== null || created !== null || adopted !== null;
}

export function createRequest(
  { run, person, activation }: OnboardInput,
  groupIds: OktaGroupId[],
  absentAt: string,
): CreateRequest {
  return { run, person, activation, absentAt, groupIds, mayExist: false };
}

/** @param how whether not to know parks; else it counts as none, which a create would show. */
export function find(
  request: CreateRequest,
  { mustKnow }: { mustKnow: boolean },
): Promise<Created | null> {
  return okta.findCreatedUser.executeWithOptions({ summary: 'Was an account made?' }, [
    { ...request, mayExist: true, mustKnow },
  ]);
}

export function chunkSize(groups: number): number {
  return groups <= SINGLE_ASSIGNMENTS ? 1 : CHUNK;
}

/** No access first, no memberships after. An account that cannot be suspended is deactivated where the role allows. */
async function retire(
  input: OnboardInput,
  { oktaUserId, status }: Created,
  { putIn, retired }: Made,
): Promise<void> {
  if (!retired) await suspend(input, oktaUserId, status);
  await takeOut(input.run, oktaUserId, putIn);
}

async function suspend(input: OnboardInput, oktaUserId: OktaUserId, status: string): Promise<void> {
  const seen = await lookUp(input, oktaUserId, false);
  // Where the role may not look, the create's own answer says what stands there.
  const before: Sighting =
    seen.kind === 'seen'
      ? seen
      : { kind: 'seen', oktaUserId, status, statusChanged: null, name: '', at: seen.at };
  await okta.suspendUser.executeWithOptions({ summary: 'Undo: take access away' }, [
    { run: input.run, user: oktaUserId, before, otherwise: 'deactivate', mayHaveHappened: false },
  ]);
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

export function lookUp(
  { run }: OnboardInput,
  user: string,
  beforeWrite: boolean,
): Promise<Sighting> {
  return okta.readUser.executeWithOptions({ summary: `Look up ${user}` }, [
    { run, user, beforeWrite },
  ]);
}
