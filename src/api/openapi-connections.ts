// The part of the API's description that is about connections, their keys and access profiles.
import type { OpenAPIRegistry } from '@asteasolutions/zod-to-openapi';
import { z } from 'zod';
import { accessProfileAnswer, accessProfileRequest } from '../domain/access-profile.schema.js';
import { connectionAnswer, keySetAnswer } from '../domain/answer.schema.js';
import { groupsAnswer, groupsQuery, verifyAnswer, verifyQuery } from '../domain/check.schema.js';
import { connectionChange, connectionRequest, keyRequest } from '../domain/connection.schema.js';

type RouteConfig = Parameters<OpenAPIRegistry['registerPath']>[0];
type Content = { content: Record<string, { schema: z.ZodType }> };

/** What every part of the description is made with. */
export interface Words {
  answers: (description: string, schema: z.ZodType) => Content & { description: string };
  body: (schema: z.ZodType) => Content;
  problems: (...statuses: number[]) => RouteConfig['responses'];
  once: z.ZodObject;
}

const READ = [401, 403, 404, 503];
const CHANGE = [400, 401, 403, 404, 409, 413, 415, 503];

export function connectionPaths({ answers, body, problems, once }: Words): RouteConfig[] {
  const one = '/v1/connections/{id}';
  const id = z.object({ id: z.string().meta({ example: 'acme' }) });
  const named = id.extend({ name: z.string().meta({ example: 'engineer' }) });
  const tags = ['Set-up'];
  const needed = (schema: z.ZodType) => ({ ...body(schema), required: true });

  return [
    {
      method: 'get',
      path: '/v1/connections',
      tags,
      summary: 'The Okta orgs that Tenure may act in',
      responses: {
        200: answers('All that the key may see', z.object({ items: z.array(connectionAnswer) })),
        ...problems(400, 401, 403, 503),
      },
    },
    {
      method: 'post',
      path: '/v1/connections',
      tags,
      summary: 'Connect an Okta org',
      description: 'It is unverified at first, and is being verified from then on.',
      request: { headers: once, body: needed(connectionRequest) },
      responses: {
        201: answers('The connection', connectionAnswer),
        ...problems(400, 401, 403, 409, 413, 415, 422, 503),
      },
    },
    {
      method: 'get',
      path: one,
      tags,
      summary: 'One connection',
      request: { params: id },
      responses: { 200: answers('The connection', connectionAnswer), ...problems(...READ) },
    },
    {
      method: 'patch',
      path: one,
      tags,
      summary: 'Change a connection',
      description:
        'With another domain, client or key, or other scopes, it is unverified again; a blocked one stays blocked and is tried out at once.',
      request: { params: id, body: needed(connectionChange) },
      responses: { 200: answers('The connection', connectionAnswer), ...problems(...CHANGE) },
    },
    {
      method: 'delete',
      path: one,
      tags,
      summary: 'Forget a connection',
      description:
        'Its keys, token, rate budget and access profiles go; runs and ledger stay. Not with open runs.',
      request: { params: id },
      responses: { 204: { description: 'Gone' }, ...problems(...READ, 409) },
    },
    {
      method: 'post',
      path: `${one}/keys`,
      tags,
      summary: 'Change to a new key pair',
      description:
        'The old key signs until Okta takes the new one, which is tried until then; both are published meanwhile.',
      request: { params: id, headers: once, body: needed(keyRequest) },
      responses: {
        202: answers('The connection with `nextPublicJwk`, to be registered', connectionAnswer),
        ...problems(...CHANGE, 422),
      },
    },
    {
      method: 'post',
      path: `${one}/verify`,
      tags,
      summary: 'Check the set-up in Okta, and say what mends it',
      request: { params: id, query: verifyQuery },
      responses: { 200: answers('What was found', verifyAnswer), ...problems(400, ...READ) },
    },
    {
      method: 'get',
      path: `${one}/groups`,
      tags,
      summary: 'Groups in Okta, the first 200',
      request: { params: id, query: groupsQuery },
      responses: { 200: answers('Groups', groupsAnswer), ...problems(400, 409, ...READ) },
    },
    {
      method: 'get',
      path: `${one}/access-profiles`,
      tags,
      summary: 'What jobs bring with them',
      request: { params: id },
      responses: {
        200: answers('All of them', z.object({ items: z.array(accessProfileAnswer) })),
        ...problems(400, ...READ),
      },
    },
    {
      method: 'get',
      path: `${one}/access-profiles/{name}`,
      tags,
      summary: 'One access profile',
      request: { params: named },
      responses: { 200: answers('The profile', accessProfileAnswer), ...problems(...READ) },
    },
    {
      method: 'put',
      path: `${one}/access-profiles/{name}`,
      tags,
      summary: 'Make or replace an access profile',
      request: { params: named, body: needed(accessProfileRequest) },
      responses: {
        200: answers('Replaced', accessProfileAnswer),
        201: answers('Made', accessProfileAnswer),
        ...problems(400, 401, 403, 404, 413, 415, 503),
      },
    },
    {
      method: 'delete',
      path: `${one}/access-profiles/{name}`,
      tags,
      summary: 'Delete an access profile',
      request: { params: named },
      responses: { 204: { description: 'Gone' }, ...problems(...READ) },
    },
    {
      method: 'get',
      path: '/.well-known/jwks/{connectionId}.json',
      tags,
      security: [],
      summary: 'The public keys of a connection',
      request: { params: z.object({ connectionId: z.string().meta({ example: 'acme' }) }) },
      responses: { 200: answers('A key set', keySetAnswer), ...problems(404, 503) },
    },
  ];
}
