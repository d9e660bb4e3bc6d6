// What the API says before its database is there: alive, not ready, everything else 503.
import express from 'express';
import { Problem, problemBody } from './problem.js';
import { requestIdOf, requestIds } from './http.js';

export function waitingApp(): express.Express {
  const app = express();
  app.disable('x-powered-by');
  app.use(requestIds);
  app.get('/healthz', (_req, res) => {
    res.json({ status: 'ok' });
  });
  app.get('/readyz', (_req, res) => {
    const parts = {
      database: 'unavailable',
      temporal: 'unknown',
      setup: 'pending',
      worker: 'unknown',
    };
    res.status(503).json({ status: 'not ready', parts });
  });
  app.use((_req, res) => {
    const problem = new Problem(
      503,
      'DATABASE_UNAVAILABLE',
      'The database cannot be reached',
      'The API is starting and has no database yet',
    );
    res
      .status(503)
      .set('Retry-After', '2')
      .type('application/problem+json')
      .send(JSON.stringify(problemBody(problem, requestIdOf(res))));
  });
  return app;
}
