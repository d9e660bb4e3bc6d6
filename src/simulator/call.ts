/**
 * One call as the routes see it, and the answer that they give. No sockets here.
 */
import type { IncomingHttpHeaders } from 'node:http';
import type { z } from 'zod';
import type { Grant } from './access-tokens.js';
import type { DpopProof } from './dpop-proof.js';
import { malformedBody, unsupportedMediaType } from './okta-error.js';
import type { Org } from './org.js';
import type { Access } from './permissions.js';
import type { Bucket } from './settings.js';

export interface Call {
  readonly org: Org;
  /** Scheme, host and port as the caller named them; links are made from it. */
  readonly origin: string;
  readonly method: string;
  /** Percent-encoded, without query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** What the route's pattern found in the path, decoded. */
  readonly params: Readonly<Record<string, string>>;
  /** What the access token says, if this org issued it. Its time may be over. */
  readonly grant?: Grant | undefined;
  /** Judged as the call arrived, and used up thereby whatever becomes of the call. */
  readonly proof?: DpopProof | undefined;
}

/** A call whose token has been judged. */
export interface AuthorizedCall extends Call {
  readonly access: Access;
}

export interface Answer {
  readonly status: number;
  /** Sent as JSON; a string goes out as it is. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
}

/** A path of Okta's, `:name` for a variable segment. */
interface RouteBase {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
}

export interface OpenRoute extends RouteBase {
  /** Undefined where nothing is limited. */
  readonly bucket?: Bucket;
  handle(call: Call): Answer | Promise<Answer>;
}

export interface ApiRoute extends RouteBase {
  readonly bucket: Bucket;
  readonly scope: string;
  handle(call: AuthorizedCall): Answer;
}

export type Route = OpenRoute | ApiRoute;

export const ok = (body: unknown): Answer => ({ status: 200, body });

export const noContent: Answer = { status: 204 };

export function param(call: Call, name: string): string {
  return call.params[name] ?? '';
}

/** A query parameter that is `true` or `false`; anything else counts as left out. */
export function flag(call: Call, name: string, byDefault: boolean): boolean {
  const value = call.query.get(name)?.toLowerCase();
  return value === 'true' || (value === 'false' ? false : byDefault);
}

/**
 * The body as `schema` reads it. Okta names no reason for a body that it cannot map.
 *
 * @throws OktaError E0000003, or E0000021 if the body is declared to be something else than JSON
 */
export function jsonBody<T>(call: Call, schema: z.ZodType<T>): T {
  const type = call.headers['content-type'] ?? '';
  if (call.body !== '' && !/^application\/(?:[\w.+-]+\+)?json\b/i.test(type)) {
    throw unsupportedMediaType();
  }
  let value: unknown;
  try {
    value = JSON.parse(call.body);
  } catch {
    throw malformedBody();
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw malformedBody();
  return parsed.data;
}
