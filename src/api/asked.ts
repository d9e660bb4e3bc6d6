// What was asked for, as far as a run does not show it elsewhere: for those who may see the run.
import type { OffboardTerms } from '../contract/workflows.js';
import type { RunInput } from './start-order.js';

/** In the words of the request. */
export function askedOf({ kind, input }: RunInput): Record<string, unknown> {
  if (kind === 'offboarding') {
    return {
      ...given('suspendAt', input.suspendAt),
      ...termsOf(input.terms),
      ifOpen: input.takeover ? 'takeover' : 'refuse',
    };
  }
  const { groups, startAt, contractEnd, activation, onExisting, externalId, accessProfile } = input;
  return {
    groups,
    attributes: input.person.attributes,
    email: input.person.email,
    activation,
    onExisting,
    ...given('accessProfile', accessProfile),
    ...given('externalId', externalId),
    ...given('startAt', startAt),
    ...given('endsAt', contractEnd?.endsAt),
  };
}

function termsOf({ hold, removeGroups, revokeSessions, whenNotSuspendable }: OffboardTerms) {
  return {
    ...(hold.kind === 'deprovisionAt'
      ? { deprovisionAt: hold.at }
      : { undoWindow: `PT${Math.round(hold.ms / 1_000)}S` }),
    removeGroups,
    ...given('revokeSessions', revokeSessions),
    whenNotSuspendable,
  };
}

function given(name: string, value: unknown): Record<string, unknown> {
  return value === null || value === undefined ? {} : { [name]: value };
}
