// Steps that take access away and give it back. Each judges by what Okta shows, never by hope: a lost
// answer is settled by reading again, and where the role cannot read, by saying so.
import { isAccessTaken } from '../domain/account-status.js';
import type { OktaGroupId, OktaUserId } from '../domain/brand.js';
import type { Access, Look } from '../domain/effects.js';
import { knownStatus } from '../domain/okta-user.js';
import { isLaterSuspension, isOurSuspension } from '../domain/ownership.js';
import { problem } from '../domain/problem.js';
import type { RunRef } from '../domain/run.js';
import { planSuspension } from '../domain/suspension.js';
import { OktaError } from '../okta/index.js';
import { parked } from './failures.js';
import { look } from './looks.js';
import { sayProgress, type GroupsRequest } from './onboarding.js';
import { effectsOf, workThrough, type Slice } from './slices.js';
import type { Done, RunStep, StepResult, StepTools } from './step.js';

export interface SuspendRequest {
  run: RunRef;
  /** Okta id, or the login where no id is known. */
  user: string;
  /** What was seen just before the first attempt. */
  before: Look;
  /** What to do where Okta does not suspend from this status. */
  otherwise: 'deactivate' | 'park';
  /** An earlier step of this run may have done it already. */
  mayHaveHappened: boolean;
}

export interface UnsuspendRequest {
  run: RunRef;
  user: string;
  /** The look before a suspension whose answer is not known; null where it surely is this run's. */
  before: Look | null;
  /** Okta's time of the suspension; a later one is somebody else's. */
  suspendedAt: string | null;
  /** The suspension took a lock off on the way. */
  unlocked: boolean;
}

export interface OffboardingActivities {
  /** @throws `STATUS_UNSUPPORTED`, `OUTCOME_UNKNOWN`, `PERSON_NOT_FOUND`, `NOT_PERMITTED` (park). */
  suspendUser: (input: SuspendRequest) => Promise<StepResult<Access>>;
  /** Gives access back, only where the suspension is certainly or provably this run's. */
  unsuspendUser: (input: UnsuspendRequest) => Promise<StepResult<null>>;
  /** Sessions and OAuth tokens. `optional`: skipped where the role does not allow it. */
  revokeSessions: (input: {
    run: RunRef;
    user: string;
    optional: boolean;
  }) => Promise<StepResult<null>>;
  /** Which of these groups an active rule fills; `unreadable` where rules cannot be seen. */
  readRuleGroups: (input: { run: RunRef }) => Promise<StepResult<OktaGroupId[] | 'unreadable'>>;
  removeFromGroup: (input: GroupsRequest) => Promise<StepResult<Slice>>;
  deactivateUser: (input: { run: RunRef; user: string }) => Promise<StepResult<null>>;
}

export function createOffboardingActivities(step: RunStep): OffboardingActivities {
  return {
    suspendUser: (input) =>
      step(input, async (tools) => {
        const retried = input.mayHaveHappened || tools.mayHaveHappened;
        if (!input.mayHaveHappened) tools.ifRefused([{ kind: 'suspend', stage: 'refused' }]);
        const { before } = input;
        const now = retried ? await look(tools, input.user) : before;
        if (now.kind === 'absent' && before.kind === 'seen') throw notFound();
        const request = { ...input, mayHaveHappened: retried };
        const done =
          now.kind === 'seen'
            ? await suspendSeen(tools, request, now)
            : await suspendUnseen(tools, request);
        return { ...done, effects: [{ kind: 'suspend', stage: 'done', access: done.value }] };
      }),

    unsuspendUser: (input) =>
      step(input, async (tools) => {
        const { before, suspendedAt, user } = input;
        const now = await look(tools, user);
        if (now.kind === 'absent') throw vanished();
        if (now.kind === 'seen') {
          if (now.status === 'DEPROVISIONED') throw gone();
          if (now.status !== 'SUSPENDED') {
            return before === null && tools.mayHaveHappened
              ? givenBack(now.status, FOUND_SO)
              : left(`Not suspended (${now.status})`);
          }
          const isOurs =
            before === null
              ? suspendedAt === null || !isLaterSuspension(now, suspendedAt)
              : before.kind === 'seen' && isOurSuspension(now, before);
          if (!isOurs) return left('Suspended by somebody else; left so');
        } else if (before !== null) {
          throw parked(
            problem(
              'UNDO_INCOMPLETE',
              'The answer to the suspension was lost, and the role of this connection may not read users: please look in Okta whether this person should be unsuspended.',
            ),
          );
        }
        tools.take(await tools.okta.unsuspendUser(user, { signal: tools.signal }));
        tools.wrote();
        // A role that could not look before cannot look now.
        const after = now.kind === 'seen' ? await look(tools, user) : now;
        return givenBack(
          after.kind === 'seen' ? after.status : 'unsuspended',
          input.unlocked ? LOCK_GONE : '',
        );
      }),

    revokeSessions: (input) =>
      step(input, async ({ okta, signal, take }) => {
        try {
          take(await okta.revokeSessions(input.user, { signal }));
        } catch (error) {
          if (!(input.optional && error instanceof OktaError && error.code === 'OKTA_FORBIDDEN')) {
            throw error;
          }
          return {
            value: null,
            status: 'skipped',
            detail: 'The role of this connection may not clear sessions',
            effects: [{ kind: 'revoke-sessions' }],
          };
        }
        return {
          value: null,
          detail: 'Sessions and OAuth tokens revoked',
          effects: [{ kind: 'revoke-sessions' }],
          action: 'sessions.revoked',
        };
      }),

    readRuleGroups: (input) =>
      step<OktaGroupId[] | 'unreadable'>(input, async ({ okta, signal, take }) => {
        try {
          const rules = take(await okta.listGroupRules({ signal }));
          const active = rules.filter((rule) => rule.status === 'ACTIVE');
          return {
            value: active.flatMap((rule) => rule.groupIds),
            detail: `${active.length} active group rule(s)`,
          };
        } catch (error) {
          if (!(error instanceof OktaError) || error.code !== 'OKTA_FORBIDDEN') throw error;
          return {
            value: 'unreadable',
            status: 'skipped',
            detail: 'Group rules cannot be read; every group counts as filled by a rule',
          };
        }
      }),

    removeFromGroup: (input) =>
      step(input, async (tools) => {
        const { okta, signal } = tools;
        const { groupIds, oktaUserId } = input;
        tools.ifRefused([{ kind: 'remove-from-groups', stage: 'refused', groupIds }]);
        const worked = await workThrough(tools, groupIds, async (group) => {
          try {
            return await okta.removeFromGroup(group, oktaUserId, { signal });
          } catch (error) {
            if (error instanceof OktaError && (await isOut(tools, error, group, oktaUserId))) {
              return null;
            }
            throw error;
          }
        });
        const { slice } = worked;
        return {
          value: slice,
          detail: sayProgress('Taken out of', slice, groupIds.length),
          ...(slice.done.length === 0 ? {} : { action: 'groups.removed' }),
          effects: effectsOf('remove-from-groups', worked),
        };
      }),

    deactivateUser: (input) =>
      step(input, async (tools) => {
        const now = await look(tools, input.user);
        if (now.kind !== 'seen' || now.status !== 'DEPROVISIONED') {
          await deactivate(tools, input.user);
          return deactivated('');
        }
        return tools.mayHaveHappened
          ? deactivated(FOUND_SO)
          : {
              value: null,
              status: 'skipped',
              detail: 'Deactivated already',
              effects: [{ kind: 'deactivate' }],
            };
      }),
  };
}

/**
 * Gone, or never a member: the desired state either way. A group that the role may not manage took
 * nobody in and has nobody to let go, which its members tell.
 */
async function isOut(
  { okta, signal, take }: StepTools,
  { code }: OktaError,
  group: OktaGroupId,
  user: OktaUserId,
): Promise<boolean> {
  if (code !== 'OKTA_FORBIDDEN') return code === 'OKTA_NOT_FOUND';
  const until = ({ id }: { id: OktaUserId }): boolean => id === user;
  return !take(await okta.listGroupMembers(group, { signal, until })).some(until);
}

/** The role can read: the table decides. */
async function suspendSeen(
  tools: StepTools,
  input: SuspendRequest,
  now: Extract<Look, { kind: 'seen' }>,
): Promise<Done<Access>> {
  const plan = planSuspension(knownStatus(now.status), input.otherwise);
  switch (plan.kind) {
    case 'satisfied':
      return satisfied(input, now);
    case 'suspend':
      return suspend(tools, input, 'park');
    case 'try-suspend':
      return suspend(tools, input, plan.otherwise);
    case 'unlock-then-suspend':
      return unlockAndSuspend(tools, input, plan.otherwise);
    case 'deactivate':
      return deactivateInstead(tools, input, now.status);
    case 'park':
      throw parked(problem('STATUS_UNSUPPORTED', `The account is ${now.status}.`));
  }
}

/** The role cannot read: Okta's answer to the call is all there is. */
async function suspendUnseen(tools: StepTools, input: SuspendRequest): Promise<Done<Access>> {
  try {
    const answer = await tools.okta.suspendUser(input.user, { signal: tools.signal });
    tools.take(answer);
    return suspendedByUs(answer.date ?? input.before.at);
  } catch (error) {
    if (!(error instanceof OktaError) || error.code !== 'OKTA_WRONG_STATUS') throw error;
    throw parked(
      problem(
        'OUTCOME_UNKNOWN',
        input.mayHaveHappened
          ? 'The answer to an earlier try was lost, and now Okta says that the account is not active. It is probably suspended; the role of this connection may not look.'
          : 'Okta says that the account is not active. It may be suspended already; the role of this connection may not look.',
      ),
      error,
    );
  }
}

async function suspend(
  tools: StepTools,
  input: SuspendRequest,
  otherwise: 'deactivate' | 'park',
): Promise<Done<Access>> {
  try {
    const answer = await tools.okta.suspendUser(input.user, { signal: tools.signal });
    tools.take(answer);
    return suspendedByUs(answer.date ?? input.before.at);
  } catch (error) {
    if (!(error instanceof OktaError) || error.code !== 'OKTA_WRONG_STATUS') throw error;
    const now = await look(tools, input.user);
    if (now.kind !== 'seen') throw error;
    if (isAccessTaken(now.status)) return satisfied(input, now);
    if (otherwise === 'deactivate') return deactivateInstead(tools, input, now.status);
    throw parked(
      problem('STATUS_UNSUPPORTED', `Okta does not suspend an account that is ${now.status}.`),
      error,
    );
  }
}

async function unlockAndSuspend(
  tools: StepTools,
  input: SuspendRequest,
  otherwise: 'deactivate' | 'park',
): Promise<Done<Access>> {
  try {
    tools.take(await tools.okta.unlockUser(input.user, { signal: tools.signal }));
    tools.prepared();
  } catch (error) {
    if (!(error instanceof OktaError) || error.code !== 'OKTA_FORBIDDEN') throw error;
    if (otherwise === 'deactivate') return deactivateInstead(tools, input, 'LOCKED_OUT');
    throw parked(
      problem('STATUS_UNSUPPORTED', 'The account is locked out, and the role may not unlock it.'),
      error,
    );
  }
  const done = await suspend(tools, input, otherwise);
  return {
    ...done,
    value: { ...done.value, unlocked: true },
    detail: `Unlocked, then: ${done.detail}`,
  };
}

/** A STAGED account has no access yet: where it may not be deactivated, leaving it is safe. */
async function deactivateInstead(
  tools: StepTools,
  input: SuspendRequest,
  status: string,
): Promise<Done<Access>> {
  try {
    await deactivate(tools, input.user);
  } catch (error) {
    if (!(error instanceof OktaError) || error.code !== 'OKTA_FORBIDDEN') throw error;
    if (status === 'STAGED') {
      return {
        value: notOurs('left', input),
        status: 'skipped',
        detail: 'STAGED, so without access; the role may not deactivate it',
      };
    }
    throw parked(
      problem(
        'NOT_PERMITTED',
        `The account is ${status} and cannot be suspended, and the role may not deactivate it.`,
      ),
      error,
    );
  }
  return {
    value: notOurs('deactivated', input),
    detail: `Deactivated, since an account that is ${status} cannot be suspended`,
    action: 'user.deactivated',
  };
}

/** Already as wished: by an attempt of ours whose answer was lost, or by somebody else. */
function satisfied(input: SuspendRequest, now: Extract<Look, { kind: 'seen' }>): Done<Access> {
  const { before, mayHaveHappened } = input;
  if (mayHaveHappened && before.kind === 'seen' && isOurSuspension(now, before)) {
    return suspendedByUs(now.at);
  }
  return {
    value: notOurs('left', input),
    status: 'skipped',
    detail: `${now.status} already`,
  };
}

function notOurs(result: 'deactivated' | 'left', { before }: SuspendRequest): Access {
  return { result, ours: false, unlocked: false, at: before.at };
}

/** @param at Okta's time of the answer, or of the look that found it so */
function suspendedByUs(at: string): Done<Access> {
  return {
    value: { result: 'suspended', ours: true, unlocked: false, at },
    detail: 'Suspended',
    action: 'user.suspended',
  };
}

/**
 * An attempt may do it and die before it can say so; the next one finds it done. The ledger says that it
 * was done, and that it was found so.
 */
const FOUND_SO = ', found so after an attempt that never reported';

const LOCK_GONE = '; it was locked before, and the lock cannot be given back';

function givenBack(status: string, how = ''): Done<null> {
  return {
    value: null,
    detail: `Access is back (${status})${how}`,
    action: 'user.unsuspended',
    effects: [{ kind: 'unsuspend' }],
  };
}

function deactivated(how: string): Done<null> {
  return {
    value: null,
    detail: `Deactivated${how}`,
    action: 'user.deactivated',
    effects: [{ kind: 'deactivate' }],
  };
}

/** Nothing of ours is left to take back. */
function left(detail: string): Done<null> {
  return { value: null, status: 'skipped', detail, effects: [{ kind: 'unsuspend' }] };
}

/** Okta answers 404 where the account is deactivated already; both roads lead to the desired state. */
async function deactivate(tools: StepTools, user: string): Promise<void> {
  try {
    tools.take(await tools.okta.deactivateUser(user, { signal: tools.signal }));
  } catch (error) {
    if (!(error instanceof OktaError) || error.code !== 'OKTA_NOT_FOUND') throw error;
    const now = await look(tools, user);
    if (now.kind === 'seen' && now.status !== 'DEPROVISIONED') throw error;
  }
}

function gone(): Error {
  return parked(
    problem('UNDO_INCOMPLETE', 'The account is deactivated by now, which cannot be taken back.'),
  );
}

function vanished(): Error {
  return parked(
    problem('UNDO_INCOMPLETE', 'The account is gone from Okta, so access cannot be given back.'),
  );
}

function notFound(): Error {
  return parked(problem('PERSON_NOT_FOUND', 'The account has disappeared from Okta meanwhile.'));
}
