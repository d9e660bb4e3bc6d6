// What Temporal must know before runs can start: our search attributes, and to keep what is over for
// thirty days. Repeatable; where the server does not let us, the operator has done it or must.
import type { Connection } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';
import proto from '@temporalio/proto';
import { SEARCH_ATTRIBUTES } from '../contract/search-attributes.js';
import type { Logger } from '../observability/logger.js';
import { grpcStatus } from './grpc.js';

const { IndexedValueType } = proto.temporal.api.enums.v1;
const RETENTION_MS = 30 * 24 * 3_600_000;
const CALL_MS = 10_000;

// gRPC status codes.
const ALREADY_EXISTS = 6;
/** PERMISSION_DENIED, UNIMPLEMENTED, UNAUTHENTICATED: as Temporal Cloud answers here. */
const NOT_OURS_TO_DO = [7, 12, 16];

/** @throws gRPC errors: try again later. */
export async function registerSearchAttributes(
  connection: Connection,
  namespace: string,
  log: Logger,
): Promise<void> {
  await unlessNotOurs('search-attributes', log, () =>
    within(connection, async () => {
      const { customAttributes } = await connection.operatorService.listSearchAttributes({
        namespace,
      });
      const missing = SEARCH_ATTRIBUTES.filter(({ name }) => !(name in customAttributes));
      if (missing.length === 0) return;
      await connection.operatorService.addSearchAttributes({
        namespace,
        searchAttributes: Object.fromEntries(
          missing.map(({ name, type }) => [name, IndexedValueType[`INDEXED_VALUE_TYPE_${type}`]]),
        ),
      });
      log.info({ event: 'temporal.search-attributes.added', count: missing.length });
    }).catch((error: unknown) => {
      // Somebody else was faster.
      if (grpcStatus(error)?.code !== ALREADY_EXISTS) throw error;
    }),
  );
}

/** Raises the namespace's retention to thirty days; a longer one stays. */
export async function raiseRetention(
  connection: Connection,
  namespace: string,
  log: Logger,
): Promise<void> {
  await unlessNotOurs('retention', log, () =>
    within(connection, async () => {
      const { config } = await connection.workflowService.describeNamespace({ namespace });
      const seconds = Number(config?.workflowExecutionRetentionTtl?.seconds ?? 0);
      if (seconds * 1_000 >= RETENTION_MS) return;
      await connection.workflowService.updateNamespace({
        namespace,
        config: { workflowExecutionRetentionTtl: msToTs(RETENTION_MS) },
      });
      log.info({ event: 'temporal.retention.raised', days: 30 });
    }),
  );
}

function within<T>(connection: Connection, calls: () => Promise<T>): Promise<T> {
  return connection.withDeadline(Date.now() + CALL_MS, calls);
}

async function unlessNotOurs(what: string, log: Logger, todo: () => Promise<void>): Promise<void> {
  try {
    await todo();
  } catch (error) {
    const status = grpcStatus(error);
    if (status === null || !NOT_OURS_TO_DO.includes(status.code)) throw error;
    log.warn({ event: 'temporal.setup.refused', what, detail: status.details });
  }
}
