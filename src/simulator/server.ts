/**
 * Starts simulated orgs: each an HTTP server of its own on the loopback address, Okta's API at its
 * root and the control surface under `/_sim`.
 */
import type { AddressInfo } from 'node:net';
import { type Server, createServer } from 'node:http';
import express from 'express';
import { answerBug, oktaApi } from './api.js';
import { ControlError } from './control-error.js';
import { controlSurface } from './control.js';
import { Journal } from './journal.js';
import { Org } from './org.js';
import type { Seed } from './seed.js';
import { State } from './state.js';

export interface SimulatorOptions {
  /** Default 0: any free port. */
  readonly port?: number;
  /** File that keeps the org over restarts; without one it lives in memory. */
  readonly statePath?: string;
  /** What a new org holds; default `empty`. Without meaning for one that goes on. */
  readonly seed?: Seed;
}

export interface Simulator {
  /** `http://127.0.0.1:<port>` */
  readonly origin: string;
  /** Ends open connections and frees the port. May be called twice. */
  close(): Promise<void>;
}

/**
 * Starts one org, and with it those that were added to it earlier.
 *
 * @throws the error of `listen`, `EADDRINUSE` for one
 */
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const { port = 0, statePath, seed = 'empty' } = options;
  const state = new State(statePath === undefined ? undefined : new Journal(statePath));
  const org = await Org.open(state, seed);
  const sisters: Simulator[] = [];

  const startSister = async (sisterPort: number): Promise<Simulator> => {
    const sister = await startSimulator({
      port: sisterPort,
      ...(statePath === undefined ? {} : { statePath: `${statePath}.${sisterPort}` }),
    });
    sisters.push(sister);
    return sister;
  };
  const add = async (wanted: number | undefined): Promise<{ origin: string }> => {
    const sisterPort = await freePort(wanted);
    const { origin } = await startSister(sisterPort);
    state.commit({ kind: 'sister', id: String(sisterPort), value: { port: sisterPort } });
    return { origin };
  };
  // One after the other: two that look for a free port at once may find the same.
  let added: Promise<unknown> = Promise.resolve();
  const addOrg = (wanted: number | undefined): Promise<{ origin: string }> => {
    const org = added.then(() => add(wanted));
    added = org.catch(() => undefined);
    return org;
  };

  const app = express();
  app.disable('x-powered-by');
  app.use('/_sim', controlSurface(org, addOrg));
  app.use(express.text({ type: () => true, limit: '10mb' }), oktaApi(org), answerBug);

  const server = createServer({ keepAliveTimeout: 30_000 }, app);
  const close = async (): Promise<void> => {
    await stop(server);
    await added;
    await Promise.all(sisters.map((sister) => sister.close()));
    state.close();
  };
  try {
    const actualPort = await listen(server, port);
    for (const { port: sisterPort } of state.all('sister')) await startSister(sisterPort);
    return { origin: `http://127.0.0.1:${actualPort}`, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function listen(server: Server, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject);
      resolve();
    });
  });
  return (server.address() as AddressInfo).port;
}

async function stop(server: Server): Promise<void> {
  await new Promise<void>((resolve) => {
    server.close(() => {
      resolve();
    });
    server.closeAllConnections();
  });
}

/**
 * The port wanted, or any. Found out before anything is opened: an org that runs on the port
 * already holds its file.
 *
 * @throws ControlError 409 if it is in use
 */
async function freePort(wanted = 0): Promise<number> {
  const probe = createServer();
  try {
    return await listen(probe, wanted);
  } catch {
    throw new ControlError(409, `port: ${wanted} is in use`);
  } finally {
    await stop(probe);
  }
}
