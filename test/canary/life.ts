// A whole installation with everything on that can be observed, Okta behind a recorder, and all that it
// answers or prints kept.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { readMasterKeys } from '../../src/crypto/master-key.js';
import { startInstallation, type Installation, type Ports } from '../../src/demo/installation.js';
import { openStore, type OpenStore } from '../../src/store/open.js';
import { tenure } from '../cli/tenure.js';
import { startOtlpReceiver, type OtlpReceiver } from '../observability/otlp-receiver.js';
import { controlOf, type Control } from '../support/control.js';
import { eventually } from '../support/eventually.js';
import type { KeyPair } from './canaries.js';
import { text } from './places.js';
import { startRecordingOkta, type RecordingOkta } from './recording-okta.js';
import type { Place } from './search.js';

const supervisorPath = fileURLToPath(new URL('../../dist/embedded/main.js', import.meta.url));

/** A machine that has other things to do is several times slower. */
export const PATIENCE_MS = 120_000;

export interface RunView {
  id: string;
  phase: string;
  outcome: string | null;
  next: string | null;
  waiting: { for: string } | null;
  problem: { code: string; detail: string } | null;
  temporal: { workflowId: string };
}

export interface Call {
  key?: string;
  headers?: Record<string, string>;
}

export interface Life {
  installation: Installation;
  okta: RecordingOkta;
  store: OpenStore;
  /** What the API answered and commands printed so far. */
  seen: Place[];
  /** What all parts have printed. */
  output: () => string;
  otlp: OtlpReceiver;
  home: string;
  metricsUrl: string;
  api: <T = RunView>(
    method: string,
    path: string,
    body?: unknown,
    call?: Call,
  ) => Promise<Answer<T>>;
  sim: Control;
  /** Until the run looks as `isAs` wants it. */
  until: (id: string, what: string, isAs: (run: RunView) => boolean) => Promise<RunView>;
  /** Made over HTTP, known to the simulated Okta by `known`; whether its verification passes. */
  connect(id: string, key: unknown, known: KeyPair, app?: object): Promise<boolean>;
  cli(args: readonly string[]): Promise<void>;
  restart(): Promise<void>;
  stop(): Promise<void>;
}

export interface Answer<T> {
  status: number;
  body: T;
}

/** @param metricsPort for the worker's metrics. */
export async function startLife(home: string, ports: Ports, metricsPort: number): Promise<Life> {
  const [okta, otlp] = [await startRecordingOkta(ports.simulator), await startOtlpReceiver()];
  const seen: Place[] = [];
  let output = '';
  const start = async () => {
    const installation = await startInstallation({
      home,
      ports,
      supervisorPath,
      env: {
        OTEL_EXPORTER_OTLP_ENDPOINT: otlp.endpoint,
        TENURE_METRICS_PORT: String(metricsPort),
        TENURE_LOG_LEVEL: 'debug',
        TENURE_LOG_FORMAT: 'json',
      },
      onOutput: (printed) => (output += printed),
    });
    const masterKey = () => readMasterKeys({ kind: 'file', path: join(home, 'master.key') });
    const { databaseUrl } = installation.runtime;
    return { installation, store: await openStore({ databaseUrl, masterKey, poolSize: 2 }) };
  };

  const life: Life = {
    ...(await start()),
    okta,
    otlp,
    seen,
    output: () => output,
    home,
    metricsUrl: `http://127.0.0.1:${metricsPort}/metrics`,
    api: async <T>(method: string, path: string, body?: unknown, call: Call = {}) => {
      const { runtime, key } = life.installation;
      const response = await fetch(`${runtime.api}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${call.key ?? key}`,
          'content-type': 'application/json',
          ...call.headers,
        },
        ...(body === undefined
          ? {}
          : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      });
      const answer = await response.text();
      const told = [...response.headers].map((header) => header.join(': ')).join('\n');
      const where = `answer ${method} ${path.split('?')[0] ?? ''} ${response.status}`;
      seen.push({ where, bytes: text(`${told}\n\n${answer}`) });
      const isJson = response.headers.get('content-type')?.includes('json') === true;
      return { status: response.status, body: (isJson ? JSON.parse(answer) : answer) as T };
    },
    sim: (method, path, body) => controlOf(life.installation.runtime.simulator)(method, path, body),
    until: (id, what, isAs) =>
      eventually(
        `${id} ${what}`,
        async () => {
          const { status, body } = await life.api('GET', `/v1/runs/${id}`);
          return status === 200 && isAs(body) && body;
        },
        PATIENCE_MS,
      ),
    async connect(id, key, known, app = {}) {
      const clientId = `0oaCanary-${id}`;
      await life.sim('POST', '/apps', { clientId, jwks: { keys: [known.publicJwk] }, ...app });
      const wanted = { id, domain: okta.origin, clientId, key };
      const { status, body } = await life.api('POST', '/v1/connections', wanted);
      expect(status, JSON.stringify(body)).toBe(201);
      const verified = await life.api<{ ok: boolean }>('POST', `/v1/connections/${id}/verify`);
      return verified.body.ok;
    },
    async cli(args) {
      const outcome = await tenure(args, { TENURE_HOME: home, TENURE_LOG_LEVEL: 'debug' });
      const { exitCode, out, err } = outcome;
      seen.push({ where: `cli ${args[0] ?? ''}`, bytes: text(`${out}\n${err}`) });
      expect(exitCode, err).toBe(0);
    },
    async restart() {
      await life.store.close();
      await life.installation.stop();
      Object.assign(life, await start());
    },
    async stop() {
      await life.store.close();
      await life.installation.stop();
      await Promise.all([okta.close(), otlp.close()]);
    },
  };
  return life;
}

/** A part's process as it is now; another one after a crash. */
export async function pidOf(home: string, part: string): Promise<number> {
  const runtime = JSON.parse(await readFile(join(home, 'runtime.json'), 'utf8')) as {
    pids: Record<string, { pid: number } | undefined>;
  };
  const pid = runtime.pids[part]?.pid;
  if (pid === undefined) throw new Error(`${part} does not run`);
  return pid;
}
