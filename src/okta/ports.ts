// What the Okta client needs from outside, so that it knows neither the database nor Temporal.
// `src/store` satisfies these shapes; tests give small ones of their own.
import type { ConnectionId } from '../domain/brand.js';

/** What signs for a connection. `privateJwk` is a secret: never logged, never in an error. */
export interface OktaCredentials {
  /** `https://acme.okta.com`, or the simulator's loopback origin; no trailing slash. */
  origin: string;
  clientId: string;
  scopes: string[];
  privateJwk: Record<string, unknown>;
}

/** A private RSA key as a JSON Web Key. A secret. */
export type ProofKey = Record<string, unknown>;

export interface AccessToken {
  /** A secret. */
  accessToken: string;
  /** What the token is bound to (DPoP): every use is to be proved with it. Null for a Bearer token. */
  proofKey: ProofKey | null;
  /** Scopes as granted, which may be fewer than were asked for. */
  scopes: string[];
  /** RFC 3339, on our clock. */
  expiresAt: string;
}

/** A token with the mark by which a refusal names it: a later one has another. */
export interface CachedToken extends AccessToken {
  generation: string;
}

/** Tokens shared by all workers: one mint a connection and hour. */
export interface TokenCache {
  read(connection: ConnectionId): Promise<CachedToken | null>;
  /**
   * Calls `mint` under a lock that all workers share, unless somebody has minted since: then the
   * newer token comes back and `mint` is not called. `stale` is the generation that was refused or
   * has expired, null for none.
   */
  refresh(
    connection: ConnectionId,
    stale: string | null,
    mint: () => Promise<AccessToken>,
  ): Promise<CachedToken>;
}

/**
 * Okta's rate-limit buckets, as recorded: A users collection and lifecycle, B user by id, C user
 * update, D groups, E group by id, T token.
 */
export const BUCKETS = ['A', 'B', 'C', 'D', 'E', 'T'] as const;
export type Bucket = (typeof BUCKETS)[number];

/** What an answer said of its bucket; `resetInMs` is the reset header minus the `Date` header. */
export interface RateSighting {
  kind: 'ok' | 'limited';
  limit: number;
  remaining: number;
  resetInMs: number;
}

/** The rate budget, shared by all workers. */
export interface RateGate {
  /**
   * Zero: go now. Else how long to wait before asking again, in milliseconds, at most
   * `LONGEST_LIMIT_MS`.
   */
  acquire(connection: ConnectionId, bucket: Bucket): Promise<number>;
  learn(connection: ConnectionId, bucket: Bucket, sighting: RateSighting): Promise<void>;
}
