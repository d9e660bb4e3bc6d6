// The rate budget of each bucket of each connection, shared by all workers: one row that says how many
// calls are left in Okta's window and when it ends, on the database's clock.
//
// `acquire` is one statement: it takes one of what is left, or says how long until the window ends.
// Once that has passed, the next caller begins a window by itself (limit − 1 left, sixty seconds),
// unconfirmed until an answer tells how Okta sees it.
//
// `learn` corrects the row by what an answer said, and costs a statement only where `Knowledge` (what
// this process knows of the row, from its last statement) shows that there is news:
//   - nothing is known, the limit has changed, or the window is not confirmed yet or is another one;
//   - the window ends more than two seconds sooner than assumed (an answer's reset is never too early,
//     only late by its way to us, so the earliest one heard is the best);
//   - fewer calls are left than the row says. Every call of ours is taken from the row before it is
//     made, so an answer can be lower only where somebody else uses the bucket. A gap of a few calls is
//     let pass until the window is nearly used up: other workers of ours also lower the row. Whether
//     the gap is real is judged against the row itself, and calls of ours that Okta may not have
//     counted yet are taken off as well;
//   - the call was refused: then nobody calls until the window's end.
// So a window costs one statement more per bucket, and an undisturbed one no others.
//
// A window or a pause that ends more than LONGEST_LIMIT_MS ahead is void: Okta has none so long, so the
// header was misread, or the database's clock was put back. Answers and rows that say so count as if they
// said nothing, and nobody is told to wait for longer.
//
// While plenty is left, a caller takes a few slots at once and this process hands them out until the
// window ends: they are taken from the row before they are used, so the sum still holds. What is not
// used by then is lost, a few of hundreds. They are taken off what an answer says is left, since Okta does
// not count them yet; a refusal ends them.
import { sql } from 'kysely';
import type { ConnectionId } from '../domain/brand.js';
import { LONGEST_LIMIT_MS } from '../domain/rate-window.js';
import type { Database } from './database.js';
import { createInFlight, type InFlight } from './in-flight.js';
import type { RateStore } from './store.js';

type Sighting = Parameters<RateStore['learn']>[2];

/** Okta's windows last sixty seconds from the first call. */
const WINDOW_MS = 60_000;
/** Resets are whole seconds of a clock that we do not share. */
const MARGIN_MS = 1_000;
/** Two resets further apart than this belong to two windows, which are sixty seconds apart. */
const SAME_WINDOW_MS = 30_000;
const SOONER_MS = 2_000;
/** A gap that is let pass while more than `NEARLY_USED_UP` calls are left. */
const GAP = 4;
const NEARLY_USED_UP = 20;
/** Too many at once is over in a moment: limit 0, and its reset is only a suggestion. */
const CONCURRENCY_PAUSE_MS = { least: 1_000, most: 4_000 };
/** An interval: no limit ends later than this after now. */
const LONGEST = sql`${sql.lit(LONGEST_LIMIT_MS)} * interval '1 ms'`;
/** Of the pause in the row, unless it is void, and the one that comes to it. */
const laterPause = sql`greatest(
  case when row.blocked_until <= clock_timestamp() + ${LONGEST} then row.blocked_until end,
  excluded.blocked_until)`;

/** Slots that a caller takes at once while more than `PLENTY` are left. */
const LEASE = 5;
const PLENTY = 100;

/** What this process knows of a row. */
interface Knowledge {
  capacity: number | null;
  remaining: number;
  /** On our clock; null where no answer has confirmed the window. */
  endsAt: number | null;
}

interface Bucket {
  known: Knowledge;
  inFlight: InFlight;
  /** Slots taken and not used yet, good until the window ends. */
  lease: { left: number; until: number };
}

const NO_LEASE = { left: 0, until: 0 };

export function createRateStore(
  db: Database,
  now: () => number = Date.now,
  random: () => number = Math.random,
): RateStore {
  const buckets = new Map<string, Bucket>();

  return {
    async acquire(connection, name) {
      const bucket = bucketOf(connection, name);
      if (bucket.lease.left > 0 && now() < bucket.lease.until) {
        bucket.lease.left -= 1;
        bucket.inFlight.add(now());
        return 0;
      }
      const row = await take(db, connection, name);
      if (row === undefined) {
        bucket.inFlight.add(now());
        return 0;
      }
      bucket.known = knowledge(row, now());
      if (row.wait_ms > 0) return row.wait_ms;
      keep(bucket, row.taken - 1);
      bucket.inFlight.add(now());
      return 0;
    },

    async learn(connection, name, sighting) {
      const bucket = bucketOf(connection, name);
      bucket.inFlight.remove();
      if (sighting.limit <= 0) {
        if (sighting.kind !== 'limited') return;
        bucket.lease = NO_LEASE;
        await pause(db, connection, name, concurrencyPause());
        return;
      }
      const isVoid = sighting.resetInMs > LONGEST_LIMIT_MS;
      if (isVoid && sighting.kind === 'ok') return;
      // That it was refused is true all the same.
      const resetInMs = isVoid ? WINDOW_MS : Math.max(sighting.resetInMs, 0);
      if (!isNews(bucket.known, { ...sighting, resetInMs }, now())) return;
      // After a refusal nobody calls, and what was taken of this window is lost.
      if (sighting.kind === 'limited') bucket.lease = NO_LEASE;
      const row = await correct(db, connection, name, {
        ...sighting,
        // Said of a refusal by whoever sees it, and made sure of here.
        remaining: sighting.kind === 'limited' ? 0 : sighting.remaining,
        resetInMs,
        uncounted: bucket.inFlight.count(now()) + leased(bucket),
      });
      bucket.known = row === undefined ? NOTHING : knowledge(row, now());
    },
  };

  /** Several callers may have taken slots at the same time: theirs add up while the window is the same. */
  function keep(bucket: Bucket, slots: number): void {
    const until = bucket.known.endsAt ?? 0;
    const isSameWindow = Math.abs(until - bucket.lease.until) < SAME_WINDOW_MS;
    bucket.lease = { left: slots + (isSameWindow ? leased(bucket) : 0), until };
  }

  /** Taken from the row, not used yet, and so not counted by Okta. */
  function leased({ lease }: Bucket): number {
    return now() < lease.until ? lease.left : 0;
  }

  function bucketOf(connection: ConnectionId, name: string): Bucket {
    const key = `${connection}/${name}`;
    let bucket = buckets.get(key);
    if (bucket === undefined) {
      bucket = { known: NOTHING, inFlight: createInFlight(), lease: NO_LEASE };
      buckets.set(key, bucket);
    }
    return bucket;
  }

  function concurrencyPause(): number {
    const { least, most } = CONCURRENCY_PAUSE_MS;
    return Math.round(least + random() * (most - least));
  }
}

const NOTHING: Knowledge = { capacity: null, remaining: 0, endsAt: null };

/** Whether an answer says something that the row may not know. */
function isNews(known: Knowledge, sighting: Sighting, now: number): boolean {
  if (sighting.kind === 'limited') return true;
  if (known.capacity !== sighting.limit || known.endsAt === null) return true;
  if (known.endsAt - now > LONGEST_LIMIT_MS) return true;
  const later = now + sighting.resetInMs - known.endsAt;
  if (later > SAME_WINDOW_MS) return true;
  // An answer of a window that is over.
  if (later < -SAME_WINDOW_MS) return false;
  const gap = sighting.remaining > NEARLY_USED_UP ? GAP : 0;
  return later < -SOONER_MS || sighting.remaining < known.remaining - gap;
}

interface BucketRow {
  capacity: number | null;
  remaining: number | null;
  confirmed: boolean;
  ends_in_ms: number | null;
}

function knowledge(row: BucketRow, now: number): Knowledge {
  return {
    capacity: row.capacity,
    remaining: row.remaining ?? 0,
    endsAt: row.confirmed && row.ends_in_ms !== null ? now + row.ends_in_ms : null,
  };
}

/** Undefined where nothing is known of the bucket yet: go, and tell what the answer says. */
async function take(
  db: Database,
  connection: ConnectionId,
  bucket: string,
): Promise<(BucketRow & { wait_ms: number; taken: number }) | undefined> {
  // The clock is read after the lock was got, not when the statement began.
  const { rows } = await sql<BucketRow & { wait_ms: number; taken: number }>`
    with locked as (
      select * from rate_buckets where connection = ${connection} and bucket = ${bucket} for update
    ), timed as materialized (
      select *, clock_timestamp() as t from locked
    ), believed as (
      select *, case when blocked_until <= t + ${LONGEST} then blocked_until end as blocked,
        coalesce(reset_at + ${MARGIN_MS} * interval '1 ms' <= t or reset_at > t + ${LONGEST}, false)
          as anew
      from timed
    ), judged as (
      select *,
        case
          when blocked > t then blocked
          when capacity is null or anew or remaining > 0 then t
          else greatest(t, reset_at + ${MARGIN_MS} * interval '1 ms')
        end as from_then
      from believed
    ), after as (
      select connection, bucket, capacity, blocked,
        least(ceil(extract(epoch from from_then - t) * 1000), ${LONGEST_LIMIT_MS})::double precision
          as wait_ms,
        case when confirmed and not anew and remaining > ${PLENTY}::integer then ${LEASE}::integer
          else 1 end as taken,
        case when from_then > t then remaining when anew then capacity - 1
          when confirmed and remaining > ${PLENTY}::integer then remaining - ${LEASE}::integer
          else remaining - 1 end as remaining,
        case when anew and from_then <= t then t + ${WINDOW_MS} * interval '1 ms' else reset_at end
          as reset_at,
        confirmed and not anew as confirmed,
        t
      from judged
    ), taken as (
      update rate_buckets as row
      set remaining = after.remaining, reset_at = after.reset_at, confirmed = after.confirmed,
        blocked_until = after.blocked
      from after
      where row.connection = after.connection and row.bucket = after.bucket
        and after.wait_ms = 0 and after.capacity is not null
    )
    select capacity, remaining, confirmed, wait_ms, taken,
      (extract(epoch from reset_at - t) * 1000)::double precision as ends_in_ms
    from after
  `.execute(db);
  return rows[0];
}

/** Undefined where the row knows better: the answer is of a window that is over. */
async function correct(
  db: Database,
  connection: ConnectionId,
  bucket: string,
  { kind, limit, remaining, resetInMs, uncounted }: Sighting & { uncounted: number },
): Promise<BucketRow | undefined> {
  const left = Math.max(0, remaining - uncounted);
  const blockedForMs =
    kind === 'limited' ? Math.min(resetInMs + MARGIN_MS, LONGEST_LIMIT_MS) : null;
  const isVoid = sql`row.reset_at > clock_timestamp() + ${LONGEST}`;
  const isConfirmed = sql`(row.confirmed and not ${isVoid})`;
  // An answer speaks of a window that is over where the row's ends much later. A refusal is heeded even
  // then (it may be another limit's, such as the app's own share), but says nothing of the row's window.
  const { rows } = await sql<BucketRow>`
    insert into rate_buckets as row
      (connection, bucket, capacity, remaining, reset_at, confirmed, blocked_until)
    values (${connection}, ${bucket}, ${limit}::integer, ${left}::integer,
      clock_timestamp() + ${resetInMs} * interval '1 ms', true,
      clock_timestamp() + ${blockedForMs}::double precision * interval '1 ms')
    on conflict (connection, bucket) do update set
      capacity = excluded.capacity,
      remaining = case
        when row.remaining is null or ${isVoid}
          or excluded.reset_at > row.reset_at + ${SAME_WINDOW_MS} * interval '1 ms'
          then excluded.remaining
        when ${isConfirmed}
          and excluded.reset_at < row.reset_at - ${SAME_WINDOW_MS} * interval '1 ms'
          then row.remaining
        when ${remaining}::integer < row.remaining then excluded.remaining
        else row.remaining
      end,
      reset_at = case
        when ${isConfirmed}
          and excluded.reset_at < row.reset_at - ${SAME_WINDOW_MS} * interval '1 ms'
          then row.reset_at
        when ${isConfirmed}
          and excluded.reset_at <= row.reset_at + ${SAME_WINDOW_MS} * interval '1 ms'
          then least(row.reset_at, excluded.reset_at)
        else excluded.reset_at
      end,
      confirmed = true,
      blocked_until = ${laterPause}
    where row.reset_at is null or not ${isConfirmed} or excluded.blocked_until is not null
      or excluded.reset_at >= row.reset_at - ${SAME_WINDOW_MS} * interval '1 ms'
    returning capacity, remaining, confirmed,
      (extract(epoch from reset_at - clock_timestamp()) * 1000)::double precision as ends_in_ms
  `.execute(db);
  return rows[0];
}

/** Nobody calls for a moment; what is known of the window stays. */
async function pause(
  db: Database,
  connection: ConnectionId,
  bucket: string,
  forMs: number,
): Promise<void> {
  await sql`
    insert into rate_buckets as row (connection, bucket, blocked_until)
    values (${connection}, ${bucket}, clock_timestamp() + ${forMs} * interval '1 ms')
    on conflict (connection, bucket) do update
    set blocked_until = ${laterPause}
  `.execute(db);
}
