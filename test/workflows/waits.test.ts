// A real step on a real server: what an attempt that only waited leaves to the next one arrives there.
import { afterEach, expect, it } from 'vitest';
import { createActivities, type ActivityDeps } from '../../src/activities/index.js';
import { OktaRateLimitedError, OktaTimeoutError, type OktaError } from '../../src/okta/errors.js';
import type { StepReport } from '../../src/store/store.js';
import { eventually } from '../support/eventually.js';
import { stubActivities, USER_ID } from '../support/stub-activities.js';
import { startHarness, type Harness } from './harness.js';

let harness: Harness | undefined;
afterEach(async () => {
  await harness?.close();
  harness = undefined;
});
const facts = {
  method: 'POST',
  path: '/api/v1/users/{user}/lifecycle/suspend',
  httpStatus: null,
  oktaErrorCode: null,
  oktaRequestId: null,
  date: null,
};

/** Suspends for real with Okta saying first what is given; the calls that reached it, and the reports. */
async function suspendWith(first: OktaError) {
  const calls: string[] = [];
  const reports: StepReport[] = [];
  const answer = <T>(value: T) => Promise.resolve({ value, requestId: null, date: null });
  const okta = {
    suspendUser: () => {
      calls.push('suspend');
      return calls.filter((call) => call === 'suspend').length === 1
        ? Promise.reject(first)
        : answer(undefined);
    },
    getUser: () => {
      calls.push('look');
      const times = { created: '', statusChanged: null, transitioningToStatus: null };
      return answer({ id: USER_ID, status: 'ACTIVE', profile: {}, ...times });
    },
  };
  const { suspendUser } = createActivities({
    okta: { connection: () => okta },
    store: {
      connections: { admission: () => Promise.resolve({ kind: 'ready' }) },
      runs: {
        reportStep: (report: StepReport) => {
          reports.push(report);
          return Promise.resolve(null);
        },
      },
    },
    now: () => new Date(),
  } as unknown as ActivityDeps);
  const stubs = stubActivities({ suspendUser });
  harness = await startHarness(stubs);
  const { run } = await harness.offboard();
  await eventually('it holds', () => stubs.last(run.id)?.phase === 'holding');
  return { calls, reports };
}

it('a step that only waited for the budget is not judged by another look', async () => {
  const wait = { kind: 'budget', retryAfterMs: 300 } as const;
  const limited = new OktaRateLimitedError('later', { ...facts, outcome: 'not-done', ...wait });
  const { calls, reports } = await suspendWith(limited);
  expect(calls).toEqual(['suspend', 'suspend']);
  expect(reports).toMatchObject([{ status: 'done', attempts: 2 }]);
});

it('a step whose answer was lost looks before it does it again', async () => {
  const { calls } = await suspendWith(
    new OktaTimeoutError('slow', { ...facts, outcome: 'unknown' }),
  );
  expect(calls).toEqual(['suspend', 'look', 'suspend']);
});
