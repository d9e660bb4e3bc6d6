import { ApplicationFailureCategory } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import { judge, parked, withEffects } from '../../src/activities/failures.js';
import type { Effect } from '../../src/domain/effects.js';
import { problem } from '../../src/domain/problem.js';
import type { OktaError } from '../../src/okta/index.js';
import {
  OktaAuthFailedError,
  OktaForbiddenError,
  OktaLoginTakenError,
  OktaNotFoundError,
  OktaRateLimitedError,
  OktaScopeMissingError,
  OktaTimeoutError,
  OktaUnavailableError,
  OktaUnexpectedResponseError,
  OktaValidationError,
  OktaWrongStatusError,
} from '../../src/okta/errors.js';

const facts = {
  method: 'POST',
  path: '/api/v1/users',
  httpStatus: 400,
  oktaErrorCode: null,
  oktaRequestId: null,
  date: null,
  outcome: 'not-done' as const,
};

describe('a failure that parks', () => {
  it('carries the problem, and what the journal gets of the step that it ends', () => {
    const effects: Effect[] = [{ kind: 'create', stage: 'refused' }];
    const failure = parked(problem('LOGIN_TAKEN', 'Ada Byron has it.'), new Error('why'));
    expect(failure.details).toEqual([expect.objectContaining({ code: 'LOGIN_TAKEN' }), []]);
    expect(withEffects(failure, effects)).toMatchObject({
      type: 'LOGIN_TAKEN',
      message: 'Ada Byron has it.',
      nonRetryable: true,
      details: [{ code: 'LOGIN_TAKEN' }, effects],
      cause: { message: 'why' },
    });
  });
});

describe('what becomes of an error', () => {
  it.each<[OktaError, string]>([
    [new OktaUnavailableError('down', facts), 'OKTA_UNAVAILABLE'],
    [new OktaTimeoutError('slow', facts), 'OKTA_TIMEOUT'],
    [new OktaUnexpectedResponseError('odd', { ...facts, shape: '' }), 'OKTA_UNEXPECTED_RESPONSE'],
  ])('%s is retried', (error, type) => {
    expect(judge(error, 1)).toMatchObject({
      kind: 'retry',
      failure: { type, nonRetryable: false },
    });
  });

  it('waits for a rate limit as long as it was told, without alarm', () => {
    const error = new OktaRateLimitedError('later', {
      ...facts,
      kind: 'window',
      retryAfterMs: 42_000,
    });
    expect(judge(error, 7)).toMatchObject({
      kind: 'retry',
      failure: {
        type: 'OKTA_RATE_LIMITED',
        nextRetryDelay: 42_000,
        category: ApplicationFailureCategory.BENIGN,
      },
    });
  });

  it.each([
    [3_600_000, 62_000],
    [62_000, 62_000],
    [0, 1],
  ])('asked to wait %i ms for a limit, looks again after %i', (retryAfterMs, nextRetryDelay) => {
    const error = new OktaRateLimitedError('later', { ...facts, kind: 'budget', retryAfterMs });
    expect(judge(error, 1)).toMatchObject({ kind: 'retry', failure: { nextRetryDelay } });
  });

  it.each<[OktaError, string]>([
    [new OktaForbiddenError('no', facts), 'NOT_PERMITTED'],
    [new OktaNotFoundError('nobody', facts), 'PERSON_NOT_FOUND'],
    [new OktaLoginTakenError('taken', facts), 'LOGIN_TAKEN'],
    [new OktaWrongStatusError('not active', facts), 'STATUS_UNSUPPORTED'],
    [new OktaValidationError('invalid', { ...facts, fields: [] }), 'REFUSED_BY_OKTA'],
  ])('%s parks the run', (error, code) => {
    expect(judge(error, 2)).toMatchObject({
      kind: 'park',
      failure: {
        type: code,
        nonRetryable: true,
        details: [{ code, actions: ['retry', 'abort', 'leave'] }, []],
      },
    });
  });

  it('has a person look at an answer that makes no sense five times', () => {
    const error = new OktaUnexpectedResponseError('odd', { ...facts, shape: '' });
    expect(judge(error, 4).kind).toBe('retry');
    expect(judge(error, 5)).toMatchObject({ kind: 'park', failure: { type: 'REFUSED_BY_OKTA' } });
  });

  it.each<OktaError>([
    new OktaAuthFailedError('refused', { ...facts, hint: 'Look at the key.' }),
    new OktaScopeMissingError('missing', { ...facts, scope: 'okta.users.manage' }),
  ])('$code is the connection’s trouble', (error) => {
    expect(judge(error, 1)).toMatchObject({ kind: 'block', code: error.code });
  });

  it.each([
    [401, /refuses the key/],
    [null, /cannot be called/],
  ])('does not say that Okta refused where it was not asked (%s)', (httpStatus, title) => {
    const error = new OktaAuthFailedError('x', { ...facts, httpStatus, hint: 'y' });
    expect(judge(error, 1)).toMatchObject({ title: expect.stringMatching(title) as string });
  });
});
