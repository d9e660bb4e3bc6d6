/**
 * The way of every call to Okta's API: logged, spoiled by a fault if one is planned, delayed,
 * counted, authorized, handled, answered. The order of the gates is Okta's: concurrency, token and
 * proof, rate limit, scope, role, and only then the request itself.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ErrorRequestHandler, Request, RequestHandler, Response } from 'express';
import { authorize, challenge, insufficientScope, presentedToken } from './authorization.js';
import type { Answer, ApiRoute, Call, OpenRoute, Route } from './call.js';
import { readProof } from './dpop-proof.js';
import type { Fault } from './faults.js';
import { sendAnswer, sendBadGateway } from './http.js';
import {
  OktaError,
  internalError,
  invalidToken,
  methodNotSupported,
  pathNotFound,
  readOnlyMode,
  tooManyRequests,
} from './okta-error.js';
import { OAuthError } from './oauth-error.js';
import type { Org } from './org.js';
import { Access } from './permissions.js';
import type { Verdict } from './rate-limit.js';
import type { LoggedRequest } from './request-log.js';
import { matchRoute } from './router.js';
import { groupRoutes } from './routes/groups.js';
import { lifecycleRoutes } from './routes/lifecycle.js';
import { metadataRoutes } from './routes/metadata.js';
import { TOKEN_PATH, oauthRoutes, tokenClient } from './routes/oauth.js';
import { ruleRoutes } from './routes/rules.js';
import { userListRoutes } from './routes/user-lists.js';
import { userRoutes } from './routes/users.js';

const ROUTES: readonly Route[] = [
  ...metadataRoutes,
  ...oauthRoutes,
  ...userListRoutes,
  ...userRoutes,
  ...lifecycleRoutes,
  ...ruleRoutes,
  ...groupRoutes,
];

interface Outcome {
  readonly answer: Answer;
  readonly verdict?: Verdict | undefined;
}

/** Everything outside `/_sim`. Expects the body as text. */
export function oktaApi(org: Org): RequestHandler {
  return async (req, res) => {
    const bare = readCall(org, req);
    const match = matchRoute(ROUTES, bare.method, bare.path);
    const query = bare.path === TOKEN_PATH ? '' : bare.query.toString();
    const entry = org.log.begin(bare.method, bare.path, query);
    if (typeof match !== 'string') entry.bucket = match.route.bucket ?? null;
    const fault = org.faults.take(bare.method, bare.path);
    if (fault !== undefined) entry.fault = fault.fault;
    org.inFlight += 1;
    const overloaded = org.inFlight > org.settings.concurrency;
    try {
      const call = { ...bare, grant: await readGrant(bare), proof: await proofOf(bare) };
      entry.clientId = callerOf(call);
      await answerCall(call, match, { fault, overloaded }, entry, res);
    } finally {
      org.inFlight -= 1;
    }
  };
}

/** For what went wrong in the simulator itself, or in reading a body. */
export const answerBug: ErrorRequestHandler = (error: unknown, _req, res, next) => {
  if (res.headersSent) {
    next(error);
    return;
  }
  process.stderr.write(`${error instanceof Error ? (error.stack ?? '') : String(error)}\n`);
  const { answer } = refused(internalError());
  sendAnswer(res, answer, { now: Date.now() });
};

interface Trouble {
  readonly fault: Fault | undefined;
  readonly overloaded: boolean;
}

async function answerCall(
  call: Call,
  match: ReturnType<typeof matchRoute>,
  { fault, overloaded }: Trouble,
  entry: LoggedRequest,
  res: Response,
): Promise<void> {
  const { org } = call;
  if (fault?.fault === 'reset') {
    res.destroy();
    return;
  }
  if (!overloaded) await latency(org.settings.latencyMs);
  if (fault?.fault === '502-html') {
    entry.status = 502;
    sendBadGateway(res);
    return;
  }
  const { answer, verdict } =
    faultyOutcome(call, match, fault) ??
    (overloaded
      ? refused(tooManyRequests(), concurrencyVerdict(org))
      : await outcome(call, match, entry));
  entry.status = answer.status;
  entry.rateLimitRemaining = verdict?.remaining ?? null;
  if (fault?.fault === 'lost-answer') {
    res.destroy();
    return;
  }
  if (fault?.fault === 'slow') await sleep(fault.delayMs);
  sendAnswer(res, answer, { now: org.now(), verdict });
}

/** The answer of a call that a fault keeps from being done. */
function faultyOutcome(
  { org }: Call,
  match: ReturnType<typeof matchRoute>,
  fault: Fault | undefined,
): Outcome | undefined {
  switch (fault?.fault) {
    case '500':
      return refused(internalError());
    case '503-readonly':
      return refused(readOnlyMode());
    case '401':
      return refused(invalidToken());
    case '429-concurrency':
      return refused(tooManyRequests(), concurrencyVerdict(org));
    case '429': {
      const bucket = typeof match === 'string' ? 'other' : (match.route.bucket ?? 'other');
      const now = org.now();
      const limit = org.limiter.limitOf(bucket, org.settings.rateLimits);
      const reset = Math.floor(now / 1000) + fault.resetSeconds;
      return refused(tooManyRequests(), { allowed: false, limit, remaining: 0, reset });
    }
    default:
      return undefined;
  }
}

async function outcome(
  call: Call,
  match: ReturnType<typeof matchRoute>,
  entry: LoggedRequest,
): Promise<Outcome> {
  if (match === 'no such path') return refused(pathNotFound());
  if (match === 'no such method') return refused(methodNotSupported());
  if (lacksLength(call)) return { answer: { status: 411 } };
  const matched = { ...call, params: match.params };
  const { route } = match;
  return 'scope' in route ? apiCall(matched, route, entry) : openCall(matched, route, entry);
}

async function openCall(call: Call, route: OpenRoute, entry: LoggedRequest): Promise<Outcome> {
  if (route.bucket === undefined) return { answer: await route.handle(call) };
  const verdict = take(call.org, route.bucket, entry.clientId);
  if (!verdict.allowed) return refused(tooManyRequests(), verdict);
  return { answer: await route.handle(call), verdict };
}

function apiCall(call: Call, route: ApiRoute, entry: LoggedRequest): Outcome {
  const verdict = take(call.org, route.bucket, entry.clientId);
  const caller = authorize(call);
  if (caller instanceof OktaError) return refused(caller, verdict);
  if (caller instanceof OAuthError) {
    return { answer: challenge(call, route.scope, caller), verdict };
  }
  if (!verdict.allowed) return refused(tooManyRequests(), verdict);
  if (!caller.grant.scopes.includes(route.scope)) {
    return { answer: challenge(call, route.scope, insufficientScope()), verdict };
  }
  try {
    return { answer: route.handle({ ...call, access: new Access(caller.app) }), verdict };
  } catch (error) {
    if (error instanceof OktaError) return refused(error, verdict);
    throw error;
  }
}

/** What the token of a call to the API grants, if this org issued it. */
async function readGrant({ org, headers }: Call): Promise<Call['grant']> {
  const token = presentedToken(headers.authorization);
  return token === undefined ? undefined : org.tokens.read(token);
}

async function proofOf({ org, origin, method, path, headers }: Call): Promise<Call['proof']> {
  const header = headers['dpop'];
  if (typeof header !== 'string') return undefined;
  const now = Math.floor(org.now() / 1000);
  return readProof(header, { method, url: `${origin}${path}`, now }, org.usedProofs);
}

/** The app that calls, by its token or, for one, by its word. Null if it is none of this org's. */
function callerOf(call: Call): string | null {
  const { org, path, grant } = call;
  const clientId = path === TOKEN_PATH ? tokenClient(call) : grant?.clientId;
  return clientId !== undefined && org.state.get('app', clientId) !== undefined ? clientId : null;
}

function refused(error: OktaError, verdict?: Verdict): Outcome {
  return {
    answer: { status: error.status, body: error.body(), headers: error.headers },
    verdict,
  };
}

function take(org: Org, bucket: NonNullable<Route['bucket']>, clientId: string | null): Verdict {
  return org.limiter.take(bucket, clientId ?? undefined, org.settings.rateLimits, org.now());
}

/** Limit 0 marks a refusal for concurrency; the reset time means little (Okta's rate-limit pages). */
function concurrencyVerdict(org: Org): Verdict {
  return { allowed: false, limit: 0, remaining: 0, reset: Math.floor(org.now() / 1000) + 60 };
}

/** A bodyless POST or PUT needs `content-length: 0` (Okta's API reference). */
function lacksLength({ method, headers }: Call): boolean {
  return (
    (method === 'POST' || method === 'PUT') &&
    headers['content-length'] === undefined &&
    headers['transfer-encoding'] === undefined
  );
}

function readCall(org: Org, req: Request): Call {
  const [path = '', ...query] = req.originalUrl.split('?');
  return {
    org,
    origin: `http://${req.headers.host ?? '127.0.0.1'}`,
    method: req.method,
    path,
    query: new URLSearchParams(query.join('?')),
    headers: req.headers,
    body: typeof req.body === 'string' ? req.body : '',
    params: {},
  };
}

async function latency([min, max]: readonly [number, number]): Promise<void> {
  const ms = min + Math.random() * (max - min);
  if (ms > 0) await sleep(ms);
}
