/**
 * Public keys behind the `jwks_uri` of an app: fetched for real, within bounds of time and size,
 * and kept. Okta tells of its own cache only that there is one: its times are ours.
 */
import type { JWK } from 'jose';
import { z } from 'zod';
import { invalidClient } from './oauth-error.js';
import { isPrivate } from './signature.js';

const KEPT_MS = 3_600_000;
/** A kid that the kept keys lack leads to one look more, and to the next one after this pause. */
const LOOK_AGAIN_MS = 5_000;
const TIMEOUT_MS = 3_000;
const MAX_BYTES = 100_000;

const keySetSchema = z.object({ keys: z.array(z.looseObject({ kty: z.string() })) });

interface Kept {
  readonly keys: readonly JWK[];
  readonly fetchedAt: number;
}

export class RemoteKeys {
  readonly #kept = new Map<string, Kept>();
  readonly #lookedAgainAt = new Map<string, number>();
  readonly #underWay = new Map<string, Promise<readonly JWK[]>>();

  /**
   * The key at `uri` that is called `kid`.
   *
   * @param now epoch milliseconds of this machine's clock
   * @throws OAuthError `invalid_client` if the keys cannot be had or are not fit for use
   */
  async find(uri: string, kid: string | undefined, now: number): Promise<JWK | undefined> {
    const named = (keys: readonly JWK[]): JWK | undefined => keys.find((key) => key.kid === kid);
    const kept = this.#kept.get(uri);
    if (kept !== undefined && now - kept.fetchedAt < KEPT_MS) {
      const key = named(kept.keys);
      if (key !== undefined) return key;
      if (!this.#underWay.has(uri) && !this.#mayLookAgain(uri, now)) return undefined;
    }
    return named(await this.#fetch(uri, now));
  }

  clear(): void {
    this.#kept.clear();
    this.#lookedAgainAt.clear();
  }

  #mayLookAgain(uri: string, now: number): boolean {
    if (now - (this.#lookedAgainAt.get(uri) ?? -Infinity) < LOOK_AGAIN_MS) return false;
    this.#lookedAgainAt.set(uri, now);
    return true;
  }

  /** One fetch at a time; only a success is kept. */
  async #fetch(uri: string, now: number): Promise<readonly JWK[]> {
    const underWay = this.#underWay.get(uri);
    if (underWay !== undefined) return underWay;
    const fetching = fetchKeys(uri);
    this.#underWay.set(uri, fetching);
    try {
      const keys = await fetching;
      this.#kept.set(uri, { keys, fetchedAt: now });
      return keys;
    } finally {
      this.#underWay.delete(uri);
    }
  }
}

async function fetchKeys(uri: string): Promise<readonly JWK[]> {
  const keys = await retrieve(uri).catch(() => {
    throw invalidClient('Error retrieving the client JWKSet from jwks_uri.');
  });
  if (keys.length === 0) {
    throw invalidClient('The client JWKSet from jwks_uri must contain at least one key.');
  }
  const kids = keys.map(({ kid }) => kid);
  if (kids.includes(undefined) || new Set(kids).size < kids.length) {
    throw invalidClient('All keys in the client JWKSet from jwks_uri must have a unique kid.');
  }
  if (keys.some(isPrivate)) throw invalidClient('The client JWKSet is invalid.');
  return keys;
}

/** @throws whatever went wrong */
async function retrieve(uri: string): Promise<readonly JWK[]> {
  const response = await fetch(uri, {
    headers: { accept: 'application/json' },
    redirect: 'error',
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  if (!response.ok) throw new Error(`status ${response.status}`);
  const chunks: Uint8Array[] = [];
  let size = 0;
  const body: AsyncIterable<Uint8Array> | null = response.body;
  for await (const chunk of body ?? []) {
    size += chunk.length;
    if (size > MAX_BYTES) throw new Error(`more than ${MAX_BYTES} bytes`);
    chunks.push(chunk);
  }
  return keySetSchema.parse(JSON.parse(Buffer.concat(chunks).toString())).keys;
}
