// Leavers in many groups under Okta's limit: how close the last removal comes to the time that the limit
// alone asks for, with how many calls, and how soon access is back when somebody cancels in the middle.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePorts } from '../src/demo/installation.js';
import { benchmark, type Frame, type Report } from './benchmark.js';
import { json, openInsides, timedStart, type Insides } from './installation.js';
import { describeMachine } from './machine.js';
import { single, type Result, type Target } from './table.js';

/** Calls a minute of the bucket that group memberships count against. */
const LIMIT = 250;
const WINDOW_S = 60;
/** Each round begins with a window of its own. */
const FRESH_MS = 62_000;
const WITHIN_MS = 240_000;
const LOOK_EVERY_MS = 100;
const AT_ONCE = { leavers: 8, groups: 40 };
const OVER_FLOOR = 1.25;
const BACK_S = 5;

await benchmark('lists', { defaultRuns: 350, limitMs: 900_000 }, lists);

interface Call {
  at: string;
  method: string;
  path: string;
  status: number | null;
}

interface Leaver {
  login: string;
  groups: string[];
}

/** What the simulated org saw of one round. */
interface Seen {
  /** From the first removal to the last. */
  seconds: number;
  removals: number;
  /** Removals of one person from one group that were asked for more than once. */
  twice: number;
  refused: number;
}

async function lists({ runs, directory, signal, atEnd, say }: Frame): Promise<Report> {
  const home = join(directory, 'home');
  await mkdir(home);
  const machine = await describeMachine(directory);
  say('Starting …');
  const { installation } = await timedStart(home, await freePorts());
  atEnd(() => installation.stop());
  const insides = await openInsides(home, installation);
  atEnd(() => insides.close());
  await insides.simulator('PATCH', '/org', {
    rateLimits: { tier: 'workforce', appShare: 1, overrides: { D: LIMIT } },
    latencyMs: [0, 0],
  });
  const fresh = () => sleep(FRESH_MS, undefined, { signal });

  say(`One leaver in ${runs} groups …`);
  const alone = await offboard(insides, await leavers(insides, 1, runs), signal);
  say(`  ${sayRound(alone, runs)}`);

  const { leavers: count, groups } = AT_ONCE;
  say(`${count} leavers in ${groups} groups each, in a minute …`);
  const several = await leavers(insides, count, groups);
  await fresh();
  const together = await offboard(insides, several, signal);
  say(`  ${sayRound(together, count * groups)}`);

  say(`One leaver in ${runs} groups, cancelled while the limit is used up, in a minute …`);
  const [leaver] = await leavers(insides, 1, runs);
  await fresh();
  const back = await cancelInTheMiddle(insides, leaver as Leaver, signal);
  say(`  access back after ${back.access.toFixed(1)} s, all groups after ${back.all.toFixed(1)} s`);

  return {
    machine: { ...machine },
    settings: {
      groups: runs,
      removeGroups: 'all',
      Okta: `simulated, latency 0, ${LIMIT} calls a minute for group memberships`,
      floor: `${WINDOW_S} s for each window after the first`,
    },
    results: [
      ...resultsOf('alone', `1 leaver × ${runs} groups`, runs, alone),
      ...resultsOf('together', `${count} leavers × ${groups} groups`, count * groups, together),
      result('access-back', 'cancel in the middle: access back', 's', back.access, atMost(BACK_S)),
      result('groups-back', 'cancel in the middle: all groups back', 's', back.all),
    ],
    details: { alone, together, back },
    notes: [
      `Floors: ${floorOf(runs)} s and ${floorOf(count * groups)} s.`,
      `${runs} groups: ${sayRound(alone, runs)}.`,
      `${count} × ${groups}: ${sayRound(together, count * groups)}.`,
    ],
  };
}

/** So many windows must be over before the last call may come. */
function floorOf(calls: number): number {
  return (Math.ceil(calls / LIMIT) - 1) * WINDOW_S;
}

/** People who are ACTIVE, each in so many groups; the groups are shared. */
async function leavers(insides: Insides, count: number, groups: number): Promise<Leaver[]> {
  const { simulator } = insides;
  const ids: string[] = [];
  for (let made = 0; made < groups; made += 1) {
    const name = `Bench ${crypto.randomUUID()}`;
    ids.push((await simulator<{ id: string }>('POST', '/groups', { name })).id);
  }
  const people: Leaver[] = [];
  for (let made = 0; made < count; made += 1) {
    const login = `bench-${crypto.randomUUID()}@example.com`;
    const profile = { login, email: login, firstName: 'Bench', lastName: 'Mark' };
    await simulator('POST', '/users', { profile, groups: ids });
    people.push({ login, groups: ids });
  }
  return people;
}

async function offboard(
  insides: Insides,
  people: readonly Leaver[],
  signal: AbortSignal,
): Promise<Seen> {
  await insides.simulator('DELETE', '/requests');
  const ids = await Promise.all(people.map((leaver) => request(insides, leaver)));
  await until(signal, `${ids.length} runs are in their hold`, async () => {
    const phases = await Promise.all(ids.map((id) => phaseOf(insides, id)));
    return phases.every((phase) => phase === 'holding');
  });
  for (const { login } of people) {
    const { status, groups } = await userOf(insides, login);
    if (status !== 'SUSPENDED' || groups.length > 0) {
      throw new Error(`${login} is ${status} and in ${groups.length} groups`);
    }
  }
  return seen(await insides.simulator<Call[]>('GET', '/requests'));
}

function seen(calls: readonly Call[]): Seen {
  const removals = calls.filter(
    ({ method, path }) => method === 'DELETE' && path.startsWith('/api/v1/groups/'),
  );
  const done = removals.filter(({ status }) => status === 204);
  const times = done.map(({ at }) => Date.parse(at));
  return {
    seconds: (Math.max(...times) - Math.min(...times)) / 1_000,
    removals: done.length,
    twice: done.length - new Set(done.map(({ path }) => path)).size,
    refused: calls.filter(({ status }) => status === 429).length,
  };
}

async function cancelInTheMiddle(
  insides: Insides,
  leaver: Leaver,
  signal: AbortSignal,
): Promise<{ access: number; all: number }> {
  const id = await request(insides, leaver);
  await until(signal, 'the limit is used up', async () => {
    const { groups } = await userOf(insides, leaver.login);
    return groups.length <= leaver.groups.length - LIMIT;
  });
  const cancelledAt = Date.now();
  const since = () => (Date.now() - cancelledAt) / 1_000;
  await call(insides, 'POST', `/v1/runs/${id}/cancel`, {});
  await until(signal, 'access is back', async () => {
    return (await userOf(insides, leaver.login)).status === 'ACTIVE';
  });
  const access = since();
  await until(signal, 'all groups are back', async () => {
    return (await phaseOf(insides, id)) === 'cancelled';
  });
  const all = since();
  const { groups } = await userOf(insides, leaver.login);
  if (groups.length !== leaver.groups.length) {
    throw new Error(`only ${groups.length} of ${leaver.groups.length} groups are back`);
  }
  return { access, all };
}

async function request(insides: Insides, { login }: Leaver): Promise<string> {
  const body = { connection: 'demo', login, removeGroups: 'all', requestedBy: 'bench' };
  return (await call<{ id: string }>(insides, 'POST', '/v1/offboardings', body)).id;
}

async function phaseOf(insides: Insides, id: string): Promise<string> {
  const run = await call<{ phase: string; problem: unknown }>(insides, 'GET', `/v1/runs/${id}`);
  if (run.phase === 'parked') throw new Error(`parked: ${JSON.stringify(run.problem)}`);
  return run.phase;
}

async function userOf(
  { simulator }: Insides,
  login: string,
): Promise<{ status: string; groups: string[] }> {
  const [user] = await simulator<{ status: string; groups: string[] }[]>(
    'GET',
    `/users?login=${encodeURIComponent(login)}`,
  );
  if (user === undefined) throw new Error(`nobody is called ${login}`);
  return user;
}

function call<T>({ installation }: Insides, method: string, path: string, body?: unknown) {
  return json<T>(method, `${installation.runtime.api}${path}`, body, {
    authorization: `Bearer ${installation.key}`,
  });
}

async function until(
  signal: AbortSignal,
  what: string,
  reached: () => Promise<boolean>,
): Promise<void> {
  const giveUpAt = Date.now() + WITHIN_MS;
  while (!(await reached())) {
    if (Date.now() > giveUpAt) throw new Error(`not within ${WITHIN_MS / 1_000} s: ${what}`);
    await sleep(LOOK_EVERY_MS, undefined, { signal });
  }
}

function resultsOf(id: string, what: string, calls: number, round: Seen): Result[] {
  return [
    result(id, what, 's', round.seconds, atMost(OVER_FLOOR * floorOf(calls))),
    result(
      `${id}-removals`,
      '  removals beyond those needed',
      '',
      round.removals - calls,
      atMost(0),
    ),
    result(`${id}-refused`, '  calls refused for a limit', '', round.refused, atMost(0)),
  ];
}

function sayRound({ seconds, removals, twice, refused }: Seen, calls: number): string {
  return `${removals} removals of ${calls}, ${twice} of them twice, in ${seconds.toFixed(1)} s (floor ${floorOf(calls)} s); refused for a limit: ${refused}`;
}

function result(
  id: string,
  what: string,
  unit: string,
  value: number,
  target: Target | null = null,
): Result {
  return { id, what, unit, value: single(value), target, baseline: null, ratio: null };
}

function atMost(limit: number): Target {
  return { of: 'value', bound: 'at most', limit };
}
