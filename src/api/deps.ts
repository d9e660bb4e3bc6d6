// What the API is made of. `main.ts` makes the real things, tests make stand-ins.
import type { PayloadCodec } from '@temporalio/common';
import type { Logger } from '../observability/logger.js';
import type { ApiMetrics } from '../observability/metrics.js';
import type { Store } from '../store/store.js';
import type { Interactive } from './interactive.js';
import type { PollerLook } from './pollers.js';
import type { Engine } from './temporal.js';

export interface AppDeps {
  store: Pick<
    Store,
    | 'connections'
    | 'connectionKeys'
    | 'accessProfiles'
    | 'runs'
    | 'apiKeys'
    | 'idempotency'
    | 'decodes'
    | 'ping'
    | 'subjectRef'
  >;
  engine: Engine;
  pollers: PollerLook;
  interactive: Interactive;
  codecs: PayloadCodec[];
  log: Logger;
  metrics: ApiMetrics;
  temporalUiUrl: string | null;
  namespace: string;
  /** How browsers reach the API, without a trailing slash. */
  publicUrl: string;
  /** Path under which payloads are decoded without a key; embedded mode only. */
  codecPath: string | null;
  /** What of the set-up at start is still to be done; empty when all is. */
  pendingSetup?: () => string[];
  /** The simulator's loopback origin is taken as a domain. */
  isEmbedded: boolean;
  now?: () => number;
  /** Bounds of waiting, in milliseconds; for tests. */
  closingMs?: number;
  showMs?: number;
}
