/**
 * Group rules: conditions such as `user.department=="Sales"`, joined by `and`/`&&` or by
 * `or`/`||`, and what they make of a user's memberships. A small part of Okta's expression
 * language. Pure.
 */
import type { GroupRule, Profile, User } from './entities.js';

type Condition = (profile: Profile) => boolean;

const TERM = /^\s*user\.([A-Za-z_][A-Za-z0-9_]*)\s*(==|!=)\s*"([^"]*)"\s*$/;

/** The condition that `expression` spells, or undefined if it is beyond us. */
export function parseCondition(expression: string): Condition | undefined {
  const alternatives = expression.split(/\s*\|\|\s*|\s+or\s+/i);
  const parsed = alternatives.map((alternative) =>
    alternative.split(/\s*&&\s*|\s+and\s+/i).map(parseTerm),
  );
  const conjunctions: Condition[][] = [];
  for (const terms of parsed) {
    if (!terms.every((term) => term !== undefined)) return undefined;
    conjunctions.push(terms);
  }
  return (profile) => conjunctions.some((terms) => terms.every((term) => term(profile)));
}

function parseTerm(text: string): Condition | undefined {
  const [, attribute = '', operator, value] = TERM.exec(text) ?? [];
  if (operator === undefined) return undefined;
  return (profile) => (profile[attribute] === value) === (operator === '==');
}

/**
 * The memberships that a user has once `rules` have been applied. Memberships by hand stay; those
 * that a rule made go when the rule no longer fits. Deactivated users are left alone.
 */
export function membershipsUnder(rules: readonly GroupRule[], user: User): User['groups'] {
  if (user.status === 'DEPROVISIONED') return user.groups;
  const fitting = rules.filter((rule) => ruleFits(rule, user));
  const broken = new Set(rules.filter((rule) => !fitting.includes(rule)).map(({ id }) => id));
  const kept = Object.entries(user.groups).filter(([, source]) => !broken.has(source));
  const made = fitting.flatMap((rule) => rule.groupIds.map((group) => [group, rule.id] as const));
  return Object.fromEntries([...made, ...kept]);
}

/** Whether a rule puts `user` into its groups. */
export function ruleFits({ excludedUsers, expression }: GroupRule, user: User): boolean {
  return !excludedUsers.includes(user.id) && parseCondition(expression)?.(user.profile) === true;
}
