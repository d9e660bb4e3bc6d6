import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { MemberReader } from '../../src/activities/group-members.js';
import { createMemberReads, type Membership } from '../../src/activities/member-reads.js';
import {
  as,
  type ConnectionId,
  type OktaGroupId,
  type OktaUserId,
} from '../../src/domain/brand.js';
import { OktaForbiddenError } from '../../src/okta/errors.js';

const ACME = as<ConnectionId>('acme');
const [ENGINEERING, SALES] = [as<OktaGroupId>('00gEng'), as<OktaGroupId>('00gSales')];
const person = (number: number) => as<OktaUserId>(`00u${number}`);
const MEMBER_OF_ALL: Membership = { kind: 'member-of-all' };
const notRead = (...groupIds: OktaGroupId[]): Membership => ({ kind: 'not-read', groupIds });

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

interface Scan {
  group: string;
  at: number;
  signal: AbortSignal | undefined;
}

/** An org with these members; a scan takes `scanMs`, looks at its beginning, and is written down. */
function world({ scanMs = 0 } = {}) {
  const members = new Map<string, OktaUserId[]>([
    [ENGINEERING, []],
    [SALES, []],
  ]);
  const scans: Scan[] = [];
  let failure: Error | null = null;
  let isTooLarge = false;
  const startedAt = Date.now();
  const okta: MemberReader = {
    async scanGroupMembers(group, visit, { signal, maxPages }) {
      scans.push({ group, at: Date.now() - startedAt, signal });
      expect(maxPages).toBe(10);
      const present = [...(members.get(group) ?? [])];
      if (scanMs > 0) {
        await new Promise<void>((resolve, reject) => {
          setTimeout(resolve, scanMs);
          signal?.addEventListener('abort', () => {
            reject(signal.reason as Error);
          });
        });
      }
      if (failure !== null) throw failure;
      const ending = isTooLarge ? 'cut-short' : 'whole';
      return { value: present.some(visit) ? 'stopped' : ending, requestId: null, date: null };
    },
  };
  const reads = createMemberReads({ now: () => Date.now() });
  return {
    reads,
    scans,
    join: (user: OktaUserId, ...groups: OktaGroupId[]) => {
      for (const group of groups) members.get(group)?.push(user);
    },
    fail: (error: Error | null) => {
      failure = error;
    },
    tooLarge: () => {
      isTooLarge = true;
    },
    /** What the answer is, once there is one. */
    confirm: (user: OktaUserId, groups: OktaGroupId[]) => {
      const caller = new AbortController();
      const asked: {
        answer: Membership | undefined;
        result: Promise<Membership>;
        leave: () => void;
      } = {
        answer: undefined,
        result: reads.confirm(ACME, okta, user, groups, { signal: caller.signal }),
        leave: () => {
          caller.abort(new Error('cancelled'));
        },
      };
      asked.result.then(
        (answer) => {
          asked.answer = answer;
        },
        () => undefined,
      );
      return asked;
    },
  };
}

describe('somebody who is made alone', () => {
  it('is read back at once', async () => {
    const { reads, scans, join, confirm } = world();
    join(person(1), ENGINEERING, SALES);
    reads.made(ACME, person(1));
    const run = confirm(person(1), [ENGINEERING, SALES]);
    await pass(0);
    expect(run.answer).toEqual(MEMBER_OF_ALL);
    expect(scans.map(({ group }) => group)).toEqual([ENGINEERING, SALES]);
  });

  it('without groups needs no look', async () => {
    const { scans, confirm } = world();
    expect(await confirm(person(1), []).result).toEqual(MEMBER_OF_ALL);
    expect(scans).toEqual([]);
  });

  it('is alone on the connection, whatever goes on at others', async () => {
    const { reads, join, confirm } = world();
    reads.made(as<ConnectionId>('globex'), person(2));
    join(person(1), ENGINEERING);
    const run = confirm(person(1), [ENGINEERING]);
    await pass(0);
    expect(run.answer).toEqual(MEMBER_OF_ALL);
  });

  it('is looked for once more a second later, where Okta lags', async () => {
    const { scans, join, confirm } = world();
    const run = confirm(person(1), [ENGINEERING]);
    await pass(999);
    expect([scans.length, run.answer]).toEqual([1, undefined]);
    join(person(1), ENGINEERING);
    await pass(1);
    expect([scans.length, run.answer]).toEqual([2, MEMBER_OF_ALL]);
  });

  it('is missing from those groups that do not show the person twice', async () => {
    const { scans, join, confirm } = world();
    join(person(1), ENGINEERING);
    const run = confirm(person(1), [ENGINEERING, SALES]);
    await pass(1_000);
    expect(run.answer).toEqual({ kind: 'missing', groupIds: [SALES] });
    expect(scans.map(({ group }) => group)).toEqual([ENGINEERING, SALES, SALES]);
  });
});

describe('people who are made together', () => {
  it('share one read of each group, when nobody has come for a quarter of a second', async () => {
    const { reads, scans, join, confirm } = world();
    for (let number = 1; number <= 100; number += 1) {
      join(person(number), ENGINEERING, SALES);
      reads.made(ACME, person(number));
    }
    const runs = [];
    for (let number = 1; number <= 100; number += 1) {
      runs.push(confirm(person(number), [ENGINEERING, SALES]));
      await pass(20);
    }
    await pass(229);
    expect(scans).toEqual([]);
    await pass(1);
    expect(scans.map(({ group }) => group)).toEqual([ENGINEERING, SALES]);
    expect(runs.map(({ answer }) => answer)).toEqual(runs.map(() => MEMBER_OF_ALL));
  });

  it('wait fifteen seconds at most, and whoever comes later is not waited for', async () => {
    const { reads, scans, join, confirm } = world();
    reads.made(ACME, person(0));
    const runs = [];
    for (let number = 1; number <= 120; number += 1) {
      join(person(number), ENGINEERING);
      runs.push(confirm(person(number), [ENGINEERING]));
      await pass(200);
    }
    expect(scans.map(({ at }) => at)).toEqual([15_000]);
    const answers = runs.map(({ answer }) => answer);
    expect(answers.slice(0, 75)).toEqual(Array(75).fill(MEMBER_OF_ALL));
    expect(answers.slice(75)).toEqual(Array(45).fill(notRead(ENGINEERING)));
  });

  it('are kept for the next read where it is allowed in three seconds, else not', async () => {
    const { scans, join, confirm } = world();
    for (const number of [1, 2, 3]) join(person(number), ENGINEERING);
    confirm(person(1), [ENGINEERING]);
    await pass(56_999);
    const early = confirm(person(2), [ENGINEERING]);
    await pass(1);
    expect(early.answer).toEqual(notRead(ENGINEERING));
    const kept = confirm(person(3), [ENGINEERING]);
    await pass(2_999);
    expect(kept.answer).toBeUndefined();
    await pass(1);
    expect(kept.answer).toEqual(MEMBER_OF_ALL);
    expect(scans.map(({ at }) => at)).toEqual([0, 60_000]);
  });

  it('are seen by a read that has begun, if it comes to them', async () => {
    const { scans, join, confirm } = world({ scanMs: 100 });
    for (const number of [1, 2, 3]) join(person(number), ENGINEERING);
    // Never seen, so that the scan goes on to its end.
    const missing = confirm(person(9), [ENGINEERING]);
    await pass(50);
    const during = confirm(person(2), [ENGINEERING]);
    await pass(50);
    expect(during.answer).toEqual(MEMBER_OF_ALL);
    // And by its repetition.
    join(person(4), ENGINEERING);
    const between = confirm(person(4), [ENGINEERING]);
    const unseen = confirm(person(5), [ENGINEERING]);
    await pass(1_100);
    expect(between.answer).toEqual(MEMBER_OF_ALL);
    expect(missing.answer).toEqual({ kind: 'missing', groupIds: [ENGINEERING] });
    // One scan says nothing yet: Okta may lag.
    expect(unseen.answer).toEqual(notRead(ENGINEERING));
    expect(scans).toHaveLength(2);
  });
});

describe('whoever leaves', () => {
  it('leaves the others their read', async () => {
    const { reads, scans, join, confirm } = world();
    reads.made(ACME, person(0));
    join(person(2), ENGINEERING);
    const first = confirm(person(1), [ENGINEERING]);
    const second = confirm(person(2), [ENGINEERING]);
    first.leave();
    await expect(first.result).rejects.toThrow('cancelled');
    await pass(500);
    expect(second.answer).toEqual(MEMBER_OF_ALL);
    expect(scans).toHaveLength(1);
  });

  it('as the last one leaves nothing to be read', async () => {
    const { reads, scans, join, confirm } = world();
    reads.made(ACME, person(0));
    const run = confirm(person(1), [ENGINEERING]);
    run.leave();
    await expect(run.result).rejects.toThrow('cancelled');
    await pass(20_000);
    expect(scans).toEqual([]);
    join(person(2), ENGINEERING);
    const later = confirm(person(2), [ENGINEERING]);
    await pass(500);
    expect(later.answer).toEqual(MEMBER_OF_ALL);
  });

  it('as the last one ends the read that is under way', async () => {
    const { scans, confirm } = world({ scanMs: 1_000 });
    const run = confirm(person(1), [ENGINEERING]);
    await pass(500);
    run.leave();
    await expect(run.result).rejects.toThrow('cancelled');
    expect(scans[0]?.signal?.aborted).toBe(true);
  });

  it('before it began never asks', async () => {
    const { reads, scans } = world();
    const signal = AbortSignal.abort(new Error('cancelled'));
    const okta: MemberReader = { scanGroupMembers: () => Promise.reject(new Error('asked')) };
    const confirmed = reads.confirm(ACME, okta, person(1), [ENGINEERING], { signal });
    await expect(confirmed).rejects.toThrow('cancelled');
    expect(scans).toEqual([]);
  });
});

describe('a group that cannot be read', () => {
  it('because it is too large is left alone for an hour', async () => {
    const { scans, tooLarge, confirm } = world();
    tooLarge();
    const run = confirm(person(1), [ENGINEERING]);
    await pass(0);
    expect(run.answer).toEqual(notRead(ENGINEERING));
    await pass(600_000);
    expect(await confirm(person(2), [ENGINEERING]).result).toEqual(notRead(ENGINEERING));
    expect(scans).toHaveLength(1);
    await pass(3_000_000);
    confirm(person(3), [ENGINEERING]);
    await pass(0);
    expect(scans).toHaveLength(2);
  });

  it('because Okta refuses or does not answer is not read, and tried again after a minute', async () => {
    const { join, fail, confirm } = world();
    join(person(1), ENGINEERING, SALES);
    const facts = { method: 'GET', path: '', httpStatus: 403, oktaErrorCode: null };
    const more = { oktaRequestId: null, date: null, outcome: 'not-done' as const };
    fail(new OktaForbiddenError('no', { ...facts, ...more }));
    const refused = confirm(person(1), [ENGINEERING]);
    await pass(0);
    expect(refused.answer).toEqual(notRead(ENGINEERING));
    fail(null);
    await pass(60_000);
    const again = confirm(person(1), [ENGINEERING, SALES]);
    await pass(0);
    expect(again.answer).toEqual(MEMBER_OF_ALL);
  });

  it('within twenty seconds is not read', async () => {
    const { confirm } = world({ scanMs: 60_000 });
    const run = confirm(person(1), [ENGINEERING]);
    await pass(19_999);
    expect(run.answer).toBeUndefined();
    await pass(1);
    expect(run.answer).toEqual(notRead(ENGINEERING));
  });

  it('because of an error of ours says so to everybody', async () => {
    const { fail, confirm } = world();
    fail(new TypeError('a bug'));
    await expect(confirm(person(1), [ENGINEERING]).result).rejects.toThrow('a bug');
  });
});
