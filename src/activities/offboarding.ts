// Steps that take access away and give it back. Each judges by what Okta shows, never by hope: a lost
// answer is settled by reading again, and where the role cannot read, by saying so.
import { Context } from '@temporalio/activity';
import type { OktaGroupId, OktaUserId } from '../domain/brand.js';
import { knownStatus } from '../domain/okta-user.js';
import { isOurSuspension } from '../domain/ownership.js';
import { problem } from '../domain/problem.js';
import type { RunRef } from '../domain/run.js';
import { planSuspension } from '../domain/suspension.js';
import { OktaError } from '../okta/index.js';
import { parked } from './failures.js';
import { look, type Sighting } from './reading.js';
import type { Done, RunStep, StepTools } from './step.js';

export interface SuspendRequest {
  run: RunRef;
  /** Okta id, or the login where no id is known. */
  user: string;
  /** What was seen just before the first attempt. */
  before: Sighting;
  /** What to do where Okta does not suspend from this status. */
  otherwise: 'deactivate' | 'park';
  /** An earlier step of this run may have done it already. */
  mayHaveHappened: boolean;
}

export interface Suspended {
  /** `left`: nothing had to be done, or nothing could be and none was needed (STAGED). */
  result: 'suspended' | 'deactivated' | 'left';
  /** Whether it was this run that suspended; only then may it unsuspend. */
  ours: boolean;
}

export interface OffboardingActivities {
  /** @throws `STATUS_UNSUPPORTED`, `OUTCOME_UNKNOWN`, `PERSON_NOT_FOUND`, `NOT_PERMITTED` (park). */
  suspendUser: (input: SuspendRequest) => Promise<Suspended>;
  /** Gives access back, only where the suspension is certainly or provably this run's. */
  unsuspendUser: (input: {
    run: RunRef;
    user: string;
    before: Sighting;
    certain: boolean;
  }) => Promise<void>;
  /** Sessions and OAuth tokens. `optional`: skipped where the role does not allow it. */
  revokeSessions: (input: { run: RunRef; user: string; optional: boolean }) => Promise<void>;
  /** Which of these groups an active rule fills; `unreadable` where rules cannot be seen. */
  readRuleGroups: (input: { run: RunRef }) => Promise<OktaGroupId[] | 'unreadable'>;
  removeFromGroup: (input: {
    run: RunRef;
    user: OktaUserId;
    groupIds: OktaGroupId[];
  }) => Promise<void>;
  deactivateUser: (input: { run: RunRef; user: string }) => Promise<void>;
}

export function createOffboardingActivities(step: RunStep): OffboardingActivities {
  return {
    suspendUser: (input) =>
      step(input, async (tools) => {
        const retried = input.mayHaveHappened || tools.mayHaveHappened;
        const now = retried ? await look(tools, input.user) : input.before;
        if (now.kind === 'absent' && input.before.kind === 'seen') throw notFound();
        const done =
          now.kind === 'seen'
            ? await suspendSeen(tools, input, now)
            : await suspendUnseen(tools, input, retried);
        return { ...done, deed: { kind: 'access', access: done.value } };
      }),

    unsuspendUser: (input) =>
      step(input, async (tools) => {
        const now = await look(tools, input.user);
        if (now.kind === 'seen') {
          if (now.status === 'DEPROVISIONED') throw gone();
          if (now.status !== 'SUSPENDED') {
            return input.certain && tools.mayHaveHappened
              ? givenBack(now.status, FOUND_SO)
              : left(`Not suspended (${now.status})`);
          }
          if (
            !input.certain &&
            !(input.before.kind === 'seen' && isOurSuspension(now, input.before))
          ) {
            return left('Suspended by somebody else; left so');
          }
        } else if (!input.certain) {
          throw parked(
            problem(
              'UNDO_INCOMPLETE',
              'The answer to the suspension was lost, and the role of this connection may not read users: please look in Okta whether this person should be unsuspended.',
            ),
          );
        }
        tools.take(await tools.okta.unsuspendUser(input.user, { signal: tools.signal }));
        // A role that could not look before cannot look now.
        const after = now.kind === 'seen' ? await look(tools, input.user) : now;
        return givenBack(after.kind === 'seen' ? after.status : 'unsuspended');
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
            value: undefined,
            status: 'skipped',
            detail: 'The role of this connection may not clear sessions',
            deed: { kind: 'revoked' },
          };
        }
        return {
          value: undefined,
          detail: 'Sessions and OAuth tokens revoked',
          deed: { kind: 'revoked' },
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
            deed: { kind: 'ruled', groupIds: active.flatMap((rule) => rule.groupIds) },
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
        const { okta, signal, take } = tools;
        for (const groupId of input.groupIds) {
          try {
            take(await okta.removeFromGroup(groupId, input.user, { signal }));
          } catch (error) {
            if (
              !(error instanceof OktaError) ||
              !(await isOut(tools, error, groupId, input.user))
            ) {
              throw error;
            }
          }
          Context.current().heartbeat(groupId);
        }
        return {
          value: undefined,
          detail: `Taken out of ${input.groupIds.join(', ')}`,
          action: 'groups.removed',
          deed: { kind: 'removed', groupIds: input.groupIds },
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
          : { ...left('Deactivated already'), deed: { kind: 'deactivated' } };
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
  now: Extract<Sighting, { kind: 'seen' }>,
): Promise<Done<Suspended>> {
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
async function suspendUnseen(
  tools: StepTools,
  input: SuspendRequest,
  retried: boolean,
): Promise<Done<Suspended>> {
  try {
    tools.take(await tools.okta.suspendUser(input.user, { signal: tools.signal }));
    return suspendedByUs();
  } catch (error) {
    if (!(error instanceof OktaError) || error.code !== 'OKTA_WRONG_STATUS') throw error;
    throw parked(
      problem(
        'OUTCOME_UNKNOWN',
        retried
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
): Promise<Done<Suspended>> {
  try {
    tools.take(await tools.okta.suspendUser(input.user, { signal: tools.signal }));
    return suspendedByUs();
  } catch (error) {
    if (!(error instanceof OktaError) || error.code !== 'OKTA_WRONG_STATUS') throw error;
    const now = await look(tools, input.user);
    if (now.kind !== 'seen') throw error;
    if (now.status === 'SUSPENDED' || now.status === 'DEPROVISIONED') return satisfied(input, now);
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
): Promise<Done<Suspended>> {
  try {
    tools.take(await tools.okta.unlockUser(input.user, { signal: tools.signal }));
  } catch (error) {
    if (!(error instanceof OktaError) || error.code !== 'OKTA_FORBIDDEN') throw error;
    if (otherwise === 'deactivate') return deactivateInstead(tools, input, 'LOCKED_OUT');
    throw parked(
      problem('STATUS_UNSUPPORTED', 'The account is locked out, and the role may not unlock it.'),
      error,
    );
  }
  return suspend(tools, input, otherwise);
}

/** A STAGED account has no access yet: where it may not be deactivated, leaving it is safe. */
async function deactivateInstead(
  tools: StepTools,
  input: SuspendRequest,
  status: string,
): Promise<Done<Suspended>> {
  try {
    await deactivate(tools, input.user);
  } catch (error) {
    if (!(error instanceof OktaError) || error.code !== 'OKTA_FORBIDDEN') throw error;
    if (status === 'STAGED') {
      return {
        value: { result: 'left', ours: false },
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
    value: { result: 'deactivated', ours: false },
    detail: `Deactivated, since an account that is ${status} cannot be suspended`,
    action: 'user.deactivated',
  };
}

/** Already as wished: by an attempt of ours whose answer was lost, or by somebody else. */
function satisfied(
  input: SuspendRequest,
  now: Extract<Sighting, { kind: 'seen' }>,
): Done<Suspended> {
  if (input.before.kind === 'seen' && isOurSuspension(now, input.before)) return suspendedByUs();
  return {
    value: { result: 'left', ours: false },
    status: 'skipped',
    detail: `${now.status} already`,
  };
}

function suspendedByUs(): Done<Suspended> {
  return {
    value: { result: 'suspended', ours: true },
    detail: 'Suspended',
    action: 'user.suspended',
  };
}

/**
 * An attempt may do the deed and die before it can say so; the next one finds it done. The ledger gets
 * the deed, and that it was found.
 */
const FOUND_SO = ', found so after an attempt that never reported';

function givenBack(status: string, how = ''): Done<undefined> {
  return {
    value: undefined,
    detail: `Access is back (${status})${how}`,
    action: 'user.unsuspended',
    deed: { kind: 'given-back' },
  };
}

function deactivated(how: string): Done<undefined> {
  return {
    value: undefined,
    detail: `Deactivated${how}`,
    action: 'user.deactivated',
    deed: { kind: 'deactivated' },
  };
}

function left(detail: string): Done<undefined> {
  return { value: undefined, status: 'skipped', detail };
}

/** Okta answers 404 where the account is deactivated already; both roads lead to the desired state. */
async function deactivate({ okta, signal, take }: StepTools, user: string): Promise<void> {
  try {
    take(await okta.deactivateUser(user, { signal }));
  } catch (error) {
    if (!(error instanceof OktaError) || error.code !== 'OKTA_NOT_FOUND') throw error;
    const now = await look({ okta, signal, take, mayHaveHappened: true }, user);
    if (now.kind === 'seen' && now.status !== 'DEPROVISIONED') throw error;
  }
}

function gone(): Error {
  return parked(
    problem('UNDO_INCOMPLETE', 'The account is deactivated by now, which cannot be taken back.'),
  );
}

function notFound(): Error {
  return parked(problem('PERSON_NOT_FOUND', 'The account has disappeared from Okta meanwhile.'));
}
