// The API's way to Temporal: lazy, so that the API starts and serves reads while Temporal is away.
import { Client, Connection, type WorkflowClientInterceptor } from '@temporalio/client';
import type { DataConverter } from '@temporalio/common';
import type { TemporalTarget } from '../temporal-target.js';
import { CONNECTION_OPTIONS } from './grpc.js';

export function temporalConnection({ connection }: TemporalTarget): Connection {
  return Connection.lazy({ ...CONNECTION_OPTIONS, ...connection });
}

export function temporalClient(
  connection: Connection,
  namespace: string,
  dataConverter: DataConverter,
  interceptors: WorkflowClientInterceptor[] = [],
): Client {
  return new Client({
    connection,
    namespace,
    dataConverter,
    interceptors: { workflow: interceptors },
  });
}
