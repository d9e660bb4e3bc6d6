import { ServiceError, WorkflowFailedError } from '@temporalio/client';
import { pino } from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import { createInteractive, type InteractiveOptions } from '../../src/api/interactive.js';
import { Problem } from '../../src/api/problem.js';
import { as } from '../../src/domain/brand.js';
import { KEYS, startHarness, type Harness } from './harness.js';

let harness: Harness | undefined;
afterEach(async () => {
  await harness?.close();
  harness = undefined;
});

const CONNECTION = as<never>('acme');
const VERIFY = { connection: CONNECTION, probe: false };

interface Started {
  type: string;
  workflowId: string;
  taskQueue: string;
  answer: (result: unknown) => void;
  fail: (error: Error) => void;
}

/** A client whose workflows answer when the test says so. */
function interactive(options: Partial<InteractiveOptions> = {}) {
  const started: Started[] = [];
  const log: string[] = [];
  const state = { refusal: null as Error | null };
  const begin = (type: string, given: { workflowId: string; taskQueue: string }) => {
    if (state.refusal !== null) return Promise.reject(state.refusal);
    const result = new Promise<unknown>((answer, fail) => {
      started.push({ type, ...given, answer, fail });
    });
    return Promise.resolve({ result: () => result });
  };
  const client = {
    withDeadline: (_at: number, call: () => Promise<unknown>) => call(),
    workflow: { start: begin, signalWithStart: begin },
  } as unknown as InteractiveOptions['client'];
  const made = createInteractive({
    client,
    taskQueue: 'tenure',
    log: pino({}, { write: (line: string) => log.push(line) }),
    ...options,
  });
  return { ...made, started, state, log };
}

const grpc = (code: number, details: string) =>
  new ServiceError('Failed', {
    cause: Object.assign(new Error(details), { code, details, metadata: {} }),
  });

async function problemOf(asked: Promise<unknown>): Promise<Problem> {
  const error: unknown = await asked.then(
    () => null,
    (reason: unknown) => reason,
  );
  return error instanceof Problem ? error : expect.fail(`no problem: ${String(error)}`);
}

describe('a question', () => {
  it('goes to the queue of its own, under the id of the connection', async () => {
    const { ask, started } = interactive();
    const asked = ask('verifyConnection', VERIFY);
    await Promise.resolve();
    const [workflow] = started;
    expect(workflow).toMatchObject({
      type: 'verifyConnection',
      workflowId: 'verify/acme',
      taskQueue: 'tenure-interactive',
      workflowIdConflictPolicy: 'USE_EXISTING',
    });
    workflow?.answer({ kind: 'verified', checks: [] });
    expect(await asked).toEqual({ kind: 'verified', checks: [] });
  });

  it('with probes is another question than without', async () => {
    const { ask, started } = interactive();
    void ask('verifyConnection', { ...VERIFY, probe: true });
    void ask('listGroups', { connection: CONNECTION, prefix: 'Ada' });
    await Promise.resolve();
    expect(started[0]?.workflowId).toBe('verify/acme/probe');
    expect(started[1]?.workflowId).toMatch(/^groups\/acme\/[0-9a-f-]{36}$/);
    expect(JSON.stringify(started[1]?.workflowId)).not.toContain('Ada');
  });

  it('is one of twenty at most; a place is free again after any end', async () => {
    const { ask, started } = interactive();
    const asked = Array.from({ length: 20 }, () => ask('verifyConnection', VERIFY));
    await Promise.resolve();
    const problem = await problemOf(ask('verifyConnection', VERIFY));
    expect(problem).toMatchObject({ status: 503, code: 'WORKER_UNAVAILABLE' });
    expect(problem.more.headers).toEqual({ 'Retry-After': '1' });
    expect(started).toHaveLength(20);
    started[0]?.answer({ kind: 'verified', checks: [] });
    started[1]?.fail(grpc(14, 'No connection established'));
    await asked[0];
    await expect(asked[1]).rejects.toThrow();
    void ask('verifyConnection', VERIFY);
    void ask('verifyConnection', VERIFY);
    expect(await problemOf(ask('verifyConnection', VERIFY))).toMatchObject({ status: 503 });
  });

  it('is 503 after no answer in time', async () => {
    const { ask } = interactive({ waitMs: 20 });
    const problem = await problemOf(ask('verifyConnection', VERIFY));
    expect(problem).toMatchObject({ status: 503, code: 'WORKER_UNAVAILABLE' });
    expect(problem.more.headers).toEqual({ 'Retry-After': '5' });
  });

  it('is 503 after an end from outside', async () => {
    const { ask, started } = interactive();
    const asked = ask('verifyConnection', VERIFY);
    await Promise.resolve();
    started[0]?.fail(new WorkflowFailedError('failed', undefined, 'NON_RETRYABLE_FAILURE'));
    expect(await problemOf(asked)).toMatchObject({ status: 503, code: 'WORKER_UNAVAILABLE' });
  });

  it('leaves it to Temporal’s own errors to say that Temporal is away', async () => {
    const { ask, state } = interactive();
    state.refusal = grpc(14, 'No connection established');
    await expect(ask('verifyConnection', VERIFY)).rejects.toBe(state.refusal);
  });

  it('that nobody waits for is started, or its failure logged', async () => {
    const { verifySoon, started, state, log } = interactive();
    verifySoon(CONNECTION);
    expect(started[0]).toMatchObject({ workflowId: 'verify/acme', signal: 'verifyAgain' });
    state.refusal = grpc(14, 'No connection established');
    verifySoon(CONNECTION);
    await new Promise((resolve) => setImmediate(resolve));
    expect(log.join()).toContain('verify.not-started');
  });
});

describe('the routes', () => {
  const answering = () =>
    startHarness({
      interactive: {
        ask: (name) =>
          Promise.resolve(
            (name === 'listGroups'
              ? { kind: 'groups', groups: [] }
              : { kind: 'verified', checks: [] }) as never,
          ),
      },
    });

  it.each([
    ['POST', '/v1/connections/demo/verify?probe=yes', {}, 'probe', 'INVALID'],
    ['POST', '/v1/connections/demo/verify?prob=true', {}, 'prob', 'UNKNOWN_FIELD'],
    ['POST', '/v1/connections/demo/verify', { probe: true }, 'probe', 'UNKNOWN_FIELD'],
    ['GET', '/v1/connections/demo/groups?name=x', undefined, 'name', 'UNKNOWN_FIELD'],
    ['GET', `/v1/connections/demo/groups?q=${'x'.repeat(256)}`, undefined, 'q', 'TOO_LONG'],
  ])('refuse what they do not know: %s %s %j', async (method, path, body, where, code) => {
    harness = await answering();
    const answer = await harness.call(method, path, { ...(body === undefined ? {} : { body }) });
    expect(answer.status).toBe(400);
    expect(answer.body.errors).toMatchObject([{ path: where, code }]);
  });

  it('show a key no connection that it may not see', async () => {
    harness = await answering();
    const { call } = harness;
    for (const id of ['demo', 'nobody']) {
      const options = { key: KEYS.limited };
      expect((await call('POST', `/v1/connections/${id}/verify`, options)).status).toBe(404);
      expect((await call('GET', `/v1/connections/${id}/groups`, options)).status).toBe(404);
    }
    const own = await call('POST', '/v1/connections/acme/verify', { key: KEYS.limited });
    expect(own).toMatchObject({ status: 200, body: { ok: true, checks: [] } });
  });

  it('let a reader list groups, and not verify', async () => {
    harness = await answering();
    const { call } = harness;
    const options = { key: KEYS.reader };
    expect((await call('GET', '/v1/connections/demo/groups', options)).status).toBe(200);
    expect((await call('POST', '/v1/connections/demo/verify', options)).status).toBe(403);
  });
});
