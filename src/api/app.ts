// The HTTP API: which routes there are, and what surrounds them. Everything it needs is passed in.
import express, { type ErrorRequestHandler, type RequestHandler, type Response } from 'express';
import helmet from 'helmet';
import { codecRoutes, openCodec } from './codec.js';
import type { AppDeps } from './deps.js';
import { docsRouter } from './docs.js';
import { healthRouter } from './health.js';
import { requestIdOf, requestIds, routerOf } from './http.js';
import { keySetRouter } from './key-sets.js';
import { Problem, problemBody, problemOf } from './problem.js';
import type { Route } from './route.js';
import { accessProfileRoutes } from './routes/access-profiles.js';
import { actionRoutes } from './routes/actions.js';
import { apiKeyRoutes } from './routes/api-keys.js';
import { connectionCheckRoutes } from './routes/connection-checks.js';
import { connectionKeyRoutes } from './routes/connection-keys.js';
import { connectionRoutes } from './routes/connections.js';
import { offboardingRoutes } from './routes/offboardings.js';
import { onboardingRoutes } from './routes/onboardings.js';
import { runRoutes } from './routes/runs.js';
import { createRunActions } from './run-actions.js';
import { createRunReader } from './run-reader.js';
import { createStarter } from './starter.js';

export type { AppDeps } from './deps.js';

export function createApp(deps: AppDeps): express.Express {
  const app = express();
  app.set('trust proxy', false);
  app.set('etag', false);
  app.set('query parser', 'simple');
  app.use(requestIds, observed(deps), helmetFor(deps.publicUrl));
  app.use(healthRouter(deps));
  app.use(docsRouter(deps.publicUrl));
  app.use(keySetRouter(deps.store.connectionKeys));
  if (deps.codecPath !== null) app.use(deps.codecPath, openCodec(deps));
  app.use(routerOf(deps.store, routesOf(deps)));
  app.use(() => {
    throw new Problem(404, 'NOT_FOUND', 'Not found', 'There is nothing at this address; see /docs');
  });
  app.use(answerProblems(deps));
  return app;
}

function routesOf(deps: AppDeps): Route[] {
  const { store, engine, pollers, log, temporalUiUrl, namespace, now = Date.now } = deps;
  const { runs } = store;
  const starter = createStarter({ runs, engine, log, ...bound('closingMs', deps.closingMs) });
  const ui = { url: temporalUiUrl, namespace };
  const reader = createRunReader({ runs, engine, pollers, ui, log });
  const actions = createRunActions({ runs, engine, ...bound('showMs', deps.showMs) });
  const request = { store, starter, reader, now };
  return [
    ...onboardingRoutes(request),
    ...offboardingRoutes(request),
    ...runRoutes(request),
    ...actionRoutes({ ...request, actions }),
    ...connectionRoutes(deps),
    ...connectionCheckRoutes(deps),
    ...connectionKeyRoutes(deps),
    ...accessProfileRoutes(deps.store),
    ...apiKeyRoutes(deps),
    ...codecRoutes(deps),
  ];
}

function bound<K extends string>(name: K, ms: number | undefined): { [key in K]?: number } {
  return ms === undefined ? {} : ({ [name]: ms } as Record<K, number>);
}

/** Over plain http nothing must be upgraded to https: there may be none. */
function helmetFor(publicUrl: string): RequestHandler {
  const isHttps = publicUrl.startsWith('https:');
  return helmet({
    strictTransportSecurity: isHttps,
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'self'"],
        baseUri: ["'none'"],
        formAction: ["'self'"],
        frameAncestors: ["'none'"],
        imgSrc: ["'self'", 'data:'],
        objectSrc: ["'none'"],
        scriptSrc: ["'self'"],
        scriptSrcAttr: ["'none'"],
        // Swagger UI sets styles on its elements.
        styleSrc: ["'self'", "'unsafe-inline'"],
        ...(isHttps ? { upgradeInsecureRequests: [] } : {}),
      },
    },
  });
}

/** One line and one measurement an answered request; the route's pattern, never its path or query. */
function observed({ log, metrics }: AppDeps): RequestHandler {
  return (req, res, next) => {
    const start = performance.now();
    res.on('finish', () => {
      const ms = performance.now() - start;
      const route = (req.route as { path?: unknown } | undefined)?.path;
      const labels = {
        method: req.method,
        route: typeof route === 'string' ? route : 'unmatched',
        status: res.statusCode,
      };
      metrics.observeRequest(labels, ms);
      log.debug({
        event: 'http.request',
        requestId: requestIdOf(res),
        ...labels,
        durationMs: Math.round(ms),
      });
    });
    next();
  };
}

function answerProblems({ log }: AppDeps): ErrorRequestHandler {
  return (error: unknown, req, res: Response, _next) => {
    const problem = problemOf(error);
    const requestId = requestIdOf(res);
    if (problem.status >= 500) {
      const event = problem.status === 500 ? 'http.failed' : 'http.unavailable';
      log.error({ event, requestId, method: req.method, code: problem.code, error });
    }
    if (res.headersSent) {
      res.destroy();
      return;
    }
    res
      .status(problem.status)
      .set(problem.more.headers ?? {})
      .type('application/problem+json')
      .send(JSON.stringify(problemBody(problem, requestId)));
  };
}
