/**
 * The control surface `/_sim`: what tests set up, switch and look into. Plain JSON, no
 * authentication, loopback only; bad input is answered 400 `{ "error": … }`.
 */
import express, { type ErrorRequestHandler, type RequestHandler, type Router } from 'express';
import { z } from 'zod';
import { DIRECT, GROUP_TYPES, type Group, USER_STATUSES, type User } from './entities.js';
import { appPatchSchema, appSchema, changedFacts, newApp } from './apps.js';
import { ControlError, notThere, read, taken } from './control-error.js';
import { faultSchema } from './faults.js';
import { parseCondition } from './group-rule.js';
import type { Org } from './org.js';
import { loginOf } from './profile.js';
import { SEEDS, newGroup, newRule } from './seed.js';
import { BUCKETS, orgSettingsPatchSchema, orgSettingsSchema } from './settings.js';
import { newUser, truthOf, withFirstSignIn, withGroups } from './user-changes.js';

/** Starts one more org beside this one and tells where. */
type AddOrg = (port: number | undefined) => Promise<{ origin: string }>;

export function controlSurface(org: Org, addOrg: AddOrg): Router {
  const router = express.Router();
  router.use(loopbackOnly, express.json({ type: () => true, limit: '50mb' }));

  router.post('/reset', async (req, res) => {
    const { seed } = read(z.strictObject({ seed: z.enum(SEEDS).default('empty') }), req.body);
    await org.reset(seed);
    res.json({ seed });
  });

  router
    .route('/org')
    .get((_req, res) => res.json(org.settings))
    .patch((req, res) => {
      const { rateLimits, ...patch } = read(orgSettingsPatchSchema, req.body);
      org.saveSettings(
        read(orgSettingsSchema, {
          ...org.settings,
          ...patch,
          rateLimits: { ...org.settings.rateLimits, ...rateLimits },
        }),
      );
      if (rateLimits !== undefined || patch.clockSkewSeconds !== undefined) {
        org.limiter.clearWindows();
      }
      res.json(org.settings);
    });

  router
    .route('/apps')
    .get((_req, res) => res.json(org.state.all('app')))
    .post(async (req, res) => {
      const app = await newApp(org.ids, read(appSchema, req.body));
      if (org.state.get('app', app.clientId) !== undefined) throw taken('clientId', app.clientId);
      org.state.commit({ kind: 'app', id: app.clientId, value: app });
      res.status(201).json(app);
    });
  router.patch('/apps/:clientId', async (req, res) => {
    const before = org.state.get('app', req.params.clientId);
    if (before === undefined) throw notThere('app', req.params.clientId);
    const patch = read(appPatchSchema, req.body);
    const app = await newApp(org.ids, read(appSchema, changedFacts(before, patch)));
    org.state.commit({ kind: 'app', id: app.clientId, value: app });
    res.json(app);
  });

  router
    .route('/users')
    .get((req, res) => {
      const { login } = read(z.object({ login: z.string().optional() }), req.query);
      const users = login === undefined ? org.state.users() : [org.state.user(login)];
      res.json(users.filter((user) => user !== undefined).map(truthOf));
    })
    .post((req, res) => res.status(201).json(truthOf(seedUser(org, read(userSchema, req.body)))));
  router.post('/users/:login/first-sign-in', (req, res) => {
    const user = org.state.user(req.params.login);
    if (user === undefined) throw notThere('user', req.params.login);
    if (user.status !== 'PROVISIONED') {
      throw new ControlError(409, `the user is ${user.status}, not PROVISIONED`);
    }
    res.json(truthOf(org.saveUser(withFirstSignIn(user, org.moment()))));
  });

  router
    .route('/groups')
    .get((_req, res) => res.json(org.state.all('group').map((group) => groupTruth(org, group))))
    .post((req, res) =>
      res.status(201).json(groupTruth(org, seedGroup(org, read(groupSchema, req.body)))),
    );

  router
    .route('/requests')
    .get((req, res) => {
      const { since } = read(z.object({ since: z.coerce.number().default(0) }), req.query);
      res.json(org.log.since(since));
    })
    .delete((_req, res) => {
      org.log.clear();
      res.status(204).end();
    });

  router
    .route('/faults')
    .get((_req, res) => res.json(org.faults.list()))
    .post((req, res) => {
      const fault = read(faultSchema, req.body);
      org.faults.add(fault);
      res.status(201).json(fault);
    })
    .delete((_req, res) => {
      org.faults.clear();
      res.status(204).end();
    });

  router
    .route('/consumers')
    .post((req, res) => {
      const consumer = read(consumerSchema, req.body);
      org.limiter.addConsumer(consumer);
      res.status(201).json(consumer);
    })
    .delete((_req, res) => {
      org.limiter.clearConsumers();
      res.status(204).end();
    });

  router.post('/orgs', async (req, res) => {
    const { port } = read(z.strictObject({ port: z.int().min(1).max(65535).optional() }), req.body);
    res.status(201).json(await addOrg(port));
  });

  router.use((req) => {
    throw new ControlError(404, `there is no ${req.method} /_sim${req.path}`);
  });
  router.use(answerError);
  return router;
}

const userSchema = z.strictObject({
  status: z.enum(USER_STATUSES).default('ACTIVE'),
  profile: z.looseObject({ login: z.string().min(1) }),
  groups: z.array(z.string()).default([]),
  sessions: z.int().min(0).default(0),
});

const groupSchema = z.strictObject({
  name: z.string().min(1),
  type: z.enum(GROUP_TYPES).default('OKTA_GROUP'),
  description: z.string().optional(),
  members: z.array(z.string()).default([]),
  rule: z
    .strictObject({
      expression: z.string(),
      status: z.enum(['ACTIVE', 'INACTIVE', 'INVALID']).default('ACTIVE'),
    })
    .optional(),
});

const consumerSchema = z.strictObject({ bucket: z.enum(BUCKETS), perMinute: z.number().min(0) });

/** Puts a user of any status in, past Okta's validation. */
function seedUser(org: Org, { profile, groups, ...facts }: z.infer<typeof userSchema>): User {
  if (org.state.user(profile.login) !== undefined) throw taken('login', profile.login);
  const unknown = groups.find((id) => org.state.get('group', id) === undefined);
  if (unknown !== undefined) throw notThere('group', unknown);
  const hasPassword = facts.status !== 'STAGED' && facts.status !== 'PROVISIONED';
  return org.saveUser(
    newUser(
      {
        ...facts,
        id: org.ids.next('00u'),
        profile,
        hasPassword,
        groups: Object.fromEntries(groups.map((id) => [id, DIRECT])),
      },
      org.moment(),
    ),
  );
}

function seedGroup(org: Org, facts: z.infer<typeof groupSchema>): Group {
  const members = facts.members.map((member) => {
    const user = org.state.user(member);
    if (user === undefined) throw notThere('user', member);
    return user;
  });
  const { rule } = facts;
  if (rule !== undefined && parseCondition(rule.expression) === undefined) {
    throw new ControlError(400, `rule.expression: cannot read ${rule.expression}`);
  }
  const at = org.moment();
  const group = newGroup(org.ids, facts.name, facts.type, at, facts.description);
  org.state.commit({ kind: 'group', id: group.id, value: group });
  for (const user of members) {
    org.saveUser(withGroups(user, { ...user.groups, [group.id]: DIRECT }, at));
  }
  if (rule !== undefined) {
    const value = newRule(org.ids, { name: facts.name, groupIds: [group.id], ...rule }, at);
    org.state.commit({ kind: 'rule', id: value.id, value });
    org.applyRules();
  }
  return group;
}

function groupTruth(org: Org, group: Group): Record<string, unknown> {
  const rule = org.state.all('rule').find(({ groupIds }) => groupIds.includes(group.id));
  return {
    id: group.id,
    name: group.profile['name'],
    type: group.type,
    members: org.state.members(group).map(({ id }) => id),
    logins: org.state.members(group).map(loginOf),
    ...(rule === undefined
      ? {}
      : {
          rule: {
            id: rule.id,
            expression: rule.expression,
            status: rule.status,
            exclusions: rule.excludedUsers,
          },
        }),
  };
}

/** A page in a browser must not reach this by a name that resolves to the loopback address. */
const loopbackOnly: RequestHandler = (req, _res, next) => {
  if (!/^(127\.0\.0\.1|localhost)(:\d+)?$/.test(req.headers.host ?? '')) {
    throw new ControlError(403, 'the control surface answers on the loopback address only');
  }
  next();
};

const answerError: ErrorRequestHandler = (error: unknown, _req, res, next) => {
  if (error instanceof ControlError) res.status(error.status).json({ error: error.message });
  else if (error instanceof SyntaxError) res.status(400).json({ error: error.message });
  else next(error);
};
