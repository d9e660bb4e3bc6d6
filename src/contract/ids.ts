// Every identifier that is put together from parts, with its inverse. Nobody concatenates elsewhere.
import {
  as,
  type ConnectionId,
  type RequestId,
  type RunId,
  type SubjectRef,
} from '../domain/brand.js';
import { CONNECTION_ID } from '../domain/connection.js';
import type { RunRef } from '../domain/run.js';

const SUBJECT_REF = /^[0-9a-f]{16}$/;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** `person/<connection>/<subjectRef>`: the workflow id of both types, so Temporal allows one open run a person. */
export function personWorkflowId(connection: ConnectionId, subjectRef: SubjectRef): string {
  return `person/${connection}/${subjectRef}`;
}

/**
 * `person/<connection>/<subjectRef>/<requestId>`: for a request about the new holder of a login, while the
 * usual workflow id is in use by a run of the former one.
 */
export function furtherPersonWorkflowId({ connection, subjectRef, requestId }: RunRef): string {
  return `${personWorkflowId(connection, subjectRef)}/${requestId}`;
}

/** The inverse of both; null for any other workflow id. */
export function parsePersonWorkflowId(
  workflowId: string,
): { connection: ConnectionId; subjectRef: SubjectRef } | null {
  const [kind, connection, subjectRef, requestId, ...rest] = workflowId.split('/');
  if (kind !== 'person' || rest.length > 0) return null;
  if (requestId !== undefined && !UUID.test(requestId)) return null;
  if (!CONNECTION_ID.test(connection ?? '') || !SUBJECT_REF.test(subjectRef ?? '')) return null;
  return { connection: as(connection ?? ''), subjectRef: as(subjectRef ?? '') };
}

/** `adopt-key/<connection>`: one change of keys at a time. */
export function adoptKeyWorkflowId(connection: ConnectionId): string {
  return `adopt-key/${connection}`;
}

/** `<connection>.<subjectRef>.<requestId>`, with its parts. */
export function runRef(
  connection: ConnectionId,
  subjectRef: SubjectRef,
  requestId: RequestId,
): RunRef {
  return {
    id: as<RunId>(`${connection}.${subjectRef}.${requestId}`),
    connection,
    subjectRef,
    requestId,
  };
}

/** A run id as people write it: whole, or without its last part for the latest run of that person. */
export type RunAddress =
  | { kind: 'run'; run: RunRef }
  | { kind: 'latest'; connection: ConnectionId; subjectRef: SubjectRef };

/** Reads a run id from a path; null where it is none. */
export function parseRunAddress(text: string): RunAddress | null {
  const [connection = '', subjectRef = '', requestId, ...rest] = text.split('.');
  if (rest.length > 0 || !CONNECTION_ID.test(connection) || !SUBJECT_REF.test(subjectRef))
    return null;
  const subject = {
    connection: as<ConnectionId>(connection),
    subjectRef: as<SubjectRef>(subjectRef),
  };
  if (requestId === undefined) return { kind: 'latest', ...subject };
  if (!UUID.test(requestId)) return null;
  return { kind: 'run', run: runRef(subject.connection, subject.subjectRef, as(requestId)) };
}
