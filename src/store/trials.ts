// Who tries a step that Okta refused for several people in a row. One run at a time has the turn, under
// a short lease; the others wait in a line, urgent suspensions first, then the most overdue. All of it
// happens under a lock of the step's row, so that workers agree.
import { sql, type Transaction } from 'kysely';
import { isBlocking, pauseBeforeTurn } from '../domain/admission.js';
import type { ConnectionId, RunId } from '../domain/brand.js';
import type { RunRef } from '../domain/run.js';
import type { Database } from './database.js';
import type { Tables } from './tables.js';

/** A trial takes some hundred milliseconds; a worker that dies in it does not hold the turn for long. */
const LEASE_MS = 5_000;
/** So late may a run come back and still hold its place. */
const LATE_MS = 5_000;
/** The first so many of the line may take a turn, so that it need not wait until the very first is back. */
const HEAD = 8;
/** Refusals older than this do not count any more. */
const COUNTED = sql`interval '1 day'`;

export type Turn = { kind: 'go' } | { kind: 'trial' } | { kind: 'turn'; retryInMs: number };

/** A turn at `step`, or a place in its line. `go`: nobody doubts the step any more. */
export function takeTurn(
  db: Database,
  run: RunRef,
  step: string,
  { isBlocked }: { isBlocked: boolean },
): Promise<Turn> {
  return db.transaction().execute(async (trx): Promise<Turn> => {
    if (isBlocked) await addTrial(trx, run.connection, step);
    const trial = await lockTrial(trx, run.connection, step);
    if (trial === undefined) return { kind: 'go' };
    // Parked for the step, and here again: by a click, which is nobody else's business.
    if (await isBackByClick(trx, run, step)) return { kind: 'trial' };
    const { ahead, yields } = await takePlace(trx, run, step);
    const isFree = !trial.isTaken || trial.takenBy === run.id;
    if (trial.turnInMs <= 0 && isFree && ahead < HEAD && !yields) {
      await lease(trx, run, step);
      return { kind: 'trial' };
    }
    const retryInMs = pauseBeforeTurn({ turnInMs: trial.turnInMs, ahead });
    await comesBack(trx, run, step, retryInMs);
    return { kind: 'turn', retryInMs };
  });
}

/** For how many people a step was refused since it last worked. */
export function refusedPeople(connection: ConnectionId, step: string) {
  return sql<number>`(
    select count(*)::integer from refusals
    where connection = ${connection} and step = ${step} and standing = 'counted'
      and at > clock_timestamp() - ${COUNTED}
  )`;
}

/** Whether other runs wait for a turn at `step`. */
export function doOthersWait({ id, connection }: RunRef, step: string) {
  return sql<boolean>`exists (
    select from trial_waiters
    where connection = ${connection} and step = ${step} and run <> ${id} and ${IS_WAITING}
  )`;
}

const IS_WAITING = sql`back_at > clock_timestamp() - ${LATE_MS} * interval '1 ms'`;

/** The step is refused for somebody; nothing is changed where that is known. */
export async function addTrial(
  trx: Transaction<Tables>,
  connection: ConnectionId,
  step: string,
): Promise<void> {
  await trx
    .insertInto('trials')
    .values({ connection, step })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

export interface Trial {
  /** Turns that were refused. */
  made: number;
  turnInMs: number;
  takenBy: RunId | null;
  isTaken: boolean;
}

/** Undefined: the step has worked meanwhile. */
export async function lockTrial(
  trx: Transaction<Tables>,
  connection: ConnectionId,
  step: string,
): Promise<Trial | undefined> {
  const { rows } = await sql<Trial>`
    select made, taken_by as "takenBy",
      extract(epoch from next_at - clock_timestamp())::double precision * 1000 as "turnInMs",
      coalesce(taken_until > clock_timestamp(), false) as "isTaken"
    from trials where connection = ${connection} and step = ${step} for update
  `.execute(trx);
  return rows[0];
}

/** All steps of the connection: before its own row, so that nobody waits crosswise. */
export async function lockTrials(
  trx: Transaction<Tables>,
  connection: ConnectionId,
): Promise<void> {
  await sql`select from trials where connection = ${connection} order by step for update`.execute(
    trx,
  );
}

async function isBackByClick(
  trx: Transaction<Tables>,
  { id, connection, subjectRef }: RunRef,
  step: string,
): Promise<boolean> {
  const { rows } = await sql`
    select from refusals
    where connection = ${connection} and step = ${step} and subject_ref = ${subjectRef}
      and at > clock_timestamp() - ${COUNTED}
      and not exists (
        select from trial_waiters
        where connection = ${connection} and step = ${step} and run = ${id})
  `.execute(trx);
  return rows.length > 0;
}

/** Those before it, and whether one of them must go first: urgent, or not tried yet where this one was. */
async function takePlace(
  trx: Transaction<Tables>,
  { id, connection }: RunRef,
  step: string,
): Promise<{ ahead: number; yields: boolean }> {
  const { rows } = await sql<{ ahead: number; yields: boolean }>`
    with mine as (
      insert into trial_waiters (connection, step, run, urgent, due, back_at)
      select ${connection}, ${step}, ${id}, coalesce(takeover, false),
        coalesce(${dueOf('runs')}, clock_timestamp()), clock_timestamp()
      from (select) as nothing left join runs on runs.id = ${id}
      on conflict (connection, step, run) do update set back_at = excluded.back_at
      returning urgent, due, tried_at
    ), line as (
      select urgent, due, tried_at, run from trial_waiters
      where connection = ${connection} and step = ${step} and run <> ${id} and ${IS_WAITING}
    )
    select
      (select count(*)::integer from line
        where (coalesce(line.tried_at, '-infinity'), not line.urgent, line.due, line.run)
          < (coalesce(mine.tried_at, '-infinity'), not mine.urgent, mine.due, ${id})) as ahead,
      exists (select from line where line.tried_at is null
        and (mine.tried_at is not null or (line.urgent and not mine.urgent))) as yields
    from mine
  `.execute(trx);
  return rows[0] ?? { ahead: 0, yields: false };
}

/** When a run was to do what it is about. */
export const dueOf = (run: string) => sql`coalesce(
  (${sql.ref(`${run}.deadlines`)} #>> '{suspendAt,at}')::timestamptz,
  (${sql.ref(`${run}.deadlines`)} #>> '{startAt,at}')::timestamptz,
  ${sql.ref(`${run}.created_at`)})`;

async function lease(
  trx: Transaction<Tables>,
  { id, connection }: RunRef,
  step: string,
): Promise<void> {
  const until = sql<Date>`clock_timestamp() + ${LEASE_MS} * interval '1 ms'`;
  await trx
    .updateTable('trials')
    .set({ taken_by: id, taken_until: until })
    .where('connection', '=', connection)
    .where('step', '=', step)
    .execute();
  await trx
    .updateTable('trial_waiters')
    .set({ tried_at: sql`clock_timestamp()`, back_at: until })
    .where('connection', '=', connection)
    .where('step', '=', step)
    .where('run', '=', id)
    .execute();
}

async function comesBack(
  trx: Transaction<Tables>,
  { id, connection }: RunRef,
  step: string,
  inMs: number,
): Promise<void> {
  await trx
    .updateTable('trial_waiters')
    .set({ back_at: sql`clock_timestamp() + ${inMs} * interval '1 ms'` })
    .where('connection', '=', connection)
    .where('step', '=', step)
    .where('run', '=', id)
    .execute();
}

/** The run waits for another turn, behind all that had none. */
export async function waitOn(
  trx: Transaction<Tables>,
  run: RunRef,
  step: string,
  inMs: number,
): Promise<void> {
  await takePlace(trx, run, step);
  await trx
    .updateTable('trial_waiters')
    .set({ tried_at: sql`clock_timestamp()` })
    .where('connection', '=', run.connection)
    .where('step', '=', step)
    .where('run', '=', run.id)
    .execute();
  await comesBack(trx, run, step, inMs);
}

export async function leaveLine(
  trx: Transaction<Tables>,
  { id, connection }: RunRef,
  step: string,
): Promise<void> {
  await trx
    .deleteFrom('trial_waiters')
    .where('connection', '=', connection)
    .where('step', '=', step)
    .where('run', '=', id)
    .execute();
}

/**
 * The step has worked. Those who were refused as part of a block are to be retried; for the others it is
 * their own. Call with the step's row locked.
 */
export async function clearStep(
  trx: Transaction<Tables>,
  connection: ConnectionId,
  step: string,
  { wasBlocked }: { wasBlocked: boolean },
): Promise<void> {
  await endTrials(trx, connection, step);
  const people = sql<number>`(
    select count(*)::integer from refusals
    where connection = ${connection} and step = ${step} and standing = 'counted')`;
  const { rows } = await sql<{ people: number }>`select ${people} as people`.execute(trx);
  const isRetried = wasBlocked || isBlocking(rows[0]?.people ?? 0);
  await trx
    .updateTable('refusals')
    .set({ standing: isRetried ? 'again' : 'own', asked_at: null })
    .where('connection', '=', connection)
    .where('step', '=', step)
    .where('standing', '=', 'counted')
    .execute();
  await sql`delete from refusals where connection = ${connection} and step = ${step}
    and standing = 'own' and at < clock_timestamp() - ${COUNTED}`.execute(trx);
}

/**
 * The connection was verified, or has other credentials: nothing is known against any step. Call with
 * the rows locked, see {@link lockTrials}.
 */
export async function clearAllSteps(
  trx: Transaction<Tables>,
  connection: ConnectionId,
): Promise<void> {
  const { rows } = await sql<{ step: string }>`
    select step from refusals where connection = ${connection} and standing = 'counted'
    union select step from trials where connection = ${connection}
  `.execute(trx);
  for (const { step } of rows) await clearStep(trx, connection, step, { wasBlocked: false });
  await trx
    .deleteFrom('refusals')
    .where('connection', '=', connection)
    .where('standing', '=', 'own')
    .execute();
}

async function endTrials(
  trx: Transaction<Tables>,
  connection: ConnectionId,
  step: string,
): Promise<void> {
  for (const table of ['trials', 'trial_waiters'] as const) {
    await trx
      .deleteFrom(table)
      .where('connection', '=', connection)
      .where('step', '=', step)
      .execute();
  }
}
