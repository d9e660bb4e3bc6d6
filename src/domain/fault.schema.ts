// The codes of invalid input, and how a schema says one that zod has no issue for.
import { z } from 'zod';

export const VALIDATION_CODES = [
  'REQUIRED',
  'INVALID',
  'INVALID_EMAIL',
  'TOO_LONG',
  'UNKNOWN_FIELD',
  'TIME_WITHOUT_ZONE',
  'TIME_REQUIRED',
  'TIME_INVALID',
  'TIME_PAST',
  'ZONE_UNKNOWN',
  'END_BEFORE_START',
  'CONFLICTING_FIELDS',
  'DUPLICATE',
] as const;
export type ValidationCode = (typeof VALIDATION_CODES)[number];

/** One fault of a request: `path` as in `person.email` or `groups.1`, empty for the body itself. */
export const fault = z
  .object({
    path: z.string(),
    code: z.enum(VALIDATION_CODES),
    detail: z.string(),
    reason: z.string().optional().meta({
      description: 'A finer word where there is one, such as KEY_ENCRYPTED.',
    }),
  })
  .meta({ id: 'Fault', example: { path: 'person.email', code: 'INVALID_EMAIL', detail: '…' } });
export type Fault = z.infer<typeof fault>;

/** Marks a refinement with the code that its issue comes out as. */
export function says(code: ValidationCode, error: string) {
  return { error, params: { code } };
}

/** A refinement that is checked although other fields are wrong, so that all faults come at once. */
export function always<T>(code: ValidationCode, error: string, path: string[]) {
  return {
    ...says(code, error),
    path,
    when: ({ value }: { value: T }) => typeof value === 'object' && value !== null,
  };
}
