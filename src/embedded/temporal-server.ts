// Temporal's CLI dev server: its command line and whether it answers. Finding the CLI is the work
// of scripts/setup, starting and watching the process the caller's.
import { connect } from 'node:http2';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from './guarded-process.js';

export interface TemporalOptions {
  cli: string;
  port: number;
  /** Without one there is no Web UI. */
  uiPort?: number;
  /** SQLite file; without one all is kept in memory. */
  databaseFile?: string;
  /** The Web UI posts to this address plus `/decode`. */
  codecEndpoint?: string;
  namespace?: string;
  env: Record<string, string | undefined>;
  cwd?: string;
}

// One partition per task queue and the new matcher make priorities work on one node; eager
// activities, the default from CLI 1.9 on, take a lone run from 451 to 257 ms.
const DYNAMIC_CONFIG = [
  'system.enableActivityEagerExecution=true',
  'matching.numTaskqueueReadPartitions=1',
  'matching.numTaskqueueWritePartitions=1',
  'matching.useNewMatcher=true',
];

/** How the dev server is started; it logs to stderr. */
export function temporalCommand(options: TemporalOptions): Command {
  const args = ['server', 'start-dev', '--ip', '127.0.0.1', '--port', String(options.port)];
  if (options.uiPort === undefined) args.push('--headless');
  else args.push('--ui-port', String(options.uiPort));
  if (options.databaseFile !== undefined) {
    args.push('--db-filename', options.databaseFile);
    args.push('--sqlite-pragma', 'journal_mode=WAL', '--sqlite-pragma', 'synchronous=FULL');
  }
  if (options.codecEndpoint !== undefined) {
    args.push('--ui-codec-endpoint', options.codecEndpoint);
  }
  if (options.namespace !== undefined && options.namespace !== 'default') {
    args.push('--namespace', options.namespace);
  }
  for (const value of DYNAMIC_CONFIG) args.push('--dynamic-config-value', value);
  args.push('--log-level', 'warn', '--color', 'never');
  // The user's own CLI profile is about other servers.
  args.push('--disable-config-file', '--disable-config-env');
  return { file: options.cli, args, env: options.env, cwd: options.cwd };
}

/** Waits until the frontend service says that it serves. `address` is host:port. */
export async function temporalAnswers(address: string, signal: AbortSignal): Promise<void> {
  while (!(await serves(address))) await sleep(50, undefined, { signal });
}

const SERVICE = 'temporal.api.workflowservice.v1.WorkflowService';
const SERVING = 1;

/** gRPC's health check by hand, so that the supervisor need not load the whole client. */
async function serves(address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const session = connect(`http://${address}`);
    const done = (answer: boolean) => {
      session.destroy();
      resolve(answer);
    };
    session.setTimeout(2_000, () => {
      done(false);
    });
    session.once('error', () => {
      done(false);
    });
    const request = session.request({
      ':method': 'POST',
      ':path': '/grpc.health.v1.Health/Check',
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.once('error', () => {
      done(false);
    });
    request.once('close', () => {
      // Five bytes of frame, then field 1 (varint): the status.
      const answer = Buffer.concat(chunks);
      done(answer[5] === 0x08 && answer[6] === SERVING);
    });
    const name = Buffer.from(SERVICE);
    const message = Buffer.concat([Buffer.from([0x0a, name.length]), name]);
    const frame = Buffer.alloc(5);
    frame.writeUInt32BE(message.length, 1);
    request.end(Buffer.concat([frame, message]));
  });
}
