// The simulated org's own truth, over its control surface. It dies with the supervisor now and then,
// so every call is repeated until it answers.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Patience } from './client.js';

export interface OrgUser {
  id: string;
  login: string;
  status: string;
  /** Names, in order. */
  groups: string[];
  changes: { at: string; what: string }[];
}

export interface Org {
  /** The person follows the link in her activation mail; may be said twice. */
  firstSignIn(login: string): Promise<void>;
  users(): Promise<OrgUser[]>;
}

const TRY_EVERY_MS = 200;

export function createOrg(origin: string, patience: Patience): Org {
  async function call(method: string, path: string): Promise<{ status: number; body: unknown }> {
    for (;;) {
      try {
        const response = await fetch(`${origin}/_sim${path}`, {
          method,
          signal: AbortSignal.timeout(10_000),
        });
        return { status: response.status, body: await response.json() };
      } catch (error) {
        if (Date.now() > patience()) throw error;
        await sleep(TRY_EVERY_MS);
      }
    }
  }

  return {
    async firstSignIn(login) {
      const { status } = await call('POST', `/users/${encodeURIComponent(login)}/first-sign-in`);
      // 409: she is ACTIVE, the answer to an earlier try was lost.
      if (status !== 200 && status !== 409) throw new Error(`first sign-in of ${login}: ${status}`);
    },

    async users() {
      const groups = (await call('GET', '/groups')).body as { id: string; name: string }[];
      const names = new Map(groups.map(({ id, name }) => [id, name]));
      const users = (await call('GET', '/users')).body as OrgUser[];
      return users.map((user) => ({
        ...user,
        groups: user.groups.map((id) => names.get(id) ?? id).sort(),
      }));
    },
  };
}
