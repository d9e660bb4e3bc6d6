/**
 * Users in Okta's wire form: keys, their order, and the links that a status has, as recorded from
 * live orgs 2016 to 2026.
 */
import { createHash } from 'node:crypto';
import type { OrgRecord, User, UserStatus } from './entities.js';

interface Wire {
  readonly origin: string;
  readonly org: OrgRecord;
}

/** One user alone, with the lifecycle links. */
export function userView(user: User, { origin, org }: Wire): Record<string, unknown> {
  const self = `${origin}/api/v1/users/${user.id}`;
  const links: Record<string, unknown> = {};
  for (const [name, path, method] of LINKS[user.status]) {
    links[name] = { href: `${self}${path}`, method };
  }
  return {
    ...core(user, org),
    _links: {
      ...links,
      resetFactors: { href: `${self}/lifecycle/reset_factors`, method: 'POST' },
      schema: { href: `${origin}/api/v1/meta/schemas/user/${org.schemaId}` },
      self: { href: self },
      type: { href: `${origin}/api/v1/meta/types/user/${org.userTypeId}` },
    },
  };
}

/** One of many: only the `self` link. */
export function listedUserView(user: User, { origin, org }: Wire): Record<string, unknown> {
  return { ...core(user, org), _links: { self: { href: `${origin}/api/v1/users/${user.id}` } } };
}

/** The `etag` of GET /users/{id}. */
export function userEtag(user: User): string {
  const hash = createHash('sha256').update(`${user.id}/${user.version}`).digest('hex');
  return `W/"${hash.slice(0, 32)}"`;
}

function core(user: User, org: OrgRecord): Record<string, unknown> {
  const provider = user.hasImportedPassword === true ? 'IMPORT' : 'OKTA';
  const { firstName, lastName, mobilePhone, secondEmail, login, email, ...more } = user.profile;
  return {
    id: user.id,
    status: user.status,
    created: user.created,
    activated: user.activated,
    statusChanged: user.statusChanged,
    lastLogin: user.lastLogin,
    lastUpdated: user.lastUpdated,
    passwordChanged: user.passwordChanged,
    type: { id: org.userTypeId },
    profile: {
      firstName,
      lastName,
      mobilePhone: mobilePhone ?? null,
      secondEmail: secondEmail ?? null,
      ...more,
      login,
      email,
    },
    credentials: {
      ...(user.hasPassword ? { password: {} } : {}),
      ...(user.recoveryQuestion === undefined
        ? {}
        : { recovery_question: { question: user.recoveryQuestion } }),
      emails: [{ value: email, status: 'VERIFIED', type: 'PRIMARY' }],
      provider: { type: provider, name: provider },
    },
  };
}

type Link = readonly [name: string, path: string, method: 'POST' | 'DELETE'];

const lifecycle = (name: string, op: string): Link => [name, `/lifecycle/${op}`, 'POST'];
const credentials = (name: string, op: string): Link => [name, `/credentials/${op}`, 'POST'];

const suspend = lifecycle('suspend', 'suspend');
const deactivate = lifecycle('deactivate', 'deactivate');
const activate = lifecycle('activate', 'activate');
const resetPassword = lifecycle('resetPassword', 'reset_password');
const withPassword: readonly Link[] = [
  suspend,
  resetPassword,
  lifecycle('expirePassword', 'expire_password'),
  credentials('forgotPassword', 'forgot_password'),
  credentials('changeRecoveryQuestion', 'change_recovery_question'),
  deactivate,
  credentials('changePassword', 'change_password'),
];

const LINKS: Readonly<Record<UserStatus, readonly Link[]>> = {
  STAGED: [activate],
  PROVISIONED: [suspend, resetPassword, lifecycle('reactivate', 'reactivate'), deactivate],
  ACTIVE: withPassword,
  PASSWORD_EXPIRED: withPassword,
  SUSPENDED: [lifecycle('unsuspend', 'unsuspend'), deactivate],
  DEPROVISIONED: [activate, ['delete', '', 'DELETE']],
  // Never recorded; what their legal operations suggest.
  RECOVERY: [suspend, resetPassword, lifecycle('reactivate', 'reactivate'), deactivate],
  LOCKED_OUT: [lifecycle('unlock', 'unlock'), resetPassword, deactivate],
};
