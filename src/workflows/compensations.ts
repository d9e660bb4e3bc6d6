// How each effect is taken back, as the undo plan names it. The saga retries and parks.
import { accountOf } from '../domain/effects.js';
import type { RunRef } from '../domain/run.js';
import type { Undo } from '../domain/undo-plan.js';
import { okta } from './activities.js';
import type { Saga } from './saga.js';

type FindAccount = Extract<Undo, { kind: 'find-account' }>;

/** @param findAccount looks for the account that a create may have made; records what it found */
export function compensations(
  run: RunRef,
  login: string,
  findAccount: (saga: Saga, undo: FindAccount) => Promise<unknown>,
) {
  return async (saga: Saga, undo: Undo): Promise<unknown> => {
    const user = accountOf(saga.journal());
    switch (undo.kind) {
      case 'unsuspend': {
        const { before, suspendedAt } = undo;
        const unlocked = saga.journal().access?.unlocked === true;
        return saga.step(() =>
          okta.unsuspendUser.executeWithOptions({ summary: 'Undo: give access back' }, [
            { run, user: user ?? login, before, suspendedAt, unlocked },
          ]),
        );
      }
      case 'find-account':
        return findAccount(saga, undo);
      case 'suspend':
        return suspendCreated(saga, run, undo);
      case 'add-to-groups':
      case 'remove-from-groups': {
        const isBack = undo.kind === 'add-to-groups';
        const activity = isBack ? okta.assignGroups : okta.removeFromGroup;
        return saga.inSlices(undo.groupIds, null, (groupIds) =>
          activity.executeWithOptions(
            { summary: `Undo: ${isBack ? 'back into' : 'out of'} ${groupIds.length} group(s)` },
            [{ run, oktaUserId: undo.oktaUserId, groupIds }],
          ),
        );
      }
      case 'restore-profile': {
        const { oktaUserId, before } = undo;
        return saga.step(() =>
          okta.changeProfile.executeWithOptions({ summary: 'Undo: attributes as before' }, [
            { run, oktaUserId, before: {}, after: before, isUndo: true },
          ]),
        );
      }
    }
  };
}

/** An account that cannot be suspended is deactivated where the role allows; one that is gone needs nothing. */
async function suspendCreated(
  saga: Saga,
  run: RunRef,
  { oktaUserId, status }: Extract<Undo, { kind: 'suspend' }>,
): Promise<void> {
  const seen = await saga.step(() =>
    okta.readUser.executeWithOptions({ summary: `Look up ${oktaUserId}` }, [
      { run, user: { oktaUserId, login: oktaUserId }, intends: null, claims: 'no' },
    ]),
  );
  if (seen.kind === 'absent') {
    const access = { result: 'left', ours: false, unlocked: false, at: seen.at } as const;
    saga.record({ kind: 'suspend', stage: 'done', access });
    return;
  }
  // Where the role may not look, the create's own answer says what stands there.
  const before =
    seen.kind === 'seen'
      ? { status: seen.status, statusChanged: seen.statusChanged, at: seen.at }
      : { status, statusChanged: null, at: seen.kind === 'unreadable' ? seen.at : '' };
  await saga.step(() =>
    okta.suspendUser.executeWithOptions({ summary: 'Undo: take access away' }, [
      {
        run,
        user: oktaUserId,
        before: { kind: 'seen', oktaUserId, ...before },
        otherwise: 'deactivate',
        mayHaveHappened: false,
      },
    ]),
  );
}
