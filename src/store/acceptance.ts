// Taking a request: a new run, the same request again, or another open run of that person. All of it
// happens under a lock of the person, so of twenty at once one is new.
//
// "The same" is an equal request on a run that still stands for it: open, or completed and neither
// undone nor superseded. It is looked for among the person's open runs, her latest run and its
// `previous` (a contract end that is the latest run belongs to the onboarding before it). A run that
// another one took over does not stand for its request any more: asked for again, it is new.
//
// A new row continues nothing, so its `previous` is null. Only a workflow that goes on as another run
// (contract end, takeover) links the two: see `run-reports.ts`.
import { sql, type Transaction } from 'kysely';
import { keyedDigest } from '../crypto/digest.js';
import { isOpen, OPEN_PHASES, type RunRef } from '../domain/run.js';
import type { Database } from './database.js';
import type { StoreKeys } from './keys.js';
import { newLedgerRow, noting } from './ledger.js';
import { inputContext, sealPerson, standing } from './run-rows.js';
import { sealJson } from './sealed.js';
import type { Acceptance, NewRun } from './store.js';
import type { RunRow, Tables } from './tables.js';

export interface AcceptedRow {
  kind: Acceptance['kind'];
  row: RunRow;
}

export async function acceptRun(
  db: Database,
  { ring, pepper }: StoreKeys,
  request: NewRun,
): Promise<AcceptedRow> {
  const digest = keyedDigest(pepper, 'runs.request', request.requestHash);
  return db.transaction().execute(async (trx) => {
    await lockSubject(trx, request.run);
    const candidates = await candidatesOf(trx, request.run);
    const same = candidates.find((row) => row.request_digest === digest && stands(row));
    if (same !== undefined) return { kind: 'same', row: same };
    const open = candidates.find((row) => isOpen(row.phase));
    if (open !== undefined && !request.takeover) return { kind: 'open', row: open };

    const { run, login, name, requestedBy, reason } = request;
    const asked = newLedgerRow(
      ring,
      run,
      { key: 'requested', action: 'run.requested', detail: sayRequest(request) },
      { apiKeyId: request.apiKeyId },
    );
    const row = await noting(trx, asked)
      .insertInto('runs')
      .values({
        id: run.id,
        connection: run.connection,
        subject_ref: run.subjectRef,
        request_id: run.requestId,
        kind: request.kind,
        ...standing(request),
        person: sealPerson(ring, run.id, { login, name, requestedBy, reason }),
        request_digest: digest,
        input: sealJson(ring, request.input, inputContext(run.id)),
        api_key_id: request.apiKeyId,
        takeover: request.takeover,
        batch: request.batch ?? null,
      })
      .returningAll()
      .executeTakeFirstOrThrow();
    return { kind: 'accepted', row };
  });
}

/** Her open runs, the latest one and its `previous`; newest first. */
async function candidatesOf(trx: Transaction<Tables>, run: RunRef): Promise<RunRow[]> {
  const ofSubject = trx
    .selectFrom('runs')
    .where('connection', '=', run.connection)
    .where('subject_ref', '=', run.subjectRef);
  const latest = ofSubject.orderBy('seq', 'desc').limit(1);
  return ofSubject
    .selectAll()
    .where((row) =>
      row.or([
        row('phase', 'in', OPEN_PHASES),
        row('id', 'in', latest.select('id')),
        row('id', 'in', latest.select('previous')),
      ]),
    )
    .orderBy('seq', 'desc')
    .execute();
}

function stands({ phase, outcome }: RunRow): boolean {
  if (isOpen(phase)) return true;
  return phase === 'completed' && outcome !== 'undone' && outcome !== 'superseded';
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
