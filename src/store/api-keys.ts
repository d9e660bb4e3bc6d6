// API keys: what each may do. The keys themselves are never stored, only their hashes.
import type { Selectable } from 'kysely';
import type { Database } from './database.js';
import type { ApiKey, ApiKeyStore } from './store.js';
import type { Tables } from './tables.js';

export function createApiKeyStore(db: Database): ApiKeyStore {
  return {
    async create({ id, name, role, connections }, hash) {
      const row = await db
        .insertInto('api_keys')
        .values({ id, name, role, connections, hash })
        .returningAll()
        .executeTakeFirstOrThrow();
      return toApiKey(row);
    },

    async list() {
      const rows = await db
        .selectFrom('api_keys')
        .selectAll()
        .orderBy('created_at')
        .orderBy('id')
        .execute();
      return rows.map(toApiKey);
    },

    async delete(id) {
      const { numDeletedRows } = await db
        .deleteFrom('api_keys')
        .where('id', '=', id)
        .executeTakeFirst();
      return numDeletedRows > 0n;
    },

    async find(id) {
      const row = await db
        .selectFrom('api_keys')
        .selectAll()
        .where('id', '=', id)
        .executeTakeFirst();
      return row === undefined ? null : { key: toApiKey(row), hash: row.hash };
    },
  };
}

function toApiKey(row: Selectable<Tables['api_keys']>): ApiKey {
  return {
    id: row.id,
    name: row.name,
    role: row.role,
    connections: row.connections,
    createdAt: row.created_at.toISOString(),
  };
}
