// Okta's answers as far as we read them, turned into the domain's types. Fields that we do not know
// pass, ones that we need must be there. Shapes: recorded traffic 2016 to 2026, Okta's OpenAPI file.
import { z } from 'zod';
import { as, type OktaGroupId, type OktaUserId } from '../domain/brand.js';
import type { OktaGroup, OktaUser, Profile } from '../domain/okta-user.js';
import type { OktaGroupRule } from './connection.js';

const id = z.string().min(1);
const instant = z.iso.datetime({ offset: true });

/** Okta may leave out what is null (Core Okta API). */
const nullable = <T extends z.ZodType>(schema: T) => schema.nullish().transform((it) => it ?? null);

export const userAnswer = z
  .object({
    id,
    status: z.string().min(1),
    created: instant,
    statusChanged: nullable(instant),
    transitioningToStatus: nullable(z.string()),
    profile: z.record(z.string(), z.unknown()),
  })
  .transform((user): OktaUser => ({
    ...user,
    id: as<OktaUserId>(user.id),
    // Whatever JSON holds is a JsonValue.
    profile: user.profile as Profile,
  }));

/** Of a user whose id is all that matters. */
export const userIdAnswer = z.object({ id }).transform((user) => as<OktaUserId>(user.id));

export const groupAnswer = z
  .object({ id, type: z.string().min(1), profile: z.object({ name: z.string() }) })
  .transform(({ id, type, profile }): OktaGroup => ({
    id: as<OktaGroupId>(id),
    type,
    name: profile.name,
  }));

export const groupRuleAnswer = z
  .object({
    id,
    name: z.string(),
    status: z.string().min(1),
    actions: z.object({ assignUserToGroups: z.object({ groupIds: z.array(id) }) }),
  })
  .transform(({ id, name, status, actions }): OktaGroupRule => ({
    id,
    name,
    status,
    groupIds: actions.assignUserToGroups.groupIds.map((group) => as<OktaGroupId>(group)),
  }));

/**
 * What does not fit, without any of the content: `0.profile: invalid_type`. Names of members are
 * Okta's own or those of attributes.
 */
export function shapeOf({ issues }: z.ZodError): string {
  return issues
    .slice(0, 5)
    .map(({ path, code }) => `${path.map(String).join('.') || 'body'}: ${code}`)
    .join('; ');
}
