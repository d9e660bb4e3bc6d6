// The workflow bundle in the worker's own sandbox, without a worker: one V8 context for all executions.
// The promise hook, which would note a stack trace for every promise, is left out.
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import vm from 'node:vm';
import type { Workflow } from '@temporalio/worker/lib/workflow/interface.js';

export interface Sandbox {
  create(of: { workflowId: string; runId: string; type: string }): Promise<Workflow>;
}

interface Creator {
  createWorkflow(options: object): Promise<Workflow>;
}
type CreatorClass = new (
  script: vm.Script,
  bundle: object,
  timeoutMs: number | undefined,
  activities: Set<string>,
) => Creator;

/** The only ones that the SDK asks for by name before it schedules them. */
const LOCAL_ACTIVITIES = new Set(['recordRun']);

const require = createRequire(import.meta.url);

export async function openSandbox(path: string): Promise<Sandbox> {
  const { ReusableVMWorkflowCreator } =
    require('@temporalio/worker/lib/workflow/reusable-vm.js') as {
      ReusableVMWorkflowCreator: CreatorClass;
    };
  const code = await readFile(path, 'utf8');
  const bundle = { code, filename: path, sourceMap: {} };
  // Without a timeout: a watchdog thread for every call costs more than the call.
  const creator = new ReusableVMWorkflowCreator(
    new vm.Script(code, { filename: path }),
    bundle,
    undefined,
    LOCAL_ACTIVITIES,
  );
  return {
    create: ({ workflowId, runId, type }) =>
      creator.createWorkflow({
        info: {
          workflowId,
          runId,
          workflowType: type,
          searchAttributes: {},
          memo: {},
          historyLength: 0,
          historySize: 0,
          continueAsNewSuggested: false,
          taskQueue: 'model',
          namespace: 'model',
          firstExecutionRunId: runId,
          attempt: 1,
          taskTimeoutMs: 10_000,
          startTime: new Date(),
          runStartTime: new Date(),
          unsafe: { isReplaying: false },
        },
        randomnessSeed: [1, 2, 3],
        now: Date.now(),
        showStackTraceSources: false,
      }),
  };
}
