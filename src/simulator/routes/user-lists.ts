/**
 * Lists of users and the groups of a user. Four modes that differ in freshness, in what they hide
 * and in paging: plain, `q`, `filter`, `search` (Okta's API reference, "List all users").
 */
import { type Answer, type ApiRoute, type AuthorizedCall, ok } from '../call.js';
import type { User } from '../entities.js';
import { comparisons, fits, parseExpression, type Expression } from '../expression.js';
import { groupView } from '../group-views.js';
import { invalidFilter, invalidSearch, searchWithFilter } from '../okta-error.js';
import { firstMatches, page } from '../paging.js';
import { listedUserView } from '../user-views.js';
import { userToRead } from './find.js';

const PAGE = { defaultLimit: 200, maxLimit: 200 };
const DEFAULT_Q_LIMIT = 10;

const FILTERABLE = [
  'id',
  'status',
  'lastUpdated',
  'profile.login',
  'profile.email',
  'profile.firstName',
  'profile.lastName',
];

const read = { method: 'GET', bucket: 'A', scope: 'okta.users.read' } as const;

export const userListRoutes: readonly ApiRoute[] = [
  { ...read, path: '/api/v1/users', handle: list },
  { ...read, path: '/api/v1/users/:id/groups', handle: groupsOfUser },
  // Applications are not simulated, so nobody has any.
  {
    ...read,
    path: '/api/v1/users/:id/appLinks',
    handle: (call) => {
      userToRead(call, 'now');
      return ok([]);
    },
  },
];

function list(call: AuthorizedCall): Answer {
  const { org, access, origin, query } = call;
  const view = (user: User): unknown => listedUserView(user, { origin, org: org.state.org });
  const visible = (users: readonly User[]): User[] =>
    users.filter((user) => access.overUser('okta.users.read', user));
  const [search, filter, q] = [query.get('search'), query.get('filter'), query.get('q')];
  if (search !== null && filter !== null) throw searchWithFilter();
  if (search !== null) {
    const expression = parseExpression(search);
    if (expression === undefined) throw invalidSearch();
    const found = org.state.users('lagging').filter((user) => userFits(user, expression, true));
    return page(call, visible(found), PAGE, view);
  }
  if (filter !== null) {
    const expression = parseFilter(filter);
    const found = org.state.users().filter((user) => userFits(user, expression, false));
    return page(call, visible(found), { ...PAGE, cursorPrefix: '2' }, view);
  }
  const current = visible(org.state.users()).filter(({ status }) => status !== 'DEPROVISIONED');
  if (q !== null) {
    const found = current.filter((user) => startsWith(user, q));
    return firstMatches(call, found, DEFAULT_Q_LIMIT, view);
  }
  return page(call, current, { ...PAGE, cursorPrefix: '2' }, view);
}

function groupsOfUser(call: AuthorizedCall): Answer {
  const user = userToRead(call, 'lagging');
  return page(call, call.org.state.groupsOf(user), PAGE, (group) => groupView(group, call.origin));
}

function parseFilter(text: string): Expression {
  const expression = parseExpression(text);
  const allowed =
    expression !== undefined &&
    comparisons(expression).every(
      ({ attribute, operator }) =>
        FILTERABLE.includes(attribute) &&
        (operator === 'eq' ||
          (attribute === 'lastUpdated' && ['gt', 'ge', 'lt', 'le'].includes(operator))),
    );
  if (!allowed) throw invalidFilter();
  return expression;
}

function userFits(user: User, expression: Expression, ignoreCase: boolean): boolean {
  return fits(
    expression,
    (name) =>
      name.startsWith('profile.')
        ? user.profile[name.slice('profile.'.length)]
        : ATTRIBUTES[name]?.(user),
    ignoreCase,
  );
}

const ATTRIBUTES: Readonly<Record<string, (user: User) => unknown>> = {
  id: ({ id }) => id,
  status: ({ status }) => status,
  created: ({ created }) => created,
  activated: (user) => user.activated,
  statusChanged: ({ statusChanged }) => statusChanged,
  lastUpdated: ({ lastUpdated }) => lastUpdated,
};

function startsWith({ profile }: User, q: string): boolean {
  return ['firstName', 'lastName', 'email'].some((name) => {
    const value = profile[name];
    return typeof value === 'string' && value.toLowerCase().startsWith(q.toLowerCase());
  });
}
