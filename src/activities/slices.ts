// Work through a list of groups in slices: each works for a short time and says how far it came, so that
// a wait or a cancel never loses progress, and nobody waits for a limit inside a step.
import type { OktaGroupId } from '../domain/brand.js';
import { without, type Effect } from '../domain/effects.js';
import { OktaError, type Answer } from '../okta/index.js';
import type { StepTools } from './step.js';

/** How far a slice came. */
export interface Slice {
  done: OktaGroupId[];
  /** Refused for now: to be tried after all others. */
  later: OktaGroupId[];
  /** How long Okta's limit asks to wait before the next slice. */
  waitMs: number;
}

/** What came of a slice, with the groups that were surely not tried. */
export interface Worked {
  slice: Slice;
  untried: OktaGroupId[];
}

/** A cancel is heard between two slices; it must give access back within seconds. */
const SLICE_MS = 1_500;

/**
 * Calls Okta for one group after the other until the time is up. An error ends the slice where it has
 * made progress, and the step where it has made none.
 * @throws OktaError of the first group
 */
export async function workThrough(
  tools: StepTools,
  groupIds: readonly OktaGroupId[],
  call: (group: OktaGroupId) => Promise<Answer<void> | null>,
): Promise<Worked> {
  const until = performance.now() + SLICE_MS;
  const done: OktaGroupId[] = [];
  const later: OktaGroupId[] = [];
  let first: OktaError | null = null;
  let inDoubt: OktaGroupId[] = [];
  const worked = (waitMs: number): Worked => {
    const tried = [...done, ...later, ...inDoubt];
    // An attempt before this one may have come further.
    const untried = tools.mayHaveHappened ? [] : without(groupIds, tried);
    return { slice: { done, later, waitMs }, untried };
  };
  for (const group of groupIds) {
    if (performance.now() >= until && done.length > 0) break;
    try {
      const answer = await call(group);
      if (answer !== null) tools.take(answer);
      tools.wrote();
      done.push(group);
    } catch (error) {
      if (!(error instanceof OktaError)) throw error;
      if (error.code === 'OKTA_RATE_LIMITED') {
        return worked(error.retryAfterMs);
      }
      first ??= error;
      if (!isOfThisGroup(error)) {
        if (done.length === 0) throw error;
        tools.noteLost(error);
        inDoubt = [group];
        break;
      }
      later.push(group);
    }
  }
  if (done.length === 0 && first !== null) {
    tools.concerns(
      later.length === 1 ? `Group: ${later.join('')}.` : `Groups: ${later.join(', ')}.`,
    );
    throw first;
  }
  return worked(0);
}

/**
 * What the journal gets of a slice. An undo in the wait that follows must not compensate what was not
 * tried; what is kept says at once that it is to come, for a workflow that is ended from outside.
 */
export function effectsOf(
  kind: 'add-to-groups' | 'remove-from-groups',
  { slice, untried }: Worked,
): Effect[] {
  return [
    { kind, stage: 'done', groupIds: slice.done },
    ...(untried.length === 0
      ? []
      : ([
          { kind, stage: 'refused', groupIds: untried },
          { kind, stage: 'intended', groupIds: untried },
        ] as const)),
  ];
}

/** Another group may work although this one does not. */
function isOfThisGroup({ code }: OktaError): boolean {
  return code === 'OKTA_FORBIDDEN' || code === 'OKTA_NOT_FOUND' || code === 'OKTA_VALIDATION';
}
