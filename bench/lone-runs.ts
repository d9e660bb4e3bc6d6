// One run while nothing else runs: from the call that starts it to its result. An onboarding waits for
// Okta as well; what the simulated org takes for the same calls is measured by itself and taken off.
import { performance } from 'node:perf_hooks';
import type { OktaCall } from './cost.js';
import { oktaTimes } from './okta-time.js';
import { prepareOnboarding } from './onboardings.js';
import type { LoadPlan } from './rates.js';
import { ratios, summary, type Summary } from './table.js';

/** Milliseconds each. */
export interface LoneRuns {
  bare: Summary;
  tenure: Summary;
  okta: Summary;
  tenureLessOkta: Summary;
  /** `tenureLessOkta` over `bare`, pair by pair. */
  ratio: Summary;
}

const WARM_UP = 5;

export async function loneRuns(
  { insides, bare, runs, signal }: LoadPlan,
  calls: readonly OktaCall[],
): Promise<LoneRuns> {
  const okta = summary((await oktaTimes(insides, calls, WARM_UP + runs)).slice(WARM_UP));
  const tenure: number[] = [];
  const baseline: number[] = [];
  for (let run = 0; run < runs; run += 1) {
    signal.throwIfAborted();
    const { workflowId, start } = await prepareOnboarding(insides);
    tenure.push(
      await milliseconds(async () => {
        await insides.client.workflow.getHandle(workflowId, await start()).result();
      }),
    );
    baseline.push(
      await milliseconds(async () => {
        await (await bare.start()).result();
      }),
    );
  }
  const less = tenure.map((ms) => ms - okta.median);
  return {
    bare: summary(baseline),
    tenure: summary(tenure),
    okta,
    tenureLessOkta: summary(less),
    ratio: ratios(less, baseline),
  };
}

async function milliseconds(work: () => Promise<void>): Promise<number> {
  const before = performance.now();
  await work();
  return performance.now() - before;
}
