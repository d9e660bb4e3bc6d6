// Hands in a request about a person, shows the run that it became, and follows it where that is wanted.
import type { RunAnswer } from '../domain/answer.schema.js';
import { createApi } from './api.js';
import type { ExitCode, Io } from './command.js';
import { sayRun } from './say-run.js';
import { findService, type ServiceFlags } from './service.js';
import { NO_VIEW, viewFor } from './views.js';
import { exitCodeOf, isEnded, watch } from './watch.js';

interface SubmitFlags extends ServiceFlags {
  json?: boolean | undefined;
  wait?: boolean | undefined;
}

export async function submit(
  io: Io,
  flags: SubmitFlags,
  path: '/v1/onboardings' | '/v1/offboardings',
  request: unknown,
): Promise<ExitCode> {
  const { say, config } = io;
  const asJson = flags.json === true;
  const service = findService(config, flags);
  const { status, body: run } = await createApi(service).post<RunAnswer>(path, request);
  if (!asJson && status === 200) {
    say('The same was asked for before; no second run was started. This is the first:\n');
  }
  if (flags.wait !== true) {
    sayRun(io, run, asJson);
    if (!asJson) say(`  Follow it: npm run tenure -- run ${run.id} --watch`);
    return 0;
  }
  const leaving = io.leaving();
  const view = asJson ? NO_VIEW : viewFor(io, false);
  const api = createApi(service, leaving);
  const seen = await watch({ api, id: run.id, leaving, view, isOver: isSettled });
  if (asJson) sayRun(io, seen, true);
  return seen.phase === 'holding' ? 0 : exitCodeOf(seen);
}

/** Nothing more is to be waited for: it has ended, she is suspended, or a person must decide. */
function isSettled(run: RunAnswer): boolean {
  return isEnded(run) || run.phase === 'holding' || run.phase === 'parked';
}
