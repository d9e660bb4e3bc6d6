import { describe, expect, it } from 'vitest';
import type { SeenRun } from '../../src/cli/seen-run.js';
import { problem, run, startStub, type Reply } from './harness.js';
import { sampleRun, sampleStep } from './sample.js';

const running = sampleRun({ phase: 'running', waiting: null, actions: ['cancel'] });
const held = sampleRun({
  phase: 'holding',
  waiting: { for: 'hold-end', until: '2099-01-01T00:00:00Z' },
  steps: [sampleStep()],
});
const done = sampleRun({ phase: 'completed', outcome: 'done', waiting: null, actions: [] });
const { id } = running;

/** Answers to GET of the run, one after another; the last one stays. */
function telling(...states: (SeenRun | Reply)[]) {
  let at = 0;
  return startStub(() => {
    const state = states[Math.min(at, states.length - 1)] ?? {};
    at += 1;
    return 'kind' in state ? { body: state } : state;
  });
}

describe('run --watch', () => {
  it('tells each change in a line where there is no terminal, and ends with the run', async () => {
    const { env } = await telling(running, running, held, held, done);
    const { exitCode, out } = await run(['run', id, '--watch'], { env });
    expect(exitCode).toBe(0);
    expect(out.replace(/\(in [^)]+\)/, '(in …)').split('\n')).toEqual([
      'Offboarding of Ada Lovelace (ada@example.com) at demo',
      `  ${id}`,
      '  running: at work',
      '  suspendUser: done',
      '  holding: suspended; a cancel gives access back',
      '  On hold until the undo window ends (in …).',
      '  completed: done',
      '',
    ]);
  });

  it.each([
    ['done', 0],
    ['partial', 1],
    ['undone', 1],
    ['superseded', 1],
    ['aborted', 1],
    ['failed', 1],
  ] as const)('ends with a run that is %s: %i', async (outcome, exitCode) => {
    const { env } = await telling({ ...done, outcome });
    expect((await run(['run', id, '--watch'], { env })).exitCode).toBe(exitCode);
  });

  it('goes on while a person must decide', async () => {
    const parked = sampleRun({ phase: 'parked', waiting: { for: 'decision' } });
    const { env, asked } = await telling(parked, parked, done);
    expect((await run(['run', id, '--watch'], { env })).exitCode).toBe(0);
    expect(asked).toHaveLength(3);
  });

  it('stays with the run that was the latest at first', async () => {
    const { env, asked } = await telling(running, done);
    await run(['run', 'demo.3f9c0d2a7be41c55', '--watch'], { env });
    expect(asked.map(({ path }) => path)).toEqual([
      '/v1/runs/demo.3f9c0d2a7be41c55',
      `/v1/runs/${id}`,
    ]);
  });

  it('redraws in place on a terminal, within its width and height', async () => {
    const many = sampleRun({
      phase: 'running',
      waiting: null,
      steps: Array.from({ length: 30 }, (_, index) => sampleStep({ name: `step${index}` })),
    });
    const { env } = await telling(running, many, done);
    const { out } = await run(['run', id, '--watch'], { env, screen: [60, 12] });
    const { rows, greatest } = played(out);
    expect(rows[0]).toBe('Offboarding of Ada Lovelace (ada@example.com) at demo');
    expect(rows[1]).toBe('  completed: done');
    expect(rows.join('\n')).not.toContain('step');
    expect(rows.filter((row) => row.startsWith('Offboarding'))).toHaveLength(1);
    expect(greatest.rows).toBeLessThan(12);
    expect(greatest.columns).toBeLessThan(60);
  });

  it('lets nothing that is shown steer the terminal', async () => {
    const steps = [sampleStep({ detail: 'x\x1b[2J\x1b]0;title\x07y' })];
    const { env } = await telling({ ...done, steps });
    const { out } = await run(['run', id, '--watch'], { env, screen: [80, 24] });
    expect(out).toContain('x[2J]0;titley');
    expect(out).not.toContain('\x1b[2J');
  });

  it('counts down between two looks', async () => {
    const until = new Date(Date.now() + 2_600).toISOString();
    const waiting = sampleRun({ waiting: { for: 'suspend', until } });
    const { env, asked } = await telling(...Array.from({ length: 6 }, () => waiting), done);
    const { out } = await run(['run', id, '--watch'], { env, screen: [80, 24] });
    expect(new Set(out.match(/until then \((?:in \d s|now)/g)).size).toBeGreaterThan(1);
    expect(asked.length).toBeLessThanOrEqual(8);
  });

  it('is a line of JSON for each change', async () => {
    const { env } = await telling(running, running, held, done);
    const { out } = await run(['run', id, '--watch', '--json'], { env });
    const phases = out
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as SeenRun).phase);
    expect(phases).toEqual(['running', 'holding', 'completed']);
  });

  it('bears with a service that is away for a while, and says so', async () => {
    const away = problem(503, 'DATABASE_UNAVAILABLE', 'The database cannot be reached');
    const { env } = await telling(running, away, done);
    const { exitCode, out } = await run(['run', id, '--watch'], { env });
    expect([exitCode, out]).toEqual([0, expect.stringContaining('The database cannot be reached')]);
  });

  it('ends at once with a run that is not there', async () => {
    const { env, asked } = await telling(problem(404, 'RUN_NOT_FOUND', 'Not found'));
    expect((await run(['run', id, '--watch'], { env })).exitCode).toBe(1);
    expect(asked).toHaveLength(1);
  });

  it('is left by Ctrl-C, and the run is not', async () => {
    const { env, asked } = await telling(running);
    const leave = new AbortController();
    const onOutput = () => {
      leave.abort();
    };
    const { exitCode, err } = await run(['run', id, '--watch'], { env, leave, onOutput });
    expect(exitCode).toBe(130);
    expect(err).toContain(
      `The run goes on by itself. See it again: npm run tenure -- run ${id} --watch`,
    );
    expect(asked.every(({ method }) => method === 'GET')).toBe(true);
  });
});

describe('--wait', () => {
  const leaving = ['offboard', 'ada@example.com', '--wait'];
  const parked = sampleRun({ phase: 'parked', waiting: { for: 'decision' } });
  const met = { at: '2027-03-31T15:00:00Z', metAt: '2027-03-31T15:00:00.031Z', lateMs: 31 };
  const readBack = (status: 'done' | 'failed') => sampleStep({ name: 'readBack', status });

  /** Starts what is asked with `status`, and shows `end` at the third look. */
  async function waitFor(end: SeenRun, status = 202, first = running) {
    let looks = 0;
    const { env } = await startStub(({ method }) => {
      if (method === 'POST') return { status, body: first };
      looks += 1;
      return { body: looks < 3 ? first : end };
    });
    return (await run(leaving, { env })).exitCode;
  }

  const ends: [what: string, end: SeenRun, exitCode: number][] = [
    ['suspended', held, 0],
    ['suspended, as the deadline says', { ...held, steps: [], deadlines: { suspendAt: met } }, 0],
    ['found suspended', { ...held, steps: [sampleStep({ status: 'skipped' })] }, 0],
    ['suspended, and Okta shows it', { ...held, steps: [sampleStep(), readBack('done')] }, 0],
    [
      'held, and Okta shows something else',
      { ...held, steps: [sampleStep(), readBack('failed')] },
      1,
    ],
    ['done', done, 0],
    ['done in part', { ...done, outcome: 'partial' }, 1],
    ['parked', parked, 1],
    ['cancelled', { ...done, phase: 'cancelled', outcome: 'undone' }, 1],
    ['superseded', { ...done, outcome: 'superseded', supersededBy: 'demo.1.2' }, 1],
    ['failed', { ...done, phase: 'failed', outcome: 'failed' }, 1],
  ];
  it.each(ends)('ends where she is %s', async (_what, end, exitCode) => {
    expect(await waitFor(end)).toBe(exitCode);
  });

  it('shows the end alone as JSON', async () => {
    const { env } = await startStub(({ method }) =>
      method === 'POST' ? { status: 202, body: running } : { body: held },
    );
    const { out } = await run([...leaving, '--json'], { env });
    expect(JSON.parse(out)).toMatchObject({ phase: 'holding' });
  });

  it('goes on in a hold until the person is suspended again', async () => {
    const again = { ...held, steps: [sampleStep(), sampleStep({ status: 'running' })] };
    const { env, asked } = await startStub(({ method }) => {
      if (method === 'POST') return { status: 200, body: again };
      return { body: asked.length < 4 ? again : held };
    });
    expect((await run(leaving, { env })).exitCode).toBe(0);
    expect(asked).toHaveLength(4);
  });

  it('follows the run that the same request is answered with, to its end', async () => {
    expect(await waitFor(held, 200)).toBe(0);
    expect(await waitFor(parked, 200)).toBe(1);
  });
});

describe('a run that is answered at once', () => {
  const leaving = ['offboard', 'ada@example.com'];
  const hiring = ['onboard', '--email', 'ada@example.com'];
  const parked = sampleRun({ phase: 'parked', waiting: { for: 'decision' } });
  const hired = sampleRun({ ...done, kind: 'onboarding' });

  it.each([
    ['that waits for its day', leaving, 202, sampleRun(), 0],
    ['that is at work', leaving, 202, running, 0],
    ['that is held', leaving, 200, held, 0],
    ['that parked before', leaving, 200, parked, 1],
    ['of the same onboarding, a moment ago', hiring, 200, hired, 0],
    ['of an onboarding that was done in part', hiring, 200, { ...hired, outcome: 'partial' }, 1],
  ] as const)('%s: %j %i', async (_what, args, status, body, exitCode) => {
    const { env } = await startStub(() => ({ status, body }));
    expect((await run([...args], { env })).exitCode).toBe(exitCode);
  });

  it.each([[[]], [['--wait']]])('and is an offboarding of before: no proof, %j', async (more) => {
    const { env, asked } = await startStub(() => ({ status: 200, body: done }));
    const { exitCode, out } = await run([...leaving, ...more], { env });
    expect(exitCode).toBe(1);
    expect(out).toContain('it does not show that ada@example.com has no access now');
    expect(asked).toHaveLength(1);
  });
});

/** What a terminal shows after it was told this: the sequences of the live view, and no others. */
function played(out: string) {
  let rows: string[] = [];
  let [highest, widest] = [0, 0];
  for (const [, up, text = ''] of out.matchAll(/(?:\x1b\[(\d+)F\x1b\[0J)|([^\x1b]+)/g)) {
    if (up !== undefined) rows = rows.slice(0, rows.length - Number(up));
    else rows = [...rows, ...text.split('\n').slice(0, -1)];
    highest = Math.max(highest, rows.length);
    widest = Math.max(widest, ...rows.map((row) => row.length));
  }
  return { rows, greatest: { rows: highest, columns: widest } };
}
