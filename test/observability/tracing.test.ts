import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { createTraceState, SpanKind, SpanStatusCode } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { Resource } from '@opentelemetry/resources';
import { bundleWorkflowCode, DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config.js';
import { failureConverterPath } from '../../src/crypto/data-converter.js';
import { scrubbed } from '../../src/observability/span-scrubber.js';
import { startTracing } from '../../src/observability/start-tracing.js';
import type { Tracing } from '../../src/observability/tracing.js';
import { startOtlpReceiver } from './otlp-receiver.js';

Runtime.install({ logger: new DefaultLogger('WARN') });

const histories = fileURLToPath(new URL('../replay/histories/', import.meta.url));
/** Nobody listens there: what cannot be sent is dropped. */
const NOWHERE = 'http://127.0.0.1:9';

describe('tracing', () => {
  it('is off unless an endpoint is given', async () => {
    expect(loadConfig({}).otlpEndpoint).toBeNull();
    expect(await startTracing({ endpoint: null, service: 'tenure-test' })).toBeNull();
  });

  it('takes an address over http or https only', () => {
    const endpoint = (value: string) => () => loadConfig({ OTEL_EXPORTER_OTLP_ENDPOINT: value });
    expect(endpoint('https://otel.example.com:4318')().otlpEndpoint).toMatch(/^https:/);
    expect(endpoint('grpc://otel.example.com')).toThrow('OTEL_EXPORTER_OTLP_ENDPOINT');
    expect(endpoint('otel.example.com')).toThrow('OTEL_EXPORTER_OTLP_ENDPOINT');
  });
});

describe('a span that leaves', () => {
  it('has ids, codes and numbers of a fixed list, and no text of an error', () => {
    const sent: ReadableSpan[] = [];
    const exporter = scrubbed({
      export: (spans) => sent.push(...spans),
      shutdown: () => Promise.resolve(),
    });
    const traceState = createTraceState('vendor=1');
    exporter.export(
      [
        {
          name: 'RunActivity:createUser',
          kind: SpanKind.SERVER,
          spanContext: () => ({ traceId: 't', spanId: 's', traceFlags: 1, traceState }),
          startTime: [1, 0],
          endTime: [2, 0],
          status: { code: SpanStatusCode.ERROR, message: 'Ada Lovelace is there already' },
          attributes: { run_id: 'kept', temporalUpdateId: 'Ada', memo: 'Ada', lastResult: 'Ada' },
          links: [
            { context: { traceId: 'x', spanId: 'y', traceFlags: 1 }, attributes: { a: 'Ada' } },
          ],
          events: [
            {
              time: [1, 0],
              name: 'exception',
              attributes: { 'exception.message': 'Ada Lovelace' },
            },
          ],
          duration: [1, 0],
          ended: true,
          resource: new Resource({}),
          instrumentationLibrary: { name: 'test' },
          droppedAttributesCount: 0,
          droppedEventsCount: 0,
          droppedLinksCount: 0,
        },
      ],
      () => undefined,
    );
    expect(sent[0]?.attributes).toEqual({ run_id: 'kept' });
    expect(sent[0]?.status).toEqual({ code: SpanStatusCode.ERROR });
    expect(JSON.stringify(sent)).not.toContain('Ada');
  });
});

describe('the span of a request', () => {
  it('has the status that was sent, and is an error where none was', async () => {
    const receiver = await startOtlpReceiver();
    const tracing = await startTracing({ endpoint: receiver.endpoint, service: 'tenure-test' });
    if (tracing === null) throw new Error('tracing is off');
    const server = createServer(
      tracing.requests((req, res) => {
        if (req.method === 'GET') res.writeHead(204).end();
      }),
    );
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    await fetch(origin);
    const asked = once(server, 'request') as Promise<[unknown, ServerResponse]>;
    const leave = new AbortController();
    const left = fetch(origin, { method: 'POST', signal: leave.signal }).catch(() => 'left');
    const [, unanswered] = await asked;
    leave.abort();
    await once(unanswered, 'close');
    await left;
    await new Promise((resolve) => server.close(resolve));
    await tracing.close();
    await receiver.close();
    expect(receiver.spans.map(({ name, attributes }) => [name, attributes])).toEqual([
      ['GET', { 'http.request.method': 'GET', 'http.response.status_code': 204 }],
      ['POST', { 'http.request.method': 'POST' }],
    ]);
  });
});

describe('switching tracing on', () => {
  let tracing: Tracing;
  let code: string;
  beforeAll(async () => {
    const started = await startTracing({ endpoint: NOWHERE, service: 'tenure-test' });
    if (started === null) throw new Error('tracing is off');
    tracing = started;
    ({ code } = await bundleWorkflowCode({
      workflowsPath: fileURLToPath(new URL('../../src/workflows/index.ts', import.meta.url)),
      failureConverterPath,
      workflowInterceptorModules: tracing.worker.interceptors.workflowModules ?? [],
      logger: new DefaultLogger('WARN'),
    }));
  });
  afterAll(() => tracing.close());

  it('changes nothing for runs that began without: every recorded history replays', async () => {
    const files = (await readdir(histories)).filter((file) => file.endsWith('.json'));
    expect(files.length).toBeGreaterThan(0);
    for (const file of files) {
      const history: unknown = JSON.parse(await readFile(`${histories}${file}`, 'utf8'));
      await Worker.runReplayHistory(
        {
          workflowBundle: { code },
          interceptors: { activity: tracing.worker.interceptors.activity ?? [] },
          sinks: tracing.worker.sinks,
          dataConverter: { failureConverterPath },
        },
        history,
        'person/demo/0123456789abcdef',
      );
    }
  }, 120_000);
});
