// A bounded load on a Temporal server: so many workflows, so many open at once. What is done is seen in
// visibility, not by open calls for results; the time is the server's, from first start to last close.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';

export interface Load {
  /** Of the workflows; nothing else of this type may start meanwhile. */
  workflowType: string;
  /** Starts one workflow each. */
  starts: readonly (() => Promise<unknown>)[];
  atOnce: number;
  /** All must be over by then. */
  withinMs: number;
}

const LOOK_EVERY_MS = 100;
/** More calls at once than that, and some time out in the server's queue. */
const STARTERS = 25;

/** Runs per second. @throws where one does not end as completed, or not in time. */
export async function runLoad(client: Client, load: Load, signal: AbortSignal): Promise<number> {
  const { workflowType, starts, atOnce, withinMs } = load;
  // Times in visibility are to the millisecond; what ran before has ended before.
  await sleep(5, undefined, { signal });
  const since = new Date().toISOString();
  const ofLoad = `WorkflowType = '${workflowType}' AND StartTime >= '${since}'`;
  const giveUpAt = Date.now() + withinMs;
  let begun = 0;
  for (;;) {
    const { count: over } = await client.workflow.count(
      `${ofLoad} AND ExecutionStatus != 'Running'`,
    );
    if (over >= starts.length) break;
    if (Date.now() > giveUpAt) {
      throw new Error(`only ${over} of ${starts.length} ${workflowType} runs were over in time`);
    }
    const next = starts.slice(begun, over + atOnce);
    begun += next.length;
    await Promise.all(next.map((start) => start()));
    await sleep(LOOK_EVERY_MS, undefined, { signal });
  }
  return starts.length / (await secondsOf(client, ofLoad));
}

export interface Wave {
  /** How many were over when all were, or when the time was up. */
  over: number;
  /** From the first start to the last end, or `withinMs`. */
  seconds: number;
}

/**
 * All of them, none waiting for another to end. One that is not over in time is no error: the wave says
 * how many were.
 */
export async function runWave(
  client: Client,
  { workflowType, starts, withinMs }: Omit<Load, 'atOnce'>,
  signal: AbortSignal,
): Promise<Wave> {
  await sleep(5, undefined, { signal });
  const ofWave = `WorkflowType = '${workflowType}' AND StartTime >= '${new Date().toISOString()}'`;
  const giveUpAt = Date.now() + withinMs;
  const waiting = [...starts];
  const starter = async (): Promise<void> => {
    for (let start = waiting.shift(); start !== undefined; start = waiting.shift()) await start();
  };
  await Promise.all(Array.from({ length: STARTERS }, starter));
  for (;;) {
    const { count } = await client.workflow.count(`${ofWave} AND ExecutionStatus != 'Running'`);
    if (count >= starts.length) return { over: count, seconds: await secondsOf(client, ofWave) };
    if (Date.now() > giveUpAt) return { over: count, seconds: withinMs / 1_000 };
    await sleep(LOOK_EVERY_MS, undefined, { signal });
  }
}

async function secondsOf(client: Client, query: string): Promise<number> {
  let first = Infinity;
  let last = -Infinity;
  for await (const { startTime, closeTime, status, workflowId } of client.workflow.list({
    query,
  })) {
    if (status.name !== 'COMPLETED') throw new Error(`${workflowId} is ${status.name}`);
    first = Math.min(first, startTime.getTime());
    last = Math.max(last, closeTime?.getTime() ?? NaN);
  }
  return (last - first) / 1_000;
}
