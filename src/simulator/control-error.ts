/**
 * Refusals of the control surface. None of Okta's business.
 */
import type { z } from 'zod';

export class ControlError extends Error {
  override readonly name = 'ControlError';
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export const notThere = (what: string, id: string): ControlError =>
  new ControlError(404, `there is no ${what} ${id}`);

export const taken = (field: string, value: string): ControlError =>
  new ControlError(409, `${field}: ${value} exists already`);

/** `input` as `schema` reads it; no input counts as `{}`. @throws ControlError naming each fault */
export function read<T>(schema: z.ZodType<T>, input: unknown): T {
  const parsed = schema.safeParse(input ?? {});
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(({ path, message }) =>
    path.length === 0 ? message : `${path.join('.')}: ${message}`,
  );
  throw new ControlError(400, faults.join('; '));
}
