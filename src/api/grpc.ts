// What a gRPC failure says about the request: whether it can have reached the server. The client's
// own retries are limited to what was surely never sent, so that the last error tells the truth.
import {
  isGrpcServiceError,
  makeGrpcRetryInterceptor,
  type ConnectionOptions,
} from '@temporalio/client';

// Names of gRPC status codes by number (grpc/doc/statuscodes.md).
const INVALID_ARGUMENT = 3;
const DEADLINE_EXCEEDED = 4;
const NOT_FOUND = 5;
const PERMISSION_DENIED = 7;
const RESOURCE_EXHAUSTED = 8;
const FAILED_PRECONDITION = 9;
const UNIMPLEMENTED = 12;
const UNAVAILABLE = 14;
const UNAUTHENTICATED = 16;

/** The server has looked at the request and refused it. */
const REFUSED = [
  INVALID_ARGUMENT,
  NOT_FOUND,
  PERMISSION_DENIED,
  RESOURCE_EXHAUSTED,
  FAILED_PRECONDITION,
  UNIMPLEMENTED,
  UNAUTHENTICATED,
];

/** The gRPC status of an error or of the one that it wraps; null where there is none. */
export function grpcStatus(error: unknown): { code: number; details: string } | null {
  const found = isGrpcServiceError(error) ? error : error instanceof Error ? error.cause : null;
  return isGrpcServiceError(found) ? { code: found.code, details: found.details } : null;
}

/** True where the server never got the request, or refused it: nothing came of it and nothing will. */
export function isSurelyUnsent(error: unknown): boolean {
  const status = grpcStatus(error);
  return status !== null && (REFUSED.includes(status.code) || neverLeft(status));
}

// grpc-js 1.x: a call that found no connection says so; one that was still looking for a connection
// at its deadline says that, and names no `remote_addr` (load-balancing-call.ts, subchannel-call.ts).
function neverLeft({ code, details }: { code: number; details: string }): boolean {
  if (code === UNAVAILABLE) {
    return /No connection established|Name resolution failed/i.test(details);
  }
  return (
    code === DEADLINE_EXCEEDED &&
    /Waiting for LB pick|waiting for name resolution/.test(details) &&
    !/remote_addr=|previous attempts/.test(details)
  );
}

/**
 * Options of a lazy connection that the API can live with: found again within two seconds after
 * Temporal is back (gRPC's default pause grows to two minutes), retried only where nothing was sent.
 */
export const CONNECTION_OPTIONS: Pick<ConnectionOptions, 'channelArgs' | 'interceptors'> = {
  channelArgs: {
    'grpc.initial_reconnect_backoff_ms': 200,
    'grpc.min_reconnect_backoff_ms': 200,
    'grpc.max_reconnect_backoff_ms': 2_000,
  },
  interceptors: [
    makeGrpcRetryInterceptor({
      retryableDecider: (attempt, status) => attempt < 3 && neverLeft(status),
      delayFunction: (attempt) => 50 * 2 ** attempt,
    }),
  ],
};
