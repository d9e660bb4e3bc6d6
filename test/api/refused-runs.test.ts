// Which runs are retried without a click, and that one which cannot be keeps no other waiting.
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { retryRefusedRuns, type RefusedRunDeps } from '../../src/api/refused-runs.js';
import { as, type RunId } from '../../src/domain/brand.js';
import { problem } from '../../src/domain/problem.js';
import type { Problem, RunPhase, RunRecord } from '../../src/domain/run.js';
import type { RefusedRun } from '../../src/store/store.js';

const LONG_AGO = '2026-01-01T00:00:00.000Z';
const NOT_PERMITTED = problem('NOT_PERMITTED', 'No.');

const refused = (name: string, over: Partial<RefusedRun> = {}): RefusedRun => ({
  run: {
    id: as<RunId>(`acme.${name}.r`),
    connection: as('acme'),
    subjectRef: as(name),
    requestId: as('r'),
  },
  step: 'suspendUser',
  at: LONG_AGO,
  because: 'lifted',
  ...over,
});

/** Where each run stands, by its person; an error is what Temporal answers for it. */
function world(stands: Record<string, { phase: RunPhase; problem?: Problem } | Error>) {
  const said: string[] = [];
  const say = (word: string) => (row: RefusedRun) =>
    Promise.resolve(void said.push(`${word} ${row.run.subjectRef}`));
  const nameOf = (id: string) => id.split('.')[1] ?? '';
  const deps = (rows: RefusedRun[]): RefusedRunDeps => ({
    refusals: {
      toRetry: () => Promise.resolve(rows),
      retrying: say('told'),
      settle: say('settled'),
      postpone: say('postponed'),
    },
    runs: {
      get: (id) => {
        const found = stands[nameOf(id)];
        const stand = found instanceof Error ? { phase: 'parked' } : found;
        const workflowId = `person/acme/${nameOf(id)}`;
        const record = stand && { problem: NOT_PERMITTED, workflowId, ...stand };
        return Promise.resolve((record ?? null) as RunRecord | null);
      },
      note: () => Promise.resolve(),
    },
    engine: {
      ping: () => Promise.resolve(),
      act: (workflowId, message) => {
        const name = workflowId.split('/').at(-1) ?? '';
        const found = stands[name];
        if (found instanceof Error) return Promise.reject(found);
        if (message.name === 'resolve') said.push(`${message.args.decision} ${name}`);
        return Promise.resolve({ kind: 'applied', isOver: false });
      },
    },
    log: pino({ level: 'silent' }),
  });
  return { said, round: (...rows: RefusedRun[]) => retryRefusedRuns(deps(rows)) };
}

describe('a run that was refused', () => {
  it.each<[string, Parameters<typeof world>[0][string], Partial<RefusedRun>, string[]]>([
    [
      'is retried once the step works',
      { phase: 'parked' },
      {},
      ['told ada', 'retry ada', 'settled ada'],
    ],
    [
      'is retried while it is blocked, and may be again',
      { phase: 'parked' },
      { because: 'unwatched' },
      ['told ada', 'retry ada', 'postponed ada'],
    ],
    [
      'is retried on its way back, too',
      { phase: 'parked', problem: problem('UNDO_INCOMPLETE', 'No.') },
      {},
      ['told ada', 'retry ada', 'settled ada'],
    ],
    [
      'is left alone where it is parked for something else by now',
      { phase: 'parked', problem: problem('ORPHANED', 'Gone.') },
      {},
      ['settled ada'],
    ],
    ['is left alone where it is closed', { phase: 'cancelled' }, {}, ['settled ada']],
    ['is left alone where it went on', { phase: 'running' }, {}, ['settled ada']],
    [
      'is looked at again where it may be about to park',
      { phase: 'running' },
      { at: new Date().toISOString() },
      ['postponed ada'],
    ],
    [
      'is looked at again where Temporal fails for it',
      new Error('no'),
      {},
      ['told ada', 'postponed ada'],
    ],
  ])('%s', async (_, stand, over, outcome) => {
    const { said, round } = world({ ada: stand });
    await round(refused('ada', over));
    expect(said).toEqual(outcome);
  });

  it('keeps no other waiting where it fails', async () => {
    const { said, round } = world({ ada: new Error('no'), bob: { phase: 'parked' } });
    await round(refused('ada'), refused('bob'));
    expect(said).toEqual(['told ada', 'postponed ada', 'told bob', 'retry bob', 'settled bob']);
  });
});
