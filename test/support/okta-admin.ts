// What somebody does in Okta beside Tenure: an administrator with an app of their own, so that the
// service's own calls can be told from theirs in the request log.
import { expect } from 'vitest';
import { as, type ConnectionId } from '../../src/domain/brand.js';
import { TestOrg, type Client } from '../simulator/harness.js';
import type { Tenure } from './tenure.js';

export interface Employee {
  login: string;
  id: string;
}

export interface LoggedCall {
  method: string;
  path: string;
  status: number | null;
  clientId: string | null;
}

export interface OktaAdmin {
  /** Somebody who has been there before; ACTIVE, in no group, unless said otherwise. */
  employee: (facts?: {
    login?: string;
    status?: string;
    groups?: string[];
    profile?: object;
  }) => Promise<Employee>;
  /** The status and groups of the one account that has the login. */
  shown: (login: string) => Promise<{
    id: string;
    status: string;
    groups: string[];
    profile: Record<string, unknown>;
    changes: { at: string; what: string }[];
  }>;
  lifecycle: (user: string, what: 'suspend' | 'unsuspend' | 'activate') => Promise<void>;
  /** Changes attributes, such as the login. */
  update: (user: string, profile: Record<string, unknown>) => Promise<void>;
  /** Deactivates and deletes. */
  remove: (user: string) => Promise<void>;
  groupIds: (count: number) => Promise<string[]>;
  /** The service's calls that change something, since `since`. */
  writes: (since?: number) => Promise<string[]>;
  /** The number of the last call so far. */
  now: () => Promise<number>;
}

let people = 0;

export async function oktaAdminOf(tenure: Tenure): Promise<OktaAdmin> {
  const { sim } = tenure;
  const demo = await tenure.store.connections.get(as<ConnectionId>('demo'));
  const org = new TestOrg(demo?.domain ?? '');
  const client: Client = await org.client();
  const call = async (method: string, path: string, body?: unknown): Promise<void> => {
    const reply = await client.call(method, path, body);
    if (reply.status >= 400) throw new Error(`${reply.status} from ${method} ${path}`);
  };
  const log = (since: number) =>
    sim<(LoggedCall & { seq: number })[]>('GET', `/requests?since=${since}`);

  return {
    employee: async ({ login = newLogin(), status = 'ACTIVE', groups = [], profile = {} } = {}) => {
      const { id } = await sim<{ id: string }>('POST', '/users', {
        status,
        groups,
        profile: { login, email: login, firstName: 'Ada', lastName: 'Lovelace', ...profile },
      });
      return { login, id };
    },
    shown: async (login) => {
      const users = await tenure.users(login);
      expect(users).toHaveLength(1);
      return users[0] as Awaited<ReturnType<OktaAdmin['shown']>>;
    },
    lifecycle: (user, what) => call('POST', `/users/${encodeURIComponent(user)}/lifecycle/${what}`),
    update: (user, profile) => call('POST', `/users/${encodeURIComponent(user)}`, { profile }),
    remove: async (user) => {
      await call('DELETE', `/users/${encodeURIComponent(user)}`);
      await call('DELETE', `/users/${encodeURIComponent(user)}`);
    },
    groupIds: async (count) => {
      const groups = await sim<{ id: string; type: string; rule?: unknown }[]>('GET', '/groups');
      return groups
        .filter(({ type, rule }) => type === 'OKTA_GROUP' && rule === undefined)
        .map(({ id }) => id)
        .slice(0, count);
    },
    writes: async (since = 0) =>
      (await log(since))
        .filter(
          ({ method, path, clientId }) => isWrite(method, path) && clientId !== client.clientId,
        )
        .map(({ method, path }) => `${method} ${path}`),
    now: async () => (await log(0)).at(-1)?.seq ?? 0,
  };
}

function isWrite(method: string, path: string): boolean {
  return method !== 'GET' && !path.startsWith('/oauth2');
}

/** A login that nobody has had in this process. */
export function newLogin(): string {
  people += 1;
  return `ada.lovelace.${people}@example.com`;
}
