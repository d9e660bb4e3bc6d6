// What one onboarding costs, counted, beside a bare run.
import {
  historyCost,
  isTokenCall,
  oktaCallsDuring,
  statementsDuring,
  total,
  type HistoryCost,
  type OktaCall,
  type StatementCounts,
} from './cost.js';
import { prepareOnboarding } from './onboardings.js';
import { rateOfOnboardings, rateThroughApi, type LoadPlan } from './rates.js';

export interface RunCost {
  tenure: HistoryCost;
  bare: HistoryCost;
  /** Of one onboarding, without tokens. */
  oktaCalls: OktaCall[];
  tokenCalls: number;
  /** A run, by kind; started by the client, so they are the worker's. */
  workerStatements: StatementCounts;
  /** A run: what the API adds for taking the request. */
  apiStatements: number;
}

/** Statements are counted over `runs` of them. */
export async function costOfRuns(plan: LoadPlan): Promise<RunCost> {
  const { insides, bare, runs } = plan;
  const bareHandle = await bare.start();
  await bareHandle.result();
  const { workflowId, start } = await prepareOnboarding(insides);
  let handle = insides.client.workflow.getHandle(workflowId);
  const calls = await oktaCallsDuring(insides, async () => {
    handle = insides.client.workflow.getHandle(workflowId, await start());
    await handle.result();
  });
  const byWorker = await statementsDuring(insides, () => rateOfOnboardings(plan));
  const byBoth = await statementsDuring(insides, () => rateThroughApi(plan));
  const perRun = Object.entries(byWorker).map(([kind, count]) => [kind, count / runs] as const);
  return {
    tenure: await historyCost(handle),
    bare: await historyCost(bareHandle),
    oktaCalls: calls.filter((call) => !isTokenCall(call)),
    tokenCalls: calls.filter(isTokenCall).length,
    workerStatements: Object.fromEntries(perRun),
    apiStatements: (total(byBoth) - total(byWorker)) / runs,
  };
}

/** For people, one line each. */
export function sayCost(cost: RunCost): string[] {
  const { tenure, bare, oktaCalls, tokenCalls, workerStatements, apiStatements } = cost;
  const calls = `${oktaCalls.length} calls to Okta, ${tokenCalls} for a token`;
  const statements = `${total(workerStatements).toFixed(1)} statements by the worker, ${apiStatements.toFixed(1)} by the API`;
  return [
    `An onboarding: ${sayHistory(tenure)}; ${calls}; ${statements}.`,
    `A bare run: ${sayHistory(bare)}.`,
  ];
}

function sayHistory(cost: HistoryCost): string {
  const { activities, localActivities, workflowTasks, events, kilobytes } = cost;
  return `${activities} activities, ${localActivities} local, ${workflowTasks} workflow tasks, ${events} events, ${kilobytes.toFixed(1)} KB of history`;
}
