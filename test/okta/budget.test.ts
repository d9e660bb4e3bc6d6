import { describe, expect, it } from 'vitest';
import { createOktaClient } from '../../src/okta/index.js';
import {
  ACME,
  ADA,
  bench,
  credentials,
  DATE,
  errorOf,
  MemoryGate,
  MemoryTokens,
  MockOrg,
  oktaError,
} from './support.js';

const LINE = `GET /api/v1/users/${ADA.id}`;
const RESET = Date.parse(DATE) / 1000 + 30;
const rate = (limit: number, remaining: number): Record<string, string> => ({
  'x-rate-limit-limit': `${limit}`,
  'x-rate-limit-remaining': `${remaining}`,
  'x-rate-limit-reset': `${RESET}`,
});

describe('the rate budget', () => {
  it('is asked again after a short wait, which passes in place', async () => {
    const { okta, org, gate } = bench();
    await okta.mintToken();
    gate.waits.push(5, 5, 0);
    org.plan(LINE, { json: ADA });
    await okta.getUser(ADA.id);
    expect(gate.acquired).toEqual(['T', 'B', 'B', 'B']);
  });

  it('sends the caller away for a longer one, Okta not asked', async () => {
    const { okta, org, gate } = bench();
    await okta.mintToken();
    gate.waits.push(3_001);
    expect(await errorOf(okta.suspendUser(ADA.id))).toMatchObject({
      code: 'OKTA_RATE_LIMITED',
      kind: 'budget',
      retryAfterMs: 3_001,
      outcome: 'not-done',
      httpStatus: null,
    });
    expect(org.lines).toEqual([]);
  });

  it('holds for the token as well', async () => {
    const { okta, org, gate } = bench();
    gate.waits.push(9_000);
    expect(await errorOf(okta.getUser(ADA.id))).toMatchObject({
      code: 'OKTA_RATE_LIMITED',
      path: '/oauth2/v1/token',
    });
    expect(org.requests).toEqual([]);
  });

  it('lets the caller give up while it waits', async () => {
    const { okta, gate } = bench();
    await okta.mintToken();
    gate.waits.push(3_000);
    const caller = new AbortController();
    const call = okta.getUser(ADA.id, { signal: caller.signal });
    const reason = new Error('cancelled');
    setImmediate(() => {
      caller.abort(reason);
    });
    await expect(call).rejects.toBe(reason);
  });

  it('does not hold up other buckets when one is used up', async () => {
    const org = new MockOrg();
    const tokens = new MemoryTokens();
    const waiting: (() => void)[] = [];
    const gate = new MemoryGate();
    const okta = createOktaClient({
      credentials: () => Promise.resolve(credentials()),
      tokens,
      gate: {
        acquire: (connection, bucket) => {
          if (bucket !== 'A') return gate.acquire(connection, bucket);
          return new Promise((resolve) =>
            waiting.push(() => {
              resolve(0);
            }),
          );
        },
        learn: (connection, bucket, sighting) => gate.learn(connection, bucket, sighting),
      },
      maxConcurrent: 2,
      dispatcher: org.agent,
    }).connection(ACME);
    org.plan(LINE, { json: ADA }).plan(`POST /api/v1/users/${ADA.id}/lifecycle/suspend`, {});
    const suspension = okta.suspendUser(ADA.id);
    await okta.getUser(ADA.id);
    for (const resolve of waiting) resolve();
    await suspension;
    expect(org.lines).toEqual([LINE, `POST /api/v1/users/${ADA.id}/lifecycle/suspend`]);
  });

  it('learns from every answer that has the headers, good or bad', async () => {
    const { okta, org, gate } = bench();
    org.plan(
      LINE,
      { json: ADA, headers: rate(300, 12) },
      { ...oktaError(404, 'E0000007'), headers: rate(300, 11) },
      { ...oktaError(429, 'E0000047'), headers: rate(300, 0) },
      { json: ADA },
    );
    await okta.getUser(ADA.id);
    await errorOf(okta.getUser(ADA.id));
    await errorOf(okta.getUser(ADA.id));
    await okta.getUser(ADA.id);
    expect(gate.learned).toEqual([
      { bucket: 'B', kind: 'ok', limit: 300, remaining: 12, resetInMs: 31_000 },
      { bucket: 'B', kind: 'ok', limit: 300, remaining: 11, resetInMs: 31_000 },
      { bucket: 'B', kind: 'limited', limit: 300, remaining: 0, resetInMs: 31_000 },
    ]);
  });

  it('may be away without costing an answer', async () => {
    const { okta, org, gate } = bench();
    gate.learn = () => Promise.reject(new Error('no database'));
    org.plan(LINE, { json: ADA, headers: rate(300, 12) });
    expect((await okta.getUser(ADA.id)).value.id).toBe(ADA.id);
  });
});

describe('a 429', () => {
  it('of the window says when to come back', async () => {
    const { okta, org } = bench();
    org.plan(LINE, { ...oktaError(429, 'E0000047'), headers: rate(300, 0) });
    expect(await errorOf(okta.getUser(ADA.id))).toMatchObject({
      code: 'OKTA_RATE_LIMITED',
      kind: 'window',
      retryAfterMs: 31_000,
      httpStatus: 429,
      oktaErrorCode: 'E0000047',
    });
  });

  it('of concurrency teaches the budget nothing and is over soon', async () => {
    const { okta, org, gate } = bench();
    org.plan(LINE, { ...oktaError(429, 'E0000047'), headers: rate(0, 0) });
    const error = await errorOf(okta.getUser(ADA.id));
    expect(error).toMatchObject({ code: 'OKTA_RATE_LIMITED', kind: 'concurrency' });
    if (error.code !== 'OKTA_RATE_LIMITED') return;
    expect(error.retryAfterMs).toBeGreaterThanOrEqual(1_000);
    expect(error.retryAfterMs).toBeLessThanOrEqual(4_000);
    expect(gate.learned).toEqual([]);
  });
});
