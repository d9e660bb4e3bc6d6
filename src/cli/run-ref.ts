// Which run a person at the terminal means: by its id, by a unique beginning of the id's last part, or
// by a login, whose latest run it is then.
import { isOpen } from '../domain/run.js';
import type { Api } from './api.js';
import { CliProblem } from './command.js';
import type { RunList } from './runs.js';
import type { SeenRun } from './seen-run.js';

export const REF_USAGE =
  'REF is the id of a run, a unique beginning of its last part, or a login: then the latest run of that person.';

/** With its last part or without it, which means the latest run of the person. */
const RUN_ID = /^[a-z][a-z0-9-]{1,30}\.[0-9a-f]{16}(\.[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})?$/;
const BEGINNING = /^[0-9a-f]{1,8}$|^[0-9a-f]{8}-[0-9a-f-]{0,27}$/;
const PAGE = 200;
/** Further back, a run is found by its whole id. */
const MOST_PAGES = 50;
/** Between the clock that an id was made by and the one that the row was written by. */
const CLOCKS_MS = 60_000;

/**
 * @param acts whether the run is to be changed: then a login with open runs in several orgs is not enough
 * @throws {CliProblem} where no run is meant, or several could be
 */
export async function runIdOf(api: Api, ref: string, acts: boolean): Promise<string> {
  const text = ref.trim();
  if (RUN_ID.test(text)) return text;
  if (BEGINNING.test(text)) {
    const [found, ...others] = await beginningWith(api, text);
    if (found !== undefined && others.length === 0) return found;
    if (found !== undefined) throw severalMeant(text, [found, ...others]);
  }
  return latestOf(api, text, acts);
}

async function latestOf(api: Api, login: string, acts: boolean): Promise<string> {
  const { items } = await page(api, { login, limit: String(PAGE) });
  const [latest] = items;
  if (latest === undefined) {
    throw new CliProblem(`There is no run of ${login} in the connections that this key may see.`);
  }
  const open = latestOfEach(items.filter(({ phase }) => isOpen(phase)));
  if (acts && open.length > 1) throw severalMeant(login, open);
  return latest.id;
}

/** The first run of each connection. */
function latestOfEach(runs: readonly SeenRun[]): string[] {
  const first = (run: SeenRun, index: number) =>
    runs.findIndex(({ connection }) => connection === run.connection) === index;
  return runs.filter(first).map(({ id }) => id);
}

/** Two at most. Last parts are UUIDs of version 7, so that they begin with the time that they were made. */
async function beginningWith(api: Api, beginning: string): Promise<string[]> {
  const earliest =
    Number.parseInt(beginning.replaceAll('-', '').slice(0, 12).padEnd(12, '0'), 16) - CLOCKS_MS;
  const found: string[] = [];
  let cursor: string | undefined;
  for (let pages = 0; pages < MOST_PAGES; pages += 1) {
    const { items, nextCursor } = await page(api, { limit: String(PAGE), cursor });
    found.push(...items.map(({ id }) => id).filter((id) => lastPartOf(id).startsWith(beginning)));
    const oldest = items.at(-1);
    if (found.length > 1 || nextCursor === undefined || oldest === undefined)
      return found.slice(0, 2);
    if (Date.parse(oldest.createdAt) < earliest) return found;
    cursor = nextCursor;
  }
  if (found.length > 0) return found;
  throw new CliProblem(
    `None of the latest ${MOST_PAGES * PAGE} runs begins with ${beginning}: give the whole id of an older one.`,
  );
}

function lastPartOf(id: string): string {
  return id.slice(id.lastIndexOf('.') + 1);
}

function page(api: Api, query: Record<string, string | undefined>): Promise<RunList> {
  const given = Object.entries(query).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  return api.get<RunList>(`/v1/runs?${new URLSearchParams(given).toString()}`);
}

function severalMeant(ref: string, ids: readonly string[]): CliProblem {
  return new CliProblem(
    [`Several runs could be meant by ${ref}; name one:`, ...ids.map((id) => `  ${id}`)].join('\n'),
    2,
  );
}
