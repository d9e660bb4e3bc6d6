// `tenure run RUN`: one run, once or live.
import type { RunAnswer } from '../domain/answer.schema.js';
import { createApi } from './api.js';
import { readArgs } from './arguments.js';
import type { Command } from './command.js';
import { sayRun } from './say-run.js';
import { findService, SERVICE_OPTIONS, SERVICE_USAGE } from './service.js';
import { viewFor } from './views.js';
import { exitCodeOf, isEnded, watch } from './watch.js';

const USAGE = `npm run tenure -- run RUN [--watch]

Shows a run: where it stands, its deadlines, its steps, what it waits for and what can be done. RUN is
the id of a run, or <connection>.<subjectRef>, which means the latest run of that person.

  --watch              stay until it ends: 0 where it is done, else 1; with --json a line for each change.
                       Ctrl-C leaves the watch, not the run
${SERVICE_USAGE}`;

const OPTIONS = { ...SERVICE_OPTIONS, watch: { type: 'boolean' } } as const;

export const runCommand: Command = {
  name: 'run',
  summary: 'shows a run, live with --watch',
  usage: USAGE,
  run: async (args, io) => {
    const { values, words } = readArgs(args, OPTIONS, ['RUN']);
    const id = words.RUN;
    const service = findService(io.config, values);
    const asJson = values.json === true;
    if (values.watch === true) {
      const leaving = io.leaving();
      const view = viewFor(io, asJson);
      const api = createApi(service, leaving);
      return exitCodeOf(await watch({ api, id, leaving, view, isOver: isEnded }));
    }
    const run = await createApi(service).get<RunAnswer>(`/v1/runs/${encodeURIComponent(id)}`);
    sayRun(io, run, asJson);
    return 0;
  },
};
