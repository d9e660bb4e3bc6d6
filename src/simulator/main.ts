/**
 * The simulator as a process. Reads its own environment, since it shares nothing with the service:
 * `TENURE_SIMULATOR_PORT` (default 8090), `TENURE_SIMULATOR_STATE` (file that keeps the org),
 * `TENURE_EXIT_WITH_PARENT=1` (end with standard input).
 */
import { z } from 'zod';
import { startSimulator } from './server.js';

const environment = z.object({
  TENURE_SIMULATOR_PORT: z.coerce.number().int().min(0).max(65535).default(8090),
  TENURE_SIMULATOR_STATE: z.string().min(1).optional(),
  TENURE_EXIT_WITH_PARENT: z.string().optional(),
});

const parsed = environment.safeParse(process.env);
if (!parsed.success) fail(z.prettifyError(parsed.error));
const settings = parsed.data;

const simulator = await startSimulator({
  port: settings.TENURE_SIMULATOR_PORT,
  seed: 'demo',
  ...(settings.TENURE_SIMULATOR_STATE === undefined
    ? {}
    : { statePath: settings.TENURE_SIMULATOR_STATE }),
}).catch((error: unknown) => fail(explain(error)));

process.once('SIGTERM', exit);
process.once('SIGINT', exit);
if (settings.TENURE_EXIT_WITH_PARENT === '1') process.stdin.once('end', exit).resume();

process.stdout.write(`${JSON.stringify({ event: 'simulator.ready', origin: simulator.origin })}\n`);

function exit(): void {
  void simulator.close().then(() => process.exit(0));
}

function explain(error: unknown): string {
  if (error instanceof Error && 'code' in error && 'port' in error && error.code === 'EADDRINUSE') {
    return error.port === settings.TENURE_SIMULATOR_PORT
      ? `Port ${error.port} is in use. Set TENURE_SIMULATOR_PORT to a free one.`
      : `Port ${String(error.port)} is in use, which one of the orgs in ${settings.TENURE_SIMULATOR_STATE ?? 'memory'} listens on. Free it.`;
  }
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

function fail(reason: string): never {
  process.stderr.write(`${JSON.stringify({ event: 'simulator.failed', reason })}\n`);
  process.exit(1);
}
