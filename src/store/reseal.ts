// Seals anew, under the ring's newest key, what lies in a table under older ones: in windows of its
// primary key, each its own transaction. May be interrupted anywhere and begun again; a row that
// somebody else is writing is left to the next pass.
import { sql, type Kysely, type RawBuilder, type Transaction } from 'kysely';
import { CryptoError } from '../crypto/errors.js';
import type { KeyRing } from '../crypto/key-ring.js';
import type { SealedTable } from './sealed-columns.js';
import type { Tables } from './tables.js';

const ROWS_A_WINDOW = 500;

export interface Resealed {
  /** Rows that have been sealed anew. */
  rows: number;
  /** Rows that somebody else was writing. */
  left: number;
  /** Values that do not open: left as they are. */
  damaged: number;
}

/** One pass over a table. */
export async function reseal(
  db: Kysely<Tables>,
  ring: KeyRing,
  of: SealedTable,
): Promise<Resealed> {
  const total: Resealed = { rows: 0, left: 0, damaged: 0 };
  let after: string | null = of.key.type === 'text' ? '' : '0';
  while (after !== null) {
    const from: string = after;
    after = await db.transaction().execute(async (trx) => {
      const last = await windowEnd(trx, of, from);
      if (last === null) return null;
      const done = await resealWindow(trx, ring, of, { from, last });
      total.rows += done.rows;
      total.left += done.left;
      total.damaged += done.damaged;
      return last;
    });
  }
  return total;
}

interface Window {
  /** Not in it. */
  from: string;
  /** In it. */
  last: string;
}

async function windowEnd(
  trx: Transaction<Tables>,
  { table, key }: SealedTable,
  from: string,
): Promise<string | null> {
  const column = sql.ref(key.column);
  const { rows } = await sql<{ last: string | null }>`
    select max(key)::text as last from (
      select ${column} as key from ${sql.table(table)}
      where ${column} > ${typed(key, from)} order by ${column} limit ${ROWS_A_WINDOW}
    ) as a_window
  `.execute(trx);
  return rows[0]?.last ?? null;
}

/** A row with those of its envelopes that an older key has sealed. */
type StaleRow = { stale_key: string; owner: string } & Record<string, string | Buffer | null>;

async function resealWindow(
  trx: Transaction<Tables>,
  ring: KeyRing,
  of: SealedTable,
  { from, last }: Window,
): Promise<Resealed> {
  const names = Object.keys(of.columns);
  const column = sql.ref(of.key.column);
  const stale = (name: string) => isStale(name, ring);
  const ofWindow = sql`
    from ${sql.table(of.table)}
    where ${column} > ${typed(of.key, from)} and ${column} <= ${typed(of.key, last)}
      and (${sql.join(names.map(stale), sql` or `)})`;
  const counted = await sql<{ count: number }>`select count(*)::integer ${ofWindow}`.execute(trx);
  const count = counted.rows[0]?.count ?? 0;
  if (count === 0) return { rows: 0, left: 0, damaged: 0 };
  const envelopes = names.map(
    (name) => sql`case when ${stale(name)} then ${sql.ref(name)} end as ${sql.ref(name)}`,
  );
  const { rows } = await sql<StaleRow>`
    select ${column}::text as stale_key, ${sql.raw(of.owner)} as owner, ${sql.join(envelopes)}
    ${ofWindow} order by ${column} for update skip locked
  `.execute(trx);
  const anew = rows.map((row) => sealAnew(ring, of, row));
  const sealed = anew.filter(({ values }) => values.some((value) => value !== null));
  if (sealed.length > 0) await write(trx, of, sealed);
  return {
    rows: sealed.length,
    left: Math.max(0, count - rows.length),
    damaged: anew.reduce((sum, { damaged }) => sum + damaged, 0),
  };
}

interface Anew {
  key: string;
  /** By column; null where it is left as it is. */
  values: (Buffer | null)[];
  damaged: number;
}

function sealAnew(ring: KeyRing, { columns }: SealedTable, row: StaleRow): Anew {
  let damaged = 0;
  const values = Object.entries(columns).map(([name, prefix]) => {
    const sealed = row[name];
    if (!Buffer.isBuffer(sealed)) return null;
    const context = `${prefix}:${row.owner}`;
    try {
      return ring.seal(ring.open(sealed, context), context);
    } catch (error) {
      if (!(error instanceof CryptoError)) throw error;
      damaged += 1;
      return null;
    }
  });
  return { key: row.stale_key, values, damaged };
}

async function write(
  trx: Transaction<Tables>,
  { table, key, columns }: SealedTable,
  rows: readonly Anew[],
): Promise<void> {
  const names = Object.keys(columns);
  const list = (items: RawBuilder<unknown>[]) => sql.join(items);
  await sql`
    update ${sql.table(table)} as kept
    set ${list(names.map((name) => sql`${sql.ref(name)} = coalesce(${sql.ref(`anew.${name}`)}, ${sql.ref(`kept.${name}`)})`))}
    from unnest(${list([
      sql`${rows.map((row) => row.key)}::${sql.raw(key.type)}[]`,
      ...names.map((_, index) => sql`${rows.map(({ values }) => values[index])}::bytea[]`),
    ])}) as anew(anew_key, ${list(names.map((name) => sql.ref(name)))})
    where kept.${sql.ref(key.column)} = anew.anew_key
  `.execute(trx);
}

/** The key id of an envelope stands in its bytes 2 to 5, big endian: bytes sort as the numbers do. */
function isStale(column: string, ring: KeyRing): RawBuilder<boolean> {
  const newest = Buffer.alloc(4);
  newest.writeUInt32BE(ring.primaryId);
  return sql<boolean>`substring(${sql.ref(column)} from 2 for 4) < ${newest}`;
}

function typed({ type }: SealedTable['key'], value: string): RawBuilder<unknown> {
  return sql`${value}::${sql.raw(type)}`;
}
