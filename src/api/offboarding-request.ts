// From the body of POST /v1/offboardings to a workflow input, with defaults filled in, and the hash of
// what makes two requests the same.
import { runRef } from '../contract/ids.js';
import type { HoldEnd, OffboardInput, OffboardTerms } from '../contract/workflows.js';
import type { SubjectRef } from '../domain/brand.js';
import type { Connection } from '../domain/connection.js';
import { foldLogin } from '../domain/login.js';
import type { OffboardingRequest } from '../domain/offboarding.schema.js';
import type { TimeValue } from '../domain/run.js';
import { hashOf } from './canonical-json.js';
import { newRequestId } from './request-id.js';
import { canonicalDuration } from './times.js';

export const OFFBOARDING_TIMES = ['suspendAt', 'deprovisionAt'] as const;

export interface OffboardingFacts {
  body: OffboardingRequest;
  connection: Connection;
  times: { suspendAt?: TimeValue; deprovisionAt?: TimeValue };
  /** Length of the undo window, the connection's where the request has none. */
  undoWindowMs: number;
  subjectRef: SubjectRef;
  /** As an earlier run knew her; for people who read this one. */
  name: string | null;
  now: number;
}

export function undoWindowOf(body: { undoWindow?: unknown }, connection: Connection): string {
  return typeof body.undoWindow === 'string' ? body.undoWindow : connection.settings.undoWindow;
}

export function offboardInputOf(facts: OffboardingFacts): OffboardInput {
  const { body, connection, times, subjectRef, name, now } = facts;
  return {
    run: runRef(connection.id, subjectRef, newRequestId(now)),
    person: { login: body.login, name, oktaUserId: null },
    // As it was asked for, also where it is just past; null: now.
    suspendAt: times.suspendAt ?? null,
    terms: termsOf(facts),
    takeover: body.ifOpen === 'takeover',
    contractOf: null,
  };
}

function termsOf({ body, connection, times, undoWindowMs }: OffboardingFacts): OffboardTerms {
  const hold: HoldEnd =
    times.deprovisionAt === undefined
      ? { kind: 'undoWindow', ms: undoWindowMs }
      : { kind: 'deprovisionAt', at: times.deprovisionAt };
  return {
    hold,
    removeGroups: body.removeGroups ?? false,
    revokeSessions: body.revokeSessions ?? null,
    whenNotSuspendable: body.whenNotSuspendable ?? connection.settings.whenNotSuspendable,
  };
}

/** Equal for requests that are the same after defaults; see `onboardingHash` about times. */
export function offboardingHash({ body, connection, times }: OffboardingFacts): string {
  return hashOf({
    kind: 'offboarding',
    connection: connection.id,
    login: foldLogin(body.login),
    suspendAt: times.suspendAt?.at ?? 'now',
    hold: times.deprovisionAt?.at ?? canonicalDuration(undoWindowOf(body, connection)),
    removeGroups: body.removeGroups ?? false,
    revokeSessions: body.revokeSessions ?? 'where allowed',
    whenNotSuspendable: body.whenNotSuspendable ?? connection.settings.whenNotSuspendable,
  });
}
