// The baseline: as many activities as an onboarding has, one after the other, and nothing else.
import { proxyActivities } from '@temporalio/workflow';

export interface BareActivities {
  nothing(): Promise<void>;
}

const { nothing } = proxyActivities<BareActivities>({ startToCloseTimeout: '2 minutes' });

export async function bare(activities: number): Promise<void> {
  for (let done = 0; done < activities; done += 1) await nothing();
}
