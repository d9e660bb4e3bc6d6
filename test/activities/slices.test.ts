// Work through a list of groups: how far a slice comes, and what it leaves to the next.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { workThrough } from '../../src/activities/slices.js';
import type { StepTools } from '../../src/activities/step.js';
import {
  OktaAuthFailedError,
  OktaForbiddenError,
  OktaNotFoundError,
  OktaRateLimitedError,
  OktaTimeoutError,
  OktaValidationError,
  type OktaError,
} from '../../src/okta/errors.js';

const IDS = ['a', 'b', 'c', 'd'].map((id) => id as never);
const [A, B, C, D] = IDS as [never, never, never, never];
const facts = {
  method: 'PUT',
  path: '/api/v1/groups/{group}/users/{user}',
  httpStatus: null,
  oktaErrorCode: null,
  oktaRequestId: 'req',
  date: null,
  outcome: 'not-done' as const,
};
const limited = (retryAfterMs: number) =>
  new OktaRateLimitedError('later', { ...facts, kind: 'window', retryAfterMs });
const forbidden = new OktaForbiddenError('no', facts);
const gone = new OktaNotFoundError('none', facts);
const invalid = new OktaValidationError('invalid', { ...facts, fields: [] });
const lost = new OktaTimeoutError('slow', { ...facts, outcome: 'unknown' });
const keyRefused = new OktaAuthFailedError('refused', { ...facts, hint: '' });

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

interface Said {
  wrote: number;
  lost: OktaError[];
  requestIds: number;
  concern?: string;
}

/** @param answers what Okta says of a group; done where nothing is said */
function slice(
  answers: Record<string, OktaError | Error | null> = {},
  callMs = 0,
  mayHaveHappened = false,
) {
  const calls: string[] = [];
  const said: Said = { wrote: 0, lost: [], requestIds: 0 };
  const tools = {
    take: ({ value }: { value: unknown }) => {
      said.requestIds += 1;
      return value;
    },
    wrote: () => (said.wrote += 1),
    noteLost: (error: OktaError) => said.lost.push(error),
    concerns: (whom: string) => (said.concern = whom),
    mayHaveHappened,
  } as unknown as StepTools;
  const worked = workThrough(tools, IDS, (group) => {
    calls.push(group);
    vi.advanceTimersByTime(callMs);
    const answer = answers[group];
    if (answer instanceof Error) return Promise.reject(answer);
    return Promise.resolve(
      answer === null ? null : { value: undefined, requestId: 'req', date: null },
    );
  });
  const work = worked.then(({ slice }) => slice);
  const untried = worked.then((came) => came.untried);
  untried.catch(() => undefined);
  return { work, untried, calls, said };
}

describe('a slice', () => {
  it('does all groups where nothing stops it', async () => {
    const { work, said } = slice();
    expect(await work).toEqual({ done: IDS, later: [], waitMs: 0 });
    expect(said).toEqual({ wrote: 4, lost: [], requestIds: 4 });
  });

  it('counts a group as done that needed no write', async () => {
    const { work, said } = slice({ [B]: null });
    expect(await work).toEqual({ done: IDS, later: [], waitMs: 0 });
    expect(said.requestIds).toBe(3);
  });

  it('ends when its time is up, so that a cancel is heard', async () => {
    const { work, calls } = slice({}, 800);
    expect(await work).toEqual({ done: [A, B], later: [], waitMs: 0 });
    expect(calls).toEqual([A, B]);
  });

  it('makes progress, however slow Okta is', async () => {
    const { work } = slice({}, 15_000);
    expect(await work).toEqual({ done: [A], later: [], waitMs: 0 });
  });

  it.each<[string, Record<string, OktaError>, unknown]>([
    ['in the middle', { [C]: limited(42_000) }, { done: [A, B], later: [], waitMs: 42_000 }],
    ['at the first group', { [A]: limited(42_000) }, { done: [], later: [], waitMs: 42_000 }],
    [
      'after a refusal',
      { [A]: forbidden, [C]: limited(9_000) },
      { done: [B], later: [A], waitMs: 9_000 },
    ],
  ])('keeps its progress at Okta’s limit, and says how long to wait: %s', async (_n, said, to) => {
    expect(await slice(said).work).toEqual(to);
  });

  it.each([forbidden, gone, invalid])(
    'leaves a group that Okta refuses for later: $code',
    async (error) => {
      const { work, calls } = slice({ [B]: error });
      expect(await work).toEqual({ done: [A, C, D], later: [B], waitMs: 0 });
      expect(calls).toEqual(IDS);
    },
  );

  it('fails with the first refusal where no group could be done', async () => {
    const { work, said } = slice({ [A]: forbidden, [B]: gone, [C]: gone, [D]: gone });
    await expect(work).rejects.toBe(forbidden);
    expect(said.concern).toBe('Groups: a, b, c, d.');
  });

  it.each([lost, keyRefused])(
    'ends with its progress at what concerns all: $code',
    async (error) => {
      const { work, calls, said } = slice({ [C]: error });
      expect(await work).toEqual({ done: [A, B], later: [], waitMs: 0 });
      expect([calls, said.lost]).toEqual([[A, B, C], [error]]);
    },
  );

  it.each([lost, keyRefused])('fails at once where that comes first: $code', async (error) => {
    const { work, calls } = slice({ [A]: error });
    await expect(work).rejects.toBe(error);
    expect(calls).toEqual([A]);
  });

  it.each([
    ['says which were surely not tried', false, [D]],
    ['says nothing of those where an attempt before it may have come further', true, []],
  ])('%s', async (_name, mayHaveHappened, expected) => {
    const { untried } = slice({ [C]: lost }, 0, mayHaveHappened);
    expect(await untried).toEqual(expected);
  });

  it('does not hide an error of ours', async () => {
    await expect(slice({ [C]: new Error('a bug') }).work).rejects.toThrow('a bug');
  });
});
