// POST /v1/runs/{id}/cancel, /reschedule, /expedite, /resolve
import type { z } from 'zod';
import {
  cancelRequest,
  expediteRequest,
  RESCHEDULABLE,
  rescheduleRequest,
  resolveRequest,
} from '../../domain/action.schema.js';
import type { Reschedule } from '../../contract/messages.js';
import type { RunRecord } from '../../domain/run.js';
import { Faults, parse } from '../faults.js';
import type { Answer, Call, Route } from '../route.js';
import { readTimes, refuseLongPast, requireAhead, requireOrder } from '../request-times.js';
import type { RunActions, Wanted } from '../run-actions.js';
import { replayRun, shown, type RequestDeps } from './accept.js';

export type ActionDeps = RequestDeps & { actions: RunActions };

export function actionRoutes(deps: ActionDeps): Route[] {
  return [
    action(deps, 'cancel', cancelRequest, () => ({ action: 'cancel' })),
    {
      ...routeOf(deps, 'reschedule'),
      handle: async (call) => {
        const run = await found(deps, call);
        const { body, changes } = await readReschedule(deps, call, run);
        return act(deps, call, run, { action: 'reschedule', changes }, body);
      },
    },
    action(deps, 'expedite', expediteRequest, ({ what }) => ({ action: 'expedite', what })),
    action(deps, 'resolve', resolveRequest, ({ decision }) => ({ action: 'resolve', decision })),
  ];
}

interface Requester {
  requestedBy?: string | undefined;
  reason?: string | undefined;
}

function action<T extends Requester>(
  deps: ActionDeps,
  name: string,
  schema: z.ZodType<T>,
  wanted: (body: T) => Wanted,
): Route {
  return {
    ...routeOf(deps, name),
    handle: async (call) => {
      const run = await found(deps, call);
      const body = parse(schema, call.body);
      return act(deps, call, run, wanted(body), body);
    },
  };
}

function routeOf(deps: ActionDeps, name: string): Omit<Route, 'handle'> {
  return {
    method: 'post',
    path: `/v1/runs/:id/${name}`,
    role: 'operator',
    replay: replayRun(deps),
  };
}

function found({ reader }: ActionDeps, call: Call): Promise<RunRecord> {
  return reader.find(call.key, call.params['id'] ?? '');
}

async function act(
  deps: ActionDeps,
  call: Call,
  run: RunRecord,
  wanted: Wanted,
  { requestedBy, reason }: Requester,
): Promise<Answer> {
  const target = await deps.actions.target(run, wanted);
  const done = await deps.actions.act(target.run, target.wanted, {
    key: call.key,
    actionId: call.actionId,
    requestedBy: requestedBy ?? null,
    reason: reason ?? null,
  });
  const { body, headers } = shown(await deps.reader.show(done.run));
  return done.confirmed
    ? { status: 200, resource: done.run.id, body, headers }
    : { status: 202, resource: done.run.id, body: { ...body, confirmed: false }, headers };
}

/** How what waits for a deadline is had now: leaving the deadline out of a reschedule leaves it as it is. */
const AT_ONCE = {
  startAt: 'for now, expedite the run with "what": "start"',
  suspendAt: 'for now, expedite the run with "what": "suspend"',
  deprovisionAt: 'for now, expedite the run with "what": "deprovision"',
  endsAt: 'to end it now, offboard the person with "ifOpen": "takeover"',
} as const satisfies Record<(typeof RESCHEDULABLE)[number], string>;

/** The new times, judged by the clock and together with those that stay. */
async function readReschedule({ store, now }: ActionDeps, call: Call, run: RunRecord) {
  const faults = new Faults();
  const body = faults.parse(rescheduleRequest, call.body);
  const connection = await store.connections.get(run.connection);
  const zone = connection?.settings.timeZone ?? null;
  const at = now();
  const changes: Reschedule['changes'] = readTimes(faults, call.body, RESCHEDULABLE, {
    zone,
    now: at,
  });
  for (const name of ['startAt', 'suspendAt'] as const) {
    refuseLongPast(faults, name, changes[name], at, AT_ONCE[name]);
  }
  for (const name of ['endsAt', 'deprovisionAt'] as const) {
    requireAhead(faults, name, changes[name], at, ['TIME_PAST', AT_ONCE[name]]);
  }
  const { startAt, endsAt, suspendAt, deprovisionAt } = { ...run.deadlines, ...changes };
  if (changes.endsAt !== undefined) requireOrder(faults, 'endsAt', endsAt, startAt);
  else if (changes.startAt !== undefined) requireOrder(faults, 'startAt', endsAt, startAt);
  if (changes.deprovisionAt !== undefined) {
    requireOrder(faults, 'deprovisionAt', deprovisionAt, suspendAt);
  } else if (changes.suspendAt !== undefined) {
    requireOrder(faults, 'suspendAt', deprovisionAt, suspendAt);
  }
  faults.throwIfAny();
  if (body === null) throw new Error('a request has no fault and no content');
  return { body, changes };
}
