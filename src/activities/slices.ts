// Work through a list of groups in slices: each works for a short time and says how far it came, so that
// a wait or a cancel never loses progress, and nobody waits for a limit inside a step.
import type { OktaGroupId } from '../domain/brand.js';
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
): Promise<Slice> {
  const until = performance.now() + SLICE_MS;
  const done: OktaGroupId[] = [];
  const later: OktaGroupId[] = [];
  let first: OktaError | null = null;
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
        return { done, later, waitMs: error.retryAfterMs };
      }
      first ??= error;
      if (!isOfThisGroup(error)) {
        if (done.length === 0) throw error;
        tools.noteLost(error);
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
  return { done, later, waitMs: 0 };
}

/** Another group may work although this one does not. */
function isOfThisGroup({ code }: OktaError): boolean {
  return code === 'OKTA_FORBIDDEN' || code === 'OKTA_NOT_FOUND' || code === 'OKTA_VALIDATION';
}
