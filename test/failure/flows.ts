// The stories that the matrix spoils: what stands in Okta before, what is asked for, what a person
// says on the way, and how it ends where nothing goes wrong.
import type { RunReport } from '../../src/domain/run.js';
import type { Org, Role, Rig } from './rig.js';

export const PERSON = { firstName: 'Ada', lastName: 'Lovelace', email: 'ada.lovelace@example.com' };
export const LOGIN = PERSON.email;

/** How a run ends, and what then stands in Okta. */
export interface End {
  phase: 'completed' | 'cancelled';
  outcome: string;
  /** Of the one account. */
  status: string;
  /** Names, sorted. */
  groups: string[];
  /** The attribute that an adoption brings, where there is one. */
  title?: string;
  /** Problems that a person had to settle on the way. */
  parks: string[];
  /** A person's decision ended it, no cancellation. */
  decided?: boolean;
  /** Steps that failed without a park, since the run was cancelled. */
  unsettled?: number;
}

export interface Told {
  rig: Rig;
  org: Org;
  runId: string;
}

export interface Flow {
  name: string;
  kind: 'onboarding' | 'offboarding';
  /** Connections whose role can do it. */
  roles: readonly Role[];
  /** What stands in Okta before. */
  prepare?: (org: Org) => Promise<void>;
  request: (org: Org) => { path: string; body: Record<string, unknown> };
  /** What a person says when the run reports this; left out where nothing is to be said. */
  answer?: (report: RunReport, told: Told) => Promise<void>;
  end: End;
  /** The state that a cancel leads back to; `null`: no account, or one without access and groups. */
  before: { status: string; groups: string[]; title?: string } | null;
}

const TWO = ['Engineering', 'Sales'];
const MANY = ['Engineering', ...Array.from({ length: 21 }, (_, i) => `Team ${twoDigits(i + 1)}`)];
const ALL_ROLES = ['demo', 'seed-role'] as const;

const onboarding = (groups: string[], more: Record<string, unknown> = {}) => ({
  kind: 'onboarding' as const,
  request: ({ connection }: Org) => ({
    path: '/v1/onboardings',
    body: { connection, person: PERSON, groups, ...more },
  }),
});
const offboarding = (more: Record<string, unknown>) => ({
  kind: 'offboarding' as const,
  request: ({ connection }: Org) => ({
    path: '/v1/offboardings',
    body: { connection, login: LOGIN, removeGroups: 'direct', ...more },
  }),
  prepare: (org: Org) => employ(org, TWO),
});
const hired = (groups: string[]): End => ({
  phase: 'completed',
  outcome: 'done',
  status: 'PROVISIONED',
  groups,
  parks: [],
});

export const FLOWS: readonly Flow[] = [
  {
    name: 'onboard, 2 groups',
    roles: ALL_ROLES,
    ...onboarding(TWO),
    end: hired(TWO),
    before: null,
  },
  {
    name: 'onboard, 22 groups',
    roles: ALL_ROLES,
    ...onboarding(MANY),
    end: hired(MANY),
    before: null,
  },
  {
    name: 'onboard, no groups',
    roles: ['seed-role'],
    ...onboarding([]),
    end: hired([]),
    before: null,
  },
  {
    name: 'onboard, adopt',
    roles: ['demo'],
    prepare: (org) => employ(org, ['Finance'], { title: 'Analyst' }),
    ...onboarding(TWO, {
      onExisting: 'adopt',
      person: { ...PERSON, attributes: { title: 'Engineer' } },
    }),
    end: {
      phase: 'completed',
      outcome: 'done',
      status: 'ACTIVE',
      groups: ['Engineering', 'Finance', 'Sales'],
      title: 'Engineer',
      parks: [],
    },
    before: { status: 'ACTIVE', groups: ['Finance'], title: 'Analyst' },
  },
  {
    name: 'offboard, deprovision',
    roles: ['demo'],
    ...offboarding({ deprovisionAt: new Date(Date.now() + 86_400_000).toISOString() }),
    answer: ({ phase }, told) =>
      phase === 'holding' ? say(told, 'expedite', { what: 'deprovision' }) : Promise.resolve(),
    end: { phase: 'completed', outcome: 'done', status: 'DEPROVISIONED', groups: [], parks: [] },
    before: { status: 'ACTIVE', groups: TWO },
  },
  {
    name: 'offboard, undo in the hold',
    roles: ALL_ROLES,
    ...offboarding({}),
    answer: ({ phase }, told) => (phase === 'holding' ? say(told, 'cancel') : Promise.resolve()),
    end: { phase: 'cancelled', outcome: 'undone', status: 'ACTIVE', groups: TWO, parks: [] },
    before: { status: 'ACTIVE', groups: TWO },
  },
  {
    name: 'onboard, undo in a park',
    roles: ALL_ROLES,
    prepare: (org) => mayManageGroups(org, { except: MANY.at(-1) ?? '' }),
    ...onboarding(MANY),
    answer: async ({ phase, problem }, told) => {
      if (phase !== 'parked' || problem?.code !== 'NOT_PERMITTED') return;
      await mayManageGroups(told.org, {});
      await say(told, 'cancel');
    },
    end: {
      phase: 'cancelled',
      outcome: 'undone',
      status: 'SUSPENDED',
      groups: [],
      parks: ['NOT_PERMITTED'],
    },
    before: null,
  },
];

/** Where the role may not read users, nothing shows an account that such a create has made. */
export function isWithoutGroups({ kind, end }: Flow): boolean {
  return kind === 'onboarding' && end.phase === 'completed' && end.groups.length === 0;
}

/** Asks something of the run by the API, as a person would. */
export async function say(
  { rig, runId }: Told,
  what: 'cancel' | 'expedite' | 'resolve',
  body: Record<string, unknown> = {},
): Promise<void> {
  const { status, body: answer } = await rig.tenure.api('POST', `/v1/runs/${runId}/${what}`, body);
  if (status !== 200 && status !== 202) {
    throw new Error(`${what} was answered ${status}: ${JSON.stringify(answer)}`);
  }
}

async function employ(org: Org, groups: string[], more: object = {}): Promise<void> {
  const ids = await groupIds(org);
  await org.sim('POST', '/users', {
    status: 'ACTIVE',
    profile: { ...PERSON, login: LOGIN, ...more },
    groups: groups.map((name) => ids.get(name)),
    sessions: 1,
  });
}

async function groupIds(org: Org): Promise<Map<string, string>> {
  const groups = await org.sim<{ id: string; name: string }[]>('GET', '/groups');
  return new Map(groups.map(({ id, name }) => [name, id]));
}

interface App {
  clientId: string;
  roles: { permissions: string[] | 'all'; resourceSet: { users: unknown; groups: unknown } }[];
}

/** The role of the connection's app, with the groups whose members it manages limited to all but one. */
async function mayManageGroups(org: Org, { except }: { except?: string }): Promise<void> {
  const app = await appOf(org);
  const all = app.roles.flatMap(({ permissions }) =>
    permissions === 'all' ? EVERY_PERMISSION : permissions,
  );
  const everywhere = { users: 'all', groups: 'all' };
  const ids = await groupIds(org);
  const groups = [...ids].filter(([name]) => name !== except).map(([, id]) => id);
  await org.sim('PATCH', `/apps/${app.clientId}`, {
    roles: [
      {
        permissions: [...new Set(all)].filter((permission) => permission !== MANAGE_MEMBERS),
        resourceSet: everywhere,
      },
      {
        permissions: [MANAGE_MEMBERS],
        resourceSet: { users: 'all', groups: except === undefined ? 'all' : groups },
      },
    ],
  });
}

/** An administrator lets the role see and do everything. */
export async function allowEverything(org: Org): Promise<void> {
  const { clientId } = await appOf(org);
  await org.sim('PATCH', `/apps/${clientId}`, {
    roles: [{ permissions: 'all', resourceSet: { users: 'all', groups: 'all' } }],
  });
}

async function appOf({ role, sim }: Org): Promise<App> {
  const apps = await sim<App[]>('GET', '/apps');
  const wanted = role === 'demo' ? 'Demo' : 'SeedRole';
  const app = apps.find(({ clientId }) => clientId.includes(wanted));
  if (app === undefined) throw new Error(`no app for ${role}`);
  return app;
}

const MANAGE_MEMBERS = 'okta.groups.members.manage';
const EVERY_PERMISSION = [
  'okta.users.create',
  'okta.users.read',
  'okta.users.userprofile.manage',
  'okta.users.groupMembership.manage',
  'okta.users.lifecycle.manage',
  'okta.groups.read',
  MANAGE_MEMBERS,
];

function twoDigits(n: number): string {
  return String(n).padStart(2, '0');
}
