// Opens the store: connects, brings the schema up to date, loads or makes the keys, and puts the
// repositories together. May be called by several processes at once.
import { sql } from 'kysely';
import type { KeyRing } from '../crypto/key-ring.js';
import { subjectRef } from '../crypto/subject.js';
import { as, type SubjectRef } from '../domain/brand.js';
import { createApiKeyStore } from './api-keys.js';
import { createConnectionStore } from './connections.js';
import {
  DEFAULT_POOL_SIZE,
  openDatabase,
  type Database,
  type DatabaseOptions,
  type StoreLog,
} from './database.js';
import { createDecodeStore } from './decodes.js';
import { createIdempotencyStore } from './idempotency.js';
import { loadKeys, type StoreKeys } from './keys.js';
import { createLedgerStore } from './ledger.js';
import { lockSetup, migrate } from './migrate.js';
import { createRateStore } from './rates.js';
import { createRefusalStore } from './refusals.js';
import { createRunStore } from './runs.js';
import type { Store } from './store.js';
import { createTokenStore } from './tokens.js';

export interface StoreOptions extends DatabaseOptions {
  /** 32 bytes; see `crypto/master-key.ts`. */
  masterKey: Buffer;
}

/** The store, and the ring that also encrypts what goes to Temporal. */
export type OpenStore = Store & { keyRing: KeyRing };

/**
 * @throws {StoreUnavailableError} where the database cannot be reached.
 * @throws {SchemaNewerError} where a newer release has set it up.
 * @throws {CryptoError} `MASTER_KEY_WRONG`, `ENVELOPE_INVALID`: nothing was changed then.
 */
export async function openStore(options: StoreOptions): Promise<OpenStore> {
  const db = openDatabase(options);
  try {
    const keys = await setUp(db, options.masterKey, options.log);
    return assemble(db, keys, options.poolSize ?? DEFAULT_POOL_SIZE);
  } catch (error) {
    await db.destroy();
    throw error;
  }
}

/** One transaction: what is interrupted or refused leaves nothing behind. */
async function setUp(
  db: Database,
  masterKey: Buffer,
  log: StoreLog | undefined,
): Promise<StoreKeys> {
  const { keys, migrations } = await db.transaction().execute(async (trx) => {
    await lockSetup(trx);
    const migrations = await migrate(trx);
    return { keys: await loadKeys(trx, masterKey), migrations };
  });
  if (migrations.length > 0) log?.info({ event: 'store.migrated', migrations });
  return keys;
}

function assemble(db: Database, keys: StoreKeys, poolSize: number): OpenStore {
  const { ring, pepper } = keys;
  let closed: Promise<void> | undefined;
  return {
    keyRing: ring,
    connections: createConnectionStore(db, ring),
    runs: createRunStore(db, keys),
    tokens: createTokenStore(db, ring, Math.max(1, Math.floor(poolSize / 2))),
    rates: createRateStore(db),
    apiKeys: createApiKeyStore(db),
    idempotency: createIdempotencyStore(db, pepper),
    ledger: createLedgerStore(db, ring),
    refusals: createRefusalStore(db),
    decodes: createDecodeStore(db),
    ping: async () => {
      await sql`select 1`.execute(db);
    },
    subjectRef: (login) => as<SubjectRef>(subjectRef(pepper, login)),
    close: () => (closed ??= db.destroy()),
  };
}
