// /healthz: the process is there. /readyz: it can do its work, with what cannot. /metrics: Prometheus,
// with a key like everything that tells more than that.
import express from 'express';
import { authenticate, authorize } from './auth.js';
import type { AppDeps } from './deps.js';
import { refuseOthers } from './http.js';

/** A database that hangs must not hang the probe. */
const PING_MS = 2_000;

export function healthRouter(deps: AppDeps): express.Router {
  const { store, engine, metrics } = deps;
  const router = express.Router();
  router.get('/healthz', (_req, res) => {
    res.json({ status: 'ok' });
  });
  router.get('/readyz', async (_req, res) => {
    const [database, temporal] = await Promise.all([works(store.ping()), works(engine.ping())]);
    const pending = deps.pendingSetup?.() ?? [];
    const isReady = database && temporal && pending.length === 0;
    res.status(isReady ? 200 : 503).json({
      status: isReady ? 'ready' : 'not ready',
      parts: {
        database: database ? 'ok' : 'unavailable',
        temporal: temporal ? 'ok' : 'unavailable',
        setup: pending.length === 0 ? 'ok' : `pending: ${pending.join(', ')}`,
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

async function works(ping: Promise<void>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(resolve, PING_MS, false);
  });
  const answered = ping.then(
    () => true,
    () => false,
  );
  return Promise.race([answered, late]).finally(() => {
    clearTimeout(timer);
  });
}
