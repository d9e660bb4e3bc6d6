// From the body of POST /v1/onboardings to a workflow input, with defaults filled in, and the hash of
// what makes two requests the same.
import { runRef } from '../contract/ids.js';
import type { NewPerson, OffboardTerms, OnboardInput } from '../contract/workflows.js';
import type { SubjectRef } from '../domain/brand.js';
import type { Connection } from '../domain/connection.js';
import { foldLogin } from '../domain/login.js';
import type { OnboardingRequest } from '../domain/onboarding.schema.js';
import type { TimeValue } from '../domain/run.js';
import { hashOf } from './canonical-json.js';
import { newRequestId } from './request-id.js';
import { canonicalDuration, readDuration } from './times.js';

export const ONBOARDING_TIMES = ['startAt', 'endsAt'] as const;

export interface OnboardingFacts {
  /** With what its access profile brings. */
  body: OnboardingRequest;
  /** The name of that profile. */
  accessProfile?: string;
  connection: Connection;
  times: { startAt?: TimeValue; endsAt?: TimeValue };
  subjectRef: SubjectRef;
  now: number;
}

export function loginOf(body: OnboardingRequest): string {
  return body.person.login ?? body.person.email;
}

export function onboardInputOf(facts: OnboardingFacts): OnboardInput {
  const { body, connection, times, subjectRef, now } = facts;
  const { startAt, endsAt } = times;
  return {
    run: runRef(connection.id, subjectRef, newRequestId(now)),
    person: personOf(body),
    groups: body.groups ?? [],
    // As it was asked for, also where it is just past; null: now.
    startAt: startAt ?? null,
    contractEnd:
      endsAt === undefined
        ? null
        : { endsAt, requestId: newRequestId(now), terms: contractTerms(connection, endsAt) },
    activation: body.activation ?? 'email',
    onExisting: body.onExisting ?? connection.settings.onExisting,
    ...(body.externalId === undefined ? {} : { externalId: body.externalId }),
    ...(facts.accessProfile === undefined ? {} : { accessProfile: facts.accessProfile }),
  };
}

function personOf(body: OnboardingRequest): NewPerson {
  const { firstName, lastName, email, attributes = {} } = body.person;
  return { firstName, lastName, email, login: loginOf(body), attributes };
}

/** A contract's end takes access away and can be undone for as long as the connection says. */
function contractTerms({ settings }: Connection, endsAt: TimeValue): OffboardTerms {
  const hold = readDuration(settings.undoWindow, Date.parse(endsAt.at));
  if (!hold.ok) throw new Error(`the connection's undoWindow is no duration: ${hold.detail}`);
  return {
    hold: { kind: 'undoWindow', ms: hold.value },
    removeGroups: false,
    revokeSessions: null,
    whenNotSuspendable: settings.whenNotSuspendable,
  };
}

/**
 * Equal for requests that are the same after defaults; capitals in addresses and the order of groups
 * do not count. A start that was left out is a word, not a time; one that was given stays what it is
 * when it passes, so that a repeat is recognised then, too.
 */
export function onboardingHash({ body, connection, times }: OnboardingFacts): string {
  const person = personOf(body);
  return hashOf({
    kind: 'onboarding',
    connection: connection.id,
    person: { ...person, email: person.email.toLowerCase(), login: foldLogin(person.login) },
    externalId: body.externalId,
    groups: (body.groups ?? []).toSorted(),
    startAt: times.startAt?.at ?? 'now',
    endsAt: times.endsAt?.at ?? 'open',
    undoWindow:
      times.endsAt === undefined ? null : canonicalDuration(connection.settings.undoWindow),
    activation: body.activation ?? 'email',
    onExisting: body.onExisting ?? connection.settings.onExisting,
  });
}
