// Where the key ring's wrapped keys and the pepper live. Both are made once, by whoever starts first.
import { randomBytes } from 'node:crypto';
import type { Transaction } from 'kysely';
import { createDataKey, KeyRing, type WrappedKey } from '../crypto/key-ring.js';
import { PEPPER_BYTES } from '../crypto/subject.js';
import type { Tables } from './tables.js';

export interface StoreKeys {
  ring: KeyRing;
  /** Keys the subject refs and the digests; survives every key rotation. */
  pepper: Buffer;
}

const PEPPER = 'pepper';
const PEPPER_CONTEXT = `secrets:${PEPPER}`;

/**
 * Loads ring and pepper, or makes them in an empty database. Call under the setup lock.
 * @throws {CryptoError} `MASTER_KEY_WRONG`, `ENVELOPE_INVALID`; the caller's rollback undoes the rest.
 */
export async function loadKeys(trx: Transaction<Tables>, masterKey: Buffer): Promise<StoreKeys> {
  const kept = await wrappedKeys(trx);
  const ring = KeyRing.unwrap(
    kept.length > 0 ? kept : [await makeDataKey(trx, masterKey)],
    masterKey,
  );
  const sealed = await trx
    .selectFrom('secrets')
    .select('value')
    .where('name', '=', PEPPER)
    .executeTakeFirst();
  const pepper =
    sealed === undefined ? await makePepper(trx, ring) : ring.open(sealed.value, PEPPER_CONTEXT);
  return { ring, pepper };
}

async function wrappedKeys(trx: Transaction<Tables>): Promise<WrappedKey[]> {
  const rows = await trx.selectFrom('data_keys').selectAll().orderBy('id').execute();
  return rows.map((row) => ({
    id: row.id,
    masterKeyId: row.master_key_id,
    wrapped: row.wrapped,
  }));
}

async function makeDataKey(trx: Transaction<Tables>, masterKey: Buffer): Promise<WrappedKey> {
  const key = createDataKey(1, masterKey);
  await trx
    .insertInto('data_keys')
    .values({ id: key.id, master_key_id: key.masterKeyId, wrapped: key.wrapped })
    .execute();
  return key;
}

async function makePepper(trx: Transaction<Tables>, ring: KeyRing): Promise<Buffer> {
  const pepper = randomBytes(PEPPER_BYTES);
  await trx
    .insertInto('secrets')
    .values({ name: PEPPER, value: ring.seal(pepper, PEPPER_CONTEXT) })
    .execute();
  return pepper;
}
