// The two sides of the demo's story: Tenure's HTTP API, and the simulated org's own truth.

/** The part of a run that the story looks at. */
export interface RunView {
  id: string;
  phase: string;
  outcome: string | null;
  waiting: { for: string; until?: string } | null;
  problem: { code: string; title: string; detail: string } | null;
  steps: { name: string; status: string; detail: string | null }[];
}

export interface OrgUser {
  id: string;
  status: string;
  groups: string[];
  changes: { at: string; what: string }[];
}

export interface Clients {
  post(path: string, body: unknown): Promise<RunView>;
  run(id: string): Promise<RunView>;
  /** Who has this login in the simulated org; more than one would be a bug. */
  usersInOkta(login: string): Promise<OrgUser[]>;
  groupName(id: string): Promise<string>;
  firstSignIn(login: string): Promise<void>;
}

interface Addressed {
  /** Origins. */
  runtime: { api: string; simulator: string };
  /** An API key. */
  key: string;
}

export function createClients({ runtime, key }: Addressed): Clients {
  const api = async <T>(method: string, path: string, body?: unknown): Promise<T> =>
    answerOf(
      await fetch(`${runtime.api}${path}`, {
        method,
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
    );
  const simulator = async <T>(method: string, path: string): Promise<T> =>
    answerOf(await fetch(`${runtime.simulator}/_sim${path}`, { method }));

  return {
    post: (path, body) => api('POST', path, body),
    run: (id) => api('GET', `/v1/runs/${id}`),
    usersInOkta: (login) => simulator('GET', `/users?login=${encodeURIComponent(login)}`),
    groupName: async (id) => {
      const groups = await simulator<{ id: string; name: string }[]>('GET', '/groups');
      return groups.find((group) => group.id === id)?.name ?? id;
    },
    firstSignIn: async (login) => {
      await simulator('POST', `/users/${encodeURIComponent(login)}/first-sign-in`);
    },
  };
}

async function answerOf<T>(response: Response): Promise<T> {
  const text = await response.text();
  if (!response.ok) throw new Error(`${response.status} from ${response.url}: ${text}`);
  return JSON.parse(text) as T;
}
