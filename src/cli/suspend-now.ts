// A suspension that comes at once is asked about first where a person sits at the terminal. Scripts are
// not asked: they have no terminal, or say --yes.
import type { Api } from './api.js';
import { CliProblem, type Io } from './command.js';
import { findConnection, type Connection } from './connection.js';
import { instantOf } from './given-time.js';

export const YES_OPTION = { yes: { type: 'boolean' } } as const;
export const YES_USAGE =
  '  --yes                do not ask before a suspension that comes at once; without a terminal nobody is asked';

/** @throws {CliProblem} where the answer is not yes; {Left} */
export async function askToSuspend(
  { openPrompt, leaving }: Pick<Io, 'openPrompt' | 'leaving'>,
  login: string,
  connection: string | null,
): Promise<void> {
  const where = connection === null ? '' : ` in ${connection}`;
  leaving();
  const prompt = openPrompt();
  try {
    const answer = await prompt.ask(`Suspend ${login}${where} now? (y/N)`);
    if (/^y(es)?$/i.test(answer)) return;
  } finally {
    prompt.close();
  }
  throw new CliProblem('Nothing was asked of the service, and nobody is suspended.');
}

interface Wanted {
  login: string;
  /** As it was given; left out: now. */
  at: string | undefined;
  connection: string | undefined;
}

/** Asks where an offboarding with these fields would suspend at once. @throws as {@link askToSuspend} */
export async function askBeforeOffboarding(io: Io, api: Api, wanted: Wanted): Promise<void> {
  const { login, at, connection } = wanted;
  const isClear = at === undefined || instantOf(at, null) !== null;
  const meant = isClear && connection !== undefined ? null : await meantConnection(api, connection);
  if (isNow(at, meant?.settings.timeZone ?? null, Date.now())) {
    await askToSuspend(io, login, connection ?? meant?.id ?? null);
  }
}

/** Whether a suspension at this time comes at once. */
export function isNow(at: string | undefined, zone: string | null, now: number): boolean {
  if (at === undefined) return true;
  const instant = instantOf(at, zone);
  return instant !== null && instant <= now;
}

/** The one that is named, or the only one; null where the API will have to say which could be meant. */
async function meantConnection(api: Api, id: string | undefined): Promise<Connection | null> {
  if (id !== undefined) return findConnection(api, id);
  const { items } = await api.get<{ items: Connection[] }>('/v1/connections');
  return items.length === 1 ? (items[0] ?? null) : null;
}
