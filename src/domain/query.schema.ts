// Query parameters of lists.
import { z } from 'zod';
import { connectionId, noOktaId, time } from './fields.schema.js';
import { RUN_KINDS, RUN_PHASES } from './run.js';

const MAX_LIMIT = 200;
const DEFAULT_LIMIT = 50;

const page = {
  limit: z
    .string()
    .regex(/^[1-9]\d{0,2}$/, { error: `A number from 1 to ${MAX_LIMIT}` })
    .transform(Number)
    .refine((limit) => limit <= MAX_LIMIT, { error: `A number from 1 to ${MAX_LIMIT}` })
    .default(DEFAULT_LIMIT)
    .meta({ type: 'integer', minimum: 1, maximum: MAX_LIMIT, default: DEFAULT_LIMIT }),
  cursor: z.string().min(1).max(500).optional(),
};

export const runQuery = z.strictObject({
  connection: connectionId.optional().meta({ description: 'Only runs of this connection.' }),
  kind: z.enum(RUN_KINDS).optional(),
  phase: z.enum(RUN_PHASES).optional(),
  login: noOktaId(z.string().trim().min(1).max(100)).optional(),
  batch: z.string().min(1).max(100).optional(),
  dueBefore: time.optional().meta({ description: 'Only runs that wait for a time before this.' }),
  ...page,
});
export type RunQuery = z.infer<typeof runQuery>;

export const noQuery = z.strictObject({});
