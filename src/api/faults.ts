// From zod's issues to the contract's validation codes. Faults are collected, so that a request
// hears of all of them at once; per field the first one counts. Values sent are never repeated.
import type { z } from 'zod';
import { VALIDATION_CODES, type Fault, type ValidationCode } from '../domain/fault.schema.js';
import { Problem } from './problem.js';
import type { Read } from './times.js';

export class Faults {
  readonly #found = new Map<string, Fault>();
  #otherwise: Problem | null = null;

  add(path: string, code: ValidationCode, detail: string, reason?: string): void {
    if (this.#found.has(path)) return;
    this.#found.set(path, { path, code, detail, ...(reason === undefined ? {} : { reason }) });
  }

  /** The value of `read`, or null and its fault under `path`. */
  take<T>(path: string, read: Read<T>): T | null {
    if (read.ok) return read.value;
    this.add(path, read.code, read.detail);
    return null;
  }

  /** The parsed value, or null and the schema's issues. */
  parse<T>(schema: z.ZodType<T>, value: unknown): T | null {
    const parsed = schema.safeParse(value, { reportInput: true });
    if (parsed.success) return parsed.data;
    for (const issue of parsed.error.issues) this.#addIssue(issue);
    return null;
  }

  /** To be thrown where the request turns out to have no fault. */
  orElse(problem: Problem): void {
    this.#otherwise ??= problem;
  }

  /** @throws {Problem} `INVALID` with all faults, if there are any; else what waits behind them. */
  throwIfAny(): void {
    if (this.#found.size > 0) throw Problem.invalid([...this.#found.values()]);
    if (this.#otherwise !== null) throw this.#otherwise;
  }

  #addIssue(issue: z.core.$ZodIssue): void {
    const path = issue.path.map(String);
    if (issue.code === 'unrecognized_keys') {
      for (const key of issue.keys) {
        this.add([...path, key].join('.'), 'UNKNOWN_FIELD', 'There is no such field');
      }
      return;
    }
    const [code, detail] = meaning(issue);
    this.add(path.join('.'), code, detail);
  }
}

/** Parses or refuses at once. @throws {Problem} `INVALID`. */
export function parse<T>(schema: z.ZodType<T>, value: unknown): T {
  const faults = new Faults();
  const parsed = faults.parse(schema, value);
  faults.throwIfAny();
  if (parsed === null) throw new Error('a schema failed without an issue');
  return parsed;
}

function meaning(issue: z.core.$ZodIssue): [ValidationCode, string] {
  switch (issue.code) {
    case 'invalid_type':
    case 'invalid_value':
    case 'invalid_union':
      return issue.input === undefined
        ? ['REQUIRED', 'This is needed']
        : ['INVALID', issue.message];
    case 'too_small':
      return issue.input === '' ? ['REQUIRED', 'This is needed'] : ['INVALID', issue.message];
    case 'too_big':
      return ['TOO_LONG', issue.message];
    case 'invalid_key':
      return ['INVALID', issue.issues[0]?.message ?? issue.message];
    case 'custom':
      return [customCode(issue.params?.['code']), issue.message];
    default:
      return ['INVALID', issue.message];
  }
}

function customCode(code: unknown): ValidationCode {
  return VALIDATION_CODES.find((known) => known === code) ?? 'INVALID';
}
