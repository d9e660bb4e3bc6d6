// `tenure run REF`: one run, once or live.
import { createApi } from './api.js';
import { readArgs } from './arguments.js';
import type { Command } from './command.js';
import { REF_USAGE, runIdOf } from './run-ref.js';
import { sayRun } from './say-run.js';
import { exitCodeOf, type SeenRun } from './seen-run.js';
import { findService, SERVICE_OPTIONS, SERVICE_USAGE } from './service.js';
import { viewFor } from './views.js';
import { isEnded, watch } from './watch.js';

const USAGE = `npm run tenure -- run REF [--watch]

Shows a run: where it stands, its deadlines, its steps, what it waits for and what can be done.
${REF_USAGE}

  --watch              stay until it ends: 0 where it is done, else 1; with --json a line for each change.
                       Ctrl-C leaves the watch, not the run
${SERVICE_USAGE}`;

const OPTIONS = { ...SERVICE_OPTIONS, watch: { type: 'boolean' } } as const;

export const runCommand: Command = {
  name: 'run',
  summary: 'shows a run, live with --watch',
  usage: USAGE,
  run: async (args, io) => {
    const { values, words } = readArgs(args, OPTIONS, ['REF']);
    const service = findService(io.config, values);
    const asJson = values.json === true;
    if (values.watch === true) {
      const leaving = io.leaving();
      const view = viewFor(io, asJson);
      const api = createApi(service, leaving);
      const id = await runIdOf(api, words.REF, false);
      return exitCodeOf(await watch({ api, id, leaving, view, isOver: isEnded }));
    }
    const api = createApi(service);
    const id = await runIdOf(api, words.REF, false);
    const run = await api.get<SeenRun>(`/v1/runs/${encodeURIComponent(id)}`);
    sayRun(io, run, asJson);
    return 0;
  },
};
