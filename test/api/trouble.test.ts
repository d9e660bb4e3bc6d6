// What a caller is told while Temporal, the database or we ourselves are in trouble.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { as, type RunId } from '../../src/domain/brand.js';
import { offboarding, onboarding, startHarness, type Harness } from './harness.js';

let api: Harness;
beforeEach(async () => {
  api = await startHarness();
});
afterEach(() => api.close());

describe('Temporal in trouble', () => {
  it.each(['away', 'full'] as const)(
    'that surely took nothing (%s): 503, and no row',
    async (weather) => {
      api.temporal.state.weather = weather;
      const { status, headers, body } = await api.post('/v1/onboardings', onboarding());
      expect([status, body.code]).toEqual([503, 'TEMPORAL_UNAVAILABLE']);
      expect(headers.get('retry-after')).toBe('5');
      expect(api.fake.runs()).toEqual([]);
    },
  );

  it('that took nothing, with a row that cannot be taken back: 202, since the sweep will start it', async () => {
    api.temporal.state.weather = 'away';
    api.fake.store.runs.withdraw = () => Promise.reject(new Error('the database is away'));
    const { status, body } = await api.post('/v1/onboardings', onboarding());
    expect(status).toBe(202);
    expect(api.fake.run(body.id)).toMatchObject({ started: false });
  });

  it('that took it, with an answer that cannot be kept: 202 all the same', async () => {
    api.fake.store.idempotency.finish = () => Promise.reject(new Error('the database is away'));
    const key = { 'idempotency-key': 'kept-or-not' };
    const { status } = await api.post('/v1/onboardings', onboarding(), key);
    expect(status).toBe(202);
  });

  it('that does not say whether it took it: 202, and the row stays', async () => {
    api.temporal.state.weather = 'lost';
    const { status, body } = await api.post('/v1/onboardings', onboarding());
    expect(status).toBe(202);
    expect(api.fake.run(body.id)).toMatchObject({ started: false });
  });

  it('with a workflow of that person that the store does not know: 409, and no row', async () => {
    const first = await api.post('/v1/onboardings', onboarding());
    await api.fake.store.runs.withdraw(as<RunId>(first.body.id));
    const { status, body } = await api.post('/v1/onboardings', onboarding({ groups: ['A'] }));
    expect([status, body.code]).toEqual([409, 'RUN_OPEN']);
    expect(api.fake.runs()).toEqual([]);
  });

  it('with a former workflow that is about to close: starts when it has', async () => {
    const first = await api.post('/v1/onboardings', onboarding());
    api.fake.update(as<RunId>(first.body.id), { phase: 'completed', outcome: 'done' });
    setTimeout(() => {
      const workflow = api.temporal.workflows[0];
      if (workflow !== undefined) workflow.isOpen = false;
    }, 120);
    const { status, body } = await api.post('/v1/offboardings', offboarding());
    expect(status).toBe(202);
    expect(api.fake.run(body.id)?.started).toBe(true);
    expect(api.temporal.workflows).toHaveLength(2);
  });

  it('with a former workflow that does not close: 202, and the sweep goes on', async () => {
    const first = await api.post('/v1/onboardings', onboarding());
    api.fake.update(as<RunId>(first.body.id), { phase: 'completed', outcome: 'done' });
    const { status, body } = await api.post('/v1/offboardings', offboarding());
    expect(status).toBe(202);
    expect(api.fake.run(body.id)?.started).toBe(false);
  });
});

describe('the database in trouble', () => {
  it('is a 503 that says so, without insides', async () => {
    api.fake.state.isAway = true;
    for (const path of ['/v1/runs', '/v1/connections']) {
      const { status, headers, body, text } = await api.get(path);
      expect([status, body.code]).toEqual([503, 'DATABASE_UNAVAILABLE']);
      expect(headers.get('retry-after')).toBe('5');
      expect(text).not.toContain('(test)');
    }
  });
});

describe('an error that nobody foresaw', () => {
  it('is a 500 with a request id and a line in the log, and no insides', async () => {
    api.fake.store.subjectRef = () => {
      throw new Error('secret insides of ada@example.com');
    };
    const { status, body, text } = await api.post('/v1/onboardings', onboarding(), {
      'x-request-id': 'trace-7',
    });
    expect([status, body.code, body.requestId]).toEqual([500, 'INTERNAL', 'trace-7']);
    expect(text).not.toContain('insides');
    expect(api.log.some((line) => line.includes('http.failed') && line.includes('trace-7'))).toBe(
      true,
    );
  });
});
