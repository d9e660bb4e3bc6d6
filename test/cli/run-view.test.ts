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
      '  suspended  2027-03-31 17:00 Europe/Berlin  in 1 h',
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

  it('says when there is none', () => {
    expect(runTable({ items: [] }, NOW, 80)).toEqual(['No runs.']);
  });
});
