// Where the key ring's wrapped keys and the pepper live. Both are made once, by whoever starts first.
// Also which of two master keys is in force: that stands here and nowhere else.
import { randomBytes } from 'node:crypto';
import type { Kysely, Transaction } from 'kysely';
import { CryptoError } from '../crypto/errors.js';
import {
  createDataKey,
  KeyRing,
  masterKeyId,
  type LinkedKey,
  type WrappedKey,
} from '../crypto/key-ring.js';
import type { MasterKeys } from '../crypto/master-key.js';
import { PEPPER_BYTES } from '../crypto/subject.js';
import type { Tables } from './tables.js';

export interface StoreKeys {
  ring: KeyRing;
  /** Keys the subject refs and the digests; survives every key rotation. */
  pepper: Buffer;
}

/** The master key that opens this database, and what had to be done for it. */
export interface KeyInForce {
  key: Buffer;
  /** `replaced`: it was the next one and took the other's place; `not-replaced`: it could not. */
  place: 'found' | 'replaced' | 'not-replaced';
}

const PEPPER = 'pepper';
const PEPPER_CONTEXT = `secrets:${PEPPER}`;

/**
 * Which master key is in force; a next one that is takes the place of the other. Call under the setup
 * lock, and read the keys under it too: a rekey changes them there.
 * @throws {CryptoError} `MASTER_KEY_WRONG`, `MASTER_KEY_MISSING`; nothing was changed then.
 */
export async function keyInForce(
  wrapped: readonly WrappedKey[],
  { subject, key, next }: MasterKeys,
): Promise<KeyInForce> {
  const [{ masterKeyId: id } = { masterKeyId: null }] = wrapped;
  if (key !== null && (id === null || masterKeyId(key) === id)) return { key, place: 'found' };
  if (next !== null && masterKeyId(next.key) === id) {
    return { key: next.key, place: (await next.adopt()) ? 'replaced' : 'not-replaced' };
  }
  if (id === null) throw new CryptoError('MASTER_KEY_MISSING', `${subject} cannot be read.`);
  throw new CryptoError(
    'MASTER_KEY_WRONG',
    `${subject} is not the one that this database was made with: put the right one back, from where you keep its copy; nothing was changed.`,
  );
}

/**
 * Loads ring and pepper, or makes them in an empty database. Call under the setup lock.
 * @throws {CryptoError} `MASTER_KEY_WRONG`, `ENVELOPE_INVALID`; the caller's rollback undoes the rest.
 */
export async function loadKeys(
  trx: Transaction<Tables>,
  masterKeys: MasterKeys,
): Promise<StoreKeys & Pick<KeyInForce, 'place'>> {
  const kept = await wrappedKeys(trx);
  const { key, place } = await keyInForce(kept, masterKeys);
  const ring = KeyRing.unwrap(kept.length > 0 ? kept : [await makeDataKey(trx, key)], key);
  const sealed = await trx
    .selectFrom('secrets')
    .select('value')
    .where('name', '=', PEPPER)
    .executeTakeFirst();
  const pepper =
    sealed === undefined ? await makePepper(trx, ring) : ring.open(sealed.value, PEPPER_CONTEXT);
  return { ring, pepper, place };
}

export async function wrappedKeys(trx: Transaction<Tables>): Promise<WrappedKey[]> {
  const rows = await trx.selectFrom('data_keys').selectAll().orderBy('id').execute();
  return rows.map((row) => ({
    id: row.id,
    masterKeyId: row.master_key_id,
    wrapped: row.wrapped,
  }));
}

/** The keys that were made after one, for a ring in use. */
export function linkedKeys(db: Kysely<Tables>, afterId: number): Promise<LinkedKey[]> {
  return db.selectFrom('data_keys').select(['id', 'link']).where('id', '>', afterId).execute();
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
