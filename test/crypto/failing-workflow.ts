// A workflow that fails with what its activity fails with, and with a failure of its own.
import { ApplicationFailure, proxyActivities } from '@temporalio/workflow';

const { refuse } = proxyActivities<{ refuse(input: string): Promise<void> }>({
  startToCloseTimeout: '10s',
  retry: { maximumAttempts: 1 },
});

export async function failing(input: string): Promise<void> {
  try {
    await refuse(input);
  } catch (error) {
    throw ApplicationFailure.create({
      message: `the workflow fails for ${input}`,
      type: 'OUTER',
      details: [{ of: input }],
      ...(error instanceof Error ? { cause: error } : {}),
    });
  }
}
