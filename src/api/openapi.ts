// The description of the API, made of the very schemas that requests are checked with.
import { OpenAPIRegistry, OpenApiGeneratorV31 } from '@asteasolutions/zod-to-openapi';
import { z } from 'zod';
import {
  cancelRequest,
  expediteRequest,
  rescheduleRequest,
  resolveRequest,
} from '../domain/action.schema.js';
import { problemAnswer, runAnswer } from '../domain/answer.schema.js';
import { apiKeyAnswer, apiKeyRequest } from '../domain/api-key.schema.js';
import { offboardingRequest } from '../domain/offboarding.schema.js';
import { onboardingRequest } from '../domain/onboarding.schema.js';
import { runQuery } from '../domain/query.schema.js';
import { connectionPaths } from './openapi-connections.js';

type Document = ReturnType<OpenApiGeneratorV31['generateDocument']>;
type RouteConfig = Parameters<OpenAPIRegistry['registerPath']>[0];

const DESCRIPTION = `Durable onboarding and offboarding in Okta.

Errors are \`application/problem+json\` with a stable \`code\`; invalid input lists every fault in \`errors\`.
Times are RFC 3339 instants or wall-clock times with a zone, \`2027-03-31T17:00[Europe/Berlin]\`.
Every POST takes an \`Idempotency-Key\`: the same key and body within 24 hours give the same answer.`;

/** OpenAPI 3.1; `publicUrl` is the server that it names. */
export function openApiDocument(publicUrl: string): Document {
  const registry = new OpenAPIRegistry();
  registry.registerComponent('securitySchemes', 'apiKey', {
    type: 'http',
    scheme: 'bearer',
    description: 'An API key, as POST /v1/api-keys gives it.',
  });
  const connections = connectionPaths({ answers, body, problems, once });
  for (const path of [...requests(), ...runs(), ...connections, ...rest(), ...operations()]) {
    registry.registerPath(path);
  }
  return new OpenApiGeneratorV31(registry.definitions).generateDocument({
    openapi: '3.1.0',
    info: { title: 'Tenure', version: '1', description: DESCRIPTION },
    servers: [{ url: publicUrl }],
    security: [{ apiKey: [] }],
    tags: [
      { name: 'Requests', description: 'Hire and leave' },
      { name: 'Runs', description: 'What became of them, and how to steer them' },
      { name: 'Set-up' },
      { name: 'Operation' },
    ],
  });
}

const TITLES: Record<number, string> = {
  400: 'Invalid, every fault listed',
  401: 'No or an unknown API key',
  403: 'The key may not do this',
  404: 'Unknown, or not visible with this key',
  409: 'Not possible as things stand',
  413: 'More than 256 kB',
  415: 'Not JSON',
  422: 'The Idempotency-Key came with another body before',
  503: 'Temporal or the database cannot be reached; see Retry-After',
};

const requestIdHeader = {
  'X-Request-Id': {
    description: 'Names this request in logs; taken from the request where sane.',
    schema: { type: 'string' as const },
  },
};

function problems(...statuses: number[]): RouteConfig['responses'] {
  return Object.fromEntries(
    statuses.map((status) => [
      status,
      {
        description: TITLES[status] ?? 'A problem',
        headers: requestIdHeader,
        content: { 'application/problem+json': { schema: problemAnswer } },
      },
    ]),
  );
}

const READ = [401, 403, 404, 503];
const WRITE = [400, 401, 403, 404, 409, 413, 415, 422, 503];

function answers(description: string, schema: z.ZodType) {
  return {
    description,
    headers: requestIdHeader,
    content: { 'application/json': { schema } },
  };
}

function body(schema: z.ZodType) {
  return { content: { 'application/json': { schema } } };
}

const once = z.object({
  'Idempotency-Key': z.string().min(1).max(255).optional().meta({ example: 'hire-1815' }),
});
const runId = z.object({
  id: z.string().meta({
    description: 'A run, or `<connection>.<subjectRef>` for the latest of that person.',
  }),
});

function requests(): RouteConfig[] {
  const responses = {
    202: answers('Accepted and started', runAnswer),
    200: answers('The same request again: its run', runAnswer),
    ...problems(...WRITE),
  };
  return [
    {
      method: 'post',
      path: '/v1/onboardings',
      tags: ['Requests'],
      summary: 'Onboard a person',
      request: { headers: once, body: { ...body(onboardingRequest), required: true } },
      responses,
    },
    {
      method: 'post',
      path: '/v1/offboardings',
      tags: ['Requests'],
      summary: 'Offboard a person',
      request: { headers: once, body: { ...body(offboardingRequest), required: true } },
      responses,
    },
  ];
}

function runs(): RouteConfig[] {
  const steer = (name: string, summary: string, schema: z.ZodType): RouteConfig => ({
    method: 'post',
    path: `/v1/runs/{id}/${name}`,
    tags: ['Runs'],
    summary,
    request: { params: runId, headers: once, body: body(schema) },
    responses: {
      200: answers('Done; the run as it stands now', runAnswer),
      202: answers('Accepted, not confirmed: no worker has answered yet', runAnswer),
      ...problems(...WRITE),
    },
  });
  return [
    {
      method: 'get',
      path: '/v1/runs',
      tags: ['Runs'],
      summary: 'Runs, newest first',
      request: { query: runQuery },
      responses: {
        200: answers(
          'A page of runs, without their steps',
          z.object({ items: z.array(runAnswer), nextCursor: z.string().optional() }),
        ),
        ...problems(400, ...READ),
      },
    },
    {
      method: 'get',
      path: '/v1/runs/{id}',
      tags: ['Runs'],
      summary: 'One run',
      request: { params: runId },
      responses: { 200: answers('The run', runAnswer), ...problems(...READ) },
    },
    steer('cancel', 'Cancel, and take back what was done', cancelRequest),
    steer('reschedule', 'Move a deadline', rescheduleRequest),
    steer('expedite', 'Do now what is waited for', expediteRequest),
    steer('resolve', 'Decide about a parked run', resolveRequest),
  ];
}

function rest(): RouteConfig[] {
  const id = z.object({ id: z.string() });
  return [
    {
      method: 'get',
      path: '/v1/api-keys',
      tags: ['Set-up'],
      summary: 'API keys, without the keys themselves',
      responses: {
        200: answers('All keys', z.object({ items: z.array(apiKeyAnswer) })),
        ...problems(400, 401, 403, 503),
      },
    },
    {
      method: 'post',
      path: '/v1/api-keys',
      tags: ['Set-up'],
      summary: 'Make an API key',
      request: { headers: once, body: { ...body(apiKeyRequest), required: true } },
      responses: {
        201: answers('The key, shown this once', apiKeyAnswer),
        ...problems(400, 401, 403, 409, 413, 415, 422, 503),
      },
    },
    {
      method: 'delete',
      path: '/v1/api-keys/{id}',
      tags: ['Set-up'],
      summary: 'Delete an API key',
      request: { params: id },
      responses: { 204: { description: 'Gone' }, ...problems(401, 403, 404, 409, 503) },
    },
  ];
}

function operations(): RouteConfig[] {
  const payloads = z
    .object({
      payloads: z.array(
        z.object({
          metadata: z.record(z.string(), z.string()).optional(),
          data: z.string().optional(),
        }),
      ),
    })
    .meta({ id: 'Payloads' });
  const ready = z.object({
    status: z.string(),
    parts: z.object({
      database: z.string(),
      temporal: z.string(),
      setup: z.string(),
      worker: z.string(),
    }),
  });
  const open = { tags: ['Operation'], security: [] };
  return [
    {
      method: 'post',
      path: '/codec/decode',
      tags: ['Operation'],
      summary: "Temporal's codec protocol: decode payloads",
      request: { body: { ...body(payloads), required: true } },
      responses: {
        200: answers('The payloads in clear', payloads),
        ...problems(400, 401, 403, 413, 415, 503),
      },
    },
    {
      ...open,
      method: 'get',
      path: '/healthz',
      summary: 'The process is there',
      responses: { 200: answers('Always', z.object({ status: z.literal('ok') })) },
    },
    {
      ...open,
      method: 'get',
      path: '/readyz',
      summary: 'It can do its work',
      responses: {
        200: answers('Ready, or degraded: requests are taken, and no worker polls', ready),
        503: answers('Not ready, and why', ready),
      },
    },
    {
      method: 'get',
      path: '/metrics',
      tags: ['Operation'],
      summary: 'Prometheus metrics',
      responses: {
        200: { description: 'Metrics', content: { 'text/plain': { schema: z.string() } } },
        ...problems(401, 503),
      },
    },
  ];
}
