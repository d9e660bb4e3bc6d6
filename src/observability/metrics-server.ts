// A worker's metrics endpoint: our registry and the Temporal SDK's own numbers on one scrape. The SDK
// exports on a loopback port of its own, which is fetched and appended; names never collide, since
// its begin with `temporal_`.
import { createServer, type Server, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { Registry } from 'prom-client';

export interface MetricsServer {
  port: number;
  close: () => Promise<void>;
}

export interface MetricsServerOptions {
  host: string;
  /** 0: any free one. */
  port: number;
  registry: Registry;
  /** `127.0.0.1:9464`, where the SDK exports; null where it does not. */
  sdkAddress: string | null;
}

const FETCH_MS = 2_000;

/** Listens when it resolves. @throws a sentence about the port where it is in use */
export async function startMetricsServer(options: MetricsServerOptions): Promise<MetricsServer> {
  const server = createServer((request, response) => {
    const path = request.url?.split('?')[0];
    if (request.method !== 'GET' || path !== '/metrics') {
      response.writeHead(404).end();
      return;
    }
    void answer(options, response);
  });
  server.listen(options.port, options.host);
  try {
    await once(server, 'listening');
  } catch (error) {
    throw isInUse(error) ? new Error(`TENURE_METRICS_PORT: port ${options.port} is in use`) : error;
  }
  return { port: (server.address() as AddressInfo).port, close: () => close(server) };
}

async function answer(
  { registry, sdkAddress }: MetricsServerOptions,
  response: ServerResponse,
): Promise<void> {
  try {
    const [ours, sdks] = await Promise.all([registry.metrics(), sdkMetrics(sdkAddress)]);
    response.writeHead(200, { 'content-type': registry.contentType }).end(`${ours}\n${sdks}`);
  } catch {
    response.writeHead(500).end();
  }
}

/** Ours are worth having without them. */
async function sdkMetrics(address: string | null): Promise<string> {
  if (address === null) return '';
  try {
    const signal = AbortSignal.timeout(FETCH_MS);
    const response = await fetch(`http://${address}/metrics`, { signal });
    if (!response.ok) throw new Error(String(response.status));
    return `${await response.text()}\n`.replace(/\n+$/, '\n');
  } catch {
    return '# The Temporal SDK gave no metrics at this scrape.\n';
  }
}

function isInUse(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
}

async function close(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
}

const TRIES = 3;

/**
 * Lets `listen` have a loopback address that nobody listens on, for an exporter that cannot choose one
 * itself and throws where somebody was faster. @throws what `listen` throws at last
 */
export async function onFreeAddress(listen: (address: string) => void): Promise<string> {
  for (let tries = 1; ; tries += 1) {
    const address = await freeAddress();
    try {
      listen(address);
      return address;
    } catch (error) {
      if (tries === TRIES) throw error;
    }
  }
}

async function freeAddress(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await close(server);
  return `127.0.0.1:${port}`;
}
