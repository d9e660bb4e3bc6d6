// Many hires at once under Okta's rate limits: against as many bare runs, and against the minutes that
// the limits allow. What counts beside the time is which calls Okta gets for them.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ONBOARD } from '../src/contract/workflows.js';
import { freePorts } from '../src/demo/installation.js';
import { BARE, startBareSide } from './bare.js';
import { benchmark, type Frame, type Report } from './benchmark.js';
import { historyCost, oktaCallsDuring, type OktaCall } from './cost.js';
import { openInsides, timedStart, type Insides } from './installation.js';
import { runWave, type Wave } from './load.js';
import { describeMachine } from './machine.js';
import { prepareOnboarding, requireDone } from './onboardings.js';
import { ratios, single, summary, type Result, type Summary, type Target } from './table.js';

const GROUPS = ['Engineering', 'Sales', 'Marketing'];
const LIMITS = { tier: 'workforce', appShare: 0.5, overrides: {} };
const ROUNDS = 4;
/** Of both sides, so that the code of neither is still being compiled. */
const WARM_UP = 200;
/** The second measurement has so many times the hires of the first. */
const MANY = 6;
const SHORT_MS = 180_000;
const LONG_MS = 180_000;
/** Every window of a limit, and whatever is known for a minute, is over then. */
const FRESH_MS = 62_000;
const BUCKETS = ['A', 'B', 'C', 'D', 'E', 'T'];

await benchmark('hires', { defaultRuns: 100, limitMs: 1_800_000 }, hires);

/** A wave of hires and what Okta got for it. */
interface Hired extends Wave {
  calls: OktaCall[];
}

async function hires({ runs, directory, signal, atEnd, say }: Frame): Promise<Report> {
  const home = join(directory, 'home');
  await mkdir(home);
  const machine = await describeMachine(directory);
  say('Starting …');
  const { installation } = await timedStart(home, await freePorts());
  atEnd(() => installation.stop());
  const insides = await openInsides(home, installation);
  atEnd(() => insides.close());
  await insides.simulator('PATCH', '/org', { rateLimits: LIMITS, latencyMs: [0, 0] });
  const fresh = () => sleep(FRESH_MS, undefined, { signal });
  const hire = (count: number, withinMs: number) => hireMany(insides, count, withinMs, signal);

  const activities = await activitiesOf(insides);
  const client = insides.plainClient;
  const address = installation.runtime.temporal;
  const bareSide = await startBareSide({ directory, address, client, activities });
  atEnd(() => bareSide.stop());
  const bareMany = (count: number) => {
    const starts = Array.from({ length: count }, () => () => bareSide.start());
    return runWave(client, { workflowType: BARE, starts, withinMs: SHORT_MS }, signal);
  };

  say('Warming up …');
  await bareMany(WARM_UP);
  await hire(WARM_UP, SHORT_MS);
  const bare: Wave[] = [];
  const hired: Hired[] = [];
  for (let round = 1; round <= ROUNDS; round += 1) {
    say(`${runs} bare runs and ${runs} hires at once, round ${round} of ${ROUNDS}, in a minute …`);
    await fresh();
    const base = await bareMany(runs);
    const ours = await hire(runs, SHORT_MS);
    say(`  bare: ${base.seconds.toFixed(1)} s; hires: ${sayWave(ours, runs)}`);
    bare.push(base);
    hired.push(ours);
  }
  say(`${runs * MANY} hires at once, in a minute …`);
  await fresh();
  const many = await hire(runs * MANY, LONG_MS);
  say(`  ${sayWave(many, runs * MANY)}`);

  return {
    machine: { ...machine },
    settings: {
      hires: runs,
      groups: `${GROUPS.length}, by name`,
      rounds: ROUNDS,
      Okta: `simulated, latency 0, tier ${LIMITS.tier}, share of the app ${LIMITS.appShare * 100} %`,
      bare: `${activities} empty activities, eager like ours`,
    },
    results: resultsOf(runs, bare, hired, many),
    details: { bare, hired: hired.map(withoutCalls), many: withoutCalls(many) },
    notes: [
      ...hired.map((wave, round) => `Round ${round + 1}: ${sayWave(wave, runs)}.`),
      `${runs * MANY}: ${sayWave(many, runs * MANY)}.`,
    ],
  };
}

/** Of one hire, local activities left out. */
async function activitiesOf(insides: Insides): Promise<number> {
  const { workflowId, start } = await prepareOnboarding(insides, GROUPS);
  const handle = insides.client.workflow.getHandle(workflowId, await start());
  await handle.result();
  return (await historyCost(handle)).activities;
}

async function hireMany(
  insides: Insides,
  count: number,
  withinMs: number,
  signal: AbortSignal,
): Promise<Hired> {
  const prepared = await Promise.all(
    Array.from({ length: count }, () => prepareOnboarding(insides, GROUPS)),
  );
  const starts = prepared.map(({ start }) => start);
  let wave: Wave = { over: 0, seconds: NaN };
  const calls = await oktaCallsDuring(insides, async () => {
    const load = { workflowType: ONBOARD, starts, withinMs };
    wave = await runWave(insides.plainClient, load, signal);
  });
  const ids = prepared.map(({ id }) => id);
  if (wave.over === count) await requireDone(insides, ids);
  return { ...wave, calls };
}

function resultsOf(
  runs: number,
  bare: readonly Wave[],
  hired: readonly Hired[],
  many: Hired,
): Result[] {
  const baseline = bare.map(({ seconds }) => seconds);
  const seconds = hired.map((wave) => wave.seconds);
  const calls = (bucket: string) => summary(hired.map((wave) => inBucket(wave.calls, bucket)));
  const perHire = (bucket: string, limit: number): Result =>
    only(`calls-${bucket}`, `calls of bucket ${bucket}`, '', calls(bucket), atMost(limit));
  return [
    {
      ...only('hires', `${runs} hires at once`, 's', summary(seconds)),
      baseline: summary(baseline),
      ratio: ratios(seconds, baseline),
      target: { of: 'ratio', bound: 'at most', limit: 1.3 },
    },
    perHire('A', runs),
    perHire('B', 2 * runs),
    only('calls-D', 'calls of bucket D', '', calls('D')),
    only('refused', 'calls refused for a limit', '', summary(hired.map(refused)), atMost(0)),
    only('many', `${runs * MANY} hires at once`, 's', single(many.seconds), atMost(80)),
    only('many-over', 'of them over in time', '', single(many.over), {
      of: 'value',
      bound: 'at least',
      limit: runs * MANY,
    }),
    only('many-refused', 'calls refused for a limit', '', single(refused(many)), atMost(0)),
  ];
}

function inBucket(calls: readonly OktaCall[], bucket: string): number {
  return calls.filter((call) => call.bucket === bucket).length;
}

function refused({ calls }: Hired): number {
  return calls.filter(({ status }) => status === 429).length;
}

function sayWave(wave: Hired, count: number): string {
  const buckets = BUCKETS.map((bucket) => `${bucket} ${inBucket(wave.calls, bucket)}`).join(', ');
  const over = wave.over === count ? 'all over' : `only ${wave.over} over`;
  return `${over} after ${wave.seconds.toFixed(1)} s; calls by bucket: ${buckets}; refused for a limit: ${refused(wave)}`;
}

function withoutCalls({ calls, ...wave }: Hired): Record<string, unknown> {
  return { ...wave, calls: Object.fromEntries(BUCKETS.map((b) => [b, inBucket(calls, b)])) };
}

function only(
  id: string,
  what: string,
  unit: string,
  value: Summary,
  target: Target | null = null,
): Result {
  return { id, what, unit, value, target, baseline: null, ratio: null };
}

function atMost(limit: number): Target {
  return { of: 'value', bound: 'at most', limit };
}
