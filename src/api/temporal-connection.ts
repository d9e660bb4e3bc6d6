// The API's way to Temporal: lazy, so that the API starts and serves reads while Temporal is away.
import { Client, Connection, type WorkflowClientInterceptor } from '@temporalio/client';
import type { DataConverter } from '@temporalio/common';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import type { Config } from '../config.js';
import { CONNECTION_OPTIONS } from './grpc.js';

/** Address, TLS and credentials as `@temporalio/envconfig` reads them; else the embedded server's port. */
export function temporalConnection(
  config: Pick<Config, 'temporalAddress' | 'temporalPort'>,
): Connection {
  const { address, tls, apiKey, metadata } = loadClientConnectConfig().connectionOptions;
  return Connection.lazy({
    ...CONNECTION_OPTIONS,
    address: config.temporalAddress ?? address ?? `127.0.0.1:${config.temporalPort}`,
    ...(tls === undefined ? {} : { tls }),
    ...(apiKey === undefined ? {} : { apiKey }),
    ...(metadata === undefined ? {} : { metadata }),
  });
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
