import { describe, expect, it } from 'vitest';
import { runLines } from '../../src/cli/run-view.js';
import { runTable } from '../../src/cli/runs.js';
import { widthOf } from '../../src/cli/text.js';
import { ENDS, WAITS } from '../../src/domain/narration.js';
import { RUN_OUTCOMES, RUN_PHASES, WAITING_FOR } from '../../src/domain/run.js';
import { NOW, sampleRun, sampleStep } from './sample.js';

describe('a run at a terminal', () => {
  it("shows its deadline on the person's wall clock, what it waits for, and what can be done", () => {
    expect(runLines(sampleRun(), NOW)).toEqual([
      'Offboarding of Ada Lovelace (ada@example.com) at demo',
      '  scheduled: waits for its moment',
      '',
      '  to be suspended  2027-03-31 17:00 Europe/Berlin  in 1 h',
      '',
      '  Waiting for the last day; access goes on until then (in 1 h).',
      '',
      '  demo.3f9c0d2a7be41c55.01990000-0000-7000-8000-000000000001',
      '  Possible: cancel, reschedule, expedite',
    ]);
  });

  it('shows each step with its status, how long it took, and which try it is', () => {
    const steps = [
      sampleStep({ detail: 'was ACTIVE' }),
      sampleStep({ name: 'removeFromGroup', status: 'running', finishedAt: null, attempts: 3 }),
    ];
    const lines = runLines(sampleRun({ phase: 'running', waiting: null, steps }), NOW);
    expect(lines.filter((line) => /suspendUser|removeFromGroup/.test(line))).toEqual([
      '  done     suspendUser      120 ms         was ACTIVE',
      '  running  removeFromGroup          try 3',
    ]);
  });

  it('shows a problem with what can be decided', () => {
    const problem = {
      code: 'LOGIN_TAKEN' as const,
      title: 'Somebody already has this login',
      detail: 'There is an account.',
      actions: ['retry' as const, 'abort' as const],
    };
    const run = sampleRun({ phase: 'parked', waiting: { for: 'decision' }, problem });
    const text = runLines(run, NOW).join('\n');
    expect(text).toContain('Somebody already has this login (LOGIN_TAKEN)\n  There is an account.');
    expect(text).toContain(`npm run tenure -- resolve ${run.id} retry | abort`);
  });

  it('shows runs before and after it, and an action that nobody has confirmed yet', () => {
    const run = sampleRun({ previous: 'demo.1.1', next: 'demo.1.3', confirmed: false });
    const text = runLines(run, NOW).join('\n');
    for (const words of ['demo.1.1', 'demo.1.3', 'no worker has confirmed']) {
      expect(text).toContain(words);
    }
  });

  describe('and its suspension', () => {
    const suspendAt = { at: '2027-03-31T13:00:00Z' };
    const rowOf = (changes: Parameters<typeof sampleRun>[0]) =>
      runLines(sampleRun({ deadlines: { suspendAt }, ...changes }), NOW).find((line) =>
        line.includes('2027-03-31 13:00 UTC'),
      );
    const undone = sampleStep({ name: 'unsuspendUser' });

    it.each([
      ['to be suspended', 'overdue, 1 h ago', { phase: 'scheduled' }],
      ['to be suspended', 'overdue, 1 h ago', { phase: 'parked' }],
      ['to be suspended', 'overdue, 1 h ago', { steps: [sampleStep({ status: 'failed' })] }],
      ['suspended', '1 h ago', { phase: 'running', steps: [sampleStep()] }],
      ['suspended', '1 h ago', { phase: 'parked', steps: [sampleStep()] }],
      ['nothing to suspend', '1 h ago', { steps: [sampleStep({ status: 'skipped' })] }],
      ['access given back', '1 h ago', { phase: 'cancelled', steps: [sampleStep(), undone] }],
      ['suspended', '1 h ago', { steps: [sampleStep(), { ...undone, status: 'running' }] }],
    ] as const)('is told by what was done: %s', (label, when, changes) => {
      expect(rowOf(changes as Parameters<typeof sampleRun>[0])).toBe(
        `  ${label}  2027-03-31 13:00 UTC  ${when}`,
      );
    });

    it('is told by its deadline that was met, and how late', () => {
      const met = (lateMs: number) => ({
        ...suspendAt,
        metAt: new Date(Date.parse(suspendAt.at) + lateMs).toISOString(),
        lateMs,
      });
      const words = [31, 0, 125_000].map((ms) => rowOf({ deadlines: { suspendAt: met(ms) } }));
      expect(words).toEqual([
        '  suspended  2027-03-31 13:00 UTC  59 min 59 s ago, 31 ms late',
        '  suspended  2027-03-31 13:00 UTC  1 h ago, on time',
        '  suspended  2027-03-31 13:00 UTC  57 min 55 s ago, 2 min 5 s late',
      ]);
    });

    it('that never came is not shown of a run that is over', () => {
      expect(rowOf({ phase: 'cancelled', outcome: 'undone' })).toBeUndefined();
    });
  });

  it('says what other deadlines were met', () => {
    const at = '2027-03-31T13:00:00Z';
    const deadlines = {
      startAt: { at, metAt: at, lateMs: 0 },
      endsAt: { at: '2027-03-31T15:00:00Z' },
      deprovisionAt: { at: '2027-03-31T15:00:00Z' },
    };
    const text = runLines(sampleRun({ deadlines }), NOW).join('\n');
    for (const words of [/started +2027/, /ends +2027/, /to be deprovisioned +2027/]) {
      expect(text).toMatch(words);
    }
  });

  it('is on hold by what was done, and until the undo window ends', () => {
    const waiting = { for: 'hold-end', until: '2027-03-31T15:00:00Z' };
    const held = sampleRun({ phase: 'holding', waiting, deadlines: {} });
    const lines = runLines(held, NOW);
    expect(lines[1]).toBe('  holding: in its hold; a cancel takes back what it did');
    expect(lines.join('\n')).toMatch(/until the undo window ends \(in 1 h\)\./);
    const suspended = runLines({ ...held, steps: [sampleStep()] }, NOW);
    expect(suspended[1]).toBe('  holding: suspended; a cancel gives access back');
  });

  it.each([
    [{ supersededBy: 'demo.1.9' }, ['Its place was taken by demo.1.9']],
    [
      { outcome: 'superseded', supersededBy: 'demo.1.9', next: 'demo.1.9' },
      ['Its place was taken by demo.1.9'],
    ],
    [{ continuesAs: 'demo.1.9', next: 'demo.1.9' }, ['Goes on as demo.1.9']],
    [{ outcome: 'done', continuesAs: 'demo.1.9', next: 'demo.1.9' }, ['Goes on as demo.1.9']],
    [{ continuesAs: null, supersededBy: null, next: 'demo.1.9' }, ['Next run   demo.1.9']],
    [
      { continuesAs: null, supersededBy: 'demo.1.9', next: 'demo.1.9', previous: 'demo.1.1' },
      ['Came from  demo.1.1', 'Its place was taken by demo.1.9'],
    ],
  ] as const)('tells what goes on from what took its place: %j', (changes, words) => {
    const lines = runLines(sampleRun(changes), NOW).map((line) => line.trim());
    expect(lines.filter((line) => line.includes('demo.1.'))).toEqual(words);
  });

  it.each(['ACCOUNT_BUSY', 'WORKFLOW_FAILING'])('shows the problem %s', (code) => {
    const problem = { code, title: 'Title', detail: 'Detail.', actions: [] };
    expect(runLines(sampleRun({ problem }), NOW)).toContain(`  Title (${code})`);
  });

  it('has words for every phase, outcome and wait', () => {
    for (const phase of RUN_PHASES) {
      expect(runLines(sampleRun({ phase }), NOW)[1]).toMatch(new RegExp(`^  ${phase}: \\w`));
    }
    for (const outcome of RUN_OUTCOMES) {
      expect(runLines(sampleRun({ outcome }), NOW)[1]).toContain(ENDS[outcome].toLowerCase());
    }
    for (const wait of WAITING_FOR) {
      expect(runLines(sampleRun({ waiting: { for: wait } }), NOW)).toContain(`  ${WAITS[wait]}.`);
    }
  });
});

describe('a list of runs', () => {
  const items = [
    sampleRun(),
    sampleRun({
      id: 'acme-subsidiary.aaaaaaaaaaaaaaaa.01990000-0000-7000-8000-000000000002',
      connection: 'acme-subsidiary',
      kind: 'onboarding',
      phase: 'completed',
      outcome: 'done',
      waiting: null,
      person: {
        login: 'a.very.long.login.of.somebody@subsidiary.example.com',
        name: null,
        oktaUserId: null,
      },
    }),
  ];

  it('is one line a run where there is no terminal', () => {
    const [header, first, second] = runTable({ items }, NOW, null);
    expect(header).toMatch(/^PHASE +OUTCOME +WHAT +WHO +ORG +NEXT +RUN$/);
    expect(first).toMatch(/^scheduled +out +ada@example.com +demo +suspend in 1 h +demo\.3f9c\S+$/);
    expect(second).toMatch(/^completed +done +in +a\.very\.long\S+ +acme-subsidiary +acme-\S+$/);
  });

  it.each([200, 120, 80, 60])('fits into %i columns, and no id is cut', (columns) => {
    const lines = runTable({ items, nextCursor: 'c' }, NOW, columns);
    const longestId = Math.max(...items.map(({ id }) => id.length)) + 2;
    for (const line of lines) {
      expect(widthOf(line)).toBeLessThanOrEqual(Math.max(columns, longestId));
    }
    for (const { id } of items) expect(lines.join('\n')).toContain(id);
    expect(lines.at(-1)).toBe('There are more: --cursor c');
  });

  it('says what a run waits for, why, and what came after it', () => {
    const problem = { code: 'ACCOUNT_BUSY', title: '', detail: '', actions: ['retry'] };
    const later = 'demo.3f9c0d2a7be41c55.01990000-0000-7abc-8000-000000000009';
    const rows = [
      sampleRun({ waiting: { for: 'hold-end', until: '2027-03-31T15:00:00Z' } }),
      sampleRun({ phase: 'parked', waiting: { for: 'decision' }, problem }),
      sampleRun({ outcome: 'superseded', waiting: null, supersededBy: later }),
      sampleRun({ outcome: 'done', waiting: null, continuesAs: later }),
    ];
    const lines = runTable({ items: rows }, NOW, null).slice(1);
    const next = lines.map((line) => /demo +(.+?) +demo\./.exec(line)?.[1]);
    expect(next).toEqual([
      'undo window ends in 1 h',
      'decision ACCOUNT_BUSY',
      'taken over by 01990000-0000-7abc',
      'goes on as 01990000-0000-7abc',
    ]);
  });

  it('says when there is none', () => {
    expect(runTable({ items: [] }, NOW, 80)).toEqual(['No runs.']);
  });
});
