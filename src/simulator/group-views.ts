/**
 * Groups and group rules in Okta's wire form, as recorded from live orgs. A group never has a
 * `self` link; a rule has no links at all.
 */
import type { Group, GroupRule } from './entities.js';

export function groupView(group: Group, origin: string): Record<string, unknown> {
  const self = `${origin}/api/v1/groups/${group.id}`;
  const logo = (size: 'medium' | 'large'): Record<string, string> => ({
    name: size,
    href: `${origin}/assets/img/logos/groups/odyssey/okta-${size}.png`,
    type: 'image/png',
  });
  const { name, description, ...custom } = group.profile;
  return {
    id: group.id,
    created: group.created,
    lastUpdated: group.lastUpdated,
    lastMembershipUpdated: group.lastMembershipUpdated,
    objectClass: [group.type === 'APP_GROUP' ? 'okta:windows_security_principal' : OKTA_CLASS],
    type: group.type,
    profile: { name, description: description ?? null, ...custom },
    _links: {
      logo: [logo('medium'), logo('large')],
      users: { href: `${self}/users` },
      apps: { href: `${self}/apps` },
    },
  };
}

export function ruleView(rule: GroupRule): Record<string, unknown> {
  return {
    type: 'group_rule',
    id: rule.id,
    status: rule.status,
    name: rule.name,
    created: rule.created,
    lastUpdated: rule.lastUpdated,
    conditions: {
      people: { users: { exclude: rule.excludedUsers }, groups: { exclude: [] } },
      expression: { value: rule.expression, type: 'urn:okta:expression:1.0' },
    },
    actions: { assignUserToGroups: { groupIds: rule.groupIds } },
  };
}

const OKTA_CLASS = 'okta:user_group';
