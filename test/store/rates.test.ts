import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openDatabase } from '../../src/store/database.js';
import { createRateStore } from '../../src/store/rates.js';
import type { RateStore } from '../../src/store/store.js';
import { CONNECTION, countStatements, given, newStore } from './support.js';

type Sighting = Parameters<RateStore['learn']>[2];
const seen = (over: Partial<Sighting> = {}): Sighting => ({
  kind: 'ok',
  limit: 20,
  remaining: 19,
  resetInMs: 60_000,
  ...over,
});

/** Two workers on one budget, and a clock that can be put forward for all of them. */
async function withWorkers() {
  const database = await newStore();
  let ahead = 0;
  const now = () => Date.now() + ahead;
  const workers = [1, 2].map(() => {
    const db = openDatabase({ databaseUrl: database.url });
    onTestFinished(() => db.destroy());
    return createRateStore(db, now);
  });
  const [first, second] = workers as [RateStore, RateStore];
  return {
    ...database,
    first,
    second,
    now,
    /** As if so much time had passed: the stored times move back by it. */
    pass: async (ms: number) => {
      ahead += ms;
      await database.query(
        `update rate_buckets set reset_at = reset_at - $1 * interval '1 ms',
          blocked_until = blocked_until - $1 * interval '1 ms'`,
        [ms],
      );
    },
    row: async () => (await database.query('select * from rate_buckets'))[0],
  };
}

async function acquireMany(workers: RateStore[], times: number): Promise<number[]> {
  return Promise.all(
    Array.from({ length: times }, (_, at) =>
      given(workers[at % workers.length]).acquire(CONNECTION, 'A'),
    ),
  );
}

const granted = (waits: number[]) => waits.filter((wait) => wait === 0).length;

describe('the rate budget', () => {
  it('lets everybody go while nothing is known', async () => {
    const { first, second } = await withWorkers();
    expect(granted(await acquireMany([first, second], 5))).toBe(5);
  });

  it('grants fifty callers of two workers no more than is left, and tells the rest when to come', async () => {
    const { first, second } = await withWorkers();
    await first.acquire(CONNECTION, 'A');
    await first.learn(CONNECTION, 'A', seen());
    const waits = await acquireMany([first, second], 50);
    expect(granted(waits)).toBe(19);
    for (const wait of waits.filter((ms) => ms > 0)) {
      expect(wait).toBeGreaterThan(58_000);
      expect(wait).toBeLessThanOrEqual(61_000);
    }
  });

  it('begins a new window a second after the reset, with the whole limit', async () => {
    const { first, second, pass } = await withWorkers();
    await first.learn(CONNECTION, 'A', seen({ remaining: 0, resetInMs: 30_000 }));
    await pass(30_500);
    const [early] = await acquireMany([first], 1);
    expect(early).toBeGreaterThan(0);
    expect(early).toBeLessThan(1_000);
    await pass(500);
    const waits = await acquireMany([first, second], 50);
    expect(granted(waits)).toBe(20);
    expect(Math.max(...waits)).toBeGreaterThan(58_000);
  });

  it('hands out every call of a window to callers that come at the same time', async () => {
    const { first } = await withWorkers();
    await first.learn(CONNECTION, 'A', seen({ limit: 300, remaining: 300 }));
    let made = 0;
    for (let isUsedUp = false; !isUsedUp;) {
      const waits = await acquireMany([first], 8);
      isUsedUp = granted(waits) < waits.length;
      for (let answered = granted(waits); answered > 0; answered -= 1) {
        made += 1;
        await first.learn(CONNECTION, 'A', seen({ limit: 300, remaining: 300 - made }));
      }
    }
    expect(made).toBe(300);
  });

  it('keeps buckets and connections apart', async () => {
    const { first } = await withWorkers();
    await first.learn(CONNECTION, 'A', seen({ remaining: 0 }));
    expect(await first.acquire(CONNECTION, 'B')).toBe(0);
    expect(await first.acquire('globex' as never, 'A')).toBe(0);
    expect(await first.acquire(CONNECTION, 'A')).toBeGreaterThan(0);
  });

  it('costs one statement more a window, and one for five calls while plenty is left', async () => {
    const { first, pass } = await withWorkers();
    let left = 600;
    const call = async () => {
      await first.acquire(CONNECTION, 'A');
      left -= 1;
      await first.learn(CONNECTION, 'A', seen({ limit: 600, remaining: left }));
    };
    expect(await countStatements(call)).toBe(2);
    const ten = async () => {
      for (let n = 0; n < 10; n += 1) await call();
    };
    expect(await countStatements(ten)).toBe(2);
    await pass(61_000);
    left = 600;
    expect(await countStatements(call)).toBe(2);
    expect(await countStatements(call)).toBe(1);
  });

  it('costs another worker no statement for what the first has told', async () => {
    const { first, second } = await withWorkers();
    await first.acquire(CONNECTION, 'A');
    await first.learn(CONNECTION, 'A', seen({ limit: 600, remaining: 599 }));
    const statements = await countStatements(async () => {
      await second.acquire(CONNECTION, 'A');
      await second.learn(CONNECTION, 'A', seen({ limit: 600, remaining: 598 }));
    });
    expect(statements).toBe(1);
  });

  it('notices that somebody else uses the bucket', async () => {
    const { first, second, row } = await withWorkers();
    await first.acquire(CONNECTION, 'A');
    await first.learn(CONNECTION, 'A', seen({ limit: 600, remaining: 599 }));
    await first.acquire(CONNECTION, 'A');
    await first.learn(CONNECTION, 'A', seen({ limit: 600, remaining: 40 }));
    // Four of the forty had been taken before, and are still to be used.
    expect(await row()).toMatchObject({ remaining: 36 });
    expect(granted(await acquireMany([first, second], 60))).toBe(40);
  });

  it('is exact about somebody else when little is left', async () => {
    const { first, row } = await withWorkers();
    await first.acquire(CONNECTION, 'A');
    await first.learn(CONNECTION, 'A', seen({ remaining: 10 }));
    await first.acquire(CONNECTION, 'A');
    await first.learn(CONNECTION, 'A', seen({ remaining: 8 }));
    expect(await row()).toMatchObject({ remaining: 8 });
  });

  it('takes off what is on its way when it corrects itself', async () => {
    const { first, row } = await withWorkers();
    await first.learn(CONNECTION, 'A', seen({ limit: 100, remaining: 90 }));
    await acquireMany([first], 5);
    await first.learn(CONNECTION, 'A', seen({ limit: 100, remaining: 50 }));
    expect(await row()).toMatchObject({ remaining: 46 });
  });

  it('takes a later answer of the same window for no more than it is', async () => {
    const { first, row } = await withWorkers();
    await first.learn(CONNECTION, 'A', seen({ remaining: 3, resetInMs: 40_000 }));
    const before = await row();
    // On its way for eight seconds: its reset seems later, its count is old.
    await first.learn(CONNECTION, 'A', seen({ remaining: 9, resetInMs: 48_000 }));
    expect(await row()).toEqual(before);
  });

  it('believes an answer that the window ends sooner', async () => {
    const { first, pass } = await withWorkers();
    await first.learn(CONNECTION, 'A', seen({ remaining: 0, resetInMs: 40_000 }));
    await first.learn(CONNECTION, 'A', seen({ remaining: 0, resetInMs: 30_000 }));
    await pass(31_000);
    expect(await first.acquire(CONNECTION, 'A')).toBe(0);
  });

  it('takes over a window that somebody else began before us', async () => {
    const { first, pass } = await withWorkers();
    await first.learn(CONNECTION, 'A', seen({ remaining: 5, resetInMs: 1_000 }));
    await pass(120_000);
    expect(await first.acquire(CONNECTION, 'A')).toBe(0);
    await first.learn(CONNECTION, 'A', seen({ remaining: 2, resetInMs: 7_000 }));
    const waits = await acquireMany([first], 5);
    expect(granted(waits)).toBe(2);
    expect(Math.max(...waits)).toBeLessThanOrEqual(8_000);
  });

  it('ignores an answer of a window that is over', async () => {
    const { first, second, pass, row } = await withWorkers();
    await first.learn(CONNECTION, 'A', seen({ remaining: 0, resetInMs: 1_000 }));
    await pass(2_000);
    await first.acquire(CONNECTION, 'A');
    await first.learn(CONNECTION, 'A', seen({ remaining: 19 }));
    await first.learn(CONNECTION, 'A', seen({ remaining: 0, resetInMs: 0 }));
    await second.learn(CONNECTION, 'A', seen({ remaining: 0, resetInMs: 0 }));
    expect(await row()).toMatchObject({ remaining: 19 });
  });

  it('follows a change of the limit', async () => {
    const { first, row } = await withWorkers();
    await first.learn(CONNECTION, 'A', seen());
    await first.learn(CONNECTION, 'A', seen({ limit: 10, remaining: 9 }));
    expect(await row()).toMatchObject({ capacity: 10, remaining: 9 });
  });

  it('stops all workers after a refusal, until a second after the reset', async () => {
    const { first, second, pass } = await withWorkers();
    await first.learn(CONNECTION, 'A', seen({ resetInMs: 21_000 }));
    await first.learn(CONNECTION, 'A', seen({ kind: 'limited', remaining: 0, resetInMs: 20_000 }));
    const wait = await second.acquire(CONNECTION, 'A');
    expect(wait).toBeGreaterThan(19_000);
    expect(wait).toBeLessThanOrEqual(21_000);
    await pass(21_001);
    expect(granted(await acquireMany([first, second], 30))).toBe(20);
  });

  it('heeds the refusal of another limit without losing count of its own', async () => {
    const { first, second, pass, row } = await withWorkers();
    await first.learn(CONNECTION, 'A', seen());
    await first.learn(CONNECTION, 'A', seen({ kind: 'limited', remaining: 0, resetInMs: 5_000 }));
    expect(await second.acquire(CONNECTION, 'A')).toBeGreaterThan(4_000);
    expect(await row()).toMatchObject({ remaining: 19 });
    await pass(6_001);
    expect(await second.acquire(CONNECTION, 'A')).toBe(0);
  });

  it('waits some seconds only where there were too many at once, and keeps its count', async () => {
    const { first, second, pass, row } = await withWorkers();
    await first.learn(CONNECTION, 'A', seen({ remaining: 7 }));
    await first.learn(CONNECTION, 'A', seen({ kind: 'limited', limit: 0, remaining: 0 }));
    const wait = await second.acquire(CONNECTION, 'A');
    expect(wait).toBeGreaterThan(0);
    expect(wait).toBeLessThanOrEqual(4_000);
    expect(await row()).toMatchObject({ capacity: 20, remaining: 7 });
    await pass(4_001);
    expect(granted(await acquireMany([first, second], 30))).toBe(7);
  });

  it('learns nothing of a window that ends more than 62 s ahead', async () => {
    const { first, row } = await withWorkers();
    await first.learn(CONNECTION, 'A', seen({ remaining: 0, resetInMs: 62_001 }));
    expect(await row()).toBeUndefined();
    expect(await first.acquire(CONNECTION, 'A')).toBe(0);
  });

  it('waits for a refusal 62 s at most, however long it says', async () => {
    const { first, second, pass } = await withWorkers();
    const refused = seen({ kind: 'limited', remaining: 0, resetInMs: 3_600_000 });
    await first.learn(CONNECTION, 'A', refused);
    const wait = await second.acquire(CONNECTION, 'A');
    expect(wait).toBeGreaterThan(58_000);
    expect(wait).toBeLessThanOrEqual(62_000);
    await pass(62_000);
    expect(await second.acquire(CONNECTION, 'A')).toBe(0);
  });

  it('tells nobody to wait longer than 62 s for the longest window that is believed', async () => {
    const { first } = await withWorkers();
    await first.learn(CONNECTION, 'A', seen({ remaining: 0, resetInMs: 62_000 }));
    const wait = await first.acquire(CONNECTION, 'A');
    expect(wait).toBeGreaterThan(60_000);
    expect(wait).toBeLessThanOrEqual(62_000);
  });

  describe('a row that says a limit lasts for an hour', () => {
    const inAnHour = async () => {
      const workers = await withWorkers();
      await workers.first.learn(CONNECTION, 'A', seen({ remaining: 0 }));
      await workers.query(
        `update rate_buckets set reset_at = clock_timestamp() + interval '1 hour',
          blocked_until = clock_timestamp() + interval '1 hour'`,
      );
      return workers;
    };

    it('is void: the next caller begins a window', async () => {
      const { first, second, row } = await inAnHour();
      expect(granted(await acquireMany([second, first], 30))).toBe(20);
      expect(await row()).toMatchObject({ remaining: 0, confirmed: false, blocked_until: null });
      const wait = await first.acquire(CONNECTION, 'A');
      expect(wait).toBeGreaterThan(58_000);
      expect(wait).toBeLessThanOrEqual(62_000);
    });

    it('gives way to what an answer says', async () => {
      const { first, second, row } = await inAnHour();
      await second.learn(CONNECTION, 'A', seen({ remaining: 3, resetInMs: 5_000 }));
      expect(await row()).toMatchObject({ remaining: 3, confirmed: true, blocked_until: null });
      const waits = await acquireMany([first, second], 5);
      expect(granted(waits)).toBe(3);
      expect(Math.max(...waits)).toBeLessThanOrEqual(6_000);
    });

    it('gives way to a refusal, and to too many at once', async () => {
      const { second } = await inAnHour();
      await second.learn(
        CONNECTION,
        'A',
        seen({ kind: 'limited', remaining: 0, resetInMs: 9_000 }),
      );
      const refused = await second.acquire(CONNECTION, 'A');
      expect(refused).toBeGreaterThan(8_000);
      expect(refused).toBeLessThanOrEqual(10_000);
      const { first } = await inAnHour();
      await first.learn(CONNECTION, 'A', seen({ kind: 'limited', limit: 0, remaining: 0 }));
      const crowded = await first.acquire(CONNECTION, 'A');
      expect(crowded).toBeGreaterThan(0);
      expect(crowded).toBeLessThanOrEqual(4_000);
    });
  });

  it('waits some seconds after too many at once also where nothing else is known', async () => {
    const { first } = await withWorkers();
    await first.learn(CONNECTION, 'A', seen({ kind: 'limited', limit: 0, remaining: 0 }));
    expect(await first.acquire(CONNECTION, 'A')).toBeGreaterThan(0);
  });
});

/** Okta's side of a bucket: a window of sixty seconds from its first call. */
function anOkta(limit: number, now: () => number) {
  let endsAt = 0;
  let left = limit;
  const take = (): boolean => {
    if (now() >= endsAt) {
      endsAt = Math.ceil((now() + 60_000) / 1_000) * 1_000;
      left = limit;
    }
    if (left === 0) return false;
    left -= 1;
    return true;
  };
  return {
    somebodyElse: take,
    call: (): Sighting => {
      const kind = take() ? 'ok' : 'limited';
      // Whole seconds on both sides, as `X-Rate-Limit-Reset` and `Date` are.
      const resetInMs = endsAt - Math.floor(now() / 1_000) * 1_000;
      return { kind, limit, remaining: left, resetInMs };
    },
  };
}

describe('two workers at full speed', () => {
  /** Makes `calls` calls, sixteen at a time; says how many were refused and how long it took. */
  async function run(calls: number, limit: number, foreignEvery: number) {
    const { first, second, now, pass } = await withWorkers();
    const okta = anOkta(limit, now);
    const startedAt = now();
    let made = 0;
    let refused = 0;
    while (made < calls) {
      const waits = await Promise.all(
        Array.from({ length: 16 }, async (_, at) => {
          const worker = at % 2 ? first : second;
          const wait = await worker.acquire(CONNECTION, 'A');
          if (wait > 0) return wait;
          for (let delay = Math.random() * 5; delay > 0; delay -= 1) await turn();
          const sighting = okta.call();
          if (sighting.kind === 'limited') refused += 1;
          else made += 1;
          if (foreignEvery > 0 && made % foreignEvery === 0) okta.somebodyElse();
          for (let delay = Math.random() * 5; delay > 0; delay -= 1) await turn();
          await worker.learn(CONNECTION, 'A', sighting);
          return 0;
        }),
      );
      if (granted(waits) === 0) await pass(Math.min(...waits));
    }
    return { refused, minutes: (now() - startedAt) / 60_000 };
  }

  it('use the whole limit and are never refused', async () => {
    // In the first window the calls on their way when it became known may count twice.
    const { refused, minutes } = await run(580, 100, 0);
    expect(refused).toBe(0);
    expect(minutes).toBeLessThan(5.5);
  });

  it('share a bucket with somebody who takes a third of it, and are hardly refused', async () => {
    const { refused, minutes } = await run(600, 100, 2);
    // Six to nine windows; in each, what the other worker has on its way may be too much.
    expect(refused).toBeLessThan(30);
    expect(minutes).toBeLessThan(9.5);
  });
});
