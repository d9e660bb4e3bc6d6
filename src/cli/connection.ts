// A connection, as far as the commands make, change and show one over the API.
import type { ConnectionAnswer } from '../domain/answer.schema.js';
import type { Api } from './api.js';
import { ApiProblem } from './api-problem.js';
import type { Verification } from './check-view.js';
import type { Answers } from './connect-answers.js';

export type Connection = Pick<
  ConnectionAnswer,
  'id' | 'domain' | 'clientId' | 'status' | 'publicJwk'
> & {
  /** Where Okta may read the public keys. */
  jwksUrl: string;
  /** What the API put right in what it was told. */
  corrections?: string[];
};

/** How a key is handed over: made by Tenure, or given as text. */
export type GivenKey =
  { generate: true } | { jwk: Record<string, unknown> } | { pem: string; kid?: string };

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

/** Only what differs is sent, since a change makes the connection prove itself again. */
export async function changeConnection(
  api: Api,
  { id, domain, clientId }: Connection,
  wanted: Pick<Answers, 'domain' | 'clientId' | 'customDomain'> & { key?: GivenKey | undefined },
): Promise<Connection> {
  const isMoved = wanted.domain !== undefined && wanted.domain !== domain;
  const changes = {
    ...(isMoved ? { domain: wanted.domain, customDomain: wanted.customDomain } : {}),
    ...(wanted.clientId === undefined || wanted.clientId === clientId
      ? {}
      : { clientId: wanted.clientId }),
    ...(wanted.key === undefined ? {} : { key: wanted.key }),
  };
  return Object.keys(changes).length === 0
    ? api.get<Connection>(pathOf(id))
    : api.patch<Connection>(pathOf(id), changes);
}

export async function verifyConnection(
  api: Api,
  id: string,
  probe: boolean,
): Promise<Verification> {
  const path = `${pathOf(id)}/verify${probe ? '?probe=true' : ''}`;
  return (await api.post<Verification>(path, {})).body;
}
