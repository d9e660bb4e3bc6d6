// A new master key, and a new data key, while everything runs.
//
// What must hold: whatever is killed whenever, a start afterwards opens the database with the key files
// that it finds, and processes that run read what the others write.
//
//  1. One at a time: an advisory lock for as long as the rekey lasts.
//  2. Under the setup lock, in one transaction: the next master key is made beside the present one, and
//     is durable; every data key is wrapped by it and by nothing else; a new data key is added.
//     The commit is the moment from which the next master key is in force: the database alone says so.
//  3. The next master key takes the place of the former one. Any start does the same, under the setup
//     lock, where it finds that the next one is in force. A next key that is not in force is left alone.
//  4. What lies in the tables is sealed anew under the new data key. `unfinished` says that this has not
//     ended; a rekey that finds it only does this, and no master key is made.
//
// A running process holds data keys and needs no master key. It learns the new one from its link: the
// new data key sealed under the one before it, when it meets an envelope that it cannot open and once a
// minute. So it never has to be told. A rekey ends the links that are older than ten minutes: after a
// leak of the former master key, restart every process, and rekey once more ten minutes later.
//
// Data keys are never deleted: Temporal's histories stay sealed under the one of their time.
import { setTimeout as sleep } from 'node:timers/promises';
import { sql, type Kysely, type Transaction } from 'kysely';
import { KeyRing, masterKeyId } from '../crypto/key-ring.js';
import type { MasterKeyChange } from '../crypto/master-key.js';
import { ServiceError } from '../domain/service-error.js';
import { openDatabase, type DatabaseOptions } from './database.js';
import { keyInForce, loadKeys, wrappedKeys } from './keys.js';
import { lockSetup, requireSchema } from './migrate.js';
import { reseal, type Resealed } from './reseal.js';
import { SEALED_TABLES } from './sealed-columns.js';
import type { Tables } from './tables.js';

/** Any number will do, as long as it is not that of the setup lock: "rekey" in ASCII. */
const REKEY_LOCK = '491327808889';
/** Ten times what running processes need to learn a key: a rekey may follow another one at once. */
const LINK_KEPT_MINUTES = 10;
/** What others write meanwhile is met by another pass, a moment later. */
const MOST_PASSES = 25;
const PAUSE_MS = 200;

export interface RekeyReport {
  /** It ended one that had been interrupted; no other master key was made for it. */
  resumed: boolean;
  /** Whether the key in force is where every start looks first. */
  inPlace: boolean;
  /** The id of the data key that seals from now on. */
  dataKey: number;
  /** Rows that were sealed anew, by table. */
  rows: Record<string, number>;
  /** Rows that others were writing all the time: they open as before, until the next rekey. */
  left: Record<string, number>;
  /** Values that did not open before either, by table. */
  damaged: Record<string, number>;
}

/** Another rekey of this database is at work. */
export class RekeyRunningError extends ServiceError {
  readonly code = 'REKEY_RUNNING';
}

/** There is nothing that a new key could be given to. */
export class RekeyImpossibleError extends ServiceError {
  readonly code = 'REKEY_IMPOSSIBLE';
}

/**
 * Replaces the master key, or ends what an interrupted rekey has begun.
 * @throws {RekeyRunningError}
 * @throws {RekeyImpossibleError} before any key was made for this database, or with the key in force.
 * @throws {SchemaNewerError} {@link SchemaOlderError} where another release has set it up.
 * @throws {CryptoError} `MASTER_KEY_WRONG`, `MASTER_KEY_UNWRITABLE`, …: nothing was changed then.
 */
export async function rekey(
  options: Pick<DatabaseOptions, 'databaseUrl'>,
  change: MasterKeyChange,
): Promise<RekeyReport> {
  const db = openDatabase({ ...options, poolSize: 2 });
  try {
    // One connection for all of it: with the lock, everything else ends as well.
    return await db.connection().execute(async (one) => {
      await lockRekey(one);
      const resumed = await underSetupLock(one, (trx) => putInForce(trx, change));
      const { ring, place } = await underSetupLock(one, async (trx) =>
        loadKeys(trx, await change.read()),
      );
      const counts = await resealAll(one, ring);
      await one.updateTable('data_keys').set({ unfinished: false }).execute();
      return { resumed, inPlace: place !== 'not-replaced', dataKey: ring.primaryId, ...counts };
    });
  } finally {
    await db.destroy();
  }
}

async function lockRekey(db: Kysely<Tables>): Promise<void> {
  const { rows } = await sql<{ ours: boolean }>`
    select pg_try_advisory_lock(${REKEY_LOCK}::bigint) as ours
  `.execute(db);
  if (rows[0]?.ours !== true) {
    throw new RekeyRunningError('Another rekey of this database is at work: wait for its end.');
  }
}

function underSetupLock<T>(
  db: Kysely<Tables>,
  work: (trx: Transaction<Tables>) => Promise<T>,
): Promise<T> {
  return db.transaction().execute(async (trx) => {
    await lockSetup(trx);
    return work(trx);
  });
}

/** Step 2. True where an earlier rekey has done it and was interrupted later. */
async function putInForce(trx: Transaction<Tables>, change: MasterKeyChange): Promise<boolean> {
  await requireSchema(trx);
  const kept = await wrappedKeys(trx);
  if (kept.length === 0) throw new RekeyImpossibleError('This database has no keys yet.');
  const { key } = await keyInForce(kept, await change.read());
  if (await isUnfinished(trx)) return true;
  const next = await change.prepare();
  if (masterKeyId(next) === masterKeyId(key)) {
    throw new RekeyImpossibleError('The new master key is in force already: nothing was changed.');
  }
  const { wrapped, added, link } = KeyRing.unwrap(kept, key).succeed(next);
  await trx
    .updateTable('data_keys')
    .set({ link: null })
    .where('created_at', '<', sql<Date>`now() - ${LINK_KEPT_MINUTES} * interval '1 minute'`)
    .execute();
  for (const { id, masterKeyId, wrapped: bytes } of wrapped) {
    await trx
      .updateTable('data_keys')
      .set({ master_key_id: masterKeyId, wrapped: bytes })
      .where('id', '=', id)
      .execute();
  }
  await trx
    .insertInto('data_keys')
    .values({
      id: added.id,
      master_key_id: added.masterKeyId,
      wrapped: added.wrapped,
      link,
      unfinished: true,
    })
    .execute();
  return false;
}

async function isUnfinished(trx: Transaction<Tables>): Promise<boolean> {
  const row = await trx
    .selectFrom('data_keys')
    .select('id')
    .where('unfinished', '=', true)
    .executeTakeFirst();
  return row !== undefined;
}

/** Step 4. */
async function resealAll(
  db: Kysely<Tables>,
  ring: KeyRing,
): Promise<Pick<RekeyReport, 'rows' | 'left' | 'damaged'>> {
  const total = new Map<string, Resealed>();
  for (const of of SEALED_TABLES) {
    let rows = 0;
    for (let pass = 1; ; pass += 1) {
      const done = await reseal(db, ring, of);
      rows += done.rows;
      total.set(of.table, { ...done, rows });
      if ((done.rows === 0 && done.left === 0) || pass === MOST_PASSES) break;
      if (done.left > 0) await sleep(PAUSE_MS);
    }
  }
  const by = (count: keyof Resealed) =>
    Object.fromEntries(
      [...total].flatMap(([table, of]) => (of[count] > 0 ? [[table, of[count]]] : [])),
    );
  return { rows: by('rows'), left: by('left'), damaged: by('damaged') };
}
