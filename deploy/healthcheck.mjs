// What the image asks of itself: `node deploy/healthcheck.mjs api|worker`, exit code 0 or 1.
// The API is asked whether it serves; whether it is ready is the load balancer's question (/readyz),
// since a restart mends no outage of others. A worker has no port: Temporal is asked whether a worker
// of this host polls, and an unreachable Temporal is no fault of the worker's.
import { hostname } from 'node:os';
import { loadConfig } from '../dist/config.js';
import { readSecretFiles } from './secret-files.mjs';

const CALL_MS = 5_000;
/** A poll lasts a minute at most; pollers are remembered for five. */
const POLLED_WITHIN_MS = 90_000;

const checks = { api, worker };

async function api(config) {
  const { reachableHost } = await import('../dist/embedded/ports.js');
  const answer = await fetch(`http://${reachableHost(config.host)}:${config.apiPort}/healthz`, {
    signal: AbortSignal.timeout(CALL_MS),
  });
  if (!answer.ok) throw new Error(`/healthz answers ${answer.status}`);
}

async function worker(config) {
  const { temporalTarget } = await import('../dist/temporal-target.js');
  const { temporalConnection } = await import('../dist/api/temporal-connection.js');
  const target = temporalTarget(config);
  const connection = temporalConnection(target);
  const taskQueue = { name: config.taskQueue };
  let pollers;
  try {
    ({ pollers } = await connection.withDeadline(Date.now() + CALL_MS, () =>
      connection.workflowService.describeTaskQueue({
        namespace: target.namespace,
        taskQueue,
        taskQueueType: 1,
      }),
    ));
  } catch (error) {
    process.stdout.write(`Temporal cannot be asked: ${error.message}\n`);
    return;
  }
  const since = Date.now() / 1_000 - POLLED_WITHIN_MS / 1_000;
  const ours = pollers.filter(({ identity }) => identity.endsWith(`@${hostname()}`));
  if (!ours.some(({ lastAccessTime }) => Number(lastAccessTime?.seconds ?? 0) > since)) {
    throw new Error(`no worker of ${hostname()} polls ${taskQueue.name}`);
  }
}

try {
  readSecretFiles();
  await checks[process.argv[2]](loadConfig(process.env));
  process.exit(0);
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
}
