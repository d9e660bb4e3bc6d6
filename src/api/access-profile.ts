// An access profile named in a request is resolved before anything else happens: what runs is what the
// profile said at that moment, and the same request is the same in that form.
import type { Connection } from '../domain/connection.js';
import { MAX_ATTRIBUTES, MAX_GROUPS } from '../domain/fields.schema.js';
import type { OnboardingRequest } from '../domain/onboarding.schema.js';
import type { AccessProfileStore } from '../store/store.js';
import type { Faults } from './faults.js';

/** The request as it is without the name; with a fault where there is no such profile, or it is too much. */
export async function withAccessProfile(
  accessProfiles: Pick<AccessProfileStore, 'get'>,
  faults: Faults,
  { accessProfile, ...body }: OnboardingRequest,
  connection: Connection,
): Promise<OnboardingRequest> {
  if (accessProfile === undefined) return body;
  const profile = await accessProfiles.get(connection.id, accessProfile);
  if (profile === null) {
    const detail = `The connection ${connection.id} has no such access profile`;
    faults.add('accessProfile', 'INVALID', detail);
    return body;
  }
  const groups = [...new Set([...profile.groups, ...(body.groups ?? [])])];
  const attributes = { ...profile.attributes, ...body.person.attributes };
  if (groups.length > MAX_GROUPS) {
    faults.add('groups', 'TOO_LONG', `With the access profile, more than ${MAX_GROUPS} groups`);
  }
  if (Object.keys(attributes).length > MAX_ATTRIBUTES) {
    const detail = `With the access profile, more than ${MAX_ATTRIBUTES} attributes`;
    faults.add('person.attributes', 'TOO_LONG', detail);
  }
  return { ...body, groups, person: { ...body.person, attributes } } as OnboardingRequest;
}
