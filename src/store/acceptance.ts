// Taking a request: a new run, the same request again, or another open run of that person. All of it
// happens under a lock of the person, so of twenty at once one is new.
//
// A person is an account. Runs are looked for by every login that their account is known by, and open ones
// count for a login only while Okta has not shown another one for their account: a login that was freed
// belongs to whoever has it now.
//
// "The same" is an equal request among all of these runs. What it is answered with stands in `answerTo`.
//
// `previous` of a new row is the earlier run of the same request, if there is one; a workflow that goes on
// as another run (contract end, takeover) links the two itself: see `run-reports.ts`.
import { sql, type Transaction } from 'kysely';
import { keyedDigest } from '../crypto/digest.js';
import type { JsonValue } from '../domain/okta-user.js';
import { isOpen, OPEN_PHASES, type RunRef } from '../domain/run.js';
import type { Database } from './database.js';
import type { StoreKeys } from './keys.js';
import { newLedgerRow, noting } from './ledger.js';
import { inputContext, sealPerson, standing } from './run-rows.js';
import { sealJson } from './sealed.js';
import type { Acceptance, EarlierRun, NewRun } from './store.js';
import type { RunRow, Tables } from './tables.js';

export interface AcceptedRow {
  kind: Acceptance['kind'];
  row: RunRow;
  /** With `look-again`: the run that was asked for. */
  answer?: RunRow;
  earlier: EarlierRun | null;
}

/** For so long after an onboarding's end, the same request is taken for a repeat and not looked at. */
const REPEAT_MS = 60_000;

export async function acceptRun(
  db: Database,
  { ring, pepper }: StoreKeys,
  request: NewRun,
): Promise<AcceptedRow> {
  const digest = keyedDigest(pepper, 'runs.request', request.requestHash);
  return db.transaction().execute(async (trx) => {
    await lockSubject(trx, request.run);
    const same = await sameRequests(trx, request.run, digest);
    const [latest] = same;
    const answer = latest === undefined ? null : answerTo(latest, Date.now());
    if (latest !== undefined && (answer === 'same' || answer === 'look-again')) {
      return { kind: answer, row: latest, answer: latest, earlier: null };
    }
    const open = await openRuns(trx, request.run);
    const contractEnd = open.find(({ id }) => id === latest?.continues_as);
    if (latest !== undefined && answer === 'earlier' && contractEnd !== undefined) {
      return { kind: 'look-again', row: contractEnd, answer: latest, earlier: null };
    }
    const [inTheWay] = open;
    if (inTheWay !== undefined && !request.takeover) {
      return { kind: 'open', row: inTheWay, earlier: null };
    }
    const earlier =
      answer === 'earlier' && latest !== undefined
        ? { run: latest.id, oktaUserId: latest.okta_user_id }
        : null;
    const row = await insertRun(trx, ring, request, { digest, open, answered: earlier });
    return { kind: 'accepted', row, earlier };
  });
}

/**
 * What the same request again is answered with. Only Okta can tell whether what was done still holds, so
 * an earlier run is an answer by itself only while its part is still ahead of it, and for a minute after
 * an onboarding. A run that was cancelled, aborted or taken over does not stand for its request any more.
 */
function answerTo(row: RunRow, now: number): 'same' | 'look-again' | 'earlier' | 'none' {
  if (isOpen(row.phase)) {
    if (row.undoing) return 'none';
    return row.kind === 'onboarding' || row.deed_at === null ? 'same' : 'look-again';
  }
  if (row.phase !== 'completed' || row.outcome === 'undone' || row.outcome === 'superseded') {
    return 'none';
  }
  const endedAt = row.finished_at?.getTime() ?? 0;
  return row.kind === 'onboarding' && now - endedAt <= REPEAT_MS ? 'same' : 'earlier';
}

/** The latest run with that very request. One whose account has another login by now is of somebody else. */
async function sameRequests(
  trx: Transaction<Tables>,
  { connection, subjectRef }: RunRef,
  digest: string,
): Promise<RunRow[]> {
  return trx
    .selectFrom('runs')
    .selectAll()
    .where('connection', '=', connection)
    .where('request_digest', '=', digest)
    .where(sql<boolean>`coalesce(shown_subject, subject_ref) = ${subjectRef}`)
    .where(sql<boolean>`subjects @> array[${subjectRef}]::text[]`)
    .orderBy('seq', 'desc')
    .limit(1)
    .execute();
}

/** Open runs for that login; newest first. One whose account has another login by now is none of them. */
export function openRuns(
  db: Database,
  { connection, subjectRef }: Pick<RunRef, 'connection' | 'subjectRef'>,
): Promise<RunRow[]> {
  return db
    .selectFrom('runs')
    .selectAll()
    .where('connection', '=', connection)
    .where('phase', 'in', OPEN_PHASES)
    .where(sql<boolean>`coalesce(shown_subject, subject_ref) = ${subjectRef}`)
    .where(sql<boolean>`subjects @> array[${subjectRef}]::text[]`)
    .orderBy('seq', 'desc')
    .execute();
}

async function insertRun(
  trx: Transaction<Tables>,
  ring: StoreKeys['ring'],
  request: NewRun,
  { digest, open, answered }: { digest: string; open: RunRow[]; answered: EarlierRun | null },
): Promise<RunRow> {
  const { run, login, name, requestedBy, reason } = request;
  const asked = newLedgerRow(
    ring,
    run,
    { key: 'requested', action: 'run.requested', detail: sayRequest(request) },
    { apiKeyId: request.apiKeyId },
  );
  return noting(trx, asked)
    .insertInto('runs')
    .values({
      id: run.id,
      connection: run.connection,
      subject_ref: run.subjectRef,
      subjects: [run.subjectRef],
      request_id: run.requestId,
      workflow_id: await workflowIdFor(trx, request, open),
      kind: request.kind,
      ...standing(request),
      previous: answered?.run ?? null,
      person: sealPerson(ring, run.id, { login, name, requestedBy, reason }),
      request_digest: digest,
      input: sealJson(ring, withEarlier(request.input, answered), inputContext(run.id)),
      api_key_id: request.apiKeyId,
      takeover: request.takeover,
      batch: request.batch ?? null,
    })
    .returningAll()
    .executeTakeFirstOrThrow();
}

/** The workflow is told whose request it repeats; see `Earlier` of the contract. */
function withEarlier(input: JsonValue, earlier: EarlierRun | null): JsonValue {
  const { run, oktaUserId } = earlier ?? {};
  return run === undefined || oktaUserId === undefined || !isObject(input)
    ? input
    : { ...input, earlier: { run, oktaUserId } };
}

function isObject(value: JsonValue): value is { [key: string]: JsonValue } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * An urgent order goes where the open run of that login is. Else the first workflow id that no open run
 * has: the usual one may still be in use by a former holder of the login.
 */
async function workflowIdFor(
  trx: Transaction<Tables>,
  { workflowIds }: NewRun,
  open: RunRow[],
): Promise<string> {
  const [inTheWay] = open;
  if (inTheWay !== undefined) return inTheWay.workflow_id;
  const used = await trx
    .selectFrom('runs')
    .select('workflow_id')
    .where('phase', 'in', OPEN_PHASES)
    .where('workflow_id', 'in', [...workflowIds])
    .execute();
  const free = workflowIds.find((id) => !used.some((row) => row.workflow_id === id));
  if (free === undefined) throw new Error('a request brought no workflow id of its own');
  return free;
}

async function lockSubject(
  trx: Transaction<Tables>,
  { connection, subjectRef }: RunRef,
): Promise<void> {
  const subject = `run:${connection}.${subjectRef}`;
  await sql`select pg_advisory_xact_lock(hashtextextended(${subject}, 0))`.execute(trx);
}

/** What was asked, for whoever reads the ledger later. */
function sayRequest({ kind, name, login, requestedBy, reason, takeover }: NewRun): string {
  const what = `${takeover ? 'Takeover: ' : ''}${kind} of ${name === null ? login : `${name} (${login})`}`;
  const by = requestedBy === null ? '' : `, asked for by ${requestedBy}`;
  const why = reason === null ? '' : `: ${reason}`;
  return `${what}${by}${why}`;
}
