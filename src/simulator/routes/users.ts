/**
 * `/api/v1/users`: create, read, update, delete. Lists are in `user-lists.ts`, lifecycle
 * operations in `lifecycle.ts`.
 */
import { z } from 'zod';
import {
  type Answer,
  type ApiRoute,
  type AuthorizedCall,
  flag,
  jsonBody,
  noContent,
  ok,
  param,
} from '../call.js';
import { DIRECT, type Profile, type User } from '../entities.js';
import { activated } from '../lifecycle.js';
import {
  etagMalformed,
  etagMismatch,
  expireNeedsActivation,
  expireNeedsPassword,
  notFound,
  statusForbids,
  tooManyGroupTargets,
  validationFailed,
} from '../okta-error.js';
import { demand } from '../permissions.js';
import { LOGIN_TAKEN, profileProblem, withoutNulls } from '../profile.js';
import {
  newUser,
  withPassword,
  withProfile,
  withStatus,
  withoutSessions,
} from '../user-changes.js';
import { userEtag, userView } from '../user-views.js';
import { userToChange, userToRead } from './find.js';

const MAX_GROUP_TARGETS = 20;

const profileBody = z.record(z.string(), z.unknown());
const credentialsBody = z.looseObject({
  password: z.union([z.string(), z.record(z.string(), z.unknown())]).optional(),
  recovery_question: z.looseObject({ question: z.string() }).optional(),
});
const updateBody = z.strictObject({
  profile: profileBody.optional(),
  credentials: credentialsBody.optional(),
  type: z.looseObject({}).optional(),
  realmId: z.string().optional(),
});
const createBody = updateBody.extend({ groupIds: z.array(z.string()).optional() });

const manage = { scope: 'okta.users.manage' };

export const userRoutes: readonly ApiRoute[] = [
  { method: 'POST', path: '/api/v1/users', bucket: 'A', ...manage, handle: create },
  { method: 'GET', path: '/api/v1/users/:id', bucket: 'B', scope: 'okta.users.read', handle: read },
  { method: 'POST', path: '/api/v1/users/:id', bucket: 'C', ...manage, handle: amend },
  { method: 'PUT', path: '/api/v1/users/:id', bucket: 'C', ...manage, handle: replace },
  { method: 'DELETE', path: '/api/v1/users/:id', bucket: 'C', ...manage, handle: remove },
  {
    method: 'DELETE',
    path: '/api/v1/users/:id/sessions',
    bucket: 'A',
    ...manage,
    handle: endSessions,
  },
];

function create(call: AuthorizedCall): Answer {
  const { org, access } = call;
  demand(access.has('okta.users.create'));
  const { profile = {}, credentials, groupIds = [] } = jsonBody(call, createBody);
  const activate = flag(call, 'activate', true);
  const password = credentials?.password;
  const hasPassword = password !== undefined;
  const hasImportedPassword = typeof password === 'object' && 'hash' in password;
  demand(access.mayCreateIn(groupIds));
  demand(
    !activate ||
      org.settings.createActivateWithoutPermission ||
      access.has('okta.users.lifecycle.activate'),
  );
  const expire = call.query.get('nextLogin') === 'changePassword';
  if (expire && !hasPassword) throw expireNeedsPassword();
  if (expire && !activate) throw expireNeedsActivation();
  judgeProfile(call, profile, 'newUser');
  if (groupIds.length > MAX_GROUP_TARGETS) throw tooManyGroupTargets();
  const groups = groupIds.map((id) => {
    const group = org.state.get('group', id);
    if (group === undefined) throw notFound(id, 'UserGroup');
    demand(group.type === 'OKTA_GROUP');
    return [id, DIRECT] as const;
  });
  const activeStatus = expire ? 'PASSWORD_EXPIRED' : activated({ hasPassword });
  const user = newUser(
    {
      id: org.ids.next('00u'),
      status: activate ? activeStatus : 'STAGED',
      profile: withoutNulls(profile),
      hasPassword,
      hasImportedPassword,
      recoveryQuestion: credentials?.recovery_question?.question,
      groups: Object.fromEntries(groups),
    },
    org.moment(),
  );
  return ok(view(call, org.saveUser(user)));
}

function read(call: AuthorizedCall): Answer {
  const user = userToRead(call, 'lagging');
  return { status: 200, body: view(call, user), headers: { etag: userEtag(user) } };
}

function amend(call: AuthorizedCall): Answer {
  return update(call, (user, profile) => ({ ...user.profile, ...profile }));
}

function replace(call: AuthorizedCall): Answer {
  return update(call, (_user, profile) => profile);
}

function update(call: AuthorizedCall, combine: (user: User, profile: Profile) => Profile): Answer {
  const user = userToChange(call, 'okta.users.userprofile.manage');
  const { profile = {}, credentials } = jsonBody(call, updateBody);
  judgeIfMatch(call, user);
  if (user.status === 'DEPROVISIONED') throw statusForbids();
  const next = withoutNulls(combine(user, profile));
  judgeProfile(call, next, 'user', user.id);
  const at = call.org.moment();
  const renamed = withProfile(user, next, at);
  const changed = credentials?.password === undefined ? renamed : withPassword(renamed, at);
  return ok(view(call, changed === user ? user : call.org.saveUser(changed)));
}

/** The first DELETE deactivates, the second one deletes; both say 204. */
function remove(call: AuthorizedCall): Answer {
  const { org } = call;
  const known = org.state.user(param(call, 'id'));
  if (known?.status !== 'DEPROVISIONED') {
    const user = userToChange(call, 'okta.users.lifecycle.deactivate');
    org.saveUser(withStatus(user, 'DEPROVISIONED', org.moment()));
    return noContent;
  }
  const user = userToChange(call, 'okta.users.lifecycle.delete');
  org.state.commit({ kind: 'user', id: user.id, value: null });
  return noContent;
}

function endSessions(call: AuthorizedCall): Answer {
  const user = userToChange(call, 'okta.users.lifecycle.clearSessions');
  const tokensToo = flag(call, 'oauthTokens', false);
  call.org.saveUser(withoutSessions(user, tokensToo, call.org.moment()));
  return noContent;
}

function judgeProfile(
  { org }: AuthorizedCall,
  profile: Profile,
  what: string,
  ownId?: string,
): void {
  const problem = profileProblem(profile, what, org.settings.customAttributes);
  if (problem !== undefined) throw problem;
  const holder = org.state.user(String(profile['login']));
  if (holder !== undefined && holder.id !== ownId) {
    throw validationFailed('login', [LOGIN_TAKEN]);
  }
}

function judgeIfMatch({ headers }: AuthorizedCall, user: User): void {
  const wanted = headers['if-match'];
  if (wanted === undefined || wanted === '*') return;
  if (!/^(W\/)?"[^"]*"$/.test(wanted)) throw etagMalformed();
  if (wanted !== userEtag(user)) throw etagMismatch();
}

function view({ origin, org }: AuthorizedCall, user: User): Record<string, unknown> {
  return userView(user, { origin, org: org.state.org });
}
