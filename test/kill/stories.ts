// What people ask of Tenure while things die, each with what they were promised. A story ends when its
// promise should hold; whether it does is judged afterwards, from the org's and the database's truth.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { tell, type Answer, type ApiClient, type RunView } from './client.js';
import type { Org } from './org.js';
import type { Random } from './random.js';

export interface Stage {
  api: ApiClient;
  org: Org;
  random: Random;
  login: string;
  /** Resolves when all kills are over and nothing is under way any more. */
  settled: Promise<void>;
}

/** What must be true of one person in the end. */
export interface Promised {
  /** Null: no account. */
  account: {
    status: string;
    /** Names; null where nothing was promised of them. */
    groups: string[] | null;
    createdNotBefore: number;
    suspendedNotBefore: number;
  } | null;
  /** Each run that was accepted, as `phase/outcome`; there is no other. */
  runs: { id: string; stands: string }[];
}

type Story = (stage: Stage) => Promise<Promised>;

const HOUR_MS = 3_600_000;
const GROUPS = Array.from(
  { length: 24 },
  (_, index) => `Team ${String(index + 1).padStart(2, '0')}`,
);

/** Every wish of a patient client. */
const TOLD = {
  'is hired': async (stage) => {
    const { run, groups } = await hire(stage, { groups: stage.random.between(0, 3) });
    return promised({ status: 'PROVISIONED', groups }, [done(run)]);
  },

  'is hired into many groups': async (stage) => {
    const { run, groups } = await hire(stage, { groups: stage.random.between(22, 24) });
    return promised({ status: 'PROVISIONED', groups }, [done(run)]);
  },

  'starts some seconds later': async (stage) => {
    const startAt = Date.now() + stage.random.between(3_000, 8_000);
    const { run, groups } = await hire(stage, { groups: 2, startAt });
    return promised({ status: 'PROVISIONED', groups, createdNotBefore: startAt }, [done(run)]);
  },

  'has a contract that ends soon': async (stage) => {
    const { run, groups, endsAt } = await hire(stage, { groups: 2, endsInMs: 12_000 });
    const next = await stage.api.until(nextOf(run), 'holding', inPhase('holding'));
    return promised({ status: 'SUSPENDED', groups, suspendedNotBefore: endsAt }, [
      done(run),
      holding(next),
    ]);
  },

  'gets an open-ended contract': async (stage) => {
    const { run, groups } = await hire(stage, { groups: 1, endsInMs: HOUR_MS });
    await act(stage, run.id, 'cancel');
    const next = await stage.api.until(nextOf(run), 'cancelled', inPhase('cancelled'));
    return promised({ status: 'PROVISIONED', groups }, [done(run), undone(next)]);
  },

  'leaves now': async (stage) => {
    const { run, groups } = await employ(stage);
    const leaving = await leave(stage, {});
    return promised({ status: 'SUSPENDED', groups }, [done(run), holding(leaving)]);
  },

  'leaves some seconds later': async (stage) => {
    const { run, groups } = await employ(stage);
    const suspendAt = Date.now() + stage.random.between(3_000, 10_000);
    const leaving = await leave(stage, { suspendAt: instant(suspendAt) });
    return promised({ status: 'SUSPENDED', groups, suspendedNotBefore: suspendAt }, [
      done(run),
      holding(leaving),
    ]);
  },

  'leaves for good': async (stage) => {
    const { run } = await employ(stage);
    const deprovisionAt = instant(Date.now() + HOUR_MS);
    const leaving = await leave(stage, { deprovisionAt });
    await act(stage, leaving.id, 'expedite', { what: 'deprovision' });
    const gone = await stage.api.until(leaving.id, 'completed', inPhase('completed'));
    return promised({ status: 'DEPROVISIONED', groups: null }, [done(run), done(gone)]);
  },

  'leaves and comes back': async (stage) => {
    const { run, groups } = await employ(stage);
    const leaving = await leave(stage, { removeGroups: 'direct' });
    await act(stage, leaving.id, 'cancel');
    const back = await stage.api.until(leaving.id, 'cancelled', inPhase('cancelled'));
    return promised({ status: 'ACTIVE', groups }, [done(run), undone(back)]);
  },

  'wanted to leave and stays': async (stage) => {
    const { run, groups } = await employ(stage);
    const suspendAt = Date.now() + HOUR_MS;
    const leaving = await ask(stage, offboarding(stage, { suspendAt: instant(suspendAt) }));
    await stage.api.until(leaving.id, 'waiting', isWaiting);
    await act(stage, leaving.id, 'cancel');
    const stays = await stage.api.until(leaving.id, 'cancelled', inPhase('cancelled'));
    return promised({ status: 'ACTIVE', groups, suspendedNotBefore: suspendAt }, [
      done(run),
      undone(stays),
    ]);
  },

  'leaves sooner than said': async (stage) => {
    const { run, groups } = await employ(stage);
    const later = { suspendAt: instant(Date.now() + HOUR_MS) };
    const leaving = await ask(stage, offboarding(stage, later));
    await stage.api.until(leaving.id, 'waiting', isWaiting);
    const suspendAt = Date.now() + stage.random.between(2_000, 6_000);
    await act(stage, leaving.id, 'reschedule', { suspendAt: instant(suspendAt) });
    const left = await stage.api.until(leaving.id, 'holding', inPhase('holding'));
    return promised({ status: 'SUSPENDED', groups, suspendedNotBefore: suspendAt }, [
      done(run),
      holding(left),
    ]);
  },

  'leaves later than said': async (stage) => {
    const { run, groups } = await employ(stage);
    const first = Date.now() + 8_000;
    const leaving = await ask(stage, offboarding(stage, { suspendAt: instant(first) }));
    const second = first + stage.random.between(2_000, 6_000);
    const moved = await act(stage, leaving.id, 'reschedule', { suspendAt: instant(second) });
    const left = await stage.api.until(leaving.id, 'holding', inPhase('holding'));
    // Accepted but not confirmed, or too late: then the first moment was the promise.
    const suspendedNotBefore = moved.status === 200 ? second : first;
    return promised({ status: 'SUSPENDED', groups, suspendedNotBefore }, [
      done(run),
      holding(left),
    ]);
  },

  'has a client that loses answers': async (stage) => {
    const { request, groups } = onboarding(stage, { groups: 2 });
    const key = randomUUID();
    for (let hangUps = stage.random.between(1, 3); hangUps > 0; hangUps -= 1) {
      await stage.api.ask({ ...request(), key, hangUpAfterMs: stage.random.between(1, 120) });
    }
    const first = await accepted(await stage.api.insist<RunView>({ ...request(), key }));
    const again = await accepted(await stage.api.insist<RunView>({ ...request(), key }));
    const anew = await accepted(
      await stage.api.insist<RunView>({ ...request(), key: randomUUID() }),
    );
    const ids = new Set([first.id, again.id, anew.id]);
    if (ids.size > 1) throw new Error(`one request, several runs: ${[...ids].join(', ')}`);
    const run = await stage.api.until(first.id, 'completed', inPhase('completed'));
    return promised({ status: 'PROVISIONED', groups }, [done(run)]);
  },

  'is hired by mistake': async (stage) => {
    const { request, groups } = onboarding(stage, { groups: 3 });
    const run = await ask(stage, request);
    await sleep(stage.random.between(0, 1_200));
    await act(stage, run.id, 'cancel');
    // An end that a worker said and died with gives way to a cancel that was taken before it.
    await stage.settled;
    const over = await stage.api.until(run.id, 'over', ({ phase }) => isOver(phase));
    return over.phase === 'completed'
      ? promised({ status: 'PROVISIONED', groups }, [done(over)])
      : takenBack(stage, over);
  },
} satisfies Record<string, Story>;

/** One that comes while something is down: nobody repeats anything. */
const IMPATIENT = {
  'sends once and gives up': async (stage) => {
    const { request, groups } = onboarding(stage, { groups: 1 });
    const answer = await stage.api.ask<RunView>({ ...request(), key: randomUUID() });
    await stage.settled;
    const runs = await stage.api.runsOf(stage.login);
    // No answer at all promises nothing but that what is there is whole.
    if (answer.status === 0 && runs.length === 0) return promised(null, []);
    if (answer.status >= 500) return { ...promised(null, []), refusal: tell(answer) };
    const run = runs[0] ?? (await accepted(answer));
    return promised({ status: 'PROVISIONED', groups }, [done(run)]);
  },
} satisfies Record<string, (stage: Stage) => Promise<Promised & { refusal?: string }>>;

export type StoryName = keyof typeof TOLD | keyof typeof IMPATIENT;
export const STORIES = Object.keys(TOLD) as (keyof typeof TOLD)[];

/** What became of these is looked at when all has come to rest. */
export const SEEN_AT_REST: ReadonlySet<StoryName> = new Set([
  'is hired by mistake',
  'sends once and gives up',
]);

/** Tells it. @throws when something took too long or was refused that should not have been. */
export function tellStory(name: StoryName, stage: Stage): Promise<Promised & { refusal?: string }> {
  return { ...TOLD, ...IMPATIENT }[name](stage);
}

interface Request {
  method: 'POST';
  path: string;
  body: object;
}

interface Hiring {
  groups: number;
  startAt?: number;
  endsInMs?: number;
}

function onboarding({ login, random }: Stage, { groups: count, startAt, endsInMs }: Hiring) {
  const groups = random.some(GROUPS, count).sort();
  const dated: { endsAt: number } = { endsAt: 0 };
  const request = (): Request => {
    if (endsInMs !== undefined) dated.endsAt = Date.now() + endsInMs;
    return {
      method: 'POST',
      path: '/v1/onboardings',
      body: {
        connection: 'demo',
        person: { firstName: 'Robin', lastName: 'Example', email: login },
        groups,
        ...(startAt === undefined ? {} : { startAt: instant(startAt) }),
        ...(endsInMs === undefined ? {} : { endsAt: instant(dated.endsAt) }),
      },
    };
  };
  return { request, groups, dated };
}

function offboarding({ login }: Stage, wanted: object): () => Request {
  const body = { connection: 'demo', login, ...wanted };
  return () => ({ method: 'POST', path: '/v1/offboardings', body });
}

async function hire(stage: Stage, hiring: Hiring) {
  const { request, groups, dated } = onboarding(stage, hiring);
  const asked = await ask(stage, request);
  const run = await stage.api.until(asked.id, 'completed', inPhase('completed'));
  const endsAt = asked.deadlines['endsAt']?.at;
  return { run, groups, endsAt: endsAt === undefined ? dated.endsAt : Date.parse(endsAt) };
}

/** Hired into two groups, and she has signed in. */
async function employ(stage: Stage) {
  const hired = await hire(stage, { groups: 2 });
  await stage.org.firstSignIn(stage.login);
  return hired;
}

async function leave(stage: Stage, wanted: object): Promise<RunView> {
  const run = await ask(stage, offboarding(stage, wanted));
  return stage.api.until(run.id, 'holding', inPhase('holding'));
}

/**
 * Asks until it is accepted. A moment that has passed while nobody answered is refused: then the run
 * may be there already, or the client asks for another moment.
 */
async function ask({ api, login }: Stage, request: () => Request): Promise<RunView> {
  const known = (await api.runsOf(login)).length;
  for (;;) {
    const answer = await api.insist<RunView>({ ...request(), key: randomUUID() });
    const isLate = answer.body.errors?.some(({ code }) => code === 'END_BEFORE_START') === true;
    if (!isLate || !answer.repeated) return accepted(answer);
    // The latest first: what an earlier try began comes before what it went on as.
    const run = (await api.runsOf(login)).at(-1 - known);
    if (run !== undefined) return run;
  }
}

function accepted(answer: Answer<RunView>): Promise<RunView> {
  return answer.status === 200 || answer.status === 202
    ? Promise.resolve(answer.body)
    : Promise.reject(new Error(`not accepted: ${tell(answer)}`));
}

/** What came of it shows in the run: after a lost answer the same action may be refused. */
function act(
  { api }: Stage,
  id: string,
  action: string,
  body: object = {},
): Promise<Answer<RunView>> {
  const path = `/v1/runs/${id}/${action}`;
  return api.insist<RunView>({ method: 'POST', path, body, key: randomUUID() });
}

/** An account that was made is without access and groups; how far the run had come, only it knows. */
async function takenBack({ org, login }: Stage, run: RunView): Promise<Promised> {
  const isThere = (await org.users()).some((user) => user.login === login);
  return promised(isThere ? { status: 'SUSPENDED', groups: [] } : null, [undone(run)]);
}

function promised(
  account:
    | (Partial<Promised['account']> & Pick<NonNullable<Promised['account']>, 'status' | 'groups'>)
    | null,
  runs: Promised['runs'],
): Promised {
  const anytime = { createdNotBefore: 0, suspendedNotBefore: 0 };
  return { account: account === null ? null : { ...anytime, ...account }, runs };
}

const done = ({ id }: RunView) => ({ id, stands: 'completed/done' });
const holding = ({ id }: RunView) => ({ id, stands: 'holding' });
const undone = ({ id }: RunView) => ({ id, stands: 'cancelled/undone' });

function nextOf(run: RunView): string {
  if (run.next === null) throw new Error(`${run.id} has a contract's end but no next run`);
  return run.next;
}

function inPhase(wanted: string): (run: RunView) => boolean {
  return ({ phase }) => phase === wanted;
}

function isWaiting({ waiting }: RunView): boolean {
  return waiting?.for === 'suspend';
}

function isOver(phase: string): boolean {
  return ['completed', 'cancelled', 'failed'].includes(phase);
}

function instant(ms: number): string {
  return new Date(ms).toISOString();
}
