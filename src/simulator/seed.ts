/**
 * What a new org holds: `empty` has the group Everyone only, `demo` a small company to try
 * onboarding and offboarding on. No apps: whoever sets the org up brings the keys.
 */
import { DIRECT, type Group, type GroupRule, type GroupType, type User } from './entities.js';
import { membershipsUnder } from './group-rule.js';
import type { IdSource } from './ids.js';
import type { Put } from './state.js';
import { type Moment, newUser, withGroups } from './user-changes.js';

export const SEEDS = ['empty', 'demo'] as const;
export type Seed = (typeof SEEDS)[number];

const GROUPS = [
  'Engineering',
  'Sales',
  'Marketing',
  'Finance',
  'People Operations',
  'Customer Support',
  'IT Administrators',
  'Contractors',
  'Wiki Editors',
  'Source Code',
  'VPN Users',
  'Payroll Viewers',
  ...Array.from({ length: 24 }, (_, index) => `Team ${String(index + 1).padStart(2, '0')}`),
];

const PEOPLE = [
  ['Grace', 'Hopper', 'Engineering', 'New York', ['Engineering', 'Source Code', 'VPN Users']],
  ['Alan', 'Turing', 'Engineering', 'Berlin', ['Engineering', 'Source Code']],
  ['Katherine', 'Johnson', 'Finance', 'Berlin', ['Finance', 'Payroll Viewers']],
  ['Edsger', 'Dijkstra', 'People Operations', 'Amsterdam', ['People Operations', 'Wiki Editors']],
] as const;

/** The members of Everyone are all users; nobody is put into it. */
export function everyone(ids: IdSource, at: Moment): Group {
  return {
    ...newGroup(ids, 'Everyone', 'BUILT_IN', at, 'All users in your organization'),
    everyone: true,
  };
}

export function newGroup(
  ids: IdSource,
  name: string,
  type: GroupType,
  at: Moment,
  description?: string,
): Group {
  return {
    id: ids.next('00g'),
    type,
    created: at.stamp,
    lastUpdated: at.stamp,
    lastMembershipUpdated: at.stamp,
    profile: { name, ...(description === undefined ? {} : { description }) },
  };
}

export function newRule(
  ids: IdSource,
  facts: Pick<GroupRule, 'name' | 'expression' | 'groupIds'> & Partial<GroupRule>,
  at: Moment,
): GroupRule {
  return {
    id: ids.next('0pr'),
    status: 'INACTIVE',
    created: at.stamp,
    lastUpdated: at.stamp,
    excludedUsers: [],
    ...facts,
  };
}

export function seedPuts(seed: Seed, ids: IdSource, at: Moment): Put[] {
  const builtIn = everyone(ids, at);
  if (seed === 'empty') return [put.group(builtIn)];
  const groups = GROUPS.map((name) => newGroup(ids, name, 'OKTA_GROUP', at));
  const directory = newGroup(ids, 'Directory Staff', 'APP_GROUP', at, 'Imported from a directory');
  const office = newGroup(ids, 'Berlin Office', 'OKTA_GROUP', at, 'Filled by a group rule');
  const rule = newRule(
    ids,
    {
      name: 'Berlin Office',
      expression: 'user.city=="Berlin"',
      groupIds: [office.id],
      status: 'ACTIVE',
    },
    at,
  );
  const people = PEOPLE.map(([firstName, lastName, department, city, names]) => {
    const login = `${firstName}.${lastName}@example.com`.toLowerCase();
    const profile = { firstName, lastName, department, city, login, email: login };
    const memberOf = groups.filter(({ profile: { name } }) => names.some((each) => each === name));
    const user = newUser(
      {
        id: ids.next('00u'),
        status: 'ACTIVE',
        profile,
        hasPassword: true,
        groups: Object.fromEntries(memberOf.map(({ id }) => [id, DIRECT])),
        sessions: 1,
      },
      at,
    );
    return withGroups(user, membershipsUnder([rule], user), at);
  });
  return [
    ...[builtIn, ...groups, directory, office].map(put.group),
    { kind: 'rule', id: rule.id, value: rule },
    ...people.map(put.user),
  ];
}

const put = {
  group: (group: Group): Put => ({ kind: 'group', id: group.id, value: group }),
  user: (user: User): Put => ({ kind: 'user', id: user.id, value: user }),
};
