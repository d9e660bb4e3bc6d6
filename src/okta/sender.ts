// Sends the calls of one connection: a seat, the rate budget, the request, what its answer teaches.
// Every status comes back as it is; what it means is for `classify.ts`, tokens for `token-source.ts`.
import type { Dispatcher } from 'undici';
import { factsWithoutAnswer, type Call } from './call.js';
import { classifyFailure } from './classify.js';
import { OktaRateLimitedError } from './errors.js';
import { exchange, ExchangeError, type HttpAnswer } from './exchange.js';
import { requestIdOf } from './headers.js';
import type { Bucket } from './ports.js';
import { sightingOf } from './rate-limit.js';
import type { RateSighting } from './ports.js';
import { pause, type Seats } from './waiting.js';

/** What a sender works with; everything about the connection is bound already. */
export interface SenderParts {
  dispatcher: Dispatcher;
  seats: Seats;
  acquire: (bucket: Bucket) => Promise<number>;
  learn: (bucket: Bucket, sighting: RateSighting) => Promise<void>;
  observe: (
    call: Call,
    status: number | null,
    durationMs: number,
    requestId: string | null,
  ) => void;
  timeoutMs: number;
}

/** Where a call goes and by whose right. */
export interface Address {
  origin: string;
  /** Those beside the usual ones, made anew for every sending: a proof is good for one. */
  headers: () => Promise<Record<string, string>>;
}

export type Sender = (call: Call, to: Address, signal?: AbortSignal) => Promise<HttpAnswer>;

/** A slot of the budget this near is waited for in place; for a later one the caller comes back. */
const MAX_WAIT_IN_PLACE_MS = 3_000;

/** A page of 1,000 users with long profiles has a few megabytes. */
const MAX_ANSWER_BYTES = 32 * 1024 * 1024;

const USUAL_HEADERS = {
  accept: 'application/json',
  // Error texts in one language; without it they may come in the org's.
  'accept-language': 'en',
  'user-agent': 'tenure',
};

export function createSender(parts: SenderParts): Sender {
  return async function send(call, to, signal) {
    const answer = await inBudget(parts, call, () => repeatOnce(parts, call, to, signal), signal);
    const sighting = sightingOf(answer);
    if (sighting !== null) {
      // The answer is worth more than what it teaches: the next one teaches the same.
      await parts.learn(call.bucket, sighting).catch(() => undefined);
    }
    return answer;
  };
}

/**
 * Asks the budget when there is a seat, so that a slot is used the moment it is given; waits without
 * one, so that a used-up bucket does not hold up the others.
 */
async function inBudget(
  { seats, acquire }: SenderParts,
  call: Call,
  work: () => Promise<HttpAnswer>,
  signal?: AbortSignal,
): Promise<HttpAnswer> {
  let waitedMs = 0;
  for (;;) {
    const outcome = await seats.run(async () => {
      const waitMs = await acquire(call.bucket);
      signal?.throwIfAborted();
      return waitMs > 0 ? waitMs : await work();
    }, signal);
    if (typeof outcome !== 'number') return outcome;
    if (waitedMs + outcome > MAX_WAIT_IN_PLACE_MS) throw budgetUsedUp(call, outcome);
    await pause(outcome, signal);
    waitedMs += outcome;
  }
}

/**
 * Okta's front end drops idle connections silently, which shows at the next request. A read is sent
 * once more, anything else only where no connection had come about.
 */
async function repeatOnce(
  parts: SenderParts,
  call: Call,
  to: Address,
  signal?: AbortSignal,
): Promise<HttpAnswer> {
  const deadline = performance.now() + parts.timeoutMs;
  try {
    return await observed(parts, call, to, deadline, signal);
  } catch (error) {
    if (!(error instanceof ExchangeError)) throw error;
    if (!mayRepeat(call, error) || performance.now() >= deadline)
      throw classifyFailure(call, error);
  }
  try {
    return await observed(parts, call, to, deadline, signal);
  } catch (error) {
    throw error instanceof ExchangeError ? classifyFailure(call, error) : error;
  }
}

const BROKEN_CONNECTION: ReadonlySet<string> = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET']);

function mayRepeat(call: Call, { sent, networkCode }: ExchangeError): boolean {
  if (networkCode === 'ECONNREFUSED') return !sent;
  return call.repeatable && networkCode !== null && BROKEN_CONNECTION.has(networkCode);
}

async function observed(
  { dispatcher, observe }: SenderParts,
  call: Call,
  { origin, headers }: Address,
  deadline: number,
  signal?: AbortSignal,
): Promise<HttpAnswer> {
  const rights = await headers();
  const startedAt = performance.now();
  let answer: HttpAnswer | null = null;
  try {
    answer = await exchange(
      dispatcher,
      {
        origin,
        method: call.method,
        path: call.path,
        headers: { ...USUAL_HEADERS, ...bodyHeaders(call), ...rights },
        ...(call.body === undefined ? {} : { body: call.body }),
      },
      { timeoutMs: Math.max(1, deadline - startedAt), maxBytes: MAX_ANSWER_BYTES },
      signal,
    );
    return answer;
  } finally {
    const requestId = answer === null ? null : requestIdOf(answer.headers);
    observe(call, answer?.status ?? null, performance.now() - startedAt, requestId);
  }
}

/** A POST or PUT without a body needs the zero, else Okta answers 411 (Core Okta API). */
function bodyHeaders({ method, body }: Call): Record<string, string> {
  if (body !== undefined) return { 'content-type': 'application/json' };
  return method === 'POST' || method === 'PUT' ? { 'content-length': '0' } : {};
}

function budgetUsedUp(call: Call, waitMs: number): Error {
  return new OktaRateLimitedError('The rate budget of this connection says later.', {
    ...factsWithoutAnswer(call, false),
    kind: 'budget',
    retryAfterMs: Math.ceil(waitMs),
  });
}
