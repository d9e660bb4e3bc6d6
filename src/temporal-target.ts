// Where Temporal is and as whom it is asked: read in one place for the API, the worker and the scripts
// of the image, so that all of them mean the same server and namespace.
import type { ConnectionOptions } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import type { Config } from './config.js';

export interface TemporalTarget {
  /** Address (host:port), TLS and credentials, for either kind of connection. */
  connection: Pick<ConnectionOptions, 'tls' | 'metadata'> & { address: string; apiKey?: string };
  namespace: string;
}

type Named = Pick<Config, 'temporalAddress' | 'temporalPort' | 'temporalNamespace'>;

/**
 * The configuration first, then the profile that `@temporalio/envconfig` finds (`TEMPORAL_CONFIG_FILE`,
 * `TEMPORAL_PROFILE`), then the embedded server's port and the namespace `default`.
 */
export function temporalTarget(config: Named): TemporalTarget {
  const { namespace, connectionOptions } = loadClientConnectConfig();
  const { address, tls, apiKey, metadata } = connectionOptions;
  return {
    connection: {
      address: config.temporalAddress ?? given(address) ?? `127.0.0.1:${config.temporalPort}`,
      ...(tls === undefined ? {} : { tls }),
      ...(apiKey === undefined ? {} : { apiKey }),
      ...(metadata === undefined ? {} : { metadata }),
    },
    namespace: config.temporalNamespace ?? given(namespace) ?? 'default',
  };
}

/** An empty variable says nothing, though it hides what the profile says. */
function given(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}
