// POST /v1/onboardings
import { onboardingRequest } from '../../domain/onboarding.schema.js';
import { withAccessProfile } from '../access-profile.js';
import { Faults } from '../faults.js';
import type { Call, Route } from '../route.js';
import {
  loginOf,
  ONBOARDING_TIMES,
  onboardingHash,
  onboardInputOf,
  type OnboardingFacts,
} from '../onboarding-request.js';
import { readTimes, refuseLongPast, requireEnd } from '../request-times.js';
import { meantConnection, requireVerified } from '../visible-connection.js';
import { accept, replayRun, type RequestDeps } from './accept.js';

export function onboardingRoutes(deps: RequestDeps): Route[] {
  return [
    {
      method: 'post',
      path: '/v1/onboardings',
      role: 'operator',
      handle: async (call) => {
        const facts = await read(deps, call);
        const { body } = facts;
        return accept(deps, call, {
          run: { kind: 'onboarding', input: onboardInputOf(facts) },
          login: loginOf(body),
          name: `${body.person.firstName} ${body.person.lastName}`,
          requestedBy: body.requestedBy,
          reason: body.reason,
          requestHash: onboardingHash(facts),
          takeover: false,
        });
      },
      replay: replayRun(deps),
    },
  ];
}

async function read({ store, now }: RequestDeps, call: Call): Promise<OnboardingFacts> {
  const faults = new Faults();
  const at = now();
  const body = faults.parse(onboardingRequest, call.body);
  const given = (call.body as { connection?: unknown }).connection;
  const connection = await meantConnection(store.connections, call.key, given, faults);
  const zone = connection?.settings.timeZone ?? null;
  const times = readTimes(faults, call.body, ONBOARDING_TIMES, { zone, now: at });
  refuseLongPast(faults, 'startAt', times.startAt, at);
  requireEnd(faults, 'endsAt', times.endsAt, times.startAt, at);
  const resolved =
    body === null || connection === null
      ? null
      : await withAccessProfile(store.accessProfiles, faults, body, connection);
  faults.throwIfAny();
  if (resolved === null || connection === null)
    throw new Error('a request has no fault and no content');
  requireVerified(connection);
  return {
    body: resolved,
    ...(body?.accessProfile === undefined ? {} : { accessProfile: body.accessProfile }),
    connection,
    times,
    subjectRef: store.subjectRef(loginOf(resolved)),
    now: at,
  };
}
