// Commands in this process, with a terminal that is written down, against whatever answers at a URL.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { onTestFinished } from 'vitest';
import { COMMANDS } from '../../src/cli/commands.js';
import { dispatch } from '../../src/cli/dispatch.js';
import { openPrompt } from '../../src/cli/prompt.js';
import { loadConfig } from '../../src/config.js';

export const KEY = 'tnr_canary-of-a-key';

export interface Outcome {
  exitCode: number;
  out: string;
  err: string;
}

export interface Surroundings {
  env?: Record<string, string>;
  /** Lines on standard input, all at once, as from a pipe. */
  input?: string[];
  /** A person sits there, who types `input`. */
  isTerminal?: boolean;
  /** Columns and rows of a terminal that is written to. */
  screen?: [columns: number, rows: number];
  /** Aborted: Ctrl-C. */
  leave?: AbortController;
  onOutput?: (text: string) => void;
}

/** Runs a command as the process would. */
export async function run(args: readonly string[], around: Surroundings = {}): Promise<Outcome> {
  const {
    env = {},
    input = [],
    isTerminal = false,
    screen,
    leave = new AbortController(),
    onOutput,
  } = around;
  let [out, err] = ['', ''];
  const print = (text: string) => {
    out += text;
    onOutput?.(text);
  };
  const [stdin, stdout] = [new PassThrough(), new PassThrough()];
  stdout.on('data', (chunk: Buffer) => {
    print(chunk.toString('utf8'));
  });
  stdin.end(input.map((line) => `${line}\n`).join(''));
  const exitCode = await dispatch(COMMANDS, args, {
    loadConfig: () => loadConfig(env),
    say: (text) => {
      print(`${text}\n`);
    },
    complain: (text) => (err += `${text}\n`),
    screen:
      screen === undefined
        ? null
        : { columns: () => screen[0], rows: () => screen[1], write: print },
    isTerminal,
    openPrompt: () => openPrompt(stdin, stdout, leave),
    leaving: () => leave.signal,
  });
  return { exitCode, out, err };
}

/** A directory that goes with the test, as TENURE_HOME. */
export function temporaryHome(): string {
  const home = mkdtempSync(join(tmpdir(), 'tenure-cli-'));
  onTestFinished(() => {
    rmSync(home, { recursive: true, force: true });
  });
  return home;
}

/** What `npm start` leaves in its home while it runs. */
export function homeOf(api: string, key = KEY): string {
  const home = temporaryHome();
  const adminKeyFile = join(home, 'admin.key');
  writeFileSync(adminKeyFile, `${key}\n`, { mode: 0o600 });
  writeFileSync(join(home, 'runtime.json'), JSON.stringify({ api, adminKeyFile, pids: {} }));
  return home;
}

export interface Asked {
  method: string;
  path: string;
  body: unknown;
  headers: IncomingMessage['headers'];
}

export interface Reply {
  status?: number;
  body?: unknown;
  headers?: Record<string, string>;
  /** The connection is cut instead. */
  cut?: boolean;
}

export interface Stub {
  url: string;
  asked: Asked[];
  /** Its TENURE_HOME. */
  env: Record<string, string>;
}

/** A service that answers as `reply` says. */
export async function startStub(reply: (asked: Asked) => Reply): Promise<Stub> {
  const asked: Asked[] = [];
  const server = createServer((req, res) => {
    let text = '';
    req.on('data', (chunk: Buffer) => (text += chunk.toString('utf8')));
    req.on('end', () => {
      const request = {
        method: req.method ?? '',
        path: req.url ?? '',
        body: text === '' ? null : (JSON.parse(text) as unknown),
        headers: req.headers,
      };
      asked.push(request);
      const { status = 200, body = '', headers, cut = false } = reply(request);
      if (cut) req.socket.destroy();
      else {
        res.writeHead(status, { 'content-type': 'application/json', ...headers });
        res.end(typeof body === 'string' ? body : JSON.stringify(body));
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url, asked, env: { TENURE_HOME: homeOf(url) } };
}

/** A problem as the API answers it. */
export function problem(status: number, code: string, title: string, more: object = {}): Reply {
  const detail = `${title}, in detail`;
  return {
    status,
    body: { type: 'urn:x', title, status, detail, code, requestId: 'r-1', ...more },
  };
}
