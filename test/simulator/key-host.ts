/**
 * A host that serves the public keys of an app, and misbehaves on demand.
 */
import { type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { JWK } from 'jose';

export class KeyHost {
  readonly #server: Server;
  /** What is served as JSON; a string as it is. */
  served: unknown = { keys: [] };
  status = 200;
  headers: Record<string, string> = {};
  /** Whether requests are taken but never answered. */
  silent = false;
  hits = 0;

  private constructor() {
    this.#server = createServer((_req, res) => {
      this.hits += 1;
      if (this.silent) return;
      res.writeHead(this.status, { 'content-type': 'application/json', ...this.headers });
      res.end(typeof this.served === 'string' ? this.served : JSON.stringify(this.served));
    });
  }

  static async start(...keys: JWK[]): Promise<KeyHost> {
    const host = new KeyHost();
    host.served = { keys };
    await new Promise<void>((resolve) => host.#server.listen(0, '127.0.0.1', resolve));
    return host;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/keys.json`;
  }

  async stop(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#server.close(() => {
        resolve();
      });
      this.#server.closeAllConnections();
    });
  }
}
