// What Okta did not permit, told by step and person: whose trouble it is, and which runs are retried
// without a click once it turned out to have been everybody's.
import { sql, type Transaction } from 'kysely';
import type { KeyRing } from '../crypto/key-ring.js';
import { effectOf, pauseAfterTrials, pauseBeforeTurn, trialsAfter } from '../domain/admission.js';
import type { ConnectionId, RequestId, RunId, SubjectRef } from '../domain/brand.js';
import type { RunRef } from '../domain/run.js';
import { blockConnection } from './admissions.js';
import { NO_BLOCK } from './connection-rows.js';
import type { Database } from './database.js';
import type { RefusalStore, RefusedRun } from './store.js';
import type { Tables } from './tables.js';
import {
  addTrial,
  clearStep,
  doOthersWait,
  leaveLine,
  lockTrial,
  refusedPeople,
  waitOn,
  type Trial,
} from './trials.js';

export function createRefusalStore(db: Database, ring: KeyRing): RefusalStore {
  return {
    note: (run, step, problem) =>
      db.transaction().execute(async (trx) => {
        const { connection } = run;
        await addTrial(trx, connection, step);
        const trial = await lockTrial(trx, connection, step);
        const { isOwn, isRepeated } = await noteRefusal(trx, run, step);
        const turnInMs = await countTrial(trx, run, step, trial, isRepeated);
        const effect = effectOf({ isOwn, ...(await counts(trx, run, step)) });
        if (effect !== 'parks') await blockConnection(trx, ring, connection, problem);
        if (effect !== 'watches') {
          await leaveLine(trx, run, step);
          return { kind: 'parks' };
        }
        const retryInMs = pauseBeforeTurn({ turnInMs, ahead: 0 });
        await waitOn(trx, run, step, retryInMs);
        return { kind: 'watches', retryInMs };
      }),

    worked: ({ connection, subjectRef }, step) =>
      db.transaction().execute(async (trx) => {
        await lockTrial(trx, connection, step);
        await trx
          .deleteFrom('refusals')
          .where('connection', '=', connection)
          .where('step', '=', step)
          .where('subject_ref', '=', subjectRef)
          .execute();
        const lifted = await trx
          .updateTable('connections')
          .set({ status: 'ready', ...NO_BLOCK })
          .where('id', '=', connection)
          .where('status', '=', 'blocked')
          .where('blocked_step', '=', step)
          .executeTakeFirst();
        const wasBlocked = lifted.numUpdatedRows > 0n;
        await clearStep(trx, connection, step, { wasBlocked });
      }),

    async release({ id, connection }, step) {
      await sql`
        with released as (
          update trials set taken_by = null, taken_until = null
          where connection = ${connection} and step = ${step} and taken_by = ${id}
          returning step
        )
        delete from trial_waiters
        where connection = ${connection} and step = ${step} and run = ${id}
          and exists (select from released)
      `.execute(db);
    },

    async toRetry(limit) {
      const { rows } = await sql<ToRetryRow>`
        (${LIFTED} order by asked_at nulls first, at limit ${limit})
        union all (${UNWATCHED} limit ${limit})
      `.execute(db);
      return rows.map(toRefusedRun);
    },

    async retrying({ run: { connection, subjectRef }, step }) {
      await db
        .updateTable('refusals')
        .set({ standing: 'retried' })
        .where('connection', '=', connection)
        .where('step', '=', step)
        .where('subject_ref', '=', subjectRef)
        .where('standing', '=', 'again')
        .execute();
    },

    async settle({ run, step, because }) {
      const { connection, subjectRef } = run;
      if (because === 'lifted') {
        await db
          .updateTable('refusals')
          .set({ standing: 'own' })
          .where('connection', '=', connection)
          .where('step', '=', step)
          .where('subject_ref', '=', subjectRef)
          .where('standing', 'in', ['again', 'retried'])
          .execute();
        return;
      }
      await db
        .deleteFrom('refusals')
        .where('connection', '=', connection)
        .where('step', '=', step)
        .where('subject_ref', '=', subjectRef)
        .execute();
    },

    async postpone({ run: { connection, subjectRef }, step }) {
      await db
        .updateTable('refusals')
        .set({ asked_at: sql`clock_timestamp()` })
        .where('connection', '=', connection)
        .where('step', '=', step)
        .where('subject_ref', '=', subjectRef)
        .execute();
    },
  };
}

async function noteRefusal(
  trx: Transaction<Tables>,
  { id, connection, subjectRef, requestId }: RunRef,
  step: string,
): Promise<{ isOwn: boolean; isRepeated: boolean }> {
  const { rows } = await sql<{ isOwn: boolean; isRepeated: boolean }>`
    with former as (
      select from refusals
      where connection = ${connection} and step = ${step} and subject_ref = ${subjectRef}
        and at > clock_timestamp() - interval '1 day'
    )
    insert into refusals (connection, step, subject_ref, run, request_id)
    values (${connection}, ${step}, ${subjectRef}, ${id}, ${requestId})
    on conflict (connection, step, subject_ref) do update
    set run = excluded.run, request_id = excluded.request_id, at = clock_timestamp(),
      standing = case when exists (select from former) and refusals.standing in ('retried', 'own')
        then 'own' else 'counted' end
    returning standing = 'own' as "isOwn", exists (select from former) as "isRepeated"
  `.execute(trx);
  return rows[0] ?? { isOwn: false, isRepeated: false };
}

/** A turn that was refused ends, and the pause before the next grows. Returns it, in milliseconds. */
async function countTrial(
  trx: Transaction<Tables>,
  { id, connection }: RunRef,
  step: string,
  trial: Trial | undefined,
  isRepeated: boolean,
): Promise<number> {
  if (trial === undefined || trial.takenBy !== id) return trial?.turnInMs ?? 0;
  const made = trialsAfter(trial.made, isRepeated);
  const pauseMs = pauseAfterTrials(made);
  await trx
    .updateTable('trials')
    .set({
      made,
      next_at: sql`date_trunc('milliseconds', clock_timestamp()) + ${pauseMs} * interval '1 ms'`,
      taken_by: null,
      taken_until: null,
    })
    .where('connection', '=', connection)
    .where('step', '=', step)
    .execute();
  return pauseMs;
}

async function counts(
  trx: Transaction<Tables>,
  run: RunRef,
  step: string,
): Promise<{ people: number; doOthersWait: boolean }> {
  const { rows } = await sql<{ people: number; doOthersWait: boolean }>`
    select ${refusedPeople(run.connection, step)} as people,
      ${doOthersWait(run, step)} as "doOthersWait"
  `.execute(trx);
  return rows[0] ?? { people: 1, doOthersWait: false };
}

/** The step worked after a block, and nothing else keeps it from being tried. */
const LIFTED = sql`
  select refusals.*, 'lifted' as because from refusals
  join connections on connections.id = refusals.connection
  where refusals.standing in ('again', 'retried') and not (connections.status = 'blocked'
    and (connections.blocked_step is null or connections.blocked_step = refusals.step))`;

/** A run that waits for a turn and is so late does not wait any more; to be wrong costs one call. */
const GONE_MS = 20_000;

/** One for each step that is blocked while no run comes to try it, as when the one that did was aborted. */
const UNWATCHED = sql`
  select * from (
    select distinct on (refusals.connection, refusals.step) refusals.*, 'unwatched' as because
    from refusals
    join connections on connections.id = refusals.connection
      and connections.status = 'blocked' and connections.blocked_step = refusals.step
    where refusals.standing = 'counted' and not exists (
      select from trial_waiters as waiter
      where waiter.connection = refusals.connection and waiter.step = refusals.step
        and waiter.back_at > clock_timestamp() - ${GONE_MS} * interval '1 ms')
    order by refusals.connection, refusals.step, refusals.asked_at nulls first, refusals.at
  ) as each_step`;

interface ToRetryRow {
  connection: ConnectionId;
  step: string;
  subject_ref: SubjectRef;
  run: RunId;
  request_id: RequestId;
  at: Date;
  because: RefusedRun['because'];
}

function toRefusedRun(row: ToRetryRow): RefusedRun {
  const { run: id, connection, subject_ref: subjectRef, request_id: requestId } = row;
  const { step, at, because } = row;
  return { run: { id, connection, subjectRef, requestId }, step, at: at.toISOString(), because };
}
