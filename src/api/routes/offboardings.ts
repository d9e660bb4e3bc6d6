// POST /v1/offboardings
import { offboardingRequest } from '../../domain/offboarding.schema.js';
import { Faults } from '../faults.js';
import type { Call, Route } from '../route.js';
import {
  OFFBOARDING_TIMES,
  offboardingHash,
  offboardInputOf,
  undoWindowOf,
  type OffboardingFacts,
} from '../offboarding-request.js';
import { readTimes, refuseLongPast, requireEnd } from '../request-times.js';
import { epochMs, readDuration } from '../times.js';
import { meantConnection, requireVerified } from '../visible-connection.js';
import { accept, replayRun, type RequestDeps } from './accept.js';

export function offboardingRoutes(deps: RequestDeps): Route[] {
  return [
    {
      method: 'post',
      path: '/v1/offboardings',
      role: 'operator',
      handle: async (call) => {
        const facts = await read(deps, call);
        const { body, name } = facts;
        return accept(deps, call, {
          run: { kind: 'offboarding', input: offboardInputOf(facts) },
          login: body.login,
          name,
          requestedBy: body.requestedBy,
          reason: body.reason,
          requestHash: offboardingHash(facts),
          takeover: body.ifOpen === 'takeover',
        });
      },
      replay: replayRun(deps),
    },
  ];
}

async function read({ store, now }: RequestDeps, call: Call): Promise<OffboardingFacts> {
  const faults = new Faults();
  const at = now();
  const body = faults.parse(offboardingRequest, call.body);
  const raw = call.body as { connection?: unknown; undoWindow?: unknown };
  const connection = await meantConnection(store.connections, call.key, raw.connection, faults);
  const zone = connection?.settings.timeZone ?? null;
  const times = readTimes(faults, call.body, OFFBOARDING_TIMES, { zone, now: at });
  const { suspendAt, deprovisionAt } = times;
  refuseLongPast(faults, 'suspendAt', suspendAt, at);
  requireEnd(faults, 'deprovisionAt', deprovisionAt, suspendAt, at);
  const from = suspendAt === undefined ? at : epochMs(suspendAt);
  const undoWindowMs =
    connection === null
      ? null
      : faults.take('undoWindow', readDuration(undoWindowOf(raw, connection), from));
  faults.throwIfAny();
  if (body === null || connection === null || undoWindowMs === null) {
    throw new Error('a request has no fault and no content');
  }
  requireVerified(connection);
  const subjectRef = store.subjectRef(body.login);
  const known = await store.runs.latest(connection.id, subjectRef);
  return {
    body,
    connection,
    times,
    undoWindowMs,
    subjectRef,
    name: known?.person.name ?? null,
    now: at,
  };
}
