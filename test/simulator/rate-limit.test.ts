import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { RateLimiter } from '../../src/simulator/rate-limit.js';
import type { OrgSettings } from '../../src/simulator/settings.js';
import { type Client, type Reply, useOrg } from './harness.js';

const limits = (A: number, appShare = 1): OrgSettings['rateLimits'] => ({
  tier: 'workforce',
  appShare,
  overrides: { A },
});

describe('the rate limiter', () => {
  const start = 1_800_000_000_400;

  it('starts a window of sixty seconds with the first request', () => {
    const limiter = new RateLimiter();
    const take = (after: number): number =>
      limiter.take('A', 'app', limits(3), start + after).remaining;
    expect([take(0), take(10_000), take(59_999)]).toEqual([2, 1, 0]);
    expect(limiter.take('A', 'app', limits(3), start + 59_999)).toEqual({
      allowed: false,
      limit: 3,
      remaining: 0,
      reset: 1_800_000_060,
    });
    expect(limiter.take('A', 'app', limits(3), start + 60_000)).toEqual({
      allowed: true,
      limit: 3,
      remaining: 2,
      reset: 1_800_000_120,
    });
  });

  it('gives an app its share, and two apps together no more than the whole', () => {
    const limiter = new RateLimiter();
    const rateLimits = limits(10, 0.8);
    const passed = (app: string): number =>
      Array.from({ length: 20 }).filter(() => limiter.take('A', app, rateLimits, start).allowed)
        .length;
    expect([passed('one'), passed('two')]).toEqual([8, 2]);
  });

  it('counts what another client of the org eats', () => {
    const limiter = new RateLimiter();
    limiter.addConsumer({ bucket: 'A', perMinute: 60 });
    expect(limiter.take('A', 'app', limits(100, 1), start).remaining).toBe(99);
    expect(limiter.take('A', 'app', limits(100, 1), start + 30_000).remaining).toBe(68);
    limiter.clearConsumers();
    expect(limiter.take('A', 'app', limits(100, 1), start + 30_000).remaining).toBe(97);
  });

  it('keeps the buckets apart', () => {
    const limiter = new RateLimiter();
    limiter.take('A', 'app', limits(1), start);
    expect(limiter.take('A', 'app', limits(1), start).allowed).toBe(false);
    expect(limiter.take('D', 'app', limits(1), start).allowed).toBe(true);
  });

  it.each([
    ['integrator', 100, 100, 300],
    ['one-app', 600, 600, 1200],
    ['enterprise', 600, 600, 1200],
    ['workforce', 600, 500, 2000],
  ] as const)('knows the published numbers of tier %s', (tier, a, d, t) => {
    const limiter = new RateLimiter();
    const rateLimits = { tier, appShare: 0.5, overrides: {} };
    const limit = (bucket: 'A' | 'D' | 'T'): number =>
      limiter.take(bucket, 'app', rateLimits, start).limit;
    expect([limit('A'), limit('D'), limit('T')]).toEqual([a / 2, d / 2, t / 2]);
  });

  it('never refuses where the tier is off', () => {
    const limiter = new RateLimiter();
    const rateLimits = { tier: 'off', appShare: 0.00001, overrides: {} } as const;
    const verdicts = Array.from({ length: 50 }, () => limiter.take('A', 'app', rateLimits, start));
    expect(verdicts.every(({ allowed }) => allowed)).toBe(true);
  });
});

describe('the headers of an answer', () => {
  const sim = useOrg();
  let client: Client;
  beforeAll(async () => {
    client = await sim.org.client();
  });
  beforeEach(async () => {
    await sim.org.control('PATCH', '/org', { rateLimits: limits(3), concurrency: 75 });
  });

  it('count down, refuse with 429 and tell when the window ends', async () => {
    const replies: Reply[] = [];
    for (let n = 0; n < 4; n += 1) replies.push(await client.call('GET', '/users'));
    expect(replies.map(({ status }) => status)).toEqual([200, 200, 200, 429]);
    const header = (name: string): (string | null)[] =>
      replies.map(({ headers }) => headers.get(`x-rate-limit-${name}`));
    expect(header('limit')).toEqual(['3', '3', '3', '3']);
    expect(header('remaining')).toEqual(['2', '1', '0', '0']);
    const [first, , , last] = replies;
    const date = Date.parse(first?.headers.get('date') ?? '') / 1000;
    const wait = Number(first?.headers.get('x-rate-limit-reset')) - date;
    expect(wait).toBeGreaterThanOrEqual(59);
    expect(wait).toBeLessThanOrEqual(60);
    expect(last?.json).toMatchObject({
      errorCode: 'E0000047',
      errorSummary: 'API call exceeded rate limit due to too many requests.',
      errorCauses: [],
    });
    expect(last?.headers.has('retry-after')).toBe(false);
    expect(last?.headers.has('cache-control')).toBe(false);
    expect(last?.headers.has('date')).toBe(true);
  });

  it('do nothing of what was refused', async () => {
    for (let n = 0; n < 3; n += 1) await client.call('GET', '/users');
    const { id } = await sim.org.seedUser('spared@example.com');
    const reply = await client.call('POST', `/users/${id}/lifecycle/suspend`);
    expect(reply.status).toBe(429);
    expect((await sim.org.truth('spared@example.com')).status).toBe('ACTIVE');
  });

  it('say limit 0 where too many calls come at once', async () => {
    await sim.org.control('PATCH', '/org', {
      rateLimits: { overrides: {} },
      concurrency: 1,
      latencyMs: [250, 250],
    });
    const replies = await Promise.all([1, 2, 3].map(() => client.call('GET', '/users')));
    await sim.org.control('PATCH', '/org', { latencyMs: [0, 0] });
    const refused = replies.filter(({ status }) => status === 429);
    expect(refused).toHaveLength(2);
    for (const { headers } of refused) {
      expect(headers.get('x-rate-limit-limit')).toBe('0');
      expect(headers.get('x-rate-limit-remaining')).toBe('0');
    }
  });

  it('count a call before its scope and role are looked at', async () => {
    const weak = await sim.org.client({ roles: [] }, ['okta.users.read']);
    const missingScope = await weak.call('POST', '/users', {});
    expect(missingScope.headers.get('x-rate-limit-remaining')).toBe('2');
  });
});
