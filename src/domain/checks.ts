// The doctor's judgement: what an inspection saw, as checks that say what it means and what mends it,
// and what that means for the connection. Pure and total; the order is the one to mend things in.
import { settled, type Check } from './check.js';
import { appLooks, scopeLooks } from './checks-app.js';
import { limitLooks } from './checks-limits.js';
import { leadsAstray, reachLooks } from './checks-reach.js';
import { roleLooks } from './checks-role.js';
import type { Sightings } from './sightings.js';

export function checksOf(seen: Sightings): Check[] {
  return settled([
    ...reachLooks(seen),
    ...appLooks(seen),
    ...scopeLooks(seen),
    ...roleLooks(seen),
    ...limitLooks(seen),
  ]);
}

/** What a verification came to, for the connection. */
export type Conclusion =
  | { kind: 'works' }
  /** `blocks`: no run could do anything, so they had better wait. */
  | { kind: 'fails'; blocks: boolean; code: string; title: string; detail: string };

export function conclusionOf(seen: Sightings, checks: readonly Check[]): Conclusion {
  const failed = checks.filter(({ status }) => status === 'fail');
  const refused =
    seen.token.kind === 'refused' ||
    seen.token.kind === 'unusable' ||
    !seen.callable ||
    leadsAstray(seen.org);
  // What blocks is named first: the others can wait until it is mended.
  const blocking = failed.find(
    ({ id }) => id.startsWith('scope.') || (refused && id.startsWith('app.')),
  );
  const first = blocking ?? failed[0];
  if (first === undefined) return { kind: 'works' };
  const blocks = blocking !== undefined || refused;
  return {
    kind: 'fails',
    blocks,
    code: codeOf(first, blocks),
    title: `The set-up in Okta is not complete: ${first.title}`,
    detail: first.fix === undefined ? first.detail : `${first.detail} ${first.fix}`,
  };
}

/** The codes of the Okta client where it would have refused a run. */
function codeOf({ id }: Check, blocks: boolean): string {
  if (!blocks) return 'CHECK_FAILED';
  return id.startsWith('scope.') ? 'OKTA_SCOPE_MISSING' : 'OKTA_AUTH_FAILED';
}
