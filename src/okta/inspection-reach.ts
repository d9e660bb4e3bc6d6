// The part of an inspection that needs no credentials: the host name, the connection, and who answers.
import { lookup as systemLookup } from 'node:dns';
import type { LookupFunction } from 'node:net';
import type { Dispatcher } from 'undici';
import { z } from 'zod';
import { hostOf } from '../domain/okta-domain.js';
import type { OrgSighting, Sightings } from '../domain/sightings.js';
import { parsed } from './error-body.js';
import { exchange, ExchangeError, type HttpAnswer } from './exchange.js';
import { serverTimeOf } from './headers.js';
import { orAbort } from './waiting.js';

/** For one question of an inspection. */
export const CALL_MS = 5_000;
const MAX_BYTES = 256 * 1024;

export async function nameOf(
  origin: string,
  lookup: LookupFunction | undefined,
  signal: AbortSignal,
): Promise<Sightings['name']> {
  const host = hostOf(origin);
  if (host === 'localhost' || /^\[|^[\d.]+$/.test(host)) return { kind: 'literal' };
  try {
    const within = AbortSignal.any([signal, AbortSignal.timeout(CALL_MS)]);
    return { kind: 'found', addresses: await orAbort(addressesOf(host, lookup), within) };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : null;
    return { kind: 'failed', code: typeof code === 'string' ? code : 'ETIMEOUT' };
  }
}

function addressesOf(host: string, lookup: LookupFunction = systemLookup): Promise<number> {
  return new Promise((resolve, reject) => {
    lookup(host, { all: true }, (error, found) => {
      if (error === null) resolve(typeof found === 'string' ? 1 : found.length);
      else reject(error);
    });
  });
}

const organization = z.object({
  id: z.string().regex(/^00o\w{1,30}$/),
  cell: z.string().nullish(),
});

/** Who is there, without any credentials, and what time it is there. */
export async function orgAt(
  dispatcher: Dispatcher,
  origin: string,
  signal: AbortSignal,
): Promise<Pick<Sightings, 'org' | 'clockAheadMs'>> {
  const request = {
    origin,
    method: 'GET',
    path: '/.well-known/okta-organization',
    headers: { accept: 'application/json', 'user-agent': 'tenure' },
  } as const;
  const limits = { timeoutMs: CALL_MS, maxBytes: MAX_BYTES };
  try {
    const sentAt = Date.now();
    const answer = await exchange(dispatcher, request, limits, signal);
    const theirs = serverTimeOf(answer.headers);
    const ours = (sentAt + Date.now()) / 2;
    // `Date` has whole seconds: on average half of one has passed.
    const clockAheadMs = theirs === null ? null : Math.round(theirs + 500 - ours);
    return { org: organizationOf(answer), clockAheadMs };
  } catch (error) {
    return { org: unreachable(error), clockAheadMs: null };
  }
}

function organizationOf({ status, body }: HttpAnswer): OrgSighting {
  const said = status === 200 ? organization.safeParse(parsed(body)) : null;
  return said?.success === true
    ? { kind: 'org', id: said.data.id, cell: said.data.cell ?? null }
    : { kind: 'other', status };
}

function unreachable(error: unknown): OrgSighting {
  return error instanceof ExchangeError
    ? { kind: 'unreachable', reason: error.reason, code: error.networkCode }
    : { kind: 'unreachable', reason: 'timeout', code: null };
}
