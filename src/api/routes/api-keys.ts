// POST, GET and DELETE /v1/api-keys. A key is shown once, in the answer that makes it; for keys that
// are not limited to connections only, since they can make any other key.
import { apiKeyRequest, type ApiKeyAnswer } from '../../domain/api-key.schema.js';
import type { ConnectionId } from '../../domain/brand.js';
import { noQuery } from '../../domain/query.schema.js';
import type { ApiKey } from '../../store/store.js';
import { ADMIN_KEY_NAME } from '../admin-key.js';
import { keyHash, keyId, newKey } from '../auth.js';
import type { AppDeps } from '../deps.js';
import { Faults, parse } from '../faults.js';
import type { Call, Route } from '../route.js';
import { Problem } from '../problem.js';

export function apiKeyRoutes({ store }: Pick<AppDeps, 'store'>): Route[] {
  const { apiKeys } = store;
  const admin = { role: 'admin', everywhere: true } as const;
  return [
    {
      ...admin,
      method: 'get',
      path: '/v1/api-keys',
      handle: async (call) => {
        parse(noQuery, call.query);
        return { status: 200, body: { items: (await apiKeys.list()).map(apiKeyView) } };
      },
    },
    {
      ...admin,
      method: 'post',
      path: '/v1/api-keys',
      handle: async (call) => {
        const wanted = await read({ store }, call);
        const key = newKey();
        const made = await apiKeys.create({ id: keyId(key), ...wanted }, keyHash(key));
        return { status: 201, resource: made.id, body: { ...apiKeyView(made), key } };
      },
      // Without the key: it was shown once.
      replay: async (_call, id) => ({ body: apiKeyView((await find(id)).key) }),
    },
    {
      ...admin,
      method: 'delete',
      path: '/v1/api-keys/:id',
      handle: async (call) => {
        const id = call.params['id'] ?? '';
        const { key } = await find(id);
        if (key.name === ADMIN_KEY_NAME) {
          throw new Problem(
            409,
            'KEY_FROM_FILE',
            'This key comes from a file',
            'Change the file and start the API again',
          );
        }
        await apiKeys.delete(id);
        return { status: 204, body: null };
      },
    },
  ];

  async function find(id: string) {
    const found = await apiKeys.find(id);
    if (found === null) throw Problem.notFound('API_KEY_NOT_FOUND', 'This API key');
    return found;
  }
}

async function read(
  { store }: Pick<AppDeps, 'store'>,
  call: Call,
): Promise<Omit<ApiKey, 'id' | 'createdAt'>> {
  const faults = new Faults();
  const body = faults.parse(apiKeyRequest, call.body);
  if (body?.name === ADMIN_KEY_NAME) {
    faults.add('name', 'INVALID', 'This name is kept for the key from the file');
  }
  const existing = new Set<string>((await store.connections.list()).map(({ id }) => id));
  body?.connections?.forEach((id, index) => {
    const path = `connections.${index}`;
    if (!existing.has(id)) faults.add(path, 'INVALID', 'There is no such connection');
    if (body.connections?.indexOf(id) !== index) faults.add(path, 'DUPLICATE', 'Named before');
  });
  faults.throwIfAny();
  if (body === null) throw new Error('a request has no fault and no content');
  return {
    name: body.name,
    role: body.role,
    connections: (body.connections as ConnectionId[] | undefined) ?? null,
  };
}

function apiKeyView({ id, name, role, connections, createdAt }: ApiKey): ApiKeyAnswer {
  return { id, name, role, connections, createdAt };
}
