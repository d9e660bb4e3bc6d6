// What a handler sees of HTTP, and what it answers: values, nothing of Express.
import type { ApiKey, Role } from '../store/store.js';

/** One request of a caller who may make it. */
export interface Call {
  key: ApiKey;
  params: Record<string, string>;
  query: unknown;
  body: unknown;
  requestId: string;
  /**
   * Names what this call asks for, once: derived from key, Idempotency-Key and body where there is
   * an Idempotency-Key, else new. A hash, because ids are visible in clear and people put names into
   * their Idempotency-Keys.
   */
  actionId: string;
}

export interface Answer {
  status: number;
  body: unknown;
  headers?: Record<string, string>;
  /** The id of what was made or steered; what a replay shows the present state of. */
  resource?: string;
}

export interface Route {
  method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  path: string;
  role: Role;
  /** Refused to keys that are limited to connections. */
  everywhere?: true;
  handle: (call: Call) => Promise<Answer>;
  /** For POST: the present body of what was answered before. */
  replay?: (call: Call, resource: string) => Promise<Pick<Answer, 'body' | 'headers'>>;
  /** Bytes; default 256 kB. */
  bodyLimit?: number;
}
