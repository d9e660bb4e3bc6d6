/**
 * Every call to the org, in order of arrival, for tests to read. Holds no header, no body and no
 * parameter of the token endpoint, so no secret.
 */
import type { Bucket } from './settings.js';
import type { FAULTS } from './faults.js';

export interface LoggedRequest {
  readonly seq: number;
  /** Instant of arrival, ISO 8601, by this machine's clock. */
  readonly at: string;
  readonly method: string;
  readonly path: string;
  readonly query: string;
  bucket: Bucket | null;
  /** Null until answered, and for ever if the connection was cut before anything was done. */
  status: number | null;
  fault?: (typeof FAULTS)[number];
  clientId: string | null;
  rateLimitRemaining: number | null;
}

/** The oldest entries are forgotten beyond so many. */
const CAPACITY = 100_000;

export class RequestLog {
  #entries: LoggedRequest[] = [];
  #seq = 0;

  /** Adds a call; the caller fills in what becomes known later. */
  begin(method: string, path: string, query: string): LoggedRequest {
    const entry: LoggedRequest = {
      seq: ++this.#seq,
      at: new Date().toISOString(),
      method,
      path,
      query,
      bucket: null,
      status: null,
      clientId: null,
      rateLimitRemaining: null,
    };
    this.#entries.push(entry);
    if (this.#entries.length > CAPACITY) this.#entries = this.#entries.slice(CAPACITY / 10);
    return entry;
  }

  /** Calls numbered above `seq`. */
  since(seq: number): LoggedRequest[] {
    return this.#entries.filter((entry) => entry.seq > seq);
  }

  /** Forgets the calls but goes on counting. */
  clear(): void {
    this.#entries = [];
  }
}
