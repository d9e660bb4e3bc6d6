// OpenTelemetry, set up for this process: provider, exporter over OTLP/HTTP, Temporal's official
// interceptors. Every span goes through `span-scrubber.ts` before it leaves.
import type { IncomingMessage, RequestListener } from 'node:http';
import { createRequire } from 'node:module';
import {
  context,
  propagation,
  SpanKind,
  SpanStatusCode,
  trace,
  type Tracer,
} from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { Resource } from '@opentelemetry/resources';
import { BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base';
import {
  makeWorkflowExporter,
  OpenTelemetryActivityInboundInterceptor,
  OpenTelemetryWorkflowClientInterceptor,
} from '@temporalio/interceptors-opentelemetry';
import { scrubbed } from './span-scrubber.js';
import type { Tracing } from './tracing.js';
import type { CallFacts } from './worker-metrics.js';

/** What runs inside the sandbox; the bundler takes it from here. */
const WORKFLOW_INTERCEPTORS = createRequire(import.meta.url).resolve(
  '@temporalio/interceptors-opentelemetry/lib/workflow-interceptors',
);

/** Asked by machines every few seconds. */
const UNTRACED = new Set(['/healthz', '/readyz', '/metrics']);
const EXPORT_EVERY_MS = 2_000;
const EXPORT_TIMEOUT_MS = 5_000;

export function createTracing(endpoint: string, service: string): Tracing {
  const exporter = new OTLPTraceExporter({
    url: `${endpoint.replace(/\/+$/, '')}/v1/traces`,
    timeoutMillis: EXPORT_TIMEOUT_MS,
  });
  const processor = new BatchSpanProcessor(scrubbed(exporter), {
    scheduledDelayMillis: EXPORT_EVERY_MS,
    exportTimeoutMillis: EXPORT_TIMEOUT_MS,
  });
  const resource = new Resource({ 'service.name': service });
  const provider = new BasicTracerProvider({ resource, spanProcessors: [processor] });
  // Baggage is not carried: it is whatever a caller puts in, and Temporal would keep it.
  provider.register({
    contextManager: new AsyncLocalStorageContextManager().enable(),
    propagator: new W3CTraceContextPropagator(),
  });
  const tracer = provider.getTracer('tenure');
  return {
    requests: (app) => traced(tracer, app),
    clientInterceptors: [new OpenTelemetryWorkflowClientInterceptor()],
    worker: {
      interceptors: {
        workflowModules: [WORKFLOW_INTERCEPTORS],
        activity: [(of) => ({ inbound: new OpenTelemetryActivityInboundInterceptor(of) })],
      },
      sinks: { exporter: makeWorkflowExporter(processor, resource) },
    },
    oktaCall: (call) => {
      oktaSpan(tracer, call);
    },
    step: ({ result, code }) => {
      const span = trace.getActiveSpan();
      span?.setAttribute('tenure.step.result', result);
      if (code !== null) span?.setAttribute('tenure.step.code', code);
    },
    ids: () => {
      const ids = trace.getActiveSpan()?.spanContext();
      return ids === undefined ? {} : { traceId: ids.traceId, spanId: ids.spanId };
    },
    close: () => provider.shutdown().catch(() => undefined),
  };
}

function traced(tracer: Tracer, app: RequestListener): RequestListener {
  return (req, res) => {
    const { method = '', url = '' } = req;
    if (UNTRACED.has(url.split('?')[0] ?? '')) {
      app(req, res);
      return;
    }
    const from = propagation.extract(context.active(), req.headers);
    const attributes = { 'http.request.method': method };
    const span = tracer.startSpan(method, { kind: SpanKind.SERVER, attributes }, from);
    res.on('close', () => {
      const route = routeOf(req);
      if (route !== null) {
        span.updateName(`${method} ${route}`);
        span.setAttribute('http.route', route);
      }
      if (res.headersSent) span.setAttribute('http.response.status_code', res.statusCode);
      if (!res.headersSent || res.statusCode >= 500) {
        span.setStatus({ code: SpanStatusCode.ERROR });
      }
      span.end();
    });
    context.with(trace.setSpan(from, span), () => {
      app(req, res);
    });
  };
}

/** The pattern, which Express leaves on the request; null where there was none. */
function routeOf(req: IncomingMessage): string | null {
  const { route } = req as { route?: { path?: unknown } };
  return typeof route?.path === 'string' ? route.path : null;
}

function oktaSpan(tracer: Tracer, call: CallFacts): void {
  const { method, path, bucket, status, durationMs, requestId } = call;
  const endedAt = Date.now();
  const span = tracer.startSpan(`${method} ${path}`, {
    kind: SpanKind.CLIENT,
    startTime: endedAt - durationMs,
    attributes: {
      'http.request.method': method,
      'url.template': path,
      'okta.bucket': bucket,
      ...(status === null ? {} : { 'http.response.status_code': status }),
      ...(requestId === null ? {} : { 'okta.request_id': requestId }),
    },
  });
  if (status === null || status >= 400) span.setStatus({ code: SpanStatusCode.ERROR });
  span.end(endedAt);
}
