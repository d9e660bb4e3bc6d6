// How runs, connections and problems are shown. The views are built to these types, and the API's
// description is made of them.
import { z } from 'zod';
import { CONNECTION_STATUSES } from './connection.js';
import { fault } from './fault.schema.js';
import {
  DECISIONS,
  PROBLEM_CODES,
  RUN_ACTIONS,
  RUN_KINDS,
  RUN_OUTCOMES,
  RUN_PHASES,
  STEP_STATUSES,
  WAITING_FOR,
} from './run.js';

const instant = z.string().meta({ format: 'date-time' });

const timeAnswer = z
  .object({
    at: instant,
    local: z.string().optional().meta({ example: '2027-03-31T17:00[Europe/Berlin]' }),
    metAt: instant.optional().meta({ description: 'When it was done.' }),
    lateMs: z.number().optional().meta({ description: 'How much later than asked.' }),
  })
  .meta({ id: 'Time' });

const stepAnswer = z
  .object({
    name: z.string(),
    status: z.enum(STEP_STATUSES),
    startedAt: instant.nullable(),
    finishedAt: instant.nullable(),
    attempts: z.number(),
    oktaRequestIds: z.array(z.string()),
    detail: z.string().nullable(),
  })
  .meta({ id: 'Step' });

export const runAnswer = z
  .object({
    id: z.string().meta({ example: 'demo.3f9c0d2a7be41c55.01990000-0000-7000-8000-000000000000' }),
    kind: z.enum(RUN_KINDS),
    connection: z.string(),
    phase: z.enum(RUN_PHASES),
    outcome: z.enum(RUN_OUTCOMES).nullable(),
    previous: z.string().nullable(),
    next: z.string().nullable(),
    continuesAs: z.string().nullable().meta({
      description: 'Its own contract end: cancel and reschedule pass on to it.',
    }),
    supersededBy: z.string().nullable().meta({
      description: 'The run that has taken its place; nothing passes on to it.',
    }),
    request: z.record(z.string(), z.unknown()).nullable().optional().meta({
      description: 'What was asked for, where the run is shown by itself.',
    }),
    person: z.object({
      login: z.string(),
      name: z.string().nullable(),
      oktaUserId: z.string().nullable(),
    }),
    requestedBy: z.string().nullable(),
    reason: z.string().nullable(),
    batch: z.string().nullable(),
    actor: z.string().nullable().meta({ example: 'key:01990000' }),
    createdAt: instant,
    updatedAt: instant,
    finishedAt: instant.nullable(),
    deadlines: z.object({
      startAt: timeAnswer.optional(),
      endsAt: timeAnswer.optional(),
      suspendAt: timeAnswer.optional(),
      deprovisionAt: timeAnswer.optional(),
      undoUntil: timeAnswer.optional(),
    }),
    waiting: z.object({ for: z.enum(WAITING_FOR), until: instant.optional() }).nullable(),
    steps: z.array(stepAnswer),
    problem: z
      .object({
        code: z.enum(PROBLEM_CODES),
        title: z.string(),
        detail: z.string(),
        actions: z.array(z.enum(DECISIONS)),
      })
      .nullable(),
    drift: z.array(z.unknown()),
    actions: z.array(z.enum(RUN_ACTIONS)),
    temporal: z.object({
      workflowId: z.string(),
      runId: z.string().nullable(),
      status: z.string().nullable().meta({ description: 'Null where Temporal was not asked.' }),
      url: z.string().nullable(),
    }),
    confirmed: z.literal(false).optional().meta({
      description: 'Accepted, but no worker has confirmed it yet.',
    }),
  })
  .meta({ id: 'Run' });
export type RunAnswer = z.infer<typeof runAnswer>;

const connectionProblem = z.object({
  code: z.string(),
  title: z.string(),
  detail: z.string(),
  since: instant,
  step: z.string().optional(),
});
const publicJwk = z.record(z.string(), z.unknown());

export const connectionAnswer = z
  .object({
    id: z.string(),
    name: z.string().nullable(),
    domain: z.string(),
    customDomain: z.boolean().meta({ description: 'Whether it is none of Okta’s own.' }),
    clientId: z.string(),
    scopes: z.array(z.string()),
    status: z.enum(CONNECTION_STATUSES),
    problem: connectionProblem.nullable(),
    publicJwk: publicJwk.meta({ description: 'What to register with the app in Okta.' }),
    nextPublicJwk: publicJwk.nullable().meta({
      description: 'To be registered, too: it signs as soon as Okta takes it.',
    }),
    nextKey: z
      .object({ kid: z.string(), since: instant, problem: connectionProblem.nullable() })
      .nullable()
      .meta({ description: 'Since when the next key waits, and why Okta did not take it last.' }),
    jwksUrl: z.string().meta({ description: 'Where Okta may read the public keys.' }),
    settings: z.object({
      timeZone: z.string().nullable(),
      undoWindow: z.string(),
      onExisting: z.string(),
      whenNotSuspendable: z.string(),
    }),
    createdAt: instant,
    corrections: z.array(z.string()).optional().meta({
      description: 'What was corrected or assumed in what was sent.',
    }),
  })
  .meta({ id: 'Connection' });
export type ConnectionAnswer = z.infer<typeof connectionAnswer>;

export const keySetAnswer = z.object({ keys: z.array(publicJwk) }).meta({ id: 'KeySet' });

export const problemAnswer = z
  .object({
    type: z.string().meta({ example: 'urn:tenure:problem:run-open' }),
    title: z.string(),
    status: z.number(),
    detail: z.string(),
    code: z.string().meta({ example: 'RUN_OPEN' }),
    requestId: z.string(),
    errors: z.array(fault).optional(),
    run: z
      .object({
        id: z.string(),
        kind: z.enum(RUN_KINDS),
        phase: z.enum(RUN_PHASES),
        login: z.string(),
        since: instant,
        actions: z.array(z.enum(RUN_ACTIONS)),
      })
      .optional()
      .meta({ description: 'The run that is in the way (RUN_OPEN), or that was asked.' }),
    actions: z.array(z.enum(RUN_ACTIONS)).optional().meta({ description: 'What is possible.' }),
  })
  .meta({ id: 'Problem' });
export type ProblemAnswer = z.infer<typeof problemAnswer>;
