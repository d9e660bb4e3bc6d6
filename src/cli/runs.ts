// `tenure runs`: a list of runs that fits the terminal. Elsewhere each run is one line, uncut.
import { createApi } from './api.js';
import { readArgs } from './arguments.js';
import type { Command } from './command.js';
import type { SeenRun } from './seen-run.js';
import { findService, SERVICE_OPTIONS, SERVICE_USAGE } from './service.js';
import { aligned, fitted, widthOf } from './text.js';
import { fromNow } from './time.js';

const USAGE = `npm run tenure -- runs [--phase parked]

  --phase PHASE        scheduled, running, parked, holding, completed, cancelled or failed
  --kind KIND          onboarding or offboarding
  --connection ID      runs in this Okta org
  --login LOGIN        runs of this person
  --limit N            how many at most; default 50, greatest 200
  --cursor CURSOR      the runs after a list, which names it at its end
${SERVICE_USAGE}`;

const OPTIONS = {
  ...SERVICE_OPTIONS,
  phase: { type: 'string' },
  kind: { type: 'string' },
  connection: { type: 'string' },
  login: { type: 'string' },
  limit: { type: 'string' },
  cursor: { type: 'string' },
} as const;

export const runsCommand: Command = {
  name: 'runs',
  summary: 'lists runs, the newest first',
  usage: USAGE,
  run: async (args, io) => {
    const { values } = readArgs(args, OPTIONS, []);
    const { phase, kind, connection, login, limit, cursor } = values;
    const query = new URLSearchParams();
    for (const [name, value] of Object.entries({ phase, kind, connection, login, limit, cursor })) {
      if (value !== undefined) query.set(name, value);
    }
    const list = await createApi(findService(io.config, values)).get<RunList>(
      `/v1/runs?${query.toString()}`,
    );
    if (values.json === true) io.say(JSON.stringify(list));
    else io.say(runTable(list, Date.now(), io.screen?.columns() ?? null).join('\n'));
    return 0;
  },
};

export interface RunList {
  items: SeenRun[];
  nextCursor?: string;
}

const HEADER = ['PHASE', 'OUTCOME', 'WHAT', 'WHO', 'ORG', 'NEXT'];
/** Who and where; the rest are short words. */
const ELASTIC = [3, 4];

/** @param columns null: as wide as it comes. Where it is too narrow, the id has a line of its own. */
export function runTable(
  { items, nextCursor }: RunList,
  now: number,
  columns: number | null,
): string[] {
  if (items.length === 0) return ['No runs.'];
  const cells = [HEADER, ...items.map((run) => cellsOf(run, now))];
  const ids = ['RUN', ...items.map(({ id }) => id)];
  const more = nextCursor === undefined ? [] : ['', `There are more: --cursor ${nextCursor}`];
  const whole = aligned(cells.map((row, index) => [...row, ids[index] ?? '']));
  if (columns === null || Math.max(...whole.map(widthOf)) <= columns) return [...whole, ...more];
  const narrow = fitted(cells, columns, ELASTIC);
  return [
    ...narrow.flatMap((line, index) => (index === 0 ? [line] : [line, `  ${ids[index] ?? ''}`])),
    ...more,
  ];
}

function cellsOf(run: SeenRun, now: number): string[] {
  const { phase, outcome, kind, person, connection } = run;
  return [
    phase,
    outcome ?? '',
    kind === 'onboarding' ? 'in' : 'out',
    person.login,
    connection,
    nextOf(run, now),
  ];
}

/** What it waits for and why, or the run that came after it. */
function nextOf({ waiting, problem, supersededBy, continuesAs }: SeenRun, now: number): string {
  if (supersededBy !== null) return `taken over by ${beginningOf(supersededBy)}`;
  if (continuesAs !== null) return `goes on as ${beginningOf(continuesAs)}`;
  const until = waiting?.until;
  const words = [
    waiting?.for === 'hold-end' ? 'undo window ends' : waiting?.for,
    until === undefined ? undefined : fromNow(until, now),
    problem?.code,
  ];
  return words.filter((word) => word !== undefined).join(' ');
}

/** Of the last part of an id: enough to tell runs of the same millisecond apart, and to name one by. */
function beginningOf(id: string): string {
  return id.slice(id.lastIndexOf('.') + 1).slice(0, 18);
}
