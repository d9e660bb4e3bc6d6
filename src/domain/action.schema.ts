// The bodies of what can be asked of a run: cancel, reschedule, expedite, resolve.
import { z } from 'zod';
import { always } from './fault.schema.js';
import { requester, time } from './fields.schema.js';
import { DECISIONS } from './run.js';

export const RESCHEDULABLE = ['startAt', 'endsAt', 'suspendAt', 'deprovisionAt'] as const;

const START = 'Up to 15 minutes past means now; further back is `TIME_PAST`.';
const END = 'Must lie ahead.';

export const cancelRequest = z.strictObject(requester).meta({ id: 'CancelRequest' });

export const rescheduleRequest = z
  .strictObject({
    startAt: time.optional().meta({ description: START }),
    endsAt: time.optional().meta({ description: END }),
    suspendAt: time.optional().meta({ description: START }),
    deprovisionAt: time.optional().meta({ description: END }),
    ...requester,
  })
  .refine(
    (body) => RESCHEDULABLE.some((name) => body[name] !== undefined),
    always('REQUIRED', `Give one of ${RESCHEDULABLE.join(', ')}`, []),
  )
  .meta({ id: 'RescheduleRequest', example: { suspendAt: '2027-04-30T17:00[Europe/Berlin]' } });

export const expediteRequest = z
  .strictObject({ what: z.enum(['start', 'suspend', 'deprovision']), ...requester })
  .meta({ id: 'ExpediteRequest', example: { what: 'suspend' } });

export const resolveRequest = z
  .strictObject({ decision: z.enum(DECISIONS), ...requester })
  .meta({ id: 'ResolveRequest', example: { decision: 'retry' } });
