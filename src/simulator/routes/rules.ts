/**
 * `/api/v1/groups/rules`. Rules are created INACTIVE; here they are applied at once, at Okta some
 * time after.
 */
import { z } from 'zod';
import {
  type Answer,
  type ApiRoute,
  type AuthorizedCall,
  jsonBody,
  noContent,
  ok,
  param,
} from '../call.js';
import type { GroupRule } from '../entities.js';
import { parseCondition } from '../group-rule.js';
import { ruleView } from '../group-views.js';
import { notFound, validationFailed } from '../okta-error.js';
import { page } from '../paging.js';
import { demand } from '../permissions.js';
import { newRule } from '../seed.js';

const PAGE = { defaultLimit: 50, maxLimit: 200 };

const excluded = z.looseObject({ exclude: z.array(z.string()).default([]) });

const ruleBody = z.looseObject({
  type: z.literal('group_rule').optional(),
  name: z.string().min(1).max(50),
  conditions: z.looseObject({
    people: z.looseObject({ users: excluded.optional() }).optional(),
    expression: z.looseObject({ value: z.string() }),
  }),
  actions: z.looseObject({
    assignUserToGroups: z.looseObject({ groupIds: z.array(z.string()).min(1).max(100) }),
  }),
});

const RULES = '/api/v1/groups/rules';
const read = { bucket: 'D', scope: 'okta.groups.read' } as const;
const manage = { bucket: 'D', scope: 'okta.groups.manage' } as const;

export const ruleRoutes: readonly ApiRoute[] = [
  { method: 'GET', path: RULES, ...read, handle: list },
  { method: 'POST', path: RULES, ...manage, handle: create },
  { method: 'GET', path: `${RULES}/:id`, ...read, handle: (call) => ok(ruleView(find(call))) },
  { method: 'DELETE', path: `${RULES}/:id`, ...manage, handle: remove },
  {
    method: 'POST',
    path: `${RULES}/:id/lifecycle/activate`,
    ...manage,
    handle: (call) => setStatus(call, 'ACTIVE'),
  },
  {
    method: 'POST',
    path: `${RULES}/:id/lifecycle/deactivate`,
    ...manage,
    handle: (call) => setStatus(call, 'INACTIVE'),
  },
];

function list(call: AuthorizedCall): Answer {
  demand(call.access.overRules);
  return page(call, call.org.state.all('rule'), PAGE, ruleView);
}

function create(call: AuthorizedCall): Answer {
  const { org } = call;
  demand(call.access.overRules);
  const { name, conditions, actions } = jsonBody(call, ruleBody);
  const expression = conditions.expression.value;
  if (parseCondition(expression) === undefined) {
    throw validationFailed('validateRule', [
      'conditions.expression.value: Invalid expression.',
      `Invalid expression: ${expression}`,
    ]);
  }
  const { groupIds } = actions.assignUserToGroups;
  for (const id of groupIds) {
    const group = org.state.get('group', id);
    if (group === undefined) throw notFound(id, 'UserGroup');
    demand(group.type === 'OKTA_GROUP');
  }
  const excludedUsers = conditions.people?.users?.exclude ?? [];
  const rule = newRule(org.ids, { name, expression, groupIds, excludedUsers }, org.moment());
  org.state.commit({ kind: 'rule', id: rule.id, value: rule });
  return ok(ruleView(rule));
}

function setStatus(call: AuthorizedCall, status: 'ACTIVE' | 'INACTIVE'): Answer {
  const { org } = call;
  const rule: GroupRule = { ...find(call), status, lastUpdated: org.moment().stamp };
  org.state.commit({ kind: 'rule', id: rule.id, value: rule });
  org.applyRules();
  return noContent;
}

function remove(call: AuthorizedCall): Answer {
  const rule = find(call);
  call.org.state.commit({ kind: 'rule', id: rule.id, value: null });
  return { status: 202, body: {} };
}

function find(call: AuthorizedCall): GroupRule {
  demand(call.access.overRules);
  const rule = call.org.state.get('rule', param(call, 'id'));
  if (rule === undefined) throw notFound(param(call, 'id'), 'PolicyRule');
  return rule;
}
