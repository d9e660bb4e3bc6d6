// Wires the parts of the Okta client together. Knows neither the database nor Temporal: what it needs
// of them comes in through `ports.ts`.
import type { LookupFunction } from 'node:net';
import type { Dispatcher } from 'undici';
import type { ConnectionId } from '../domain/brand.js';
import type { Sightings } from '../domain/sightings.js';
import { answerOf, Caller } from './caller.js';
import { createConnection } from './calls.js';
import { Clock } from './clock.js';
import type { Answer, CallOptions, OktaConnection } from './connection.js';
import { newAgent } from './exchange.js';
import { inspect, type InspectionOptions } from './inspection.js';
import { callable, mint } from './minting.js';
import { Prover } from './proof.js';
import { createSender, type SenderParts } from './sender.js';
import { TokenSource } from './token-source.js';
import { Seats } from './waiting.js';
import type { Bucket, OktaCredentials, RateGate, TokenCache } from './ports.js';

/** One request and its answer, for metrics: bounded words and numbers only. */
export interface ObservedCall {
  method: string;
  /** With the ids left out, `/api/v1/groups/{group}/users/{user}`. */
  path: string;
  bucket: Bucket;
  /** Null where no answer came. */
  status: number | null;
  durationMs: number;
  requestId: string | null;
}

export interface OktaClientOptions {
  /** What signs for a connection; null where there is no such connection. Asked at every mint. */
  credentials: (id: ConnectionId) => Promise<OktaCredentials | null>;
  tokens: TokenCache;
  gate: RateGate;
  /** For one request with its answer, default 20,000. */
  timeoutMs?: number;
  /** Requests at once to one connection, default 8. */
  maxConcurrent?: number;
  /**
   * Whether an org may be on this machine over plain http, where a simulator is; default false. Apart
   * from that, only public addresses are called, over https.
   */
  allowLoopback?: boolean;
  /** In place of the system's resolver. */
  lookup?: LookupFunction;
  /**
   * In place of a pool of our own, which `close` would end; this one stays open, and where it connects
   * to is its own affair.
   */
  dispatcher?: Dispatcher;
  observe?: (call: ObservedCall) => void;
}

export interface Inspector {
  /** What the org of a connection is like, for the doctor; null where there is no such connection. */
  inspect(id: ConnectionId, options: InspectionOptions): Promise<Sightings | null>;
}

export interface OktaClient {
  /** The same object every time. Whether there is such a connection shows at the first call. */
  connection(id: ConnectionId): OktaConnection;
  /**
   * Proves key, client id, domain and scopes by a token of their own, which is thrown away. Neither
   * the shared tokens nor the rate budget of a connection know of it.
   *
   * @throws OktaError as `OktaConnection.mintToken` does
   */
  prove(
    credentials: OktaCredentials,
    options?: CallOptions,
  ): Promise<Answer<{ scopes: string[]; tokenType: 'Bearer' | 'DPoP' }>>;
  /** Ends the sockets; calls under way fail. May be called twice. */
  close(): Promise<void>;
}

const TIMEOUT_MS = 20_000;
const MAX_CONCURRENT = 8;

export function createOktaClient(options: OktaClientOptions): OktaClient & Inspector {
  const { timeoutMs = TIMEOUT_MS, maxConcurrent = MAX_CONCURRENT, lookup } = options;
  const { allowLoopback = false } = options;
  const guard = { allowLoopback, lookup };
  const dispatcher = options.dispatcher ?? newAgent(maxConcurrent, timeoutMs, guard);
  const connections = new Map<ConnectionId, OktaConnection>();

  return {
    connection(id) {
      const known = connections.get(id);
      if (known !== undefined) return known;
      const made = connect(id, options, {
        dispatcher,
        seats: new Seats(maxConcurrent),
        timeoutMs,
      });
      connections.set(id, made);
      return made;
    },
    async prove(credentials, { signal } = {}) {
      const send = createSender({
        dispatcher,
        seats: new Seats(1),
        timeoutMs,
        acquire: () => Promise.resolve(0),
        learn: () => Promise.resolve(),
        observe: observerOf(options),
      });
      const clock = new Clock();
      const { token, answer } = await mint(
        { send: (call, to) => send(call, to, signal), clock, prover: new Prover(clock) },
        callable(credentials, allowLoopback),
        false,
      );
      const { scopes, proofKey } = token;
      return answerOf(answer, { scopes, tokenType: proofKey === null ? 'Bearer' : 'DPoP' });
    },
    async inspect(id, how) {
      const credentials = await options.credentials(id);
      if (credentials === null) return null;
      const observe = observerOf(options);
      return inspect({ dispatcher, allowLoopback, lookup, observe }, credentials, how);
    },
    async close() {
      if (options.dispatcher === undefined) await dispatcher.destroy();
    },
  };
}

function connect(
  id: ConnectionId,
  options: OktaClientOptions,
  parts: Pick<SenderParts, 'dispatcher' | 'seats' | 'timeoutMs'>,
): OktaConnection {
  const { credentials, tokens, gate, allowLoopback = false } = options;
  const send = createSender({
    ...parts,
    acquire: (bucket) => gate.acquire(id, bucket),
    learn: (bucket, sighting) => gate.learn(id, bucket, sighting),
    observe: observerOf(options),
  });
  const clock = new Clock();
  const source = new TokenSource({
    credentials: () => credentials(id),
    read: () => tokens.read(id),
    refresh: (stale, mint) => tokens.refresh(id, stale, mint),
    allowLoopback,
    send,
    clock,
    prover: new Prover(clock),
  });
  return createConnection(source, new Caller(source, send, new Prover(clock)));
}

function observerOf({ observe }: OktaClientOptions): SenderParts['observe'] {
  return ({ method, template, bucket }, status, durationMs, requestId) => {
    observe?.({ method, path: template, bucket, status, durationMs, requestId });
  };
}
