// One whole run of the suite: people come and things die as planned, then all is left to come to rest
// and judged.
import { once } from 'node:events';
import { cp, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { removeHome } from '../../src/demo/installation.js';
import { createApiClient, type Patience } from './client.js';
import { countUnderWay, gather } from './evidence.js';
import { judge, LOGIN_PREFIX, type Told } from './judge.js';
import { createOrg } from './org.js';
import type { Plan, PlannedPerson } from './plan.js';
import { quietPorts } from './quiet-ports.js';
import { randomOf } from './random.js';
import { SEEN_AT_REST, tellStory } from './stories.js';
import { startVictim, type Victim } from './victim.js';

export interface Outcome {
  /** How often each was killed. */
  kills: Record<string, number>;
  people: number;
  breaches: string[];
}

export interface DriveOptions {
  say: (line: string) => void;
  /** How long anything that was promised may take once the last kill is over. */
  patienceMs: number;
  signal: AbortSignal;
}

const SUPERVISOR = fileURLToPath(new URL('../../dist/embedded/main.js', import.meta.url));

export async function drive(plan: Plan, options: DriveOptions): Promise<Outcome> {
  const home = await mkdtemp(join(tmpdir(), 'tenure-kill-'));
  const ports = await quietPorts();
  try {
    const victim = await startVictim({ home, ports, supervisorPath: SUPERVISOR });
    try {
      const outcome = await play(plan, victim, options).catch((error: unknown): Outcome => {
        options.signal.throwIfAborted();
        const breaches = [`it broke off: ${messageOf(error)}`];
        return { kills: {}, people: plan.people.length, breaches };
      });
      if (outcome.breaches.length > 0) options.say(`The logs: ${await keptLogs(home, plan.seed)}`);
      return outcome;
    } finally {
      await victim.stop();
    }
  } finally {
    await removeHome(home);
  }
}

async function play(plan: Plan, victim: Victim, options: DriveOptions): Promise<Outcome> {
  const { say, patienceMs, signal } = options;
  const { runtime, key } = victim.installation();
  let restBy = Infinity;
  const patience = () => restBy;
  const api = createApiClient({ origin: runtime.api, apiKey: key, patience });
  const org = createOrg(runtime.simulator, patience);
  const kills: Record<string, number> = {};
  const rest = moment();
  const told: Told[] = [];
  const breaches: string[] = [];
  const excused: string[] = [];

  const live = async ({ index, story, delayMs }: PlannedPerson): Promise<void> => {
    const random = randomOf(plan.seed, index);
    const login = `${LOGIN_PREFIX}${plan.seed}-${index}@example.com`;
    const person = { login, story };
    try {
      await sleep(delayMs, undefined, { signal });
      const stage = { api, org, random, login, settled: rest.reached };
      const { refusal, ...promised } = await tellStory(story, stage);
      told.push({ ...person, promised, ...(refusal === undefined ? {} : { refusal }) });
      if (refusal !== undefined) say(`${login} was refused: ${refusal}`);
    } catch (error) {
      if (signal.aborted) return;
      breaches.push(`${login} (${story}): ${messageOf(error)}`);
      const runs = await api.runsOf(login).catch(() => []);
      excused.push(...runs.map(({ id }) => id));
    }
  };
  const early: Promise<void>[] = [];
  const late: Promise<void>[] = [];
  const arriveAfter = (kill: number): void => {
    for (const person of plan.people.filter(({ afterKill }) => afterKill === kill)) {
      const waits = SEEN_AT_REST.has(person.story) ? late : early;
      waits.push(live(person));
    }
  };

  try {
    arriveAfter(-1);
    for (const [index, { target, pauseMs }] of plan.kills.entries()) {
      await sleep(pauseMs, undefined, { signal });
      const killing = victim.kill(target);
      arriveAfter(index);
      const killed = await killing;
      kills[killed] = (kills[killed] ?? 0) + 1;
      say(`${index + 1}/${plan.kills.length}: killed ${killed}`);
    }
    say('No more kills: waiting for what was promised …');
    restBy = Date.now() + patienceMs;
    await unlessAborted(signal, Promise.all(early));
    if (!(await comesToRest(victim, patience, signal))) {
      breaches.push(`something is still under way after ${patienceMs} ms without a kill`);
    }
    rest.reach();
    await unlessAborted(signal, Promise.all(late));

    const lasting = await breachesThatLast(signal, async () =>
      judge(told, await gather(victim.installation().runtime, org), excused),
    );
    return { kills, people: plan.people.length, breaches: [...breaches, ...lasting] };
  } finally {
    // Whoever still waits gives up.
    restBy = 0;
  }
}

/** Until no run is under way; false when patience is at its end. */
async function comesToRest(
  victim: Victim,
  patience: Patience,
  signal: AbortSignal,
): Promise<boolean> {
  for (;;) {
    const underWay = await countUnderWay(victim.installation().runtime).catch(() => null);
    if (underWay === 0) return true;
    if (Date.now() > patience()) return false;
    await sleep(LOOK_EVERY_MS, undefined, { signal });
  }
}

const LOOK_EVERY_MS = 300;

/** A workflow closes, and Temporal lists it as closed, a little after its run has said its last word. */
const CLOSING_MS = 30_000;

async function breachesThatLast(
  signal: AbortSignal,
  look: () => Promise<string[]>,
): Promise<string[]> {
  const until = Date.now() + CLOSING_MS;
  for (;;) {
    const breaches = await look();
    if (breaches.length === 0 || Date.now() > until) return breaches;
    await sleep(LOOK_EVERY_MS, undefined, { signal });
  }
}

async function unlessAborted(signal: AbortSignal, work: Promise<unknown>): Promise<void> {
  signal.throwIfAborted();
  const aborted = once(signal, 'abort').then(() => {
    signal.throwIfAborted();
  });
  await Promise.race([work, aborted]);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function moment(): { reached: Promise<void>; reach: () => void } {
  let reach: () => void = () => undefined;
  const reached = new Promise<void>((resolve) => {
    reach = resolve;
  });
  return { reached, reach };
}

async function keptLogs(home: string, seed: number): Promise<string> {
  const kept = await mkdtemp(join(tmpdir(), `tenure-kill-${seed}-logs-`));
  await cp(join(home, 'logs'), kept, { recursive: true });
  return kept;
}
