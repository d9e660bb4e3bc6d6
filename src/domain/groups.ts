// Which of somebody's groups can be changed, and which are taken away when the person leaves. Pure.
import type { OktaGroupId } from './brand.js';
import { without } from './effects.js';
import type { OktaGroup } from './okta-user.js';

/** Only Okta's own groups take members through its API. */
export function ownGroups(groups: readonly OktaGroup[]): OktaGroupId[] {
  return groups.filter(({ type }) => type === 'OKTA_GROUP').map(({ id }) => id);
}

/**
 * A group that a rule fills is left alone: removing somebody there would put them on the rule's exclusion
 * list (Okta Help, "About group rules").
 */
export function removableGroups(
  groups: readonly OktaGroup[],
  ruled: readonly OktaGroupId[],
): OktaGroupId[] {
  return without(ownGroups(groups), ruled);
}
