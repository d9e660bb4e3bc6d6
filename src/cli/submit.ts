// Hands in a request about a person, shows the run that it became, and follows it where that is wanted.
import { isOpen } from '../domain/run.js';
import { createApi, type Api } from './api.js';
import type { ExitCode, Io } from './command.js';
import { sayRun } from './say-run.js';
import { exitCodeOf, isSettled, type SeenRun } from './seen-run.js';
import { findService, type ServiceFlags } from './service.js';
import { NO_VIEW, viewFor } from './views.js';
import { watch } from './watch.js';

interface SubmitFlags extends ServiceFlags {
  json?: boolean | undefined;
  wait?: boolean | undefined;
}

/** @param before comes before anything is sent; it throws where nothing is to be sent. */
export async function submit(
  io: Io,
  flags: SubmitFlags,
  path: '/v1/onboardings' | '/v1/offboardings',
  request: unknown,
  before?: (api: Api) => Promise<void>,
): Promise<ExitCode> {
  const { say, config } = io;
  const asJson = flags.json === true;
  const service = findService(config, flags);
  await before?.(createApi(service));
  const { status, body: run } = await createApi(service).post<SeenRun>(path, request);
  if (!asJson && status === 200) {
    say('The same was asked for before; no second run was started. This is the first:\n');
  }
  const isStale = status === 200 && isNoProof(run);
  if (flags.wait !== true || isStale) {
    sayRun(io, run, asJson);
    if (!asJson)
      say(isStale ? noProof(run) : `  Follow it: npm run tenure -- run ${run.id} --watch`);
    return isStale ? 1 : exitCodeOf(run);
  }
  const leaving = io.leaving();
  const view = asJson ? NO_VIEW : viewFor(io, false);
  const api = createApi(service, leaving);
  const seen = await watch({ api, id: run.id, leaving, view, isOver: isSettled });
  if (asJson) sayRun(io, seen, true);
  return exitCodeOf(seen);
}

/** An offboarding that was over before this request says what was, not what Okta shows now. */
function isNoProof({ kind, phase }: SeenRun): boolean {
  return kind === 'offboarding' && !isOpen(phase);
}

function noProof({ person }: SeenRun): string {
  return `\n  This run is over: it does not show that ${person.login} has no access now. See how the account stands in Okta.`;
}
