/**
 * Faults on demand: which of the calls to come goes wrong, and how. Only chooses; what a fault
 * does to a call is in `api.ts`.
 */
import { z } from 'zod';

export const FAULTS = [
  'lost-answer',
  'reset',
  'slow',
  '500',
  '502-html',
  '503-readonly',
  '429',
  '429-concurrency',
  '401',
] as const;

export const faultSchema = z.strictObject({
  method: z.enum(['GET', 'POST', 'PUT', 'DELETE']).optional(),
  /** Without query, exact; `*` stands for one segment. */
  path: z.string().startsWith('/').optional(),
  /** So many matching calls pass first. */
  after: z.int().min(0).default(0),
  times: z.int().min(1).default(1),
  fault: z.enum(FAULTS),
  /** For `slow`: the answer comes so much later than the deed. */
  delayMs: z.number().min(0).default(1000),
  /** For `429`: the window ends so many seconds from now. */
  resetSeconds: z.int().min(0).default(10),
});

export type Fault = z.infer<typeof faultSchema>;

interface Pending {
  readonly fault: Fault;
  toPass: number;
  left: number;
}

export class FaultPlan {
  readonly #pending: Pending[] = [];

  add(fault: Fault): void {
    this.#pending.push({ fault, toPass: fault.after, left: fault.times });
  }

  /** Faults with calls left to spoil. */
  list(): (Fault & { readonly left: number })[] {
    return this.#pending.map(({ fault, left }) => ({ ...fault, left }));
  }

  clear(): void {
    this.#pending.length = 0;
  }

  /** The fault that this call suffers. The one planned first wins; each is used up by its hits. */
  take(method: string, path: string): Fault | undefined {
    for (const pending of this.#pending) {
      if (!matches(pending.fault, method, path)) continue;
      if (pending.toPass > 0) {
        pending.toPass -= 1;
        continue;
      }
      pending.left -= 1;
      if (pending.left === 0) this.#pending.splice(this.#pending.indexOf(pending), 1);
      return pending.fault;
    }
    return undefined;
  }
}

function matches(fault: Fault, method: string, path: string): boolean {
  if (fault.method !== undefined && fault.method !== method) return false;
  // In read-only mode reads still work, and so do tokens.
  if (fault.fault === '503-readonly' && fault.method === undefined) {
    if (method === 'GET' || path.startsWith('/oauth2/')) return false;
  }
  if (fault.path === undefined) return true;
  const wanted = segments(fault.path);
  const actual = segments(path);
  return (
    wanted.length === actual.length &&
    wanted.every((segment, index) => segment === '*' || segment === actual[index])
  );
}

/** Percent-decoded, so that it does not matter how a client writes a login. */
export function segments(path: string): string[] {
  return path.split('/').map((segment) => {
    try {
      return decodeURIComponent(segment);
    } catch {
      return segment;
    }
  });
}
