// Takes out of a span whatever could name a person: attributes that are not on the list, messages of
// errors, events. The interceptors put a workflow's memo, search attributes and failure texts there.
import type { Attributes } from '@opentelemetry/api';
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace-base';

/** Ids, names of ours, codes, numbers. */
const ALLOWED: ReadonlySet<string> = new Set([
  'http.request.method',
  'http.response.status_code',
  'http.route',
  'url.template',
  'okta.bucket',
  'okta.request_id',
  'tenure.step.result',
  'tenure.step.code',
  'run_id',
  'temporalWorkflowId',
  'temporalActivityId',
  'namespace',
  'taskQueue',
  'workflowType',
  'workflowId',
  'runId',
]);

/** The same exporter, told less. */
export function scrubbed(inner: SpanExporter): SpanExporter {
  return {
    export: (spans, done) => {
      inner.export(spans.map(scrub), done);
    },
    shutdown: () => inner.shutdown(),
    forceFlush: async () => inner.forceFlush?.(),
  };
}

function scrub(span: ReadableSpan): ReadableSpan {
  const spanContext = span.spanContext();
  return {
    name: span.name,
    kind: span.kind,
    spanContext: () => spanContext,
    ...(span.parentSpanId === undefined ? {} : { parentSpanId: span.parentSpanId }),
    startTime: span.startTime,
    endTime: span.endTime,
    status: { code: span.status.code },
    attributes: allowed(span.attributes),
    links: [],
    events: span.events.map(({ time, name }) => ({ time, name })),
    duration: span.duration,
    ended: span.ended,
    resource: span.resource,
    instrumentationLibrary: span.instrumentationLibrary,
    droppedAttributesCount: span.droppedAttributesCount,
    droppedEventsCount: span.droppedEventsCount,
    droppedLinksCount: span.droppedLinksCount,
  };
}

function allowed(attributes: Attributes): Attributes {
  return Object.fromEntries(Object.entries(attributes).filter(([name]) => ALLOWED.has(name)));
}
