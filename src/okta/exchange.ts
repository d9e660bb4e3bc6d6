// One HTTP request and its whole answer over undici: bounded in time and size, no redirect followed,
// and honest about whether the request may have reached the other side. Knows nothing of Okta.
import type { IncomingHttpHeaders } from 'node:http';
import { Agent, type Dispatcher } from 'undici';
import { AddressRefusedError, guardedConnector, type GuardOptions } from './address-guard.js';

export interface HttpRequest {
  origin: string;
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** With its query. */
  path: string;
  headers: Record<string, string>;
  body?: string;
}

export interface HttpAnswer {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
}

/** `address`: the name leads where nothing may be called. */
type Failure = 'timeout' | 'network' | 'too-large' | 'address';

/** No whole answer came. */
export class ExchangeError extends Error {
  readonly reason: Failure;
  /** Whether the request, or a part of it, may have left this machine. */
  readonly sent: boolean;
  /** `ECONNRESET`, `UND_ERR_SOCKET`, …; null where the error has none. */
  readonly networkCode: string | null;

  constructor(reason: Failure, sent: boolean, cause?: Error) {
    super(`no answer: ${reason}`, cause === undefined ? undefined : { cause });
    this.name = 'ExchangeError';
    this.reason = reason;
    this.sent = sent;
    this.networkCode = codeOf(cause);
  }
}

export interface ExchangeLimits {
  /** Milliseconds for the whole of it: connecting, sending, the last byte of the answer. */
  timeoutMs: number;
  maxBytes: number;
}

const CONNECT_TIMEOUT_MS = 10_000;

/**
 * Okta's front end drops idle connections without a word, so ours are given up early: a request on a
 * stale one is lost, and a lost write costs a look at what became of it.
 */
const KEEP_ALIVE_MS = 4_000;

/** A pool of at most `connections` sockets an origin, which lead nowhere but where they may. */
export function newAgent(
  connections: number,
  timeoutMs: number,
  guard: Pick<GuardOptions, 'allowLoopback' | 'lookup'>,
): Agent {
  const connectTimeoutMs = Math.min(CONNECT_TIMEOUT_MS, timeoutMs);
  return new Agent({
    connections,
    pipelining: 1,
    allowH2: false,
    connect: guardedConnector({ ...guard, connectTimeoutMs }),
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
    keepAliveTimeout: KEEP_ALIVE_MS,
    keepAliveMaxTimeout: KEEP_ALIVE_MS,
  });
}

/**
 * @throws ExchangeError where no whole answer came
 * @throws the signal's reason when the caller gives up
 */
export async function exchange(
  dispatcher: Dispatcher,
  request: HttpRequest,
  limits: ExchangeLimits,
  signal?: AbortSignal,
): Promise<HttpAnswer> {
  signal?.throwIfAborted();
  return new Promise((resolve, reject) => {
    const handler = new AnswerCollector(limits, signal, resolve, reject);
    try {
      dispatcher.dispatch({ ...request, body: request.body ?? null }, handler);
    } catch (error) {
      handler.onResponseError(null, asError(error));
    }
  });
}

/** Ends exactly once: with the answer, an error, the timer, or the caller's abort. */
class AnswerCollector implements Dispatcher.DispatchHandler {
  readonly #limits: ExchangeLimits;
  readonly #signal: AbortSignal | undefined;
  readonly #resolve: (answer: HttpAnswer) => void;
  readonly #reject: (reason: unknown) => void;
  readonly #timer: NodeJS.Timeout;
  readonly #chunks: Buffer[] = [];
  #bytes = 0;
  #controller: Dispatcher.DispatchController | null = null;
  #started = false;
  #ended = false;
  #head: { status: number; headers: IncomingHttpHeaders } | null = null;

  constructor(
    limits: ExchangeLimits,
    signal: AbortSignal | undefined,
    resolve: (answer: HttpAnswer) => void,
    reject: (reason: unknown) => void,
  ) {
    this.#limits = limits;
    this.#signal = signal;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#timer = setTimeout(() => {
      this.#giveUp(new ExchangeError('timeout', this.#started));
    }, limits.timeoutMs);
    signal?.addEventListener('abort', this.#onAbort, { once: true });
  }

  /** undici calls this when a socket is there and the request is about to be written to it. */
  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#ended) controller.abort(new Error('given up'));
    else this.#started = true;
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: IncomingHttpHeaders,
  ): void {
    // 1xx come before the real answer.
    if (status >= 200) this.#head = { status, headers };
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (this.#bytes > this.#limits.maxBytes) {
      this.#giveUp(new ExchangeError('too-large', true));
    } else {
      this.#chunks.push(chunk);
    }
  }

  onResponseEnd(): void {
    const head = this.#head;
    if (head === null) {
      this.#fail(new ExchangeError('network', this.#started));
    } else if (this.#end()) {
      this.#resolve({ ...head, body: Buffer.concat(this.#chunks).toString('utf8') });
    }
  }

  onResponseError(_controller: unknown, error: Error): void {
    this.#fail(new ExchangeError(failureOf(error), this.#started, error));
  }

  readonly #onAbort = (): void => {
    this.#giveUp(this.#signal?.reason);
  };

  #giveUp(reason: unknown): void {
    this.#fail(reason);
    // Before a socket is there, there is nothing to stop yet: see onRequestStart.
    this.#controller?.abort(asError(reason));
  }

  #fail(reason: unknown): void {
    if (this.#end()) this.#reject(reason);
  }

  #end(): boolean {
    if (this.#ended) return false;
    this.#ended = true;
    clearTimeout(this.#timer);
    this.#signal?.removeEventListener('abort', this.#onAbort);
    return true;
  }
}

function failureOf(error: Error): Failure {
  if (error instanceof AddressRefusedError) return 'address';
  return TIMEOUTS.has(codeOf(error) ?? '') ? 'timeout' : 'network';
}

const TIMEOUTS: ReadonlySet<string> = new Set([
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
  'ETIMEDOUT',
]);

/** Of several addresses tried, the first one's error speaks (`AggregateError`). */
function codeOf(error: Error | undefined): string | null {
  if (error === undefined) return null;
  if ('code' in error && typeof error.code === 'string') return error.code;
  const first: unknown = error instanceof AggregateError ? error.errors[0] : undefined;
  return first instanceof Error ? codeOf(first) : null;
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error('not an error', { cause: thrown });
}
