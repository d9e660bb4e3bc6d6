// The first administrator's key, from a file: made known at every start by its hash. One that the
// file held before is forgotten.
import { readFile } from 'node:fs/promises';
import type { ApiKeyStore } from '../store/store.js';
import { keyHash, keyId } from './auth.js';

/** The name that marks keys from the file; nobody else may use it. */
export const ADMIN_KEY_NAME = 'admin.key';

/** Returns the key's id. @throws {Error} where the file cannot be read or holds no key. */
export async function learnAdminKey(keys: ApiKeyStore, path: string): Promise<string> {
  const key = (await readFile(path, 'utf8')).trim();
  if (!/^[\x21-\x7e]{32,200}$/.test(key)) {
    throw new Error(`${path} must hold one line with a key of 32 to 200 characters`);
  }
  const id = keyId(key);
  const known = (await keys.list()).filter(({ name }) => name === ADMIN_KEY_NAME);
  if (!known.some((old) => old.id === id)) {
    await keys
      .create({ id, name: ADMIN_KEY_NAME, role: 'admin', connections: null }, keyHash(key))
      .catch(async (error: unknown) => {
        // Another API process that started at the same moment has made it.
        if ((await keys.find(id)) === null) throw error;
      });
  }
  for (const old of known) if (old.id !== id) await keys.delete(old.id);
  return id;
}
