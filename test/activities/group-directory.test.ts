import type { ApplicationFailure } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import {
  createGroupDirectory,
  type GroupDirectory,
  type GroupReader,
} from '../../src/activities/group-directory.js';
import { as, type ConnectionId, type OktaGroupId } from '../../src/domain/brand.js';
import type { OktaGroup } from '../../src/domain/okta-user.js';
import {
  OktaForbiddenError,
  OktaNotFoundError,
  OktaUnavailableError,
} from '../../src/okta/errors.js';
import type { GroupQuestion, GroupStore } from '../../src/store/store.js';
import { eventually } from '../support/eventually.js';

const ACME = as<ConnectionId>('acme');
const ID = '00g00000000000000001';
const facts = {
  method: 'GET',
  path: '/api/v1/groups',
  httpStatus: 503,
  oktaErrorCode: null,
  oktaRequestId: 'req-failed',
  date: null,
  outcome: 'not-done' as const,
};
const group = (name: string, over: Partial<OktaGroup> = {}): OktaGroup => ({
  id: as<OktaGroupId>(ID),
  type: 'OKTA_GROUP',
  name,
  ...over,
});

/** A table in memory, on the clock of `world`. */
function memoryStore(now: () => number): GroupStore & { writes: number; reads: number } {
  const rows = new Map<string, { group: OktaGroup; at: number }>();
  const keyOf = ({ connection, origin, name }: GroupQuestion) => `${connection} ${origin} ${name}`;
  return {
    reads: 0,
    writes: 0,
    recall(question, maxAgeMs) {
      this.reads += 1;
      const row = rows.get(keyOf(question));
      const known = row !== undefined && now() - row.at < maxAgeMs;
      return Promise.resolve(known ? { group: row.group, ageMs: now() - row.at } : null);
    },
    remember(question, { group, ageMs }) {
      this.writes += 1;
      rows.set(keyOf(question), { group, at: now() - ageMs });
      return Promise.resolve();
    },
    forget(connection) {
      for (const key of rows.keys()) if (key.startsWith(connection)) rows.delete(key);
      return Promise.resolve();
    },
  };
}

interface Call {
  name: string;
  answer: (groups: OktaGroup[]) => void;
  fail: (error: Error) => void;
}

/** An org whose answers the test gives, one call at a time. */
function world() {
  let time = 0;
  let origin = 'https://acme.okta.com';
  const now = () => time;
  const store = memoryStore(now);
  const calls: Call[] = [];
  const asked = <T>(
    name: string,
    signal: AbortSignal | undefined,
    of: (groups: OktaGroup[]) => T,
  ) =>
    new Promise<{ value: T; requestId: string; date: null }>((resolve, reject) => {
      const requestId = `req-${calls.length + 1}`;
      signal?.addEventListener('abort', () => {
        reject(signal.reason as Error);
      });
      calls.push({
        name,
        answer: (groups) => {
          resolve({ value: of(groups), requestId, date: null });
        },
        fail: reject,
      });
    });
  const okta: GroupReader = {
    origin: () => Promise.resolve(origin),
    findGroupsByName: (name, options) => asked(name, options?.signal, (groups) => groups),
    getGroup: (id, options) =>
      asked(id, options?.signal, ([first]) => first ?? group('no group was given')),
  };
  return {
    calls,
    store,
    directory: createGroupDirectory({ store, now }),
    another: () => createGroupDirectory({ store, now }),
    pass: (ms: number) => {
      time += ms;
    },
    moveTo: (other: string) => {
      origin = other;
    },
    /** The call of this number, once it is made. */
    call: (number: number) => eventually(`call ${number}`, () => calls[number - 1]),
    /** As a run asks: what it gets, and the request ids that it is told. */
    ask: (name: string, by: GroupDirectory, connection = ACME) => {
      const caller = new AbortController();
      const ids: (string | null)[] = [];
      const result = by.resolve(connection, okta, name, {
        signal: caller.signal,
        take: ({ value, requestId }) => {
          ids.push(requestId);
          return value;
        },
      });
      result.catch(() => undefined);
      return {
        ids,
        result,
        leave: (reason: Error) => {
          caller.abort(reason);
        },
        failure: () =>
          result.then(
            () => {
              throw new Error('did not fail');
            },
            (error: unknown) => error as ApplicationFailure,
          ),
      };
    },
  };
}

/** Until everything that can go on by itself has. */
const settled = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

describe('a group that many runs ask for at once', () => {
  it('is one call, whose request id the one who made it gets', async () => {
    const { directory, ask, call, calls, store } = world();
    const runs = Array.from({ length: 100 }, () => ask('Engineering', directory));
    (await call(1)).answer([group('Engineering')]);
    const groups = await Promise.all(runs.map(({ result }) => result));
    expect(new Set(groups)).toEqual(new Set([group('Engineering')]));
    expect(runs.flatMap(({ ids }) => ids)).toEqual(['req-1']);
    expect(calls).toHaveLength(1);
    expect([store.reads, store.writes]).toEqual([1, 1]);
  });

  it('is one call for each name, and for each connection', async () => {
    const { directory, ask, call, calls } = world();
    const runs = [
      ask('Engineering', directory),
      ask('Sales', directory),
      ask('Engineering', directory, as<ConnectionId>('globex')),
    ];
    await call(3);
    for (const { name, answer } of calls) answer([group(name)]);
    const groups = await Promise.all(runs.map(({ result }) => result));
    expect(groups.map(({ name }) => name)).toEqual(['Engineering', 'Sales', 'Engineering']);
  });

  it('is called for by another when the one who called leaves', async () => {
    const { directory, ask, call, calls } = world();
    const [first, second, third] = [1, 2, 3].map(() => ask('Engineering', directory));
    await call(1);
    const reason = new Error('cancelled');
    first?.leave(reason);
    await expect(first?.result).rejects.toBe(reason);
    (await call(2)).answer([group('Engineering')]);
    expect(await second?.result).toEqual(group('Engineering'));
    expect(await third?.result).toEqual(group('Engineering'));
    expect([second?.ids, third?.ids]).toEqual([['req-2'], []]);
    expect(calls).toHaveLength(2);
  });

  it('is awaited no longer by one who leaves', async () => {
    const { directory, ask, call } = world();
    const first = ask('Engineering', directory);
    await call(1);
    const second = ask('Engineering', directory);
    await settled();
    const reason = new Error('cancelled');
    second.leave(reason);
    await expect(second.result).rejects.toBe(reason);
    (await call(1)).answer([group('Engineering')]);
    expect(await first.result).toEqual(group('Engineering'));
  });

  it('is called for once more when a call fails', async () => {
    const { directory, ask, call, calls } = world();
    const [first, ...others] = Array.from({ length: 20 }, () => ask('Engineering', directory));
    const failed = new OktaUnavailableError('down', facts);
    (await call(1)).fail(failed);
    expect(await first?.failure()).toBe(failed);
    (await call(2)).answer([group('Engineering')]);
    for (const { result } of others) expect(await result).toEqual(group('Engineering'));
    expect(calls).toHaveLength(2);
  });

  it('is given up by all when that fails, too, without the request id of another', async () => {
    const { directory, ask, call, calls } = world();
    const [, second, ...others] = Array.from({ length: 20 }, () => ask('Engineering', directory));
    (await call(1)).fail(new OktaUnavailableError('down', facts));
    (await call(2)).fail(new OktaForbiddenError('no', facts));
    expect(await second?.failure()).toMatchObject({ oktaRequestId: 'req-failed' });
    for (const other of others) {
      const error = await other.failure();
      expect(error).toBeInstanceOf(OktaForbiddenError);
      expect(error).toMatchObject({ code: 'OKTA_FORBIDDEN', message: 'no', oktaRequestId: null });
    }
    expect(calls).toHaveLength(2);
    // And nobody who comes later hears of it.
    const later = ask('Engineering', directory);
    (await call(3)).answer([group('Engineering')]);
    expect(await later.result).toEqual(group('Engineering'));
  });
});

describe('a group that was found', () => {
  async function found() {
    const made = world();
    const run = made.ask('Engineering', made.directory);
    (await made.call(1)).answer([group('Engineering')]);
    await run.result;
    return made;
  }

  it('costs no call and no statement for a minute, and then a call', async () => {
    const { directory, ask, call, calls, pass, store } = await found();
    pass(59_999);
    expect(await ask('Engineering', directory).result).toEqual(group('Engineering'));
    expect([calls.length, store.reads, store.writes]).toEqual([1, 1, 1]);
    pass(1);
    const later = ask('Engineering', directory);
    (await call(2)).answer([]);
    expect(await later.failure()).toMatchObject({ type: 'GROUP_UNKNOWN' });
  });

  it('is known to another worker, for the rest of that minute', async () => {
    const { another, ask, call, calls, pass } = await found();
    pass(40_000);
    const other = another();
    expect(await ask('Engineering', other).result).toEqual(group('Engineering'));
    expect(calls).toHaveLength(1);
    pass(20_000);
    const renamed = ask('Engineering', other);
    (await call(2)).answer([]);
    expect(await renamed.failure()).toMatchObject({ type: 'GROUP_UNKNOWN' });
  });

  it('is asked for again in the org that the connection was moved to', async () => {
    const { directory, ask, call, moveTo } = await found();
    moveTo('https://globex.okta.com');
    const run = ask('Engineering', directory);
    (await call(2)).answer([group('Engineering', { id: as<OktaGroupId>('00g2') })]);
    expect((await run.result).id).toBe('00g2');
  });

  it('is not remembered where the connection was moved while Okta was asked', async () => {
    const { directory, ask, call, moveTo, store } = world();
    const run = ask('Engineering', directory);
    const first = await call(1);
    moveTo('https://globex.okta.com');
    first.answer([group('Engineering')]);
    expect(await run.result).toEqual(group('Engineering'));
    expect(store.writes).toBe(0);
    moveTo('https://acme.okta.com');
    const again = ask('Engineering', directory);
    (await call(2)).answer([group('Engineering')]);
    await again.result;
  });

  it('is asked for again once it is forgotten', async () => {
    const { directory, ask, call } = await found();
    await directory.forget(ACME);
    const run = ask('Engineering', directory);
    (await call(2)).answer([group('Engineering', { id: as<OktaGroupId>('00g2') })]);
    expect((await run.result).id).toBe('00g2');
  });

  it('is found although it cannot be kept', async () => {
    const { directory, ask, call, store } = world();
    store.remember = () => Promise.reject(new Error('no database'));
    const run = ask('Engineering', directory);
    (await call(1)).answer([group('Engineering')]);
    expect(await run.result).toEqual(group('Engineering'));
  });
});

describe('a group that cannot be used', () => {
  const app = (name: string) => group(name, { type: 'APP_GROUP' });
  it.each([
    ['is not there', [], 'There is no group "Sales" that this connection can see.'],
    [
      'has its name twice',
      [group('Sales'), group('Sales')],
      '2 groups are called "Sales"; give the id instead.',
    ],
  ])('and %s parks all who asked, and is asked for again', async (_, groups, detail) => {
    const { directory, ask, call, store } = world();
    const runs = [ask('Sales', directory), ask('Sales', directory)];
    (await call(1)).answer(groups);
    for (const run of runs) {
      expect(await run.failure()).toMatchObject({
        type: 'GROUP_UNKNOWN',
        message: detail,
        nonRetryable: true,
      });
    }
    expect(store.writes).toBe(0);
    const mended = ask('Sales', directory);
    (await call(2)).answer([group('Sales')]);
    expect(await mended.result).toEqual(group('Sales'));
  });

  it('because it is an app’s is given to the caller and asked for again', async () => {
    const { directory, ask, call, store } = world();
    const run = ask('Sales', directory);
    (await call(1)).answer([app('Sales')]);
    expect(await run.result).toEqual(app('Sales'));
    expect(store.writes).toBe(0);
    const mended = ask('Sales', directory);
    (await call(2)).answer([app('Sales'), group('Sales')]);
    expect(await mended.result).toEqual(group('Sales'));
  });
});

describe('a group by its id', () => {
  it('is read by it, and remembered', async () => {
    const { directory, ask, call, calls } = world();
    const run = ask(ID, directory);
    (await call(1)).answer([group('Engineering')]);
    expect(await run.result).toEqual(group('Engineering'));
    expect(await ask(ID, directory).result).toEqual(group('Engineering'));
    expect(calls.map(({ name }) => name)).toEqual([ID]);
  });

  it('parks where there is none', async () => {
    const { directory, ask, call } = world();
    const run = ask(ID, directory);
    (await call(1)).fail(new OktaNotFoundError('no', facts));
    expect(await run.failure()).toMatchObject({
      type: 'GROUP_UNKNOWN',
      message: `There is no group with the id ${ID}.`,
    });
  });
});
