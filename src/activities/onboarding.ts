// Steps that make an account and put it into groups. Each is safe to do twice: what an earlier
// attempt may have done is looked for before it is done again.
import type { NewPerson, Activation } from '../contract/workflows.js';
import type { OktaGroupId, OktaUserId } from '../domain/brand.js';
import type { Effect } from '../domain/effects.js';
import type { OktaUser, Profile } from '../domain/okta-user.js';
import { isOurCreate } from '../domain/ownership.js';
import { problem } from '../domain/problem.js';
import type { RunRef } from '../domain/run.js';
import { OktaError } from '../okta/index.js';
import { parked } from './failures.js';
import { findMember } from './looks.js';
import type { GroupDirectory } from './group-directory.js';
import type { MemberReads } from './member-reads.js';
import { effectsOf, workThrough, type Slice } from './slices.js';
import type { Done, RunStep, StepResult, StepTools } from './step.js';

/** What identifies the account that a run makes, and proves it to be its own. */
export interface CreateRequest {
  run: RunRef;
  person: NewPerson;
  activation: Activation;
  /** Up to 20, put in by the create itself. */
  groupIds: OktaGroupId[];
  /** Those that the person is put into afterwards. */
  laterGroupIds: OktaGroupId[];
  /** Okta's time when the login was still free (or could not be seen). */
  absentAt: string;
  /** An earlier step of this run may have made it already. */
  mayExist: boolean;
  /** No call of this run can have come later than this, give or take a minute: its workflow had ended. */
  until?: string;
}

export interface Created {
  oktaUserId: OktaUserId;
  status: string;
}

export interface OnboardingActivities {
  /** @throws `LOGIN_TAKEN`, `OUTCOME_UNKNOWN`, `REFUSED_BY_OKTA` (park). */
  createUser: (input: CreateRequest) => Promise<StepResult<Created>>;
  /**
   * The account that `createUser` made although its answer never came; null where there is none, or
   * where the role cannot look. @throws `OUTCOME_UNKNOWN` (park) in the latter case, if `mustKnow`
   */
  findCreatedUser: (
    input: CreateRequest & { mustKnow?: boolean },
  ) => Promise<StepResult<Created | null>>;
  /** Brings attributes to an account that was there before, or back to it. */
  changeProfile: (input: ProfileChange) => Promise<StepResult<null>>;
  assignGroups: (input: GroupsRequest) => Promise<StepResult<Slice>>;
}

export interface GroupsRequest {
  run: RunRef;
  oktaUserId: OktaUserId;
  groupIds: OktaGroupId[];
}

export interface ProfileChange {
  run: RunRef;
  oktaUserId: OktaUserId;
  /** As the account was, and as it is to be: the attributes that differ. */
  before: Profile;
  after: Profile;
  /** Whether this takes a change back. */
  isUndo: boolean;
}

export function createOnboardingActivities(
  step: RunStep,
  {
    members,
    directory,
  }: { members: Pick<MemberReads, 'made'>; directory: Pick<GroupDirectory, 'forget'> },
): OnboardingActivities {
  return {
    createUser: (input) =>
      step(input, async (tools) => {
        const mayExist = input.mayExist || tools.mayHaveHappened;
        if (!input.mayExist) tools.ifRefused([{ kind: 'create', stage: 'refused' }]);
        const earlier = mayExist ? await findByLogin(tools, input) : null;
        const forget = () => directory.forget(input.run.connection);
        const user =
          earlier?.kind === 'ours' ? earlier.user : await create(tools, input, mayExist, forget);
        members.made(input.run.connection, user.id);
        const done: Done<Created> = {
          ...made(user, input),
          detail: `Account ${user.status}${inGroups(input.groupIds.length)}`,
          action: 'user.created',
        };
        // Somebody else's run that found it first keeps it; this one goes on all the same.
        return { ...done, whenBusy: () => done };
      }),

    findCreatedUser: (input) =>
      step<Created | null>(input, async (tools) => {
        const found = await findByLogin(tools, input);
        switch (found.kind) {
          case 'ours':
            return {
              ...made(found.user, input),
              detail: `Found the account that was made, ${found.user.status}`,
            };
          case 'unseen':
            if (input.mustKnow === true) throw unfindable(input.person);
            return {
              value: null,
              status: 'skipped',
              detail: 'The role may not look for an account',
            };
          case 'other':
          case 'nobody':
            return {
              value: null,
              detail: 'No account was made',
              effects: [{ kind: 'create', stage: 'refused' }],
            };
        }
      }),

    changeProfile: (input) =>
      step(input, async (tools) => {
        const { oktaUserId, before, after, isUndo } = input;
        if (!isUndo) tools.ifRefused([{ kind: 'change-profile', stage: 'refused' }]);
        const names = Object.keys(after).join(', ');
        tools.concerns(`Attributes: ${names}.`);
        tools.take(await tools.okta.updateUser(oktaUserId, after, { signal: tools.signal }));
        return {
          value: null,
          detail: isUndo ? `Attributes as before: ${names}` : `Attributes changed: ${names}`,
          action: isUndo ? 'user.profile-restored' : 'user.profile-changed',
          effects: [
            isUndo
              ? { kind: 'change-profile', stage: 'done', before: {}, after: {} }
              : { kind: 'change-profile', stage: 'done', before, after },
          ],
        };
      }),

    assignGroups: (input) =>
      step(input, async (tools) => {
        const { okta, signal } = tools;
        const { groupIds, oktaUserId } = input;
        tools.ifRefused([{ kind: 'add-to-groups', stage: 'refused', groupIds }]);
        const worked = await workThrough(tools, groupIds, (group) =>
          okta.addToGroup(group, oktaUserId, { signal }),
        );
        const { slice } = worked;
        return {
          value: slice,
          detail: sayProgress('Put into', slice, groupIds.length),
          ...(slice.done.length === 0 ? {} : { action: 'groups.assigned' }),
          effects: effectsOf('add-to-groups', worked),
        };
      }),
  };
}

/** How far a slice came, for people. */
export function sayProgress(what: string, { done, waitMs }: Slice, of: number): string {
  const names = done.length === 0 ? 'none yet' : done.join(', ');
  const rest = of > done.length ? ` (${done.length} of ${of}` + waiting(waitMs) + ')' : '';
  return `${what} ${names}${rest}`;
}

function waiting(waitMs: number): string {
  return waitMs === 0 ? '' : `; Okta's limit allows the next in ${Math.ceil(waitMs / 1_000)} s`;
}

function made(
  user: OktaUser,
  { groupIds, laterGroupIds }: CreateRequest,
): Pick<Done<Created>, 'value' | 'effects' | 'shown'> {
  const { id: oktaUserId, status, profile } = user;
  const value = { oktaUserId, status };
  const effects: Effect[] = [
    { kind: 'create', stage: 'done', oktaUserId, status, groupIds },
    { kind: 'add-to-groups', stage: 'intended', groupIds: laterGroupIds },
  ];
  const text = (name: string): string => {
    const found = profile[name];
    return typeof found === 'string' ? found : '';
  };
  const name = `${text('firstName')} ${text('lastName')}`.trim();
  return { value, effects, shown: { oktaUserId, login: text('login'), name } };
}

async function create(
  tools: StepTools,
  input: CreateRequest,
  mayExist: boolean,
  forgetGroups: () => Promise<void>,
): Promise<OktaUser> {
  try {
    return tools.take(
      await tools.okta.createUser(
        {
          profile: profileOf(input.person),
          groupIds: input.groupIds,
          activate: input.activation === 'email',
        },
        { signal: tools.signal },
      ),
    );
  } catch (error) {
    if (!(error instanceof OktaError)) throw error;
    if (error.code === 'OKTA_NOT_FOUND') {
      // The next look finds out which; what was remembered is not there any more.
      await forgetGroups();
      const found = problem('GROUP_UNKNOWN', 'One of the groups has disappeared meanwhile.');
      throw parked(found, error);
    }
    if (!mayBeTaken(error)) throw error;
    const found = await findByLogin(tools, input);
    const isSeen = found.kind === 'ours' || found.kind === 'other';
    if (error.code === 'OKTA_VALIDATION' && !isSeen) throw error;
    // Refused cleanly at the first try, the login is somebody else's. After a lost answer it may be
    // our own account that is in the way, and Okta may only now show it.
    if (mayExist && found.kind === 'ours') return found.user;
    throw mayExist && !isSeen ? unprovable(error) : taken(error);
  }
}

/** Okta tells a taken login by its words only, which change with the org's language. */
function mayBeTaken(error: OktaError): boolean {
  return (
    error.code === 'OKTA_LOGIN_TAKEN' ||
    (error.code === 'OKTA_VALIDATION' && error.fields.some(({ name }) => name === 'login'))
  );
}

function taken(cause: OktaError): Error {
  return parked(
    problem('LOGIN_TAKEN', 'Okta refused the login because an account already has it.'),
    cause,
  );
}

function unprovable(cause: OktaError): Error {
  return parked(
    problem(
      'OUTCOME_UNKNOWN',
      'An account with this login exists. An earlier try of this run may have made it, and the role of this connection cannot look whether it did.',
    ),
    cause,
  );
}

function unfindable({ login }: NewPerson): Error {
  return parked(
    problem(
      'OUTCOME_UNKNOWN',
      `Whether this run made an account for ${login} cannot be told: a try was not answered, and the role of this connection cannot look. Let the role read users and retry, or look in Okta and suspend what this run made.`,
    ),
  );
}

/** Who has the login, as far as the role can see. */
type Found =
  | { kind: 'ours'; user: OktaUser }
  | { kind: 'other' }
  | { kind: 'nobody' }
  /** The role may not look. */
  | { kind: 'unseen' };

/**
 * Looks for the account by login, and where the role may not read users, among the members of the
 * groups that the create named.
 */
async function findByLogin(tools: StepTools, input: CreateRequest): Promise<Found> {
  const { login } = input.person;
  const seen = await readByLogin(tools, login);
  if (typeof seen !== 'string') return whose(seen, input);
  // Everybody whom the create made is in all of its groups, so one of them tells.
  const [group] = input.groupIds;
  if (group === undefined) return { kind: seen };
  const member = await findMember(tools, group, login);
  return member === null ? { kind: 'nobody' } : whose(member, input);
}

async function readByLogin(
  { okta, signal, take }: StepTools,
  login: string,
): Promise<OktaUser | 'nobody' | 'unseen'> {
  try {
    return take(await okta.getUser(login, { signal }));
  } catch (error) {
    if (!(error instanceof OktaError)) throw error;
    if (error.code === 'OKTA_FORBIDDEN') return 'unseen';
    if (error.code !== 'OKTA_NOT_FOUND') throw error;
    return (await okta.canReadUsers({ signal })) ? 'nobody' : 'unseen';
  }
}

function whose(user: OktaUser, { absentAt, person, activation, until }: CreateRequest): Found {
  const evidence = {
    absentAt,
    sent: profileOf(person),
    activation,
    ...(until === undefined ? {} : { until }),
  };
  return isOurCreate(user, evidence) ? { kind: 'ours', user } : { kind: 'other' };
}

function profileOf({ firstName, lastName, email, login, attributes }: NewPerson): Profile {
  return { ...attributes, firstName, lastName, email, login };
}

function inGroups(count: number): string {
  return count === 0 ? '' : `, put into ${count} group(s) at once`;
}
