/**
 * `/api/v1/groups`: groups and their members. Only groups of type OKTA_GROUP can be written to.
 */
import { z } from 'zod';
import {
  type Answer,
  type ApiRoute,
  type AuthorizedCall,
  jsonBody,
  noContent,
  ok,
} from '../call.js';
import { DIRECT, type Group, type GroupRule } from '../entities.js';
import { type Expression, comparisons, fits, parseExpression } from '../expression.js';
import { ruleFits } from '../group-rule.js';
import { groupView } from '../group-views.js';
import {
  invalidFilter,
  invalidSearch,
  searchWithFilter,
  statusForbids,
  validationFailed,
} from '../okta-error.js';
import { firstMatches, page } from '../paging.js';
import { canSeeGroup, demand } from '../permissions.js';
import { newGroup } from '../seed.js';
import type { Put } from '../state.js';
import { withGroups } from '../user-changes.js';
import { listedUserView } from '../user-views.js';
import { groupFor, userToChange } from './find.js';

const PAGE = { defaultLimit: 10_000, maxLimit: 10_000 };
const MEMBERS_PAGE = { defaultLimit: 1000, maxLimit: 1000 };
const DEFAULT_Q_LIMIT = 300;

const FILTERABLE = ['id', 'type', 'lastUpdated', 'lastMembershipUpdated'];

const groupBody = z.strictObject({
  profile: z.looseObject({ name: z.string().optional(), description: z.string().nullish() }),
});

const read = { scope: 'okta.groups.read' };
const manage = { scope: 'okta.groups.manage' };
const MEMBER = '/api/v1/groups/:gid/users/:uid';

export const groupRoutes: readonly ApiRoute[] = [
  { method: 'GET', path: '/api/v1/groups', bucket: 'D', ...read, handle: list },
  { method: 'POST', path: '/api/v1/groups', bucket: 'D', ...manage, handle: create },
  { method: 'GET', path: '/api/v1/groups/:gid', bucket: 'E', ...read, handle: readOne },
  { method: 'PUT', path: '/api/v1/groups/:gid', bucket: 'E', ...manage, handle: rename },
  { method: 'DELETE', path: '/api/v1/groups/:gid', bucket: 'E', ...manage, handle: remove },
  { method: 'GET', path: '/api/v1/groups/:gid/users', bucket: 'D', ...read, handle: members },
  // Applications are not simulated, so no group has any.
  {
    method: 'GET',
    path: '/api/v1/groups/:gid/apps',
    bucket: 'D',
    ...read,
    handle: (call) => {
      groupFor(call, 'okta.groups.read');
      return ok([]);
    },
  },
  { method: 'PUT', path: MEMBER, bucket: 'D', ...manage, handle: addMember },
  { method: 'DELETE', path: MEMBER, bucket: 'D', ...manage, handle: removeMember },
];

function list(call: AuthorizedCall): Answer {
  const { org, access, origin, query } = call;
  const view = (group: Group): unknown => groupView(group, origin);
  const visible = org.state.all('group').filter((group) => canSeeGroup(access, group));
  const [search, filter, q] = [query.get('search'), query.get('filter'), query.get('q')];
  if (search !== null && filter !== null) throw searchWithFilter();
  if (q !== null) {
    const wanted = q.toLowerCase();
    const found = visible.filter((group) => nameOf(group).toLowerCase().startsWith(wanted));
    return firstMatches(call, found, DEFAULT_Q_LIMIT, view);
  }
  const expression = search ?? filter;
  if (expression === null) return page(call, visible, PAGE, view);
  const parsed = search === null ? parseFilter(expression) : parseSearch(expression);
  const found = visible.filter((group) => groupFits(group, parsed, search !== null));
  return page(call, found, PAGE, view);
}

function create(call: AuthorizedCall): Answer {
  const { org } = call;
  demand(call.access.has('okta.groups.create'));
  const { profile } = jsonBody(call, groupBody);
  const name = judgeName(call, profile.name);
  const at = org.moment();
  const group = { ...newGroup(org.ids, name, 'OKTA_GROUP', at), profile: { ...profile, name } };
  org.state.commit({ kind: 'group', id: group.id, value: group });
  return ok(groupView(group, call.origin));
}

function readOne(call: AuthorizedCall): Answer {
  return ok(groupView(groupFor(call, 'okta.groups.read'), call.origin));
}

function rename(call: AuthorizedCall): Answer {
  const group = groupFor(call, 'okta.groups.manage');
  const { profile } = jsonBody(call, groupBody);
  demand(group.type === 'OKTA_GROUP');
  const name = judgeName(call, profile.name, group.id);
  const value: Group = {
    ...group,
    profile: { ...profile, name },
    lastUpdated: call.org.moment().stamp,
  };
  call.org.state.commit({ kind: 'group', id: group.id, value });
  return ok(groupView(value, call.origin));
}

/** Takes the members out, and leaves the rules that fill the group INVALID. */
function remove(call: AuthorizedCall): Answer {
  const { state } = call.org;
  const group = groupFor(call, 'okta.groups.manage');
  demand(group.type === 'OKTA_GROUP');
  const at = call.org.moment();
  const emptied = state.members(group).map((user): Put => {
    const { [group.id]: _, ...groups } = user.groups;
    return { kind: 'user', id: user.id, value: withGroups(user, groups, at) };
  });
  const broken = rulesBehind(state.all('rule'), group.id).map((rule): Put => ({
    kind: 'rule',
    id: rule.id,
    value: { ...rule, status: 'INVALID' },
  }));
  state.commit({ kind: 'group', id: group.id, value: null }, ...emptied, ...broken);
  return noContent;
}

/** Members show to whoever may read the group; `okta.users.read` is not asked for. */
function members(call: AuthorizedCall): Answer {
  const { org, origin } = call;
  const group = groupFor(call, 'okta.groups.read');
  return page(call, org.state.members(group, 'lagging'), MEMBERS_PAGE, (user) =>
    listedUserView(user, { origin, org: org.state.org }),
  );
}

/** Putting a member in again is fine, and makes a membership that a rule made one by hand. */
function addMember(call: AuthorizedCall): Answer {
  const { org } = call;
  const group = groupFor(call, 'okta.groups.members.manage');
  const user = userToChange(call, 'okta.users.groupMembership.manage', 'uid');
  demand(group.type === 'OKTA_GROUP');
  if (user.status === 'DEPROVISIONED') throw statusForbids();
  if (user.groups[group.id] === DIRECT) return noContent;
  org.saveUser(withGroups(user, { ...user.groups, [group.id]: DIRECT }, org.moment()));
  return noContent;
}

/** Taking out somebody whom a rule put in excludes the person from that rule. */
function removeMember(call: AuthorizedCall): Answer {
  const { org } = call;
  const group = groupFor(call, 'okta.groups.members.manage');
  const user = userToChange(call, 'okta.users.groupMembership.manage', 'uid');
  demand(group.type === 'OKTA_GROUP');
  if (!(group.id in user.groups)) return noContent;
  const excluding = rulesBehind(org.state.rulesInForce(), group.id)
    .filter((rule) => ruleFits(rule, user))
    .map((rule) => ({ ...rule, excludedUsers: [...rule.excludedUsers, user.id] }));
  const { [group.id]: _, ...groups } = user.groups;
  org.saveUser(withGroups(user, groups, org.moment()), excluding);
  return noContent;
}

function rulesBehind(rules: readonly GroupRule[], groupId: string): GroupRule[] {
  return rules.filter(({ groupIds }) => groupIds.includes(groupId));
}

function judgeName(call: AuthorizedCall, name: string | undefined, ownId?: string): string {
  if (name === undefined || name.trim() === '') {
    throw validationFailed('name', ['name: The field cannot be left blank']);
  }
  const taken = call.org.state
    .all('group')
    .some((group) => group.type !== 'APP_GROUP' && nameOf(group) === name && group.id !== ownId);
  if (taken) {
    throw validationFailed('name', [
      'name: An object with this field already exists in the current organization',
    ]);
  }
  return name;
}

function parseFilter(text: string): Expression {
  const expression = parseExpression(text);
  const allowed =
    expression !== undefined &&
    comparisons(expression).every(({ attribute }) => FILTERABLE.includes(attribute));
  if (!allowed) throw invalidFilter();
  return expression;
}

function parseSearch(text: string): Expression {
  const expression = parseExpression(text);
  const allowed =
    expression !== undefined &&
    comparisons(expression).every(
      ({ attribute, operator }) =>
        operator !== 'co' || attribute === 'profile.name' || attribute === 'profile.description',
    );
  if (!allowed) throw invalidSearch();
  return expression;
}

function groupFits(group: Group, expression: Expression, ignoreCase: boolean): boolean {
  return fits(
    expression,
    (name) =>
      name.startsWith('profile.')
        ? group.profile[name.slice('profile.'.length)]
        : ATTRIBUTES[name]?.(group),
    ignoreCase,
  );
}

const ATTRIBUTES: Readonly<Record<string, (group: Group) => unknown>> = {
  id: ({ id }) => id,
  type: ({ type }) => type,
  created: ({ created }) => created,
  lastUpdated: ({ lastUpdated }) => lastUpdated,
  lastMembershipUpdated: ({ lastMembershipUpdated }) => lastMembershipUpdated,
};

const nameOf = (group: Group): string => String(group.profile['name']);
