// Opens the store: connects, brings the schema up to date, loads or makes the keys, and puts the
// repositories together. May be called by several processes at once.
import { sql } from 'kysely';
import type { KeyRing } from '../crypto/key-ring.js';
import { onlyMasterKey, type MasterKeys } from '../crypto/master-key.js';
import { subjectRef } from '../crypto/subject.js';
import { as, type SubjectRef } from '../domain/brand.js';
import { createAccessProfileStore } from './access-profiles.js';
import { createApiKeyStore } from './api-keys.js';
import { createConnectionKeyStore } from './connection-keys.js';
import { createConnectionStore } from './connections.js';
import {
  DEFAULT_POOL_SIZE,
  openDatabase,
  type Database,
  type DatabaseOptions,
  type StoreLog,
} from './database.js';
import { createDecodeStore } from './decodes.js';
import { createGroupStore } from './groups.js';
import { createIdempotencyStore } from './idempotency.js';
import { linkedKeys, loadKeys, type KeyInForce, type StoreKeys } from './keys.js';
import { createLedgerStore } from './ledger.js';
import { lockSetup, migrate } from './migrate.js';
import { createRateStore } from './rates.js';
import { createRefusalStore } from './refusals.js';
import { createRunStore } from './runs.js';
import type { Store } from './store.js';
import { createTokenStore } from './tokens.js';
import { createTroubleStore } from './trouble.js';
import { createVerificationStore } from './verifications.js';

export interface StoreOptions extends DatabaseOptions {
  /**
   * 32 bytes, or how to read them (`crypto/master-key.ts`): read under the setup lock, so that no
   * rekey comes in between.
   */
  masterKey: Buffer | (() => Promise<MasterKeys>);
}

/** How often a process that meets no newer envelope looks for a rekey all the same. */
const LEARN_EVERY_MS = 60_000;

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
    return followingRekeys(assemble(db, keys, options.poolSize ?? DEFAULT_POOL_SIZE));
  } catch (error) {
    await db.destroy();
    throw error;
  }
}

/** One transaction: what is interrupted or refused leaves nothing behind. */
async function setUp(
  db: Database,
  masterKey: StoreOptions['masterKey'],
  log: StoreLog | undefined,
): Promise<StoreKeys> {
  const { keys, migrations } = await db.transaction().execute(async (trx) => {
    await lockSetup(trx);
    const migrations = await migrate(trx);
    const masterKeys = Buffer.isBuffer(masterKey) ? onlyMasterKey(masterKey) : await masterKey();
    return { keys: await loadKeys(trx, masterKeys), migrations };
  });
  if (migrations.length > 0) log?.info({ event: 'store.migrated', migrations });
  sayPlace(keys.place, log);
  return keys;
}

function sayPlace(place: KeyInForce['place'], log: StoreLog | undefined): void {
  if (place === 'replaced') {
    log?.info({
      event: 'store.rekey_finished',
      message:
        'A rekey was interrupted: the next master key has taken the place of the former one.',
    });
  } else if (place === 'not-replaced') {
    log?.warn({
      event: 'store.rekey_unfinished',
      message: 'The next master key is in force: put it in the place of the former one.',
    });
  }
}

function assemble(db: Database, keys: StoreKeys, poolSize: number): OpenStore {
  const { ring, pepper } = keys;
  let closed: Promise<void> | undefined;
  ring.follow((afterId) => linkedKeys(db, afterId));
  const learning = setInterval(() => {
    ring.learn().catch(() => undefined);
  }, LEARN_EVERY_MS).unref();
  return {
    keyRing: ring,
    connections: createConnectionStore(db, ring),
    connectionKeys: createConnectionKeyStore(db, ring),
    accessProfiles: createAccessProfileStore(db, ring),
    verifications: createVerificationStore(db, ring),
    runs: createRunStore(db, keys),
    tokens: createTokenStore(db, ring, Math.max(1, Math.floor(poolSize / 2))),
    rates: createRateStore(db),
    groups: createGroupStore(db, keys),
    apiKeys: createApiKeyStore(db),
    idempotency: createIdempotencyStore(db, pepper),
    ledger: createLedgerStore(db, ring),
    refusals: createRefusalStore(db, ring),
    troubles: createTroubleStore(db),
    decodes: createDecodeStore(db),
    ping: async () => {
      await sql`select 1`.execute(db);
    },
    subjectRef: (login) => as<SubjectRef>(subjectRef(pepper, login)),
    close: () => {
      clearInterval(learning);
      return (closed ??= db.destroy());
    },
  };
}

/**
 * The store, of which any repository's method may meet a value that was sealed after a rekey: it is done
 * once more then. Each opens what it reads before it has done anything, or in a transaction, and answers
 * with a promise.
 */
function followingRekeys(store: OpenStore): OpenStore {
  const { keyRing } = store;
  const parts = Object.entries(store).map(([name, part]: [string, unknown]) => [
    name,
    typeof part === 'object' && part !== null && part !== keyRing ? reading(keyRing, part) : part,
  ]);
  return Object.fromEntries(parts) as OpenStore;
}

function reading(ring: KeyRing, repository: object): object {
  type Method = (...args: unknown[]) => Promise<unknown>;
  const methods = Object.entries(repository) as [string, Method][];
  return Object.fromEntries(
    methods.map(([name, method]) => [
      name,
      (...args: unknown[]) => ring.withNewerKeys(() => method(...args)),
    ]),
  );
}
