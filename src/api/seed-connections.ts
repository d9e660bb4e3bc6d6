// The embedded mode's two ready connections to the simulated Okta: `demo` may do everything, and the
// admin role of `seed-role` is the one of Okta's own set-up guide, which cannot read users. Their apps
// are registered with the simulator at every start, since it may have been reset.
import { exportJWK, generateKeyPair } from 'jose';
import { PERMISSION_FACTS, PERMISSIONS } from '../domain/admin-role.js';
import { as, type ConnectionId } from '../domain/brand.js';
import { OKTA_SCOPES, type Connection } from '../domain/connection.js';
import type { ConnectionStore } from '../store/store.js';

interface Seed {
  id: ConnectionId;
  name: string;
  /** Fixed, so that the simulator and people know them again. */
  clientId: string;
  roles?: unknown[];
}

const SEEDS: readonly Seed[] = [
  { id: as('demo'), name: 'Demo (simulated Okta)', clientId: '0oaTenureDemo0000000' },
  {
    id: as('seed-role'),
    name: 'Minimal role (simulated Okta)',
    clientId: '0oaTenureSeedRole000',
    roles: [
      {
        permissions: PERMISSIONS.filter((permission) => PERMISSION_FACTS[permission].required),
        resourceSet: { users: 'all', groups: 'all' },
      },
    ],
  },
];

/** Makes what is absent, and registers both with the simulator. @throws where that does not answer. */
export async function seedConnections(connections: ConnectionStore, origin: string): Promise<void> {
  for (const seed of SEEDS) {
    const connection = await ensureConnection(connections, seed, origin);
    await registerApp(origin, seed, connection.publicJwk);
  }
}

async function ensureConnection(
  connections: ConnectionStore,
  { id, name, clientId }: Seed,
  origin: string,
): Promise<Connection> {
  const found = await connections.get(id);
  if (found?.domain === origin && found.clientId === clientId) return found;
  // Another port than last time is the same connection, with its key.
  const privateJwk = (await connections.credentials(id))?.privateJwk ?? (await newPrivateJwk(id));
  return connections.put({
    id,
    name: found?.name ?? name,
    domain: origin,
    clientId,
    scopes: [...OKTA_SCOPES],
    privateJwk,
    status: 'ready',
  });
}

async function newPrivateJwk(id: ConnectionId): Promise<Record<string, unknown>> {
  const { privateKey } = await generateKeyPair('RS256', { extractable: true });
  return { ...(await exportJWK(privateKey)), kid: `tenure-${id}`, alg: 'RS256', use: 'sig' };
}

async function registerApp(
  origin: string,
  { clientId, roles }: Seed,
  publicJwk: Record<string, unknown>,
): Promise<void> {
  const app = { jwks: { keys: [publicJwk] }, ...(roles === undefined ? {} : { roles }) };
  const made = await send('POST', `${origin}/_sim/apps`, { clientId, ...app });
  if (made === 409) await send('PATCH', `${origin}/_sim/apps/${clientId}`, app);
}

const CALL_MS = 5_000;

async function send(method: string, url: string, body: unknown): Promise<number> {
  const answer = await fetch(url, {
    method,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(CALL_MS),
  });
  const text = await answer.text();
  if (answer.ok || answer.status === 409) return answer.status;
  throw new Error(
    `the simulator answered ${answer.status} to ${method} /_sim/apps: ${text.slice(0, 200)}`,
  );
}
