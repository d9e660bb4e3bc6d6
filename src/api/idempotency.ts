// Idempotency-Key: the same key and body give the same answer for 24 h. What is kept is the status
// and the id of what was made; a replay shows its present state. Refusals and 5xx are not kept, so
// that the same request can be tried again.
import type { IdempotencyStore } from '../store/store.js';
import type { Answer, Call, Route } from './route.js';
import { Problem } from './problem.js';

const KEY = /^[\x21-\x7e]{1,255}$/;

/** The header's value, or null where there is none. @throws {Problem} 400 where it is not a sane one. */
export function idempotencyKey(header: string | undefined): string | null {
  if (header === undefined) return null;
  if (KEY.test(header)) return header;
  throw Problem.invalid([
    {
      path: 'Idempotency-Key',
      code: 'INVALID',
      detail: 'A key has 1 to 255 visible ASCII characters, without blanks',
    },
  ]);
}

interface Once {
  call: Call;
  route: Route;
  key: string;
  bodyHash: string;
}

/** Handles the call, or answers as before. @throws {Problem} 422 for another body, 409 while pending. */
export async function answerOnce(store: IdempotencyStore, once: Once): Promise<Answer> {
  const { call, route, key, bodyHash } = once;
  const claim = await store.claim(call.key.id, key, bodyHash);
  switch (claim.kind) {
    case 'claimed':
      return handleAndKeep(store, once);
    case 'answered': {
      const { body, headers = {} } = (await route.replay?.(call, claim.resource)) ?? { body: null };
      return {
        status: claim.status,
        body,
        headers: { ...headers, 'Idempotent-Replayed': 'true' },
      };
    }
    case 'pending':
      throw new Problem(
        409,
        'IDEMPOTENCY_KEY_PENDING',
        'That request is being handled',
        'A request with this Idempotency-Key is being handled right now',
        { headers: { 'Retry-After': '1' } },
      );
    case 'reused':
      throw new Problem(
        422,
        'IDEMPOTENCY_KEY_REUSED',
        'The Idempotency-Key was used before',
        'This Idempotency-Key came with another request before; use a new one',
      );
  }
}

async function handleAndKeep(store: IdempotencyStore, { call, route, key }: Once): Promise<Answer> {
  const answer = await route.handle(call).catch(async (error: unknown) => {
    // The first error is what the caller should hear; an unreleased claim lapses by itself.
    await store.release(call.key.id, key).catch(() => undefined);
    throw error;
  });
  // What was done is done: a claim that could not be closed lapses, and the same request finds its run.
  const kept =
    answer.resource === undefined
      ? store.release(call.key.id, key)
      : store.finish(call.key.id, key, answer.status, answer.resource);
  await kept.catch(() => undefined);
  return answer;
}
