// Bare workflows on the same server: their bundle, their worker's process, and how one is started.
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Client, WorkflowHandle } from '@temporalio/client';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import type { bare } from './bare-workflow.js';

export const BARE = 'bare';

export interface BareSide {
  start(): Promise<WorkflowHandle<typeof bare>>;
  /** Of the worker's process. */
  pid: number;
  /** Ends the worker's process; may be called twice. */
  stop(): Promise<void>;
}

export interface BareOptions {
  /** Where the bundle may be written. */
  directory: string;
  /** host:port of the Temporal server. */
  address: string;
  /** Without a codec: what is bare is not encrypted either. */
  client: Client;
  /** Empty activities of each workflow. */
  activities: number;
}

export async function startBareSide(options: BareOptions): Promise<BareSide> {
  const { directory, address, client, activities } = options;
  const bundle = join(directory, 'bare-bundle.js');
  const { code } = await bundleWorkflowCode({
    workflowsPath: fileURLToPath(new URL('bare-workflow.ts', import.meta.url)),
    logger: new DefaultLogger('WARN'),
  });
  await writeFile(bundle, code);
  const taskQueue = `bare-${randomUUID()}`;
  const worker = await startWorker([address, taskQueue, bundle]);
  return {
    start: () =>
      client.workflow.start<typeof bare>(BARE, {
        workflowId: `bare-${randomUUID()}`,
        taskQueue,
        args: [activities],
      }),
    ...worker,
  };
}

/** The young generation and the allocator are set as the embedded mode sets them for its own worker. */
async function startWorker(args: string[]): Promise<Pick<BareSide, 'pid' | 'stop'>> {
  const file = fileURLToPath(new URL('bare-worker.ts', import.meta.url));
  const child = spawn(
    process.execPath,
    ['--max-semi-space-size=8', '--import', import.meta.resolve('tsx'), file, ...args],
    { stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, MALLOC_ARENA_MAX: '2' } },
  );
  const ended = once(child, 'exit');
  await Promise.race([
    once(child.stdout, 'data'),
    ended.then(() => {
      throw new Error('the worker of the bare workflows did not start');
    }),
  ]);
  return {
    pid: child.pid ?? NaN,
    stop: async () => {
      child.stdin.end();
      await ended;
    },
  };
}
