// What a call to Okta is, before and after it was sent: its name without ids, its bucket, and the facts
// that an error about it carries.
import type { CallFacts } from './errors.js';
import type { HttpAnswer, HttpRequest } from './exchange.js';
import { dateOf, requestIdOf } from './headers.js';
import type { Bucket } from './ports.js';

export interface Call {
  method: HttpRequest['method'];
  /** With the ids left out: what errors, logs and metrics may show. */
  template: string;
  /** With its ids and query. Names people; stays in the request. */
  path: string;
  bucket: Bucket;
  /** Whether it changes anything in Okta; only then is a lost answer a question. */
  changes: boolean;
  /** Whether the very same request may be sent again when its connection breaks. */
  repeatable: boolean;
  body?: string;
}

/** The facts where no answer came. `sent`: the request may have reached Okta. */
export function factsWithoutAnswer(call: Call, sent: boolean, cause?: Error): CallFacts {
  return {
    method: call.method,
    path: call.template,
    httpStatus: null,
    oktaErrorCode: null,
    oktaRequestId: null,
    date: null,
    outcome: call.changes && sent ? 'unknown' : 'not-done',
    ...(cause === undefined ? {} : { cause }),
  };
}

/** The facts of an answer. `done`: it may have been done, although the answer is no good. */
export function factsOf(
  call: Call,
  { status, headers }: HttpAnswer,
  oktaErrorCode: string | null,
  done: boolean,
): CallFacts {
  return {
    ...factsWithoutAnswer(call, done),
    httpStatus: status,
    oktaErrorCode,
    oktaRequestId: requestIdOf(headers),
    date: dateOf(headers),
  };
}

/** For messages: `POST /api/v1/users`. */
export function nameOf(call: Call): string {
  return `${call.method} ${call.template}`;
}

/**
 * A call to Okta's API: `ids` fill the braces of the template, encoded.
 *
 * @throws Error for an id that would make it another path; a bug of the caller
 */
export function callOf(
  method: Call['method'],
  template: string,
  bucket: Bucket,
  ids: Record<string, string> = {},
  query: Record<string, string> = {},
): Call {
  const search = new URLSearchParams(query).toString();
  return {
    method,
    template,
    path: pathOf(template, ids) + (search === '' ? '' : `?${search}`),
    bucket,
    changes: method !== 'GET',
    repeatable: method === 'GET',
  };
}

function pathOf(template: string, ids: Record<string, string>): string {
  return template.replace(/\{(\w+)\}/g, (_, name: string) => {
    const id = ids[name] ?? '';
    if (id === '' || id === '.' || id === '..') throw new Error(`${template}: no usable ${name}`);
    return encodeURIComponent(id);
  });
}
