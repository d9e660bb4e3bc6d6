// An urgent order meets an account that another run has, under another workflow id. That run hears of it
// like of any urgent order, and its workflow goes on as this run; where it has no workflow any more, this
// run takes the account and what was done with it.
import { getExternalWorkflowHandle, isCancellation } from '@temporalio/workflow';
import { takeoverSignal } from '../contract/messages.js';
import type { OffboardInput } from '../contract/workflows.js';
import { loadJournal, moveRun, takeAccount } from './activities.js';
import { Moved } from './endings.js';
import type { Saga } from './saga.js';

/** @throws {Moved} where the holder's workflow goes on as this run. */
export async function takeFrom(
  saga: Saga,
  input: OffboardInput,
  holder: { run: OffboardInput['run']['id']; workflowId: string },
): Promise<void> {
  const { run } = input;
  if (await isHeard(holder.workflowId, input)) {
    await moveRun({ run, workflowId: holder.workflowId });
    throw new Moved();
  }
  if (await takeAccount({ run, from: holder.run })) {
    saga.replaceJournal(await loadJournal({ run }));
  }
}

async function isHeard(workflowId: string, input: OffboardInput): Promise<boolean> {
  try {
    await getExternalWorkflowHandle(workflowId).signal(takeoverSignal, {
      actionId: input.run.requestId,
      runId: input.run.id,
      requestedBy: null,
      reason: null,
      input,
    });
    return true;
  } catch (error) {
    if (isCancellation(error)) throw error;
    return false;
  }
}
