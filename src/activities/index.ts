// All activities, named for their effect. The workflows know them by these types only.
import { createKeyActivities, type KeyActivities } from './keys.js';
import { createOffboardingActivities, type OffboardingActivities } from './offboarding.js';
import { createOnboardingActivities, type OnboardingActivities } from './onboarding.js';
import { createReadingActivities, type ReadingActivities } from './reading.js';
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

export function createActivities(deps: ActivityDeps): Activities {
  const step = createStepRunner(deps);
  return {
    ...createReadingActivities(step),
    ...createOnboardingActivities(step),
    ...createOffboardingActivities(step),
    ...createRecordingActivities(deps.store.runs),
    ...createKeyActivities(deps),
  };
}
