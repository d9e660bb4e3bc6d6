/**
 * Okta's rate limits: per bucket a window of 60 seconds that starts with its first request, one
 * for the whole org and one for each app's share of it. Concurrency is judged elsewhere.
 * Sources: Okta's "Rate limits" pages and recorded traffic of 2021 to 2026.
 */
import type { Bucket, OrgSettings } from './settings.js';

/** Last published requests per minute, per tier; Okta now shows them in an org's dashboard only. */
const LIMITS: Readonly<Record<'integrator' | 'one-app' | 'enterprise' | 'workforce', Limits>> = {
  integrator: {
    A: 100,
    B: 100,
    C: 100,
    D: 100,
    E: 100,
    T: 300,
    logs: 20,
    apps: 20,
    other: 100,
  },
  'one-app': {
    A: 600,
    B: 1000,
    C: 600,
    D: 600,
    E: 600,
    T: 1200,
    logs: 50,
    apps: 100,
    other: 600,
  },
  enterprise: {
    A: 600,
    B: 1000,
    C: 600,
    D: 600,
    E: 600,
    T: 1200,
    logs: 50,
    apps: 100,
    other: 600,
  },
  workforce: {
    A: 600,
    B: 2000,
    C: 600,
    D: 500,
    E: 1000,
    T: 2000,
    logs: 120,
    apps: 100,
    other: 1200,
  },
};
type Limits = Readonly<Record<Bucket, number>>;

/** What the headers say where nothing is limited. */
const UNLIMITED = 100_000;

const WINDOW_MS = 60_000;

export interface Verdict {
  readonly allowed: boolean;
  /** The ceiling for this caller, after its share. */
  readonly limit: number;
  readonly remaining: number;
  /** Epoch seconds, rounded down: the window may last up to a second longer than it says. */
  readonly reset: number;
}

interface Window {
  readonly startedAt: number;
  used: number;
}

/** Another client of the same org that uses `perMinute` requests of a bucket, evenly. */
interface Consumer {
  readonly bucket: Bucket;
  readonly perMinute: number;
}

export class RateLimiter {
  readonly #windows = new Map<string, Window>();
  readonly #consumers: Consumer[] = [];

  /** Judges one request and, if it may pass, counts it. `clientId` is undefined if unknown. */
  take(
    bucket: Bucket,
    clientId: string | undefined,
    rateLimits: OrgSettings['rateLimits'],
    now: number,
  ): Verdict {
    const orgLimit = orgLimitOf(bucket, rateLimits);
    const limit = clientId === undefined ? orgLimit : this.limitOf(bucket, rateLimits);
    const org = this.#window(bucket, now);
    const own = clientId === undefined ? org : this.#window(`${bucket}/${clientId}`, now);
    const orgLeft = orgLimit - org.used - this.#eaten(bucket, now - org.startedAt);
    const ownLeft = limit - own.used;
    const left = Math.min(orgLeft, ownLeft);
    const binding = orgLeft < ownLeft ? org : own;
    const reset = Math.floor((binding.startedAt + WINDOW_MS) / 1000);
    if (left < 1 && orgLimit !== UNLIMITED) return { allowed: false, limit, remaining: 0, reset };
    org.used += 1;
    if (own !== org) own.used += 1;
    return { allowed: true, limit, remaining: Math.max(left - 1, 0), reset };
  }

  /** The ceiling that an app has in a bucket. */
  limitOf(bucket: Bucket, rateLimits: OrgSettings['rateLimits']): number {
    return Math.max(1, Math.floor(orgLimitOf(bucket, rateLimits) * rateLimits.appShare));
  }

  addConsumer(consumer: Consumer): void {
    this.#consumers.push(consumer);
  }

  clearConsumers(): void {
    this.#consumers.length = 0;
  }

  /** Starts all windows afresh. */
  clearWindows(): void {
    this.#windows.clear();
  }

  #window(key: string, now: number): Window {
    const current = this.#windows.get(key);
    if (current !== undefined && now - current.startedAt < WINDOW_MS) return current;
    const fresh = { startedAt: now, used: 0 };
    this.#windows.set(key, fresh);
    return fresh;
  }

  #eaten(bucket: Bucket, elapsedMs: number): number {
    return this.#consumers
      .filter((consumer) => consumer.bucket === bucket)
      .reduce((sum, { perMinute }) => sum + Math.floor((perMinute * elapsedMs) / WINDOW_MS), 0);
  }
}

function orgLimitOf(bucket: Bucket, { tier, overrides }: OrgSettings['rateLimits']): number {
  return overrides[bucket] ?? (tier === 'off' ? UNLIMITED : LIMITS[tier][bucket]);
}
