// How a table of routes becomes an Express router: key, role, body, idempotency, answer; 405 for other
// methods of a path that exists.
import { randomUUID } from 'node:crypto';
import express, { type Request, type RequestHandler, type Response } from 'express';
import type { ApiKey, Store } from '../store/store.js';
import { authenticate, authorize } from './auth.js';
import { hashOf } from './canonical-json.js';
import { answerOnce, idempotencyKey } from './idempotency.js';
import { Problem } from './problem.js';
import type { Answer, Call, Route } from './route.js';

export type RouteDeps = Pick<Store, 'apiKeys' | 'idempotency'>;

const BODY_LIMIT = 256 * 1024;
const REQUEST_ID = /^[\w.:-]{1,100}$/;

/** Gives every request an id, the caller's own where it is a sane one, and answers with it. */
export const requestIds: RequestHandler = (req, res, next) => {
  const given = req.get('x-request-id') ?? '';
  res.setHeader('X-Request-Id', REQUEST_ID.test(given) ? given : randomUUID());
  next();
};

export function requestIdOf(res: Response): string {
  return String(res.getHeader('X-Request-Id'));
}

export function routerOf(deps: RouteDeps, routes: Route[]): express.Router {
  const router = express.Router({ strict: false });
  for (const path of new Set(routes.map((route) => route.path))) {
    const ofPath = routes.filter((route) => route.path === path);
    for (const route of ofPath) {
      router[route.method](path, admitted(deps, route), ...bodyOf(route), handler(deps, route));
    }
    refuseOthers(router, path, methodsOf(ofPath));
  }
  return router;
}

/** OPTIONS says what a path takes; any other method is a 405. */
export function refuseOthers(router: express.IRouter, path: string, methods: string[]): void {
  const allow = [...methods, 'OPTIONS'].join(', ');
  router.all(path, (req, res) => {
    if (req.method === 'OPTIONS') {
      res.setHeader('Allow', allow).status(204).end();
      return;
    }
    throw new Problem(
      405,
      'METHOD_NOT_ALLOWED',
      'Not with this method',
      `Possible here: ${allow}`,
      {
        headers: { Allow: allow },
      },
    );
  });
}

function methodsOf(routes: Route[]): string[] {
  return routes.flatMap(({ method }) =>
    method === 'get' ? ['GET', 'HEAD'] : [method.toUpperCase()],
  );
}

const keys = new WeakMap<Request, ApiKey>();

function admitted(deps: RouteDeps, route: Route): RequestHandler {
  return async (req, res, next) => {
    const key = await authenticate(deps.apiKeys, req.get('authorization'));
    authorize(key, route.role, route.everywhere);
    keys.set(req, key);
    res.setHeader('Cache-Control', 'no-store');
    next();
  };
}

function bodyOf(route: Route): RequestHandler[] {
  const hasBody = ['post', 'put', 'patch'].includes(route.method);
  return hasBody ? jsonBody(route.bodyLimit ?? BODY_LIMIT) : [];
}

/** Reads a JSON body. Content of another type is 415; no content at all is an empty object. */
export function jsonBody(limit: number): RequestHandler[] {
  const isJson = (req: Request) => req.is(['application/json', 'application/*+json']) !== false;
  return [
    (req, _res, next) => {
      if (hasContent(req) && !isJson(req)) {
        throw new Problem(
          415,
          'UNSUPPORTED_MEDIA_TYPE',
          'The body is not JSON',
          'Send the body as Content-Type: application/json',
        );
      }
      next();
    },
    express.json({ limit, type: () => true }),
    (req, _res, next) => {
      // The client hung up while its key was looked at: the parser leaves such a request alone, and
      // nothing must be done, or claimed under its Idempotency-Key, as if it had been empty.
      if (req.body === undefined && hasContent(req)) {
        throw new Problem(400, 'BAD_REQUEST', 'The request broke off', 'The client has hung up');
      }
      next();
    },
  ];
}

function hasContent(req: Request): boolean {
  return req.get('transfer-encoding') !== undefined || Number(req.get('content-length') ?? 0) > 0;
}

function handler(deps: RouteDeps, route: Route): RequestHandler {
  return async (req, res) => {
    const key = keys.get(req);
    if (key === undefined) throw new Error('the route was reached without a key');
    const body: unknown = req.body ?? {};
    const oncePer = route.method === 'post' ? idempotencyKey(req.get('idempotency-key')) : null;
    const bodyHash = hashOf([req.method, req.baseUrl + req.path, body]);
    const call: Call = {
      key,
      params: req.params as Record<string, string>,
      query: req.query,
      body,
      requestId: requestIdOf(res),
      actionId: oncePer === null ? randomUUID() : hashOf([key.id, oncePer, bodyHash]).slice(0, 32),
    };
    const answer =
      oncePer === null || route.replay === undefined
        ? await route.handle(call)
        : await answerOnce(deps.idempotency, { call, route, key: oncePer, bodyHash });
    send(res, answer);
  };
}

function send(res: Response, { status, body, headers = {} }: Answer): void {
  res.status(status).set(headers);
  if (status === 204) res.end();
  else res.json(body);
}
