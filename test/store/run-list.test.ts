import { describe, expect, it } from 'vitest';
import type { RunRecord } from '../../src/domain/run.js';
import { dueAt } from '../../src/store/due.js';
import type { RunFilter, Store } from '../../src/store/store.js';
import { runRef } from '../../src/contract/ids.js';
import { as } from '../../src/domain/brand.js';
import { randomUUID } from 'node:crypto';
import { aReport, aRequest, aStep, CONNECTION, given, newStore, shown } from './support.js';

async function pages(store: Store, filter: RunFilter): Promise<RunRecord[][]> {
  const found: RunRecord[][] = [];
  let cursor: string | undefined;
  do {
    const page = await store.runs.list({ ...filter, ...(cursor === undefined ? {} : { cursor }) });
    found.push(page.items);
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  return found;
}

describe('the count of open runs', () => {
  it('is by phase, and leaves out what is over', async () => {
    const { store } = await newStore();
    for (const login of ['a@x.com', 'b@x.com', 'c@x.com']) {
      await store.runs.accept(aRequest(store, { login }));
    }
    const { items } = await store.runs.list({ limit: 1 });
    const { id, connection, subjectRef, requestId } = given(items[0]);
    const run = { id, connection, subjectRef, requestId };
    await store.runs.report(aReport(run, 1, { phase: 'cancelled', outcome: 'undone' }));
    const counts = await store.runs.countOpen();
    expect(Object.values(counts).reduce((sum, count) => sum + count, 0)).toBe(2);
    expect(counts).not.toHaveProperty('cancelled');
  });
});

describe('the list of runs', () => {
  it('pages newest first, each run once, also while new ones come in', async () => {
    const { store } = await newStore();
    const accept = (n: number) => store.runs.accept(aRequest(store, { login: `p${n}@x.com` }));
    for (let n = 1; n <= 7; n += 1) await accept(n);
    const first = await store.runs.list({ limit: 3 });
    await accept(8);
    const rest = await pages(store, { limit: 3, cursor: given(first.nextCursor) });
    const logins = [first.items, ...rest].map((page) => page.map(({ person }) => person.login[1]));
    expect(logins).toEqual([['7', '6', '5'], ['4', '3', '2'], ['1']]);
  });

  it('ends without a cursor where the last page is full', async () => {
    const { store } = await newStore();
    await store.runs.accept(aRequest(store));
    expect(await store.runs.list({ limit: 1 })).not.toHaveProperty('nextCursor');
  });

  it.each(['', 'x', 'MA', Buffer.from('9999999999999999999').toString('base64url'), '-1'])(
    'refuses the cursor "%s"',
    async (cursor) => {
      const { store } = await newStore();
      await expect(store.runs.list({ limit: 1, cursor })).rejects.toMatchObject({
        code: 'CURSOR_INVALID',
      });
    },
  );

  it('filters by connection, kind, phase, person, batch and what is due', async () => {
    const { store } = await newStore();
    const subject = store.subjectRef('ada@example.com');
    const inGlobex = runRef(as('globex'), subject, as(randomUUID()));
    const ada = aRequest(store, { batch: 'b-1' });
    const bob = aRequest(store, {
      login: 'bob@example.com',
      kind: 'offboarding',
      deadlines: { suspendAt: { at: '2026-01-01T00:00:00Z' } },
      waiting: { for: 'suspend', until: '2026-01-01T00:00:00Z' },
    });
    const elsewhere = aRequest(store, { run: inGlobex });
    for (const request of [ada, bob, elsewhere]) await store.runs.accept(request);
    await store.runs.report(aReport(elsewhere.run, 1, { phase: 'holding' }));
    const ids = async (filter: Omit<RunFilter, 'limit'>) =>
      (await store.runs.list({ limit: 10, ...filter })).items.map(({ id }) => id);
    const [a, b, e] = [ada.run.id, bob.run.id, elsewhere.run.id];

    expect(await ids({})).toEqual([e, b, a]);
    expect(await ids({ connection: CONNECTION })).toEqual([b, a]);
    expect(await ids({ connections: [as('globex')] })).toEqual([e]);
    expect(await ids({ connections: [] })).toEqual([]);
    expect(await ids({ kind: 'offboarding' })).toEqual([b]);
    expect(await ids({ phase: 'holding' })).toEqual([e]);
    expect(await ids({ subjectRef: subject })).toEqual([e, a]);
    expect(await ids({ batch: 'b-1' })).toEqual([a]);
    expect(await ids({ dueBefore: '2026-06-01T00:00:00+02:00' })).toEqual([b]);
    expect(await ids({ dueBefore: '2028-01-01T00:00:00Z' })).toEqual([b, a]);
  });

  it.each([
    ['the login that was asked for', 'ada@example.com'],
    ['the one that Okta showed first', 'ada.lovelace@example.com'],
    ['the one that Okta shows now', 'Ada.King@example.com'],
  ])('finds a run by %s', async (_which, login) => {
    const { store } = await newStore();
    const ada = aRequest(store);
    await store.runs.accept(ada);
    await store.runs.accept(aRequest(store, { login: 'bob@example.com' }));
    for (const [activityId, now] of [
      'ada.lovelace@example.com',
      'ada.king@example.com',
    ].entries()) {
      await store.runs.reportStep(
        aStep(ada.run, { activityId: String(activityId), ...shown('00uAda', now) }),
      );
    }
    const subjectRef = store.subjectRef(login);
    const { items } = await store.runs.list({ limit: 10, subjectRef });
    expect(items.map(({ id }) => id)).toEqual([ada.run.id]);
    expect((await store.runs.latest(CONNECTION, subjectRef))?.id).toBe(ada.run.id);
  });

  it('finds a person however her login is written', async () => {
    const { store } = await newStore();
    expect(store.subjectRef('ÁDA@Example.com')).toBe(store.subjectRef('ada@example.com'));
  });
});

describe('the deadline that comes next', () => {
  const at = (day: number) => ({ at: `2027-01-${String(day).padStart(2, '0')}T00:00:00Z` });

  it.each([
    ['the one it waits for', 'scheduled', { startAt: at(2) }, { for: 'start', until: at(1).at }, 1],
    ['the start of a parked onboarding', 'parked', { startAt: at(3), endsAt: at(9) }, null, 3],
    ['the contract end of one that runs', 'running', { endsAt: at(9) }, null, 9],
    ['a suspension that was missed', 'parked', { suspendAt: at(1), deprovisionAt: at(5) }, null, 1],
    [
      'the deactivation once suspended',
      'parked',
      { suspendAt: at(1), deprovisionAt: at(5), undoUntil: at(5) },
      null,
      5,
    ],
    ['the end of the undo window', 'holding', { suspendAt: at(1), undoUntil: at(7) }, null, 7],
    [
      'not the end of a rate limit',
      'running',
      { suspendAt: at(4) },
      { for: 'rate-limit', until: at(1).at },
      4,
    ],
  ] as const)('is %s', (_name, phase, deadlines, waiting, day) => {
    expect(dueAt({ phase, deadlines, waiting })).toBe(at(day).at);
  });

  it('is none for a closed run and for one without deadlines', () => {
    expect(dueAt({ phase: 'completed', deadlines: { endsAt: at(1) }, waiting: null })).toBeNull();
    expect(dueAt({ phase: 'running', deadlines: {}, waiting: null })).toBeNull();
  });
});
