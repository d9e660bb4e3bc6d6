// Switches tracing on or leaves it off: nothing of OpenTelemetry is loaded unless an endpoint is given.
import type { Tracing } from './tracing.js';

export interface TracingOptions {
  /** Base URL of an OTLP/HTTP receiver, `http://127.0.0.1:4318`; null turns tracing off. */
  endpoint: string | null;
  /** `tenure-api`, `tenure-worker`. */
  service: string;
}

/** Null where it is off. May be called once a process. */
export async function startTracing({ endpoint, service }: TracingOptions): Promise<Tracing | null> {
  if (endpoint === null) return null;
  const { createTracing } = await import('./otel.js');
  return createTracing(endpoint, service);
}
