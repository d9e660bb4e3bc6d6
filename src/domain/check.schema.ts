// How the doctor's findings and the groups of an org are asked for and shown.
import { z } from 'zod';
import { CHECK_STATUSES } from './check.js';
import { oktaText } from './fields.schema.js';

export const verifyQuery = z.strictObject({
  probe: z.enum(['true', 'false']).optional().meta({
    description: 'Also send writes that Okta must refuse as invalid where they are allowed.',
  }),
});

export const verifyRequest = z.strictObject({});

export const verifyAnswer = z
  .object({
    ok: z.boolean().meta({ description: 'No check failed.' }),
    checks: z.array(
      z.object({
        id: z.string().meta({ example: 'app.key' }),
        status: z.enum(CHECK_STATUSES),
        title: z.string(),
        detail: z.string(),
        fix: z.string().optional(),
      }),
    ),
  })
  .meta({ id: 'Verification' });

export const groupsQuery = z.strictObject({
  q: oktaText(255, 0).default('').meta({ description: 'What the name starts with.' }),
});

export const groupsAnswer = z
  .array(z.object({ id: z.string(), name: z.string(), type: z.string() }))
  .meta({ id: 'Groups' });
