// The body of PUT /v1/connections/{id}/access-profiles/{name}, the name, and how a profile is shown.
import { z } from 'zod';
import { attributes, groups } from './fields.schema.js';

export const profileName = z
  .string()
  .trim()
  .min(1)
  .max(100)
  .regex(/^[^\p{Cc}/\\]+$/u, { error: 'A name has no slashes and no control characters' })
  .meta({ example: 'engineer' });

export const accessProfileRequest = z
  .strictObject({ groups, attributes: attributes.optional() })
  .meta({
    id: 'AccessProfileRequest',
    example: { groups: ['Engineering', 'All staff'], attributes: { department: 'Research' } },
  });

export const accessProfileAnswer = z
  .object({
    name: z.string(),
    groups: z.array(z.string()),
    attributes: z.record(z.string(), z.unknown()),
  })
  .meta({ id: 'AccessProfile' });
