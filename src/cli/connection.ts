// A connection, as far as the commands make, change and show one over the API.
import type { ConnectionAnswer } from '../domain/answer.schema.js';
import type { Api } from './api.js';
import { ApiProblem } from './api-problem.js';
import type { Verification } from './check-view.js';
import { CliProblem } from './command.js';
import type { Answers } from './connect-answers.js';

export type Connection = Pick<
  ConnectionAnswer,
  | 'id'
  | 'name'
  | 'domain'
  | 'customDomain'
  | 'clientId'
  | 'status'
  | 'publicJwk'
  | 'jwksUrl'
  | 'settings'
  | 'corrections'
>;

/** How a key is handed over: made by Tenure, or given as text. */
export type GivenKey =
  { generate: true } | { jwk: Record<string, unknown> } | { pem: string; kid?: string };

/** A key, or only another name for the one that is there. */
export interface Keys {
  key?: GivenKey | undefined;
  kid?: string | undefined;
}

export type ConnectionChange = Omit<Answers, 'id'> & Keys;

/** @throws {CliProblem} where a name is all that is known of it. */
export function keyOfNew({ key, kid }: Keys): GivenKey | undefined {
  if (kid === undefined) return key;
  throw new CliProblem(
    '--kid names a key that is there: hand it over with --private-key FILE, or leave --kid out, and Tenure makes a key.',
    2,
  );
}

const pathOf = (id: string) => `/v1/connections/${encodeURIComponent(id)}`;

/** Null where there is none, or none that the key may see. */
export async function findConnection(api: Api, id: string): Promise<Connection | null> {
  try {
    return await api.get<Connection>(pathOf(id));
  } catch (error) {
    if (error instanceof ApiProblem && error.problem.status === 404) return null;
    throw error;
  }
}

export async function unfinished(api: Api): Promise<Connection[]> {
  const { items } = await api.get<{ items: Connection[] }>('/v1/connections');
  return items.filter(({ status }) => status === 'unverified');
}

export async function createConnection(
  api: Api,
  answers: Answers,
  key: GivenKey,
): Promise<Connection> {
  const { timeZone, ...others } = answers;
  const settings = timeZone === undefined ? undefined : { timeZone };
  return (await api.post<Connection>('/v1/connections', { ...others, key, settings })).body;
}

/** Sends only what differs; where nothing does, an API key that may not change it will do. */
export async function changeConnection(
  api: Api,
  connection: Connection,
  wanted: ConnectionChange,
): Promise<Connection> {
  const changes = Object.entries(changesOf(connection, wanted)).filter(
    ([, value]) => value !== undefined,
  );
  const path = pathOf(connection.id);
  return changes.length === 0
    ? api.get<Connection>(path)
    : api.patch<Connection>(path, Object.fromEntries(changes));
}

function changesOf(now: Connection, wanted: ConnectionChange) {
  const domain = other(wanted.domain, now.domain);
  const timeZone = other(wanted.timeZone, now.settings.timeZone);
  const kid = other(wanted.kid, now.publicJwk['kid']);
  return {
    name: other(wanted.name, now.name),
    domain,
    customDomain: domain === undefined ? undefined : wanted.customDomain,
    clientId: other(wanted.clientId, now.clientId),
    key: wanted.key ?? (kid === undefined ? undefined : { kid }),
    settings: timeZone === undefined ? undefined : { timeZone },
  };
}

function other<T>(wanted: T | undefined, now: unknown): T | undefined {
  return wanted === now ? undefined : wanted;
}

export async function verifyConnection(
  api: Api,
  id: string,
  probe: boolean,
): Promise<Verification> {
  const path = `${pathOf(id)}/verify${probe ? '?probe=true' : ''}`;
  return (await api.post<Verification>(path, {})).body;
}
