// /healthz: the process is there. /readyz: it can do its work, with what cannot. Without a worker it
// still takes requests, so that is no reason to send them elsewhere: 200, and `degraded`. /metrics:
// Prometheus, with a key like everything that tells more than that.
import express from 'express';
import { authenticate, authorize } from './auth.js';
import type { AppDeps } from './deps.js';
import { refuseOthers } from './http.js';
import type { PollerLook } from './pollers.js';

/** A database that hangs must not hang the probe. */
const PING_MS = 2_000;

export function healthRouter(deps: AppDeps): express.Router {
  const { store, engine, pollers, metrics } = deps;
  const router = express.Router();
  router.get('/healthz', (_req, res) => {
    res.json({ status: 'ok' });
  });
  router.get('/readyz', async (_req, res) => {
    const [database, temporal, worker] = await Promise.all([
      works(store.ping()),
      works(engine.ping()),
      workerPart(pollers),
    ]);
    const pending = deps.pendingSetup?.() ?? [];
    const isReady = database && temporal && pending.length === 0;
    res.status(isReady ? 200 : 503).json({
      status: isReady ? (isLacking(worker) ? 'degraded' : 'ready') : 'not ready',
      parts: {
        database: database ? 'ok' : 'unavailable',
        temporal: temporal ? 'ok' : 'unavailable',
        setup: pending.length === 0 ? 'ok' : `pending: ${pending.join(', ')}`,
        worker,
      },
    });
  });
  router.get('/metrics', async (req, res) => {
    authorize(await authenticate(store.apiKeys, req.get('authorization')), 'reader');
    res.type(metrics.registry.contentType).send(await metrics.registry.metrics());
  });
  for (const path of ['/healthz', '/readyz', '/metrics']) {
    refuseOthers(router, path, ['GET', 'HEAD']);
  }
  return router;
}

type WorkerPart = 'ok' | 'nobody polls' | 'nobody answers questions' | 'unknown';

function isLacking(worker: WorkerPart): boolean {
  return worker !== 'ok' && worker !== 'unknown';
}

/** What is not known is no reason to call the API degraded. */
async function workerPart(pollers: PollerLook): Promise<WorkerPart> {
  const counts = Promise.all([pollers.count('runs'), pollers.count('questions')]);
  const [runs, questions] = (await inTime<number[] | null>(counts, null)) ?? [];
  if (runs === undefined || questions === undefined) return 'unknown';
  if (runs === 0) return 'nobody polls';
  return questions === 0 ? 'nobody answers questions' : 'ok';
}

function works(ping: Promise<void>): Promise<boolean> {
  return inTime(
    ping.then(() => true),
    false,
  );
}

/** `otherwise` where it fails, or does not come in time. */
async function inTime<T>(answer: Promise<T>, otherwise: T): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<T>((resolve) => {
    timer = setTimeout(resolve, PING_MS, otherwise);
  });
  return Promise.race([answer.catch(() => otherwise), late]).finally(() => {
    clearTimeout(timer);
  });
}
