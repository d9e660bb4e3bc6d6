/**
 * `POST /api/v1/users/{id}/lifecycle/{op}`: who may, what happens, what is answered. Which
 * operation is legal when is decided in `../lifecycle.ts`.
 */
import { type Answer, type ApiRoute, type AuthorizedCall, flag, ok } from '../call.js';
import type { User } from '../entities.js';
import { random } from '../ids.js';
import { LIFECYCLE_OPS, type LifecycleOp, rule } from '../lifecycle.js';
import { OktaError } from '../okta-error.js';
import type { Permission } from '../permissions.js';
import { withStatus } from '../user-changes.js';
import { userView } from '../user-views.js';
import { userToChange } from './find.js';

const PERMISSIONS: Readonly<Record<LifecycleOp, Permission>> = {
  activate: 'okta.users.lifecycle.activate',
  reactivate: 'okta.users.lifecycle.activate',
  suspend: 'okta.users.lifecycle.suspend',
  unsuspend: 'okta.users.lifecycle.unsuspend',
  deactivate: 'okta.users.lifecycle.deactivate',
  unlock: 'okta.users.lifecycle.unlock',
  expire_password: 'okta.users.credentials.expirePassword',
  expire_password_with_temp_password: 'okta.users.credentials.expirePassword',
  reset_password: 'okta.users.credentials.resetPassword',
  reset_factors: 'okta.users.credentials.resetFactors',
};

export const lifecycleRoutes: readonly ApiRoute[] = LIFECYCLE_OPS.map((op) => ({
  method: 'POST',
  path: `/api/v1/users/:id/lifecycle/${op}`,
  bucket: 'A',
  scope: 'okta.users.manage',
  handle: (call) => operate(call, op),
}));

function operate(call: AuthorizedCall, op: LifecycleOp): Answer {
  const user = userToChange(call, PERMISSIONS[op]);
  const next = rule(op, user, call.org.settings);
  if (next instanceof OktaError) throw next;
  const after =
    next === user.status ? user : call.org.saveUser(withStatus(user, next, call.org.moment()));
  return ok(answerBody(call, op, after));
}

function answerBody(call: AuthorizedCall, op: LifecycleOp, user: User): unknown {
  const { origin, org } = call;
  switch (op) {
    case 'activate':
      return flag(call, 'sendEmail', true) ? {} : activation(origin, user);
    case 'reactivate':
      return flag(call, 'sendEmail', false) ? {} : activation(origin, user);
    case 'expire_password':
      return userView(user, { origin, org: org.state.org });
    case 'expire_password_with_temp_password':
      return { tempPassword: random(8) };
    case 'reset_password':
      return flag(call, 'sendEmail', true)
        ? {}
        : { resetPasswordUrl: `${origin}/signin/reset-password/${random(20)}` };
    default:
      return {};
  }
}

/** For the caller to hand to the person. Nothing here takes the token. */
function activation(origin: string, user: User): Record<string, string> {
  const activationToken = random(20);
  const path = user.hasPassword ? `tokens/${activationToken}/verify` : `welcome/${activationToken}`;
  return { activationUrl: `${origin}/${path}`, activationToken };
}
