// What Tenure adds to Temporal: onboardings against bare workflows with as many empty activities, on
// the same server, in turns; and what an installation takes to start and to lie idle.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startBareSide } from './bare.js';
import { benchmark, type Frame, type Report } from './benchmark.js';
import { openInsides, type Insides } from './installation.js';
import { loneRuns } from './lone-runs.js';
import { describeMachine } from './machine.js';
import { memoryOf, sumOf, watchMemory, type Memory } from './memory.js';
import {
  AT_ONCE,
  rateOfBare,
  rateOfOnboardings,
  rateThroughApi,
  takeTurns,
  type LoadPlan,
  type Turns,
} from './rates.js';
import { costOfRuns, sayCost } from './run-cost.js';
import { measureStartUp } from './start-up.js';
import { ratios, single, summary, type Result, type Summary, type Target } from './table.js';

/** mintToken, resolveGroups, readUser, createUser, readBack. Its local activity is not counted. */
const ACTIVITIES = 5;
const ROUNDS = 5;
const API_ROUNDS = 2;
const LONE_RUNS = 30;
const COSTED_RUNS = 10;
const STARTS = 3;
const SETTLE_MS = 20_000;
/** What the target for idle memory counts. */
const COUNTED = ['worker', 'api', 'postgres'];

await benchmark('overhead', { defaultRuns: 100, limitMs: 900_000 }, overhead);

async function overhead(frame: Frame): Promise<Report> {
  const { directory, signal, atEnd, say, runs } = frame;
  const home = join(directory, 'home');
  await mkdir(home);
  const machine = await describeMachine(directory);
  say(`${STARTS + 1} starts …`);
  const startUp = await measureStartUp(frame, home, STARTS);
  const { pids, temporal } = startUp.installation.runtime;
  say(`Idle for ${SETTLE_MS / 1_000} s …`);
  await sleep(SETTLE_MS, undefined, { signal });
  const idle = memoryOf(pids);

  const insides = await openInsides(home, startUp.installation);
  atEnd(() => insides.close());
  const software = await versions(insides);
  await insides.simulator('PATCH', '/org', { rateLimits: { tier: 'off' }, latencyMs: [0, 0] });
  const { plainClient } = insides;
  const sideOptions = { directory, address: temporal, client: plainClient, activities: ACTIVITIES };
  const bare = await startBareSide(sideOptions);
  atEnd(() => bare.stop());
  const plan: LoadPlan = { insides, bare, runs, signal };

  say('Warming up …');
  await rateOfBare({ ...plan, runs: 30 });
  await rateOfOnboardings({ ...plan, runs: 30 });
  say('What a run costs …');
  const cost = await costOfRuns({ ...plan, runs: COSTED_RUNS });
  say(`${LONE_RUNS} runs alone, in turns …`);
  const lone = await loneRuns({ ...plan, runs: LONE_RUNS }, cost.oktaCalls);
  say(`${runs} runs, ${AT_ONCE} at once, ${ROUNDS} rounds in turns …`);
  const turns = await takeTurns(plan, ROUNDS, say);
  say(`${API_ROUNDS} rounds through the API, memory watched …`);
  const watch = watchMemory(pids, COUNTED);
  const throughApi: number[] = [];
  while (throughApi.length < API_ROUNDS) throughApi.push(await rateThroughApi(plan));
  const busy = watch.stop();
  await bare.stop();
  await insides.close();
  say(`Idle for ${SETTLE_MS / 1_000} s …`);
  await sleep(SETTLE_MS, undefined, { signal });
  const idleAfter = memoryOf(pids);

  const counted = (memory: Memory) => single(sumOf(memory, COUNTED));
  const parts = 'worker + API + database';
  const bareRate = summary(turns.bare.rates);
  const results: Result[] = [
    {
      id: 'throughput',
      what: 'runs per second, started by the client',
      unit: '',
      baseline: bareRate,
      value: summary(turns.tenure.rates),
      ratio: ratios(turns.tenure.rates, turns.bare.rates),
      target: { of: 'ratio', bound: 'at least', limit: 0.7 },
    },
    {
      id: 'throughput-api',
      what: 'runs per second, asked for at the API',
      unit: '',
      baseline: bareRate,
      value: summary(throughApi),
      ratio: summary(throughApi.map((rate) => rate / bareRate.median)),
      target: null,
    },
    {
      id: 'latency',
      what: 'one alone, without the time of Okta',
      unit: 'ms',
      baseline: lone.bare,
      value: lone.tenureLessOkta,
      ratio: lone.ratio,
      target: { of: 'ratio', bound: 'at most', limit: 1.5 },
    },
    only('latency-okta', 'time of Okta (the simulator, by itself)', 'ms', lone.okta),
    only('memory-idle', `${parts}, idle`, 'MB', counted(idle), atMost(350)),
    only('memory-busy', `${parts}, busy`, 'MB', counted(busy)),
    only('memory-idle-after', `${parts}, idle after`, 'MB', counted(idleAfter), atMost(350)),
    only('start', 'start with nothing left to set up', 's', summary(startUp.again), atMost(15)),
    only('start-first', 'first start: keys and databases are made', 's', single(startUp.first)),
  ];
  return {
    machine: { ...machine, ...software },
    settings: {
      runs,
      'at once': AT_ONCE,
      rounds: ROUNDS,
      bare: `${ACTIVITIES} empty activities, eager like ours, no local one`,
      Okta: 'simulated, latency 0, rate limits off',
    },
    results,
    details: {
      cost,
      lone,
      turns,
      throughApi,
      memory: { idle, busy, idleAfter },
      startUp: { first: startUp.first, again: startUp.again },
    },
    notes: [
      ...sayCost(cost),
      `Processor time of an onboarding: ${sayTimes(turns.tenure)}.`,
      `Processor time of a bare run: ${sayTimes(turns.bare)}.`,
    ],
  };
}

function sayTimes({ processorMs }: Turns): string {
  const parts = Object.entries(processorMs).filter(([, ms]) => ms >= 0.5);
  const sum = parts.reduce((total, [, ms]) => total + ms, 0);
  return `${sum.toFixed(0)} ms (${parts.map(([part, ms]) => `${part} ${ms.toFixed(1)}`).join(', ')})`;
}

function atMost(limit: number): Target {
  return { of: 'value', bound: 'at most', limit };
}

/** A result with nothing beside it. */
function only(
  id: string,
  what: string,
  unit: string,
  value: Summary,
  target: Target | null = null,
): Result {
  return { id, what, unit, value, target, baseline: null, ratio: null };
}

async function versions({ plainClient, database }: Insides): Promise<Record<string, unknown>> {
  const { serverVersion } = await plainClient.workflowService.getSystemInfo({});
  const { rows } = await database.query<{ version: string }>(
    `select current_setting('server_version') as version`,
  );
  return { Temporal: serverVersion, PostgreSQL: rows[0]?.version };
}
