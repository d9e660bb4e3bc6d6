// Holds the evidence against what was promised. Pure, so that the suite can show that each kind of
// breach is seen: a check that never fails proves nothing.
import type { Evidence, LedgerRow, RunRow } from './evidence.js';
import type { OrgUser } from './org.js';
import type { Promised } from './stories.js';

export interface Told {
  login: string;
  story: string;
  promised: Promised;
  /** The answer that refused the request, where it was. */
  refusal?: string;
}

/** One sentence for each breach. `excused` are runs of people whose story broke off. */
export function judge(
  told: readonly Told[],
  evidence: Evidence,
  excused: readonly string[] = [],
): string[] {
  return [
    ...told.flatMap((person) => [
      ...accountOf(person, evidence),
      ...runsOf(person, evidence).map((breach) => `${person.login} (${person.story}): ${breach}`),
    ]),
    ...unaskedRuns(told, evidence, excused),
    ...recordOf(evidence),
    ...engineOf(evidence),
  ];
}

function accountOf({ login, story, promised, refusal }: Told, evidence: Evidence): string[] {
  const users = evidence.users.filter((user) => user.login.toLowerCase() === login);
  const { account } = promised;
  const breaches: string[] = [];
  const say = (breach: string) => breaches.push(`${login} (${story}): ${breach}`);
  const [user] = users;
  const expected = account === null ? 0 : 1;
  if (users.length !== expected) {
    say(
      `${users.length} accounts, ${refusal === undefined ? 'promised' : `refused (${refusal})`}: ${expected}`,
    );
  }
  if (account === null || user === undefined) return breaches;
  if (user.status !== account.status) say(`is ${user.status}, promised: ${account.status}`);
  const groups = account.groups?.join(', ');
  if (groups !== undefined && user.groups.join(', ') !== groups) {
    say(`is in [${user.groups.join(', ')}], promised: [${groups}]`);
  }
  for (const { at, what } of user.changes) {
    const notBefore = what.startsWith('created')
      ? account.createdNotBefore
      : what.endsWith(`→ SUSPENDED`)
        ? account.suspendedNotBefore
        : 0;
    const early = notBefore - Date.parse(at);
    if (early > 0) say(`"${what}" came ${early} ms before its moment`);
  }
  return breaches;
}

function runsOf({ promised }: Told, evidence: Evidence): string[] {
  return promised.runs.flatMap(({ id, stands }) => {
    const row = evidence.runs.find((run) => run.id === id);
    if (row === undefined) return [`the accepted run ${id} is not in the database`];
    return standing(row) === stands ? [] : [`${id} is ${standing(row)}, promised: ${stands}`];
  });
}

function standing({ phase, outcome }: RunRow): string {
  return outcome === null ? phase : `${phase}/${outcome}`;
}

/** Nothing that was refused, or never asked for, has a run. */
function unaskedRuns(
  told: readonly Told[],
  { runs }: Evidence,
  excused: readonly string[],
): string[] {
  const promised = told.flatMap((person) => person.promised.runs.map(({ id }) => id));
  const asked = new Set([...promised, ...excused]);
  return runs
    .filter(({ id }) => !asked.has(id))
    .map((run) => `${run.id} (${standing(run)}) belongs to nobody who was promised a run`);
}

/** Each thing that was done is on record once, and nothing else is. */
function recordOf({ runs, steps, ledger, users }: Evidence): string[] {
  return [
    ...repeated(ledger.map(({ run, key }) => `${run} ${key}`)).map(
      (row) => `twice in the ledger: ${row}`,
    ),
    ...repeated(ledger.filter(isDeed).map(deedOf)).map(
      (row) => `one deed, two ledger rows: ${row}`,
    ),
    ...runs.flatMap((run) => rowsOf(run, ledger)),
    ...runs.flatMap((run) => stepsLeftOpen(run, steps)),
    ...deedsMissing(users, ledger),
  ];
}

const CLOSING = ['run.completed', 'run.cancelled', 'run.failed'];

function rowsOf(run: RunRow, ledger: readonly LedgerRow[]): string[] {
  const actions = ledger.filter((row) => row.run === run.id).map(({ action }) => action);
  const count = (names: readonly string[]) =>
    actions.filter((action) => names.includes(action)).length;
  const requested = count(['run.requested']);
  const closed = count(CLOSING);
  return [
    ...(requested === (run.previous === null ? 1 : 0)
      ? []
      : [`${run.id} was requested ${requested} times by the ledger`]),
    ...(closed === (isOpen(run) ? 0 : 1) ? [] : [`${run.id} ended ${closed} times by the ledger`]),
  ];
}

function stepsLeftOpen(run: RunRow, steps: Evidence['steps']): string[] {
  if (isOpen(run)) return [];
  return steps
    .filter((step) => step.run === run.id && ['running', 'pending'].includes(step.status))
    .map(({ name, status }) => `${run.id} is ${run.phase}, its step ${name} still ${status}`);
}

/** What the org saw happen to its users, and by which action the ledger must say so. */
const DEEDS: readonly [action: string, seen: (what: string) => boolean][] = [
  ['user.created', (what) => what.startsWith('created as')],
  ['user.suspended', (what) => what.endsWith('→ SUSPENDED')],
  ['user.unsuspended', (what) => /^SUSPENDED → (?!DEPROVISIONED)/.test(what)],
  ['user.deactivated', (what) => what.endsWith('→ DEPROVISIONED')],
];

/** Over all people, since the ledger names nobody in clear: as many rows as there were deeds. */
function deedsMissing(users: readonly OrgUser[], ledger: readonly LedgerRow[]): string[] {
  const changes = users.filter(isOurs).flatMap((user) => user.changes);
  return DEEDS.flatMap(([action, seen]) => {
    const done = changes.filter(({ what }) => seen(what)).length;
    const said = ledger.filter((row) => row.action === action).length;
    return done === said ? [] : [`${action}: ${done} in the org, ${said} in the ledger`];
  });
}

/** Everybody but the people whom the org came with. */
function isOurs({ login }: OrgUser): boolean {
  return login.startsWith(LOGIN_PREFIX);
}

export const LOGIN_PREFIX = 'kill-';

const ATTEMPT = /(\/\d+)\/\d+$/;

/** Rows that activities write: `<workflow run>/<activity>/<attempt>`. */
function isDeed({ key, action }: LedgerRow): boolean {
  return ATTEMPT.test(key) && !action.endsWith('.answer-lost');
}

/** The same for every attempt of one step. */
function deedOf({ run, key, action }: LedgerRow): string {
  return `${run} ${key.replace(ATTEMPT, '$1')} ${action}`;
}

/** Temporal has a workflow at work for each open run, and for no other. */
function engineOf({ runs, workflows }: Evidence): string[] {
  const running = workflows.filter(({ status }) => status === 'RUNNING');
  const open = runs.filter(isOpen);
  const alive = new Set(running.map(({ run }) => run));
  const wanted = new Set<string | null>(open.map(({ id }) => id));
  const broken = workflows.filter(({ status }) =>
    ['FAILED', 'TERMINATED', 'TIMED_OUT'].includes(status),
  );
  return [
    ...open.filter(({ id }) => !alive.has(id)).map(({ id }) => `${id} is open, without a workflow`),
    ...open.filter(({ started }) => !started).map(({ id }) => `${id} was never marked as started`),
    ...running
      .filter(({ run }) => !wanted.has(run))
      .map(({ run }) => `a workflow runs for ${run ?? 'nobody'}, whose run is not open`),
    ...broken.map(({ run, status }) => `the workflow of ${run ?? 'nobody'} is ${status}`),
  ];
}

function isOpen({ phase }: RunRow): boolean {
  return ['scheduled', 'running', 'parked', 'holding'].includes(phase);
}

function repeated(list: readonly string[]): string[] {
  return [...new Set(list.filter((value, index) => list.indexOf(value) !== index))];
}
