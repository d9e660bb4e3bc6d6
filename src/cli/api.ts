// The HTTP API, as the commands ask it. A request whose answer was lost is sent again under the same
// Idempotency-Key; what is not an answer of Tenure's becomes a sentence. Knows no command.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { ApiProblem, isProblem } from './api-problem.js';
import { CliProblem, Left } from './command.js';
import type { Service } from './service.js';

export interface Api {
  get: <T>(path: string) => Promise<T>;
  post: <T>(path: string, body: unknown) => Promise<Answer<T>>;
  patch: <T>(path: string, body: unknown) => Promise<T>;
}

export interface Answer<T> {
  status: number;
  body: T;
}

interface Request {
  method: 'GET' | 'POST' | 'PATCH';
  path: string;
  body?: unknown;
}

/** Above the 25 s that the API waits for a worker at most. */
const TIMEOUT_MS = 40_000;
/** Before each repetition. */
const PAUSES_MS = [300, 1_000, 2_000];

/** @param leaving ends a request that is under way; the promise then rejects with {@link Left}. */
export function createApi({ url, key }: Service, leaving?: AbortSignal): Api {
  return {
    get: async <T>(path: string) => (await send<T>({ method: 'GET', path })).body,
    post: (path, body) => send({ method: 'POST', path, body }),
    patch: async <T>(path: string, body: unknown) =>
      (await send<T>({ method: 'PATCH', path, body })).body,
  };

  // A key of each request's own: the same request by the same person again is known to the API by what
  // it says, and a key made of that would show a run that was cancelled since as if it were a new one.
  async function send<T>(request: Request): Promise<Answer<T>> {
    const idempotencyKey = randomUUID();
    for (let attempt = 0; ; attempt += 1) {
      const result = await attemptOf<T>(request, idempotencyKey);
      if ('answer' in result) return result.answer;
      const pauseMs = PAUSES_MS[attempt];
      if (!result.isWorthAgain || pauseMs === undefined) throw result.problem;
      await sleep(pauseMs);
    }
  }

  async function attemptOf<T>(
    { method, path, body }: Request,
    idempotencyKey: string,
  ): Promise<{ answer: Answer<T> } | { problem: CliProblem; isWorthAgain: boolean }> {
    const timeout = AbortSignal.timeout(TIMEOUT_MS);
    try {
      const response = await fetch(`${url}${path}`, {
        method,
        redirect: 'manual',
        signal: leaving === undefined ? timeout : AbortSignal.any([timeout, leaving]),
        headers: {
          authorization: `Bearer ${key}`,
          accept: 'application/json',
          ...(method === 'POST' ? { 'idempotency-key': idempotencyKey } : {}),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const said = parsed(await response.text());
      if (response.ok && said !== undefined) {
        return { answer: { status: response.status, body: said as T } };
      }
      if (!isProblem(said)) return { problem: notTenure(url, response), isWorthAgain: false };
      const problem = new ApiProblem(said);
      return { problem, isWorthAgain: problem.code === 'IDEMPOTENCY_KEY_PENDING' };
    } catch (error) {
      if (leaving?.aborted === true) throw new Left();
      if (timeout.aborted) return { problem: tooSlow(url), isWorthAgain: false };
      const code = networkCodeOf(error);
      return { problem: unreachable(url, code), isWorthAgain: LOST_CODES.has(code) };
    }
  }
}

/** The request may have arrived. */
const LOST_CODES: ReadonlySet<string> = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET']);

function networkCodeOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  const { code } = (cause ?? {}) as { code?: unknown };
  return typeof code === 'string' ? code : 'no answer';
}

function unreachable(url: string, code: string): CliProblem {
  return new CliProblem(
    `Tenure does not answer at ${url} (${code}): start it with \`npm start\`, or name where it is with --url.`,
    3,
  );
}

function tooSlow(url: string): CliProblem {
  return new CliProblem(`${url} gave no answer within ${TIMEOUT_MS / 1_000} s.`, 3);
}

function notTenure(url: string, { status }: Response): CliProblem {
  return new CliProblem(
    `What answers at ${url} is not Tenure's API (status ${status}): name where it is with --url.`,
    3,
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
