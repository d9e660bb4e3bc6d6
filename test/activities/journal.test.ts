// What a step leaves to its next attempt and to the journal: whether Okta may have been reached, and the
// effects that are known for sure.
import type { ApplicationFailure } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { describe, expect, it } from 'vitest';
import { blocked } from '../../src/activities/failures.js';
import { createStepRunner, type Done, type StepTools } from '../../src/activities/step.js';
import { as } from '../../src/domain/brand.js';
import type { Effect } from '../../src/domain/effects.js';
import type { RunRef } from '../../src/domain/run.js';
import {
  OktaForbiddenError,
  OktaRateLimitedError,
  OktaTimeoutError,
  OktaUnavailableError,
  OktaValidationError,
  type OktaError,
} from '../../src/okta/errors.js';
import type { OktaClient, OktaConnection } from '../../src/okta/index.js';
import type { AccountHolder, StepReport } from '../../src/store/store.js';
import type { ActivityDeps } from '../../src/activities/index.js';

// A failure is what most of these steps are for; nobody wants to read it in the log.
Runtime.install({ logger: new DefaultLogger('ERROR') });
const QUIET = new DefaultLogger('ERROR');

const RUN: RunRef = {
  id: as('demo.0123456789abcdef.r'),
  connection: as('demo'),
  subjectRef: as('0123456789abcdef'),
  requestId: as('r'),
};
const facts = {
  method: 'POST',
  path: '/api/v1/users',
  httpStatus: null,
  oktaErrorCode: null,
  oktaRequestId: null,
  date: null,
};
const done = <T>(value: T, more: Partial<Done<T>> = {}) =>
  Promise.resolve({ value, detail: 'Done', ...more });
const limited = new OktaRateLimitedError('later', {
  ...facts,
  outcome: 'not-done',
  kind: 'budget',
  retryAfterMs: 42_000,
});
const lost = new OktaTimeoutError('slow', { ...facts, outcome: 'unknown' });
const down = new OktaUnavailableError('down', { ...facts, outcome: 'not-done' });
const invalid = (outcome: 'not-done' | 'unknown') =>
  new OktaValidationError('invalid', { ...facts, outcome, fields: [] });

function world(
  store: {
    reportStep?: (report: StepReport) => Promise<AccountHolder | null>;
    isBlocked?: boolean;
  } = {},
) {
  const reports: StepReport[] = [];
  const deps = {
    okta: { connection: () => ({}) as OktaConnection } as unknown as OktaClient,
    store: {
      connections: {
        admission: () =>
          store.isBlocked === true
            ? Promise.reject(blocked('The key is refused.'))
            : Promise.resolve({ kind: 'ready', refused: [] }),
        block: () => Promise.resolve(),
        unblock: () => Promise.resolve(),
      },
      runs: {
        reportStep: (report: StepReport) => {
          reports.push(report);
          return store.reportStep?.(report) ?? Promise.resolve(null);
        },
      },
      refusals: { note: () => Promise.resolve({ kind: 'parks' }) },
    },
    now: () => new Date(0),
  } as unknown as ActivityDeps;
  return { step: createStepRunner(deps), reports };
}
const environment = (attempt: number, heartbeatDetails?: unknown) =>
  new MockActivityEnvironment({ attempt, heartbeatDetails }, { logger: QUIET });

/** Runs one attempt; answers what it left for the next one. */
async function attempt(
  nth: number,
  before: unknown,
  body: (tools: StepTools) => Promise<Done<unknown>>,
  { step } = world(),
) {
  const env = environment(nth, before);
  let left: unknown = before;
  env.on('heartbeat', (details: unknown) => (left = details));
  const failure = await env
    .run(() => step({ run: RUN }, body))
    .then(
      () => null,
      (error: unknown) => error as ApplicationFailure,
    );
  return { left, failure };
}
const fails = (error: Error) => () => Promise.reject(error);
async function mayHaveHappened(nth: number, left: unknown): Promise<boolean> {
  const said: boolean[] = [];
  await attempt(nth, left, (tools) => {
    said.push(tools.mayHaveHappened);
    return done(null);
  });
  expect(said).toHaveLength(1);
  return said[0] === true;
}

describe('whether an earlier attempt may have reached Okta', () => {
  it('no, at the first', async () => {
    expect(await mayHaveHappened(1, undefined)).toBe(false);
  });

  it.each<[string, Error, boolean]>([
    ['a wait for the budget', limited, false],
    ['a connection that was refused before anything was sent', down, false],
    ['a lost answer', lost, true],
    ['an error of ours, somewhere in the step', new Error('a bug'), true],
  ])('after %s', async (_name, error, expected) => {
    const { left } = await attempt(1, undefined, fails(error));
    expect(await mayHaveHappened(2, left)).toBe(expected);
  });

  it('no, after a blocked connection', async () => {
    const { left } = await attempt(1, undefined, () => done(null), world({ isBlocked: true }));
    expect(left).toEqual({ untouchedThrough: 1 });
    expect(await mayHaveHappened(2, left)).toBe(false);
  });

  it('no, after any number of waits in a row', async () => {
    let left: unknown;
    for (const nth of [1, 2, 3]) ({ left } = await attempt(nth, left, fails(limited)));
    expect(await mayHaveHappened(4, left)).toBe(false);
  });

  it('yes for good, after a lost answer and then a wait', async () => {
    const first = await attempt(1, undefined, fails(lost));
    const second = await attempt(2, first.left, fails(limited));
    expect(await mayHaveHappened(3, second.left)).toBe(true);
  });

  it('yes, where a worker died after a wait: its attempt has left nothing', async () => {
    const { left } = await attempt(1, undefined, fails(limited));
    expect(await mayHaveHappened(3, left)).toBe(true);
  });

  it('yes, where the attempt had written before it had to wait', async () => {
    const { left } = await attempt(1, undefined, (tools) => {
      tools.wrote();
      return Promise.reject(limited);
    });
    expect(await mayHaveHappened(2, left)).toBe(true);
  });
});

const REFUSED: Effect[] = [{ kind: 'suspend', stage: 'refused' }];

describe('what Okta refuses', () => {
  const refusing =
    (error: OktaError, before: (tools: StepTools) => void = () => undefined) =>
    (tools: StepTools) => {
      tools.ifRefused(REFUSED);
      before(tools);
      return Promise.reject(error);
    };

  it.each<[string, number, unknown, (tools: StepTools) => Promise<never>, Effect[]]>([
    ['at the first try: surely not done', 1, undefined, refusing(invalid('not-done')), REFUSED],
    [
      'after waits only: surely not done',
      2,
      { untouchedThrough: 1 },
      refusing(invalid('not-done')),
      REFUSED,
    ],
    ['after a lost answer: it may be done', 2, undefined, refusing(invalid('not-done')), []],
    ['in an answer that makes no sense', 1, undefined, refusing(invalid('unknown')), []],
    [
      'after the step had written something',
      1,
      undefined,
      refusing(invalid('not-done'), (tools) => {
        tools.wrote();
      }),
      [],
    ],
    [
      'to everybody with that role',
      1,
      undefined,
      refusing(new OktaForbiddenError('no', { ...facts, outcome: 'not-done' })),
      REFUSED,
    ],
  ])('%s', async (_name, nth, before, body, effects) => {
    const { step, reports } = world();
    const { failure } = await attempt(nth, before, body, { step, reports });
    expect(failure).toMatchObject({ nonRetryable: true, details: [expect.anything(), effects] });
    expect(reports.at(-1)).toMatchObject({ status: 'failed', effects });
  });

  it('and is tried again, is no effect yet', async () => {
    const { step, reports } = world();
    const { failure } = await attempt(1, undefined, refusing(limited), { step, reports });
    expect([failure?.type, reports]).toEqual(['OKTA_RATE_LIMITED', []]);
  });
});

describe('what a step did', () => {
  const look: Effect = { kind: 'look', look: { kind: 'unreadable', at: '1' } };
  const intent: Effect = {
    kind: 'suspend',
    stage: 'intended',
    before: { kind: 'unreadable', at: '1' },
  };
  const holder: AccountHolder = {
    run: as('demo.fedcba9876543210.r'),
    kind: 'offboarding',
    phase: 'holding',
    login: 'ada@example.com',
    since: '2027-01-01T00:00:00Z',
    workflowId: 'person/demo/fedcba9876543210',
  };
  const shown = { oktaUserId: as<never>('00uAda'), login: 'ada', name: 'Ada' };

  it('goes to the store with the intents of what follows, and to the workflow without', async () => {
    const { step, reports } = world();
    const given = await environment(1).run(() =>
      step({ run: RUN }, () => done('seen', { effects: [look, intent], shown })),
    );
    expect(given).toEqual({ value: 'seen', effects: [look] });
    expect(reports).toMatchObject([{ effects: [look, intent], shown, claims: false }]);
  });

  it('is told anew where another run has the account, with none of its effects', async () => {
    const { step, reports } = world({
      reportStep: ({ claims }) => Promise.resolve(claims === true ? holder : null),
    });
    const given = await environment(1).run(() =>
      step<unknown>({ run: RUN }, () =>
        done<unknown>('seen', {
          effects: [look],
          shown,
          whenBusy: (by) => ({ value: { busy: by.run }, detail: 'Busy', status: 'skipped' }),
        }),
      ),
    );
    expect(given).toEqual({ value: { busy: holder.run }, effects: [] });
    expect(reports).toMatchObject([
      { claims: true, effects: [look] },
      { claims: false, effects: [], status: 'skipped', detail: 'Busy' },
    ]);
  });
});
