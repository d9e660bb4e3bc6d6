// A call from its path to its parsed answer: token, sending, one more try with a new token or nonce when
// the first is refused, pages. What the calls are is in `calls.ts`.
import type { z } from 'zod';
import { shapeOf } from './answers.schema.js';
import type { Call } from './call.js';
import { classifyAnswer, isTokenTrouble, unreadable } from './classify.js';
import type { Answer, Scanned } from './connection.js';
import { readErrorBody } from './error-body.js';
import type { HttpAnswer } from './exchange.js';
import { dateOf, requestIdOf } from './headers.js';
import { linkTarget } from './link.js';
import { oauthErrorOf } from './oauth-error.js';
import type { CachedToken } from './ports.js';
import type { Prover } from './proof.js';
import type { Sender } from './sender.js';
import type { Session, TokenSource } from './token-source.js';

/** Turns the answer of a success into a value; throws an OktaError where it cannot. */
type Read<T> = (call: Call, answer: HttpAnswer) => T;

interface Success {
  answer: HttpAnswer;
  /** The org's. */
  origin: string;
}

export class Caller {
  readonly #tokens: TokenSource;
  readonly #send: Sender;
  readonly #prover: Prover;

  /** @param prover for the API, not for the token endpoint */
  constructor(tokens: TokenSource, send: Sender, prover: Prover) {
    this.#tokens = tokens;
    this.#send = send;
    this.#prover = prover;
  }

  async call<T>(call: Call, read: Read<T>, signal?: AbortSignal): Promise<Answer<T>> {
    const { answer } = await this.#succeed(call, signal);
    return answerOf(answer, read(call, answer));
  }

  /** All items of a list, page after page, or as many as it takes until `until` holds for one. */
  async list<T>(
    call: Call,
    item: z.ZodType<T>,
    options: { signal?: AbortSignal; until?: (item: T) => boolean } = {},
  ): Promise<Answer<T[]>> {
    const { until, signal } = options;
    const items: T[] = [];
    const visit = (value: T): boolean => {
      items.push(value);
      return until?.(value) === true;
    };
    const answer = await this.scan(call, item, visit, { maxPages: Infinity, signal });
    return { ...answer, value: items };
  }

  /**
   * Tells `visit` each item of a list, page after page, until it returns true. Keeps none of them.
   * `cut-short`: `maxPages` were read, and there are more.
   */
  async scan<T>(
    call: Call,
    item: z.ZodType<T>,
    visit: (item: T) => boolean,
    { maxPages, signal }: { maxPages: number; signal?: AbortSignal | undefined },
  ): Promise<Answer<Scanned>> {
    const visited = new Set([call.path]);
    let page = await this.#succeed(call, signal);
    const first = page.answer;
    for (let pages = 1; ; pages += 1) {
      for (const value of readList(item)(call, page.answer)) {
        if (visit(value)) return answerOf(first, 'stopped');
      }
      const next = nextPage(call, page);
      if (next === null) return answerOf(first, 'whole');
      if (pages === maxPages) return answerOf(first, 'cut-short');
      if (visited.has(next)) throw unreadable(call, page.answer, 'link: a circle');
      visited.add(next);
      page = await this.#succeed({ ...call, path: next }, signal);
    }
  }

  /** A refused token or proof did nothing, so that a write may follow it, too. */
  async #succeed(call: Call, signal?: AbortSignal): Promise<Success> {
    let session = await this.#tokens.session(signal);
    const tried = new Set<Remedy>();
    for (;;) {
      const answer = await this.#sendAs(session, call, signal);
      if (answer.status >= 200 && answer.status <= 299) return { answer, origin: session.origin };
      const remedy = remedyOf(answer, session.token);
      if (remedy === null || tried.has(remedy)) throw classifyAnswer(call, answer);
      tried.add(remedy);
      if (remedy === 'token') {
        session = await this.#tokens.session(signal, session.token.generation);
      }
    }
  }

  async #sendAs({ origin, token }: Session, call: Call, signal?: AbortSignal): Promise<HttpAnswer> {
    const headers = () => this.#prover.authorize(token, origin, call);
    const answer = await this.#send(call, { origin, headers }, signal);
    this.#prover.hear(origin, answer);
    return answer;
  }
}

/** What an answer says beside its value. */
export function answerOf<T>({ headers }: HttpAnswer, value: T): Answer<T> {
  return { value, requestId: requestIdOf(headers), date: dateOf(headers) };
}

/** A body of this shape. */
export function readJson<T>(schema: z.ZodType<T>): Read<T> {
  return (call, answer) => {
    const result = schema.safeParse(jsonOf(call, answer));
    if (!result.success) throw unreadable(call, answer, shapeOf(result.error));
    return result.data;
  };
}

/**
 * `{}` or nothing. Anything that is no JSON comes from somebody between us and Okta, and a success
 * that Okta did not give is none.
 */
export const readNothing: Read<void> = (call, answer) => {
  if (answer.body.trim() !== '') jsonOf(call, answer);
};

function readList<T>(item: z.ZodType<T>): Read<T[]> {
  return (call, answer) => {
    const json = jsonOf(call, answer);
    if (!Array.isArray(json)) throw unreadable(call, answer, 'body: not a list');
    return json.map((element: unknown, index) => {
      const result = item.safeParse(element);
      if (result.success) return result.data;
      throw unreadable(call, answer, `${index}.${shapeOf(result.error)}`);
    });
  };
}

function jsonOf(call: Call, answer: HttpAnswer): unknown {
  try {
    return JSON.parse(answer.body);
  } catch {
    throw unreadable(call, answer, 'body: no JSON');
  }
}

/** Only within the org: our token is for nobody else. A list with its end missing is no list. */
function nextPage(call: Call, { answer, origin }: Success): string | null {
  const target = linkTarget(answer.headers['link'], 'next');
  if (target === undefined) return null;
  const url = URL.canParse(target, origin) ? new URL(target, origin) : null;
  if (url?.origin !== origin) throw unreadable(call, answer, 'link: leads out of the org');
  return url.pathname + url.search;
}

/** What one more request may mend: with a new token, or with the nonce that came along. */
type Remedy = 'token' | 'nonce';

/** `E0000015` is a feature that the org lacks, which no new token brings. */
function remedyOf(answer: HttpAnswer, { proofKey }: CachedToken): Remedy | null {
  if (oauthErrorOf(answer).error === 'use_dpop_nonce') return proofKey === null ? 'token' : 'nonce';
  if (answer.status === 401 && readErrorBody(answer.body).errorCode === 'E0000015') return null;
  return answer.status === 401 || isTokenTrouble(answer) ? 'token' : null;
}
