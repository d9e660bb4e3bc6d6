// Whether a connection may be used, and what blocks it. One that is blocked as a whole is tried out by one
// caller at a time, at growing pauses; the pause is taken in the same statement that asks.
import { sql } from 'kysely';
import type { KeyRing } from '../crypto/key-ring.js';
import { isSuspected, type Admission } from '../domain/admission.js';
import type { ConnectionId } from '../domain/brand.js';
import type { ConnectionProblem, ConnectionStatus } from '../domain/connection.js';
import type { RunRef } from '../domain/run.js';
import { problemContext } from './connection-rows.js';
import type { Database } from './database.js';
import { openJson, sealJson } from './sealed.js';
import { dueOf, refusedPeople, takeTurn } from './trials.js';

export const FIRST_PAUSE_MS = 10_000;
const LONGEST_PAUSE_MS = 300_000;
/** Somebody else has just taken the probe; its outcome is not known sooner than this. */
const SHORTEST_WAIT_MS = 1_000;
/** The run that probed last leaves the next probe to others for so long after it is due. */
const PASS_ON_MS = 5_000;

/** Blocks it, once: the first reason stays. */
export async function blockConnection(
  db: Database,
  ring: KeyRing,
  id: ConnectionId,
  problem: ConnectionProblem,
): Promise<void> {
  await db
    .updateTable('connections')
    .set({
      status: 'blocked',
      problem: sealJson(ring, problem, problemContext(id)),
      blocked_step: problem.step ?? null,
      next_probe_at: sql`clock_timestamp() + ${FIRST_PAUSE_MS} * interval '1 ms'`,
      probe_pause_ms: FIRST_PAUSE_MS,
      probed_by: null,
    })
    .where('id', '=', id)
    .where('status', '<>', 'blocked')
    .execute();
}

/** One statement where nothing is wrong; see `ConnectionStore.admission`. */
export async function admit(
  db: Database,
  ring: KeyRing,
  run: RunRef,
  step: string,
): Promise<Admission> {
  const row = await ask(db, run, step);
  if (row === undefined) return { kind: 'unknown' };
  const { status, blocked_step: blockedStep, refused, people } = row;
  const problem =
    status !== 'blocked' || row.problem === null
      ? null
      : (openJson(ring, row.problem, problemContext(run.connection)) as ConnectionProblem);
  if (problem !== null && blockedStep === null) return wholeOf(row, problem);

  const isBlocked = problem !== null && blockedStep === step;
  if (!isBlocked && !isSuspected(people)) return { kind: 'ready', refused };
  const turn = await takeTurn(db, run, step, { isBlocked });
  switch (turn.kind) {
    case 'go':
      return { kind: 'ready', refused };
    case 'trial':
      return turn;
    case 'turn':
      return { ...turn, problem: isBlocked ? problem : null };
  }
}

function wholeOf(row: AdmissionRow, problem: ConnectionProblem): Admission {
  if (row.probing) return { kind: 'probe', problem };
  const probeInMs = Math.max(SHORTEST_WAIT_MS, row.wait_ms);
  return { kind: 'blocked', problem, probeInMs, ahead: row.ahead };
}

interface AdmissionRow {
  status: ConnectionStatus;
  problem: Buffer | null;
  blocked_step: string | null;
  /** Steps that were refused for somebody since they last worked. */
  refused: string[];
  /** For how many people this step was. */
  people: number;
  probing: boolean;
  wait_ms: number;
  ahead: number;
}

/** Takes the probe where it is due: of several callers the row lock lets one see it so. */
async function ask(
  db: Database,
  { id, connection }: RunRef,
  step: string,
): Promise<AdmissionRow | undefined> {
  const { rows } = await sql<AdmissionRow>`
    with probe as (
      update connections
      set probe_pause_ms = least(probe_pause_ms * 2, ${LONGEST_PAUSE_MS}::integer),
          next_probe_at = clock_timestamp()
            + least(probe_pause_ms * 2, ${LONGEST_PAUSE_MS}::integer) * interval '1 ms',
          probed_by = ${id}
      where id = ${connection} and status = 'blocked' and blocked_step is null
        and next_probe_at <= clock_timestamp()
        and (probed_by is distinct from ${id}
          or next_probe_at <= clock_timestamp() - ${PASS_ON_MS} * interval '1 ms')
      returning id
    )
    select status, problem, blocked_step,
      array(
        select step from trials where connection = ${connection}
        union select blocked_step where blocked_step is not null) as refused,
      ${refusedPeople(connection, step)} as people,
      exists (select from probe) as probing,
      coalesce(ceil(extract(epoch from next_probe_at - clock_timestamp()) * 1000), 0)::double precision
        as wait_ms,
      case when status = 'blocked' and blocked_step is null then (
        select count(*)::integer from runs as other, runs as mine
        where mine.id = ${id} and other.connection = ${connection} and other.finished_at is null
          and other.phase in ('scheduled', 'running')
          and ${dueOf('other')} < ${dueOf('mine')}
      ) else 0 end as ahead
    from connections where id = ${connection}
  `.execute(db);
  return rows[0];
}
