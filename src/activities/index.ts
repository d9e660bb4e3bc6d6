// All activities, named for their effect. The workflows know them by these types only.
import { createGroupDirectory } from './group-directory.js';
import { createKeyActivities, type KeyActivities } from './keys.js';
import { createMemberReads } from './member-reads.js';
import { createOffboardingActivities, type OffboardingActivities } from './offboarding.js';
import { createOnboardingActivities, type OnboardingActivities } from './onboarding.js';
import { createReadingActivities, type ReadingActivities, type SharedReads } from './reading.js';
import { createRecordingActivities, type RecordingActivities } from './recording.js';
import { createStepRunner, type ActivityDeps } from './step.js';

export type { ActivityDeps } from './step.js';
export type { Sighting } from './looks.js';
export type { Created, CreateRequest } from './onboarding.js';
export type { Slice } from './slices.js';
export type { StepResult } from './step.js';

export type OktaActivities = ReadingActivities & OnboardingActivities & OffboardingActivities;
export type { RecordingActivities } from './recording.js';
export type { KeyActivities } from './keys.js';
export type Activities = OktaActivities & RecordingActivities & KeyActivities;

export function createActivities(
  deps: ActivityDeps,
  shared: SharedReads = sharedReads(deps.store),
): Activities {
  const step = createStepRunner(deps);
  return {
    ...createReadingActivities(step, shared),
    ...createOnboardingActivities(step, shared),
    ...createOffboardingActivities(step),
    ...createRecordingActivities(deps.store.runs),
    ...createKeyActivities(deps),
  };
}

/** Made once a worker. */
function sharedReads({ groups }: ActivityDeps['store']): SharedReads {
  return { directory: createGroupDirectory({ store: groups }), members: createMemberReads() };
}
