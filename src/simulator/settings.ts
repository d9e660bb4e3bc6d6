/**
 * What can be set on an org through the control surface, with its defaults. Three switches stand
 * for behaviour of Okta that is documented nowhere: suites run both values.
 */
import { z } from 'zod';

export const BUCKETS = ['A', 'B', 'C', 'D', 'E', 'T', 'logs', 'apps', 'other'] as const;
export type Bucket = (typeof BUCKETS)[number];

const TIERS = ['integrator', 'one-app', 'enterprise', 'workforce', 'off'] as const;

export const orgSettingsSchema = z.strictObject({
  rateLimits: z.strictObject({
    tier: z.enum(TIERS),
    /** The part of a bucket that one app may use; Okta's default is a half. */
    appShare: z.number().gt(0).max(1),
    /** Requests per minute of the whole org, in place of the tier's. */
    overrides: z.partialRecord(z.enum(BUCKETS), z.int().min(1)),
  }),
  /** Calls that the org works on at once. */
  concurrency: z.int().min(1),
  latencyMs: z
    .tuple([z.number().min(0), z.number().min(0)])
    .refine(([min, max]) => min <= max, 'the least latency is above the greatest'),
  /** How long reads by id, member lists and searches still show the state before a write. */
  readLagMs: z.number().min(0),
  tokenLifetimeSeconds: z.int().min(1),
  /** How far the org's clock is ahead of this machine's. */
  clockSkewSeconds: z.number(),
  /** Whether `suspend` takes users who are PROVISIONED or in RECOVERY. */
  suspendProvisioned: z.boolean(),
  /** Answer to GET of a user without `okta.users.read`. */
  readWithoutPermission: z.literal([403, 404]),
  /** Whether `okta.users.create` alone may create with `activate=true`. */
  createActivateWithoutPermission: z.boolean(),
  /** Profile attributes beside those of Okta's default user profile. */
  customAttributes: z.array(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/)),
});

export type OrgSettings = z.infer<typeof orgSettingsSchema>;

export const orgSettingsPatchSchema = orgSettingsSchema
  .partial()
  .extend({ rateLimits: orgSettingsSchema.shape.rateLimits.partial().optional() });

export const DEFAULT_SETTINGS: OrgSettings = {
  rateLimits: { tier: 'workforce', appShare: 0.5, overrides: {} },
  concurrency: 75,
  latencyMs: [0, 0],
  readLagMs: 0,
  tokenLifetimeSeconds: 3600,
  clockSkewSeconds: 0,
  suspendProvisioned: true,
  readWithoutPermission: 403,
  createActivateWithoutPermission: true,
  customAttributes: [],
};
