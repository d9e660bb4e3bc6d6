import { describe, expect, it } from 'vitest';
import type { RunId } from '../../src/domain/brand.js';
import type { RunRef } from '../../src/domain/run.js';
import { aConnection, aRequest, CONNECTION, given, newStore } from './support.js';

const STEP = 'suspendUser';
const PROBLEM = { code: 'OKTA_FORBIDDEN', title: 'No', detail: 'No.', since: '', step: STEP };

/** People who leave, the first the most overdue; runs of those named are takeovers. */
async function withPeople(count: number, urgent: number[] = []) {
  const { store, query } = await newStore();
  await store.connections.put(aConnection());
  const runs: RunRef[] = [];
  for (let person = 0; person < count; person += 1) {
    const at = new Date(Date.UTC(2026, 0, 1, 0, person)).toISOString();
    const request = aRequest(store, {
      kind: 'offboarding',
      login: `p${person}@example.com`,
      deadlines: { suspendAt: { at } },
      takeover: urgent.includes(person),
    });
    await store.runs.accept(request);
    runs.push(request.run);
  }
  const { refusals, connections } = store;
  const run = (person: number) => given(runs[person]);
  const refuse = async (person: number) => (await refusals.note(run(person), STEP, PROBLEM)).kind;
  const refuseAll = async (...people: number[]) => {
    const kinds = [];
    for (const person of people) kinds.push(await refuse(person));
    return kinds;
  };
  const ask = async (person: number, step = STEP) =>
    (await connections.admission(run(person), step)).kind;
  const status = async () => (await connections.get(CONNECTION))?.status;
  const toRetry = async () =>
    (await refusals.toRetry(10)).map(({ run: { id }, because }) => [because, id]);
  const nameOf = (...people: number[]): RunId[] => people.map((person) => run(person).id);
  return {
    ...{ ...store, query, run, runs, refuse, refuseAll, ask, status, toRetry, nameOf },
  };
}

describe('a refusal', () => {
  it('of one, two, three people is their own, and blocks nothing', async () => {
    const { refuseAll, status, ask, toRetry } = await withPeople(4);
    expect(await refuseAll(0, 1)).toEqual(['parks', 'parks']);
    expect(await ask(3)).toBe('ready');
    expect(await refuseAll(2)).toEqual(['parks']);
    expect(await status()).toBe('ready');
    expect(await toRetry()).toEqual([]);
  });

  it('counts once for a person, each step for itself', async () => {
    const { refuseAll, ask } = await withPeople(3);
    await refuseAll(0, 0, 0, 1, 1);
    expect(await ask(2)).toBe('ready');
    await refuseAll(1, 2);
    expect(await ask(2, 'createUser')).toBe('ready');
  });

  it('of a fourth blocks the step, once, with the first reason', async () => {
    const { connections, refusals, refuseAll, run, status, ask } = await withPeople(6);
    await refuseAll(0, 1, 2);
    await ask(3);
    // The line: somebody else waits.
    expect(await ask(4)).toBe('turn');
    expect(await refuseAll(3)).toEqual(['parks']);
    expect(await status()).toBe('blocked');
    await refusals.note(run(4), STEP, { ...PROBLEM, title: 'Another' });
    expect((await connections.get(CONNECTION))?.problem).toEqual(PROBLEM);
    expect(await ask(5, 'createUser')).toBe('ready');
  });

  it('leaves one run waiting where nobody else is there to try the blocked step', async () => {
    const { refuseAll } = await withPeople(6);
    expect(await refuseAll(0, 1, 2, 3, 4, 5)).toEqual([
      ...['parks', 'parks', 'parks', 'watches', 'parks', 'parks'],
    ]);
  });

  it('is forgotten after a day', async () => {
    const { refuseAll, query, ask } = await withPeople(4);
    await refuseAll(0, 1, 2);
    await query("update refusals set at = at - interval '25 hours'");
    expect(await ask(3)).toBe('ready');
  });

  it('counts from anew once the step worked for somebody', async () => {
    const { refusals, refuseAll, run, ask, status, query } = await withPeople(8);
    await refuseAll(0, 1, 2);
    await refusals.worked(run(3), STEP);
    expect(await refuseAll(4, 5)).toEqual(['parks', 'parks']);
    expect(await ask(6)).toBe('ready');
    // It worked for others: these three are no reason to doubt it.
    expect(await refuseAll(0, 1, 2)).toEqual(['parks', 'parks', 'parks']);
    expect(await ask(6)).toBe('ready');
    expect(await status()).toBe('ready');
    await refusals.worked(run(6), STEP);
    expect(await query('select from trials')).toEqual([]);
  });
});

describe('a step that was refused for three people', () => {
  it('is tried by one run at a time, over several workers', async () => {
    const { refuseAll, run, runs, connections } = await withPeople(20);
    await refuseAll(0, 1, 2);
    const asked = await Promise.all(runs.slice(3).map((each) => connections.admission(each, STEP)));
    expect(asked.filter(({ kind }) => kind === 'trial')).toHaveLength(1);
    expect(asked.filter(({ kind }) => kind === 'turn')).toHaveLength(16);
    expect(await connections.admission(run(5), 'createUser')).toMatchObject({ kind: 'ready' });
  });

  it('is free for all once it worked', async () => {
    const { refuseAll, refusals, run, ask, toRetry } = await withPeople(6);
    await refuseAll(0, 1, 2);
    expect([await ask(3), await ask(4)]).toEqual(['trial', 'turn']);
    await refusals.worked(run(3), STEP);
    expect([await ask(4), await ask(5)]).toEqual(['ready', 'ready']);
    // It was never blocked, so what was refused was their own.
    expect(await toRetry()).toEqual([]);
  });

  it('goes to urgent suspensions first', async () => {
    const { refuseAll, refusals, run, ask } = await withPeople(8, [7]);
    await refuseAll(0, 1, 2);
    expect(await ask(3)).toBe('trial');
    expect([await ask(7), await ask(4)]).toEqual(['turn', 'turn']);
    await refusals.release(run(3), STEP);
    expect([await ask(4), await ask(7)]).toEqual(['turn', 'trial']);
  });

  it('goes to the most overdue of a long line', async () => {
    const { refuseAll, refusals, run, ask, query } = await withPeople(14);
    await refuseAll(0, 1, 2);
    expect(await ask(3)).toBe('trial');
    for (const person of [13, 12, 11, 10, 9, 8, 7, 6, 5, 4]) await ask(person);
    await refusals.release(run(3), STEP);
    // Eight are before it, and will be back in a moment.
    expect([await ask(13), await ask(12), await ask(4)]).toEqual(['turn', 'turn', 'trial']);
    // Those who do not come back keep nobody waiting.
    await refusals.release(run(4), STEP);
    await query("update trial_waiters set back_at = back_at - interval '1 minute'");
    expect(await ask(13)).toBe('trial');
  });

  it('does not wait long for a worker that died in its turn', async () => {
    const { refuseAll, ask, query } = await withPeople(5);
    await refuseAll(0, 1, 2);
    expect([await ask(3), await ask(4)]).toEqual(['trial', 'turn']);
    await query("update trials set taken_until = taken_until - interval '5 s'");
    expect(await ask(4)).toBe('trial');
  });

  it('is tried by those who were refused only on a click, beside the line', async () => {
    const { refuseAll, ask, refuse } = await withPeople(5);
    await refuseAll(0, 1, 2);
    expect([await ask(3), await ask(0)]).toEqual(['trial', 'trial']);
    expect(await refuse(0)).toBe('parks');
    expect(await ask(4)).toBe('turn');
  });
});

describe('a step that is blocked', () => {
  it('passes on from person to person without a pause, then at growing ones', async () => {
    const { refuse, refuseAll, ask, query } = await withPeople(30);
    await refuseAll(0, 1, 2);
    const pauses: number[] = [];
    for (let person = 3; person < 22; person += 1) {
      await query("update trials set next_at = least(next_at, now() - interval '1 s')");
      expect(await ask(person)).toBe('trial');
      await ask(person + 1);
      expect(await refuse(person)).toBe('parks');
      const [trial] = await query(
        'select extract(epoch from next_at - now()) as pause from trials',
      );
      pauses.push(Math.max(0, Math.round(Number(trial?.['pause']))));
    }
    expect(pauses).toEqual([...Array.from({ length: 16 }, () => 0), 1, 2, 4]);
    expect(await ask(29)).toBe('turn');
  });

  it('is tried again by the one that waits, after those who were never refused', async () => {
    const { refuseAll, refusals, run, ask, query } = await withPeople(6);
    await refuseAll(0, 1, 2, 3);
    expect(await ask(3)).toBe('trial');
    await refuseAll(3);
    expect(await ask(3)).toBe('turn');
    await query("update trials set next_at = now() - interval '1 s'");
    expect(await ask(4)).toBe('trial');
    await ask(5);
    await refusals.release(run(4), STEP);
    expect([await ask(3), await ask(5)]).toEqual(['turn', 'trial']);
  });

  it('is ready once it worked, and those who parked for it are retried once', async () => {
    const { refuseAll, refusals, run, ask, status, toRetry, nameOf } = await withPeople(8);
    await refuseAll(0, 1, 2, 3, 4);
    expect(await status()).toBe('blocked');
    expect(await toRetry()).toEqual([]);
    expect(await ask(5)).toBe('trial');
    await refusals.worked(run(5), STEP);
    expect(await status()).toBe('ready');
    expect(await toRetry()).toEqual(nameOf(0, 1, 2, 3, 4).map((id) => ['lifted', id]));
    for (const refused of await refusals.toRetry(10)) {
      await refusals.retrying(refused);
      await refusals.settle(refused);
    }
    expect(await toRetry()).toEqual([]);
    // Refused again, it is their own: no block, and no retry after the step worked once more.
    expect(await refuseAll(0, 1, 2, 3, 4)).toEqual(Array.from({ length: 5 }, () => 'parks'));
    expect(await status()).toBe('ready');
    await refusals.worked(run(6), STEP);
    expect(await toRetry()).toEqual([]);
  });

  it('counts those anew who come back by themselves before they were retried', async () => {
    const { refuseAll, refusals, run, ask, status, toRetry } = await withPeople(6);
    await refuseAll(0, 1, 2, 3);
    await refusals.worked(run(4), STEP);
    await refusals.retrying(given((await refusals.toRetry(1))[0]));
    // The first was told to, and refused before that could be noted; the others went on by themselves.
    expect(await refuseAll(0, 1, 2, 3)).toEqual(['parks', 'parks', 'parks', 'parks']);
    expect(await toRetry()).toEqual([]);
    expect(await ask(5)).toBe('trial');
    expect(await refuseAll(5)).toEqual(['watches']);
    expect(await status()).toBe('blocked');
  });

  it('is ready when a verification says so, and those who parked for it are retried', async () => {
    const { connections, verifications, refuseAll, toRetry, ask } = await withPeople(6);
    await refuseAll(0, 1, 2, 3);
    const connection = given(await connections.get(CONNECTION));
    await verifications.settle(connection, { kind: 'works' });
    expect(await toRetry()).toHaveLength(4);
    expect([await ask(4), await ask(5)]).toEqual(['ready', 'ready']);
  });

  it('lets runs that cannot be retried now keep no other waiting', async () => {
    const { refuseAll, refusals, run, toRetry, nameOf } = await withPeople(6);
    await refuseAll(0, 1, 2, 3);
    await refusals.worked(run(5), STEP);
    const [first] = await refusals.toRetry(1);
    await refusals.postpone(given(first));
    expect(await refusals.toRetry(1)).toMatchObject([{ run: run(1) }]);
    expect(await toRetry()).toEqual(nameOf(1, 2, 3, 0).map((id) => ['lifted', id]));
  });

  it('has one that parked try it where nobody waits any more, in turn', async () => {
    const { refuseAll, refusals, query, toRetry, nameOf, ask, refuse } = await withPeople(5);
    await refuseAll(0, 1, 2, 3);
    expect(await toRetry()).toEqual([]);
    // The run that waited was aborted.
    await query("update trial_waiters set back_at = back_at - interval '2 minutes'");
    expect(await toRetry()).toEqual([['unwatched', nameOf(0)[0]]]);
    await refusals.postpone(given((await refusals.toRetry(1))[0]));
    expect(await toRetry()).toEqual([['unwatched', nameOf(1)[0]]]);
    expect([await ask(1), await refuse(1)]).toEqual(['trial', 'watches']);
    expect(await toRetry()).toEqual([]);
  });

  it('of a connection that was blocked for another step first stays so for itself', async () => {
    const { connections, refusals, refuseAll, run, status, toRetry, ask } = await withPeople(7);
    await connections.block(CONNECTION, { ...PROBLEM, step: 'createUser' });
    await refuseAll(0, 1, 2, 3);
    expect([await ask(4), await ask(5)]).toEqual(['trial', 'turn']);
    await refusals.worked(run(4), STEP);
    expect(await status()).toBe('blocked');
    expect(await toRetry()).toHaveLength(4);
  });
});
