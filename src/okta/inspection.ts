// Looks at the org of a connection as the doctor needs it: facts, no judgement (`domain/checks.ts`). Its
// token and its calls are its own, so neither the shared token nor the budget of running work is touched.
// Only GETs and token requests, unless probes are asked for.
import { randomUUID } from 'node:crypto';
import type { LookupFunction } from 'node:net';
import type { Dispatcher } from 'undici';
import { hostOf, orgOfAdminHost } from '../domain/okta-domain.js';
import { NOT_ASKED, type Sightings } from '../domain/sightings.js';
import { Caller } from './caller.js';
import { Clock } from './clock.js';
import { OktaError } from './errors.js';
import { lookAround, probe, type Org } from './inspection-calls.js';
import { CALL_MS, nameOf, orgAt } from './inspection-reach.js';
import { callableOrigin } from './origin.js';
import type { OktaCredentials } from './ports.js';
import { Prover } from './proof.js';
import { createSender, type SenderParts } from './sender.js';
import { TokenSource } from './token-source.js';
import { Seats } from './waiting.js';

export interface InspectionParts {
  dispatcher: Dispatcher;
  observe: SenderParts['observe'];
  allowLoopback: boolean;
  /** In place of the system's resolver. */
  lookup: LookupFunction | undefined;
}

export interface InspectionOptions {
  /** Also sends writes that Okta must refuse as invalid where they are allowed. */
  probe: boolean;
  signal?: AbortSignal;
}

/** Everything together; what is open then counts as not answered. */
const WHOLE_MS = 18_000;
const AT_ONCE = 4;

/**
 * Never fails for what Okta or the network do: that is what it is to see.
 *
 * @throws the reason of the caller's signal
 */
export async function inspect(
  parts: InspectionParts,
  credentials: OktaCredentials,
  { signal, probe }: InspectionOptions,
): Promise<Sightings> {
  const end = AbortSignal.timeout(WHOLE_MS);
  const either = signal === undefined ? end : AbortSignal.any([end, signal]);
  const seen = await sightingsOf(parts, credentials, probe, either);
  signal?.throwIfAborted();
  return seen;
}

async function sightingsOf(
  { dispatcher, observe, allowLoopback, lookup }: InspectionParts,
  credentials: OktaCredentials,
  withProbes: boolean,
  signal: AbortSignal,
): Promise<Sightings> {
  const { origin: stored, scopes, privateJwk } = credentials;
  const { kid } = privateJwk;
  const origin = callableOrigin(stored, allowLoopback);
  const seen: Sightings = {
    origin: stored,
    callable: origin !== null,
    scopes,
    kid: typeof kid === 'string' ? kid : null,
    name: NOT_ASKED,
    org: NOT_ASKED,
    clockAheadMs: null,
    token: NOT_ASKED,
    reads: {
      users: NOT_ASKED,
      groups: NOT_ASKED,
      impossibleUser: NOT_ASKED,
      impossibleGroup: NOT_ASKED,
      member: NOT_ASKED,
    },
    probes: null,
    limits: {},
  };
  if (origin === null || orgOfAdminHost(hostOf(origin)) !== null) return seen;

  seen.name = await nameOf(origin, lookup, signal);
  if (seen.name.kind === 'failed') return seen;
  Object.assign(seen, await orgAt(dispatcher, origin, signal));
  if (seen.org.kind !== 'org') return seen;

  const send = createSender({
    dispatcher,
    seats: new Seats(AT_ONCE),
    timeoutMs: CALL_MS,
    observe,
    acquire: () => Promise.resolve(0),
    learn: (bucket, { limit, remaining }) => {
      const before = seen.limits[bucket]?.remaining ?? remaining;
      seen.limits[bucket] = { limit, remaining: Math.min(before, remaining) };
      return Promise.resolve();
    },
  });
  const clock = new Clock();
  const tokens = new TokenSource({
    credentials: () => Promise.resolve(credentials),
    read: () => Promise.resolve(null),
    refresh: async (_stale, mint) => ({ ...(await mint()), generation: randomUUID() }),
    allowLoopback,
    send,
    clock,
    prover: new Prover(clock),
  });
  seen.token = await tokenFrom(tokens, signal);
  if (seen.token.kind !== 'granted') return seen;

  const org: Org = { caller: new Caller(tokens, send, new Prover(clock)), signal };
  seen.reads = await lookAround(org);
  if (withProbes) seen.probes = await probe(org);
  return seen;
}

async function tokenFrom(tokens: TokenSource, signal: AbortSignal): Promise<Sightings['token']> {
  try {
    const { token } = await tokens.verify(signal, true);
    return { kind: 'granted', scopes: [...token.scopes], bound: token.proofKey !== null };
  } catch (error) {
    if (!(error instanceof OktaError)) {
      if (!signal.aborted) throw error;
      return { kind: 'no-answer', detail: 'The inspection took too long.' };
    }
    if (error.code !== 'OKTA_AUTH_FAILED') return { kind: 'no-answer', detail: error.message };
    const { httpStatus, hint, oauthError } = error;
    const fault = error.fault ?? 'client-or-credentials';
    return httpStatus === null
      ? { kind: 'unusable', hint }
      : { kind: 'refused', error: oauthError, fault, status: httpStatus };
  }
}
