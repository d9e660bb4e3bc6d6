// The record of who asked for payloads in clear: when and how many, never what was in them.
import type { Database } from './database.js';
import type { DecodeStore } from './store.js';

export function createDecodeStore(db: Database): DecodeStore {
  return {
    async record(apiKeyId, payloads) {
      await db.insertInto('decodes').values({ api_key_id: apiKeyId, payloads }).execute();
    },
  };
}
