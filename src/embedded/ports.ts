// Ports on this machine: is one free, which one is free. Never holds a port.
import { connect, createServer } from 'node:net';
import { inUrl } from '../config.js';
import { StartProblem, systemCode } from './problem.js';

/** One port that a part is about to use, and the variable that moves it. */
export interface PortClaim {
  host: string;
  port: number;
  variable: string;
  what: string;
}

/** Checks all ports before anything starts. @throws {StartProblem} naming the variable to set. */
export async function requireFreePorts(claims: readonly PortClaim[]): Promise<void> {
  for (const [index, claim] of claims.entries()) {
    const twin = claims.slice(0, index).find((other) => other.port === claim.port);
    if (twin !== undefined) {
      throw new StartProblem(
        `Port ${claim.port} is wanted by both ${twin.what} (${twin.variable}) and ${claim.what} (${claim.variable}): set one of them to another port.`,
      );
    }
    const reason = await whyTaken(claim.host, claim.port);
    if (reason !== null) {
      throw new StartProblem(
        `Port ${claim.port}, wanted by ${claim.what}, ${reason}: set ${claim.variable} to a free port.`,
      );
    }
  }
}

/** Whether a server could listen on this port now. */
export async function isFree(port: number, host = '127.0.0.1'): Promise<boolean> {
  return (await whyTaken(host, port)) === null;
}

/** A port that was free a moment ago, on loopback. */
export async function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => {
        if (address !== null && typeof address === 'object') resolve(address.port);
        else reject(new Error('the operating system named no port'));
      });
    });
  });
}

/** The address under which a listener on `host` is reached from this machine. */
export function reachableHost(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  return inUrl(host === '::' ? '::1' : host);
}

async function whyTaken(host: string, port: number): Promise<string | null> {
  // macOS lets a second socket bind a narrower address, so an answer counts as taken, too.
  if (await answers(host === '0.0.0.0' || host === '::' ? 'localhost' : host, port)) {
    return 'is in use';
  }
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error) => {
      const code = systemCode(error);
      if (code === 'EADDRINUSE') resolve('is in use');
      else if (code === 'EACCES') resolve('is not allowed for this user');
      else resolve(`cannot be used on ${host} (${code ?? error.message})`);
    });
    server.listen({ port, host, exclusive: true }, () => {
      server.close(() => {
        resolve(null);
      });
    });
  });
}

async function answers(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: 500 });
    const done = (answer: boolean) => () => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', done(true));
    socket.once('error', done(false));
    socket.once('timeout', done(false));
  });
}
