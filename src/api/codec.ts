// Temporal's codec protocol, decoding only: with a key for the `temporal` CLI and scripts, and in
// embedded mode under an unguessable path for the Web UI, which cannot send one. A page of any other
// origin, or one that reaches us under another host name, is refused there. Who asked is written down
// first: without that nothing is decoded.
import type { Payload } from '@temporalio/common';
import express, { type RequestHandler } from 'express';
import { z } from 'zod';
import type { Store } from '../store/store.js';
import type { AppDeps } from './deps.js';
import { parse } from './faults.js';
import { jsonBody, refuseOthers } from './http.js';
import { Problem } from './problem.js';
import type { Route } from './route.js';

/** A page of a workflow's history, not one request of a person. */
const BODY_LIMIT = 4 * 1024 * 1024;

const base64 = z.base64();
const payloads = z.object({
  payloads: z
    .array(
      z.object({
        metadata: z.record(z.string(), base64).nullish(),
        data: base64.nullish(),
      }),
    )
    .max(5_000),
});
type JsonPayload = z.infer<typeof payloads>['payloads'][number];

interface CodecDeps extends Pick<AppDeps, 'codecs'> {
  store: Pick<Store, 'decodes'>;
}

/** For keys of operators and admins that are not limited to connections: payloads do not say whose they are. */
export function codecRoutes(deps: CodecDeps): Route[] {
  return [
    {
      method: 'post',
      path: '/codec/decode',
      role: 'operator',
      everywhere: true,
      bodyLimit: BODY_LIMIT,
      handle: async (call) => ({ status: 200, body: await decode(deps, call.key.id, call.body) }),
    },
  ];
}

/** To be mounted under the unguessable path, which is then no part of the route's pattern. */
export function openCodec(deps: CodecDeps & Pick<AppDeps, 'temporalUiUrl'>): express.Router {
  const router = express.Router();
  const path = '/decode';
  const guard: RequestHandler = (req, res, next) => {
    const origin = req.get('origin');
    if (!isLoopbackHost(req.get('host')) || !isUiOrigin(origin, deps.temporalUiUrl)) {
      throw new Problem(
        403,
        'FORBIDDEN',
        'Not from here',
        'Only the Temporal Web UI may decode here',
      );
    }
    res.set({
      'Access-Control-Allow-Origin': origin,
      'Access-Control-Allow-Methods': 'POST, OPTIONS',
      'Access-Control-Allow-Headers': 'content-type, x-namespace, authorization',
      'Access-Control-Allow-Credentials': 'true',
      'Access-Control-Max-Age': '600',
      'Cache-Control': 'no-store',
      Vary: 'Origin',
    });
    next();
  };
  router.options(path, guard, (_req, res) => {
    res.status(204).end();
  });
  router.post(path, guard, ...jsonBody(BODY_LIMIT), async (req, res) => {
    res.json(await decode(deps, null, req.body));
  });
  refuseOthers(router, path, ['POST']);
  return router;
}

/** @param apiKeyId null: the Web UI. */
async function decode(
  { codecs, store }: CodecDeps,
  apiKeyId: string | null,
  body: unknown,
): Promise<{ payloads: JsonPayload[] }> {
  let decoded = parse(payloads, body).payloads.map(fromJson);
  await store.decodes.record(apiKeyId, decoded.length);
  try {
    // The last codec that encoded is the first that decodes.
    for (const codec of codecs.toReversed()) decoded = await codec.decode(decoded);
  } catch {
    throw new Problem(
      400,
      'UNDECODABLE',
      'A payload cannot be decoded',
      'A payload is damaged, or made with a key that is not in the key ring',
    );
  }
  return { payloads: decoded.map(toJson) };
}

function fromJson({ metadata, data }: JsonPayload): Payload {
  return {
    metadata: Object.fromEntries(
      Object.entries(metadata ?? {}).map(([name, value]) => [name, Buffer.from(value, 'base64')]),
    ),
    ...(data == null ? {} : { data: Buffer.from(data, 'base64') }),
  };
}

function toJson({ metadata, data }: Payload): JsonPayload {
  return {
    metadata: Object.fromEntries(
      Object.entries(metadata ?? {}).map(([name, value]) => [name, toBase64(value)]),
    ),
    ...(data == null ? {} : { data: toBase64(data) }),
  };
}

function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}

const LOOPBACK = /^(localhost|127\.0\.0\.1|\[::1\])$/;

function isLoopbackHost(host: string | undefined): boolean {
  return host !== undefined && LOOPBACK.test(host.replace(/:\d+$/, ''));
}

/** The Web UI's own origin; where that is on loopback, under any of its names. */
function isUiOrigin(origin: string | undefined, uiUrl: string | null): origin is string {
  if (origin === undefined || uiUrl === null || !URL.canParse(origin)) return false;
  const given = new URL(origin);
  const ui = new URL(uiUrl);
  if (given.origin === ui.origin) return true;
  return (
    LOOPBACK.test(ui.hostname) &&
    LOOPBACK.test(given.hostname) &&
    given.protocol === ui.protocol &&
    given.port === ui.port
  );
}
