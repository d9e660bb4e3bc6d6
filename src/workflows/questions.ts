// Questions that somebody waits for: each is one activity, tried until it answers or nobody waits.
import { defineSignal, proxyActivities, setHandler } from '@temporalio/workflow';
import type { QuestionActivities } from '../activities/questions.js';
import {
  VERIFY_AGAIN,
  type GroupsAnswer,
  type ListGroupsInput,
  type Verification,
  type VerifyInput,
} from '../contract/questions.js';

/** An inspection ends within 18 s. Only an error of our own, or of the database, is tried again. */
const activities = proxyActivities<QuestionActivities>({
  startToCloseTimeout: '22 seconds',
  retry: { initialInterval: '500 milliseconds', maximumInterval: '1 minute' },
});

const again = defineSignal(VERIFY_AGAIN);

/** Verifies, and once more where the connection was changed meanwhile. */
export async function verifyConnection(input: VerifyInput): Promise<Verification> {
  const heard = { changes: 0 };
  setHandler(again, () => {
    heard.changes += 1;
  });
  for (;;) {
    const { changes } = heard;
    const verification = await activities.verifyConnection(input);
    if (heard.changes === changes) return verification;
  }
}

export async function listGroups(input: ListGroupsInput): Promise<GroupsAnswer> {
  return activities.listGroups(input);
}
