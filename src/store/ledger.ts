// The ledger: rows that are added and never changed. Whoever does something writes its row in the
// same statement; a row is unique by run and key, so a repeat adds none.
import { sql, type Insertable, type QueryCreator, type RawBuilder } from 'kysely';
import type { KeyRing } from '../crypto/key-ring.js';
import type { RunEvent, RunRef } from '../domain/run.js';
import type { Database } from './database.js';
import { openOptional, sealOptional } from './sealed.js';
import type { LedgerRow, LedgerStore } from './store.js';
import type { LedgerTableRow, Tables } from './tables.js';

export function createLedgerStore(db: Database, ring: KeyRing): LedgerStore {
  return {
    async list(connection, limit) {
      const rows = await db
        .selectFrom('ledger')
        .selectAll()
        .where('connection', '=', connection)
        .orderBy('seq', 'desc')
        .limit(limit)
        .execute();
      return rows.map((row) => ledgerRow(ring, row));
    },

    async ofRun(run) {
      const rows = await db
        .selectFrom('ledger')
        .selectAll()
        .where('run', '=', run)
        .orderBy('seq')
        .execute();
      return rows.map((row) => ledgerRow(ring, row));
    },
  };
}

export type NewLedgerRow = Insertable<Tables['ledger']>;

export function newLedgerRow(
  ring: KeyRing,
  run: RunRef,
  event: RunEvent,
  by: { apiKeyId?: string | null; oktaRequestIds?: string[] } = {},
): NewLedgerRow {
  return {
    connection: run.connection,
    run: run.id,
    key: event.key,
    action: event.action,
    detail: sealOptional(ring, event.detail, detailContext(run.id, event.key)),
    api_key_id: by.apiKeyId ?? null,
    okta_request_ids: by.oktaRequestIds ?? [],
  };
}

/** Adds one row by itself; the same run and key again adds none. */
export async function note(db: Database, row: NewLedgerRow): Promise<void> {
  await insertionOf(row).execute(db);
}

/** The statement that adds the row, to stand alone or within another one. */
export function insertionOf(row: NewLedgerRow): RawBuilder<unknown> {
  return sql`
    insert into ledger (connection, run, key, action, detail, api_key_id, okta_request_ids)
    values (${row.connection}, ${row.run}, ${row.key}, ${row.action}, ${row.detail},
      ${row.api_key_id}, ${row.okta_request_ids})
    on conflict (run, key) do nothing`;
}

/** Makes the row part of the statement that is built on the result: one statement, one round trip. */
export function noting(db: QueryCreator<Tables>, row: NewLedgerRow | null): QueryCreator<Tables> {
  if (row === null) return db;
  return db.with('noted', (to) =>
    to
      .insertInto('ledger')
      .values(row)
      .onConflict((conflict) => conflict.columns(['run', 'key']).doNothing()),
  );
}

function ledgerRow(ring: KeyRing, row: LedgerTableRow): LedgerRow {
  return {
    seq: row.seq,
    at: row.at.toISOString(),
    connection: row.connection,
    run: row.run,
    action: row.action,
    detail: openOptional(ring, row.detail, detailContext(row.run ?? row.connection, row.key)),
    apiKeyId: row.api_key_id,
    oktaRequestIds: row.okta_request_ids,
  };
}

function detailContext(owner: string, key: string): string {
  return `ledger.detail:${owner}:${key}`;
}
