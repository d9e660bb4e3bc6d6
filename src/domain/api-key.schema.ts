// API keys: the request that makes one, and how they are shown. The key itself is shown once.
import { z } from 'zod';
import { note } from './fields.schema.js';

const ROLES = ['reader', 'operator', 'admin'] as const;

export const apiKeyRequest = z
  .strictObject({
    name: note(100),
    role: z.enum(ROLES),
    connections: z.array(z.string().max(31)).min(1).max(100).optional().meta({
      description: 'Left out: all connections.',
    }),
  })
  .meta({ id: 'ApiKeyRequest', example: { name: 'HR system', role: 'operator' } });

export const apiKeyAnswer = z
  .object({
    id: z.string(),
    name: z.string(),
    role: z.enum(ROLES),
    connections: z.array(z.string()).nullable(),
    createdAt: z.string(),
    key: z.string().optional().meta({ description: 'Shown once, when it is made.' }),
  })
  .meta({ id: 'ApiKey' });
export type ApiKeyAnswer = z.infer<typeof apiKeyAnswer>;
