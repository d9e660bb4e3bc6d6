// The body of POST /v1/offboardings.
import { z } from 'zod';
import { always } from './fault.schema.js';
import { connectionId, duration, login, requester, time } from './fields.schema.js';

export const offboardingRequest = z
  .strictObject({
    connection: connectionId.optional(),
    login,
    suspendAt: time.optional().meta({
      description:
        'The last day; now where left out or up to 15 minutes past. Further back is `TIME_PAST`.',
    }),
    deprovisionAt: time.optional().meta({
      description:
        'When the account is deactivated, which cannot be undone. Not with `undoWindow`.',
    }),
    undoWindow: duration.optional().meta({
      description:
        "How long the suspension can be undone; default from the connection's settings. Not with `deprovisionAt`.",
    }),
    removeGroups: z
      .union([z.literal(false), z.enum(['direct', 'all'])], {
        error: 'One of false, "direct" and "all"',
      })
      .optional(),
    revokeSessions: z.boolean().optional().meta({
      description: 'Left out: where the role of the connection allows it.',
    }),
    whenNotSuspendable: z.enum(['park', 'deactivate']).optional(),
    ifOpen: z.enum(['refuse', 'takeover']).optional().meta({
      description: '`takeover`: an open run of that person becomes this offboarding.',
    }),
    ...requester,
  })
  .refine(
    (body) => body.deprovisionAt === undefined || body.undoWindow === undefined,
    always('CONFLICTING_FIELDS', 'Give deprovisionAt or undoWindow, not both', ['undoWindow']),
  )
  .meta({
    id: 'OffboardingRequest',
    example: {
      connection: 'demo',
      login: 'ada@example.com',
      suspendAt: '2027-03-31T17:00[Europe/Berlin]',
      undoWindow: 'P14D',
      reason: 'last day',
    },
  });
export type OffboardingRequest = z.infer<typeof offboardingRequest>;
