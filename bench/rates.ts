// Runs per second under load: onboardings, bare workflows, and both in turns.
import { ONBOARD } from '../src/contract/workflows.js';
import { BARE, type BareSide } from './bare.js';
import type { Insides } from './installation.js';
import { runLoad } from './load.js';
import { processorTimes } from './processes.js';
import { prepareOnboarding, requestOnboarding, requireDone } from './onboardings.js';

export const AT_ONCE = 50;
const WITHIN_MS = 180_000;

/** What is loaded, how much, and until when. */
export interface LoadPlan {
  insides: Insides;
  bare: BareSide;
  runs: number;
  signal: AbortSignal;
}

/** A B A B …, so that whatever the machine does meanwhile, it does to both. */
export async function takeTurns(
  plan: LoadPlan,
  rounds: number,
  say: (line: string) => void,
): Promise<{ tenure: Turns; bare: Turns }> {
  const tenure: Turns = { rates: [], processorMs: {} };
  const bare: Turns = { rates: [], processorMs: {} };
  for (let round = 1; round <= rounds; round += 1) {
    const ours = await accounted(plan, rounds, tenure, () => rateOfOnboardings(plan));
    const base = await accounted(plan, rounds, bare, () => rateOfBare(plan));
    say(`  ${ours.toFixed(2)} of ${base.toFixed(2)} runs/s: ${(ours / base).toFixed(2)}`);
  }
  return { tenure, bare };
}

export interface Turns {
  /** Runs per second of each round. */
  rates: number[];
  /** A run, by part; `bench` is who starts them and counts. */
  processorMs: Record<string, number>;
}

async function accounted(
  { insides, bare, runs }: LoadPlan,
  rounds: number,
  turns: Turns,
  work: () => Promise<number>,
): Promise<number> {
  const pids = {
    ...insides.installation.runtime.pids,
    'bare worker': { pid: bare.pid },
    bench: { pid: process.pid },
  };
  // Without the children: they are the other parts.
  const timesOf = (): Record<string, number> => ({ ...processorTimes(pids), bench: ownMs() });
  const before = timesOf();
  const rate = await work();
  for (const [part, ms] of Object.entries(timesOf())) {
    const perRun = (ms - (before[part] ?? 0)) / runs / rounds;
    turns.processorMs[part] = (turns.processorMs[part] ?? 0) + perRun;
  }
  turns.rates.push(rate);
  return rate;
}

function ownMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

export function rateOfBare({ insides, bare, runs, signal }: LoadPlan): Promise<number> {
  const starts = Array.from({ length: runs }, () => () => bare.start());
  const load = { workflowType: BARE, starts, atOnce: AT_ONCE, withinMs: WITHIN_MS };
  return runLoad(insides.plainClient, load, signal);
}

/** Started by the client alone; their rows are written before the time counts. */
export async function rateOfOnboardings({ insides, runs, signal }: LoadPlan): Promise<number> {
  const prepared = await Promise.all(
    Array.from({ length: runs }, () => prepareOnboarding(insides)),
  );
  const starts = prepared.map(({ start }) => start);
  const rate = await rateOf(insides, starts, signal);
  await requireDone(
    insides,
    prepared.map(({ id }) => id),
  );
  return rate;
}

/** Asked for at the API, each in a request of its own. */
export async function rateThroughApi({ insides, runs, signal }: LoadPlan): Promise<number> {
  const ids: string[] = [];
  const start = async () => ids.push(await requestOnboarding(insides));
  const starts = Array.from({ length: runs }, () => start);
  const rate = await rateOf(insides, starts, signal);
  await requireDone(insides, ids);
  return rate;
}

function rateOf(
  { plainClient }: Insides,
  starts: (() => Promise<unknown>)[],
  signal: AbortSignal,
): Promise<number> {
  const load = { workflowType: ONBOARD, starts, atOnce: AT_ONCE, withinMs: WITHIN_MS };
  return runLoad(plainClient, load, signal);
}
