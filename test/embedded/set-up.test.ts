import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';

const scripts = fileURLToPath(new URL('../../scripts', import.meta.url));
let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'tenure-set-up-'));
});
afterEach(() => {
  rmSync(dir, { recursive: true, force: true });
});

const run = (code: string) =>
  spawnSync(process.execPath, ['--input-type=module', '-e', code], { encoding: 'utf8' });
const from = (name: string) => JSON.stringify(join(scripts, 'setup', name));

const WITHIN = { timeout: 20_000 };

describe('the lock of set-up', () => {
  const holder = (seconds: number) => `
    import { appendFileSync } from 'node:fs';
    import { withLock } from ${from('lock.mjs')};
    const log = ${JSON.stringify(join(dir, 'log'))};
    await withLock(${JSON.stringify(join(dir, 'lock'))}, (line) => appendFileSync(log, 'said ' + line + '\\n'), async () => {
      appendFileSync(log, 'in\\n');
      await new Promise((resolve) => setTimeout(resolve, ${seconds * 1000}));
      appendFileSync(log, 'out\\n');
    });`;
  const log = () =>
    existsSync(join(dir, 'log')) ? readFileSync(join(dir, 'log'), 'utf8').trim().split('\n') : [];
  const hold = (seconds: number): ChildProcess => {
    const args = ['--input-type=module', '-e', holder(seconds)];
    const child = spawn(process.execPath, args, { stdio: 'inherit' });
    onTestFinished(() => void child.kill('SIGKILL'));
    return child;
  };
  const over = (child: ChildProcess) => new Promise((resolve) => child.once('exit', resolve));

  it('lets one in at a time and tells the other whom it waits for', async () => {
    const first = hold(600);
    await expect.poll(log, WITHIN).toEqual(['in']);
    const second = hold(0);
    const said = `said Another set-up (process ${first.pid ?? ''}) is at work: waiting for it …`;
    await expect.poll(log, WITHIN).toEqual(['in', said]);
    first.kill('SIGINT');
    await Promise.all([over(first), over(second)]);
    expect(log()).toEqual(['in', said, 'in', 'out']);
    expect(existsSync(join(dir, 'lock'))).toBe(false);
  });

  it('is taken over from an owner that was killed', async () => {
    const killed = hold(600);
    await expect.poll(log, WITHIN).toEqual(['in']);
    killed.kill('SIGKILL');
    await over(killed);
    expect(existsSync(join(dir, 'lock'))).toBe(true);
    await over(hold(0));
    expect(log()).toEqual(['in', 'in', 'out']);
  });

  it('is given back on Ctrl-C', async () => {
    const stopped = hold(600);
    await expect.poll(log, WITHIN).toEqual(['in']);
    stopped.kill('SIGINT');
    await over(stopped);
    expect(stopped.signalCode).toBe('SIGINT');
    expect(existsSync(join(dir, 'lock'))).toBe(false);
  });
});

describe('set-up', () => {
  it.each([
    ['18.20.0', false],
    ['20.18.9', false],
    ['20.19.0', true],
    ['24.1.0', true],
  ])('judges Node %s: %s', (version, fine) => {
    const { stderr, status } = run(
      `import { requireNode } from ${from('node-version.mjs')}; requireNode('${version}');`,
    );
    expect(status).toBe(fine ? 0 : 1);
    if (fine) expect(stderr).toBe('');
    else expect(stderr).toContain(`needs Node 20.19.0 or newer and this is ${version}: install`);
  });

  it('shows a problem as one sentence and a bug with its stack', () => {
    const problem = run(
      `import { orOneSentence, SetupProblem } from ${from('problem.mjs')}; await orOneSentence(() => { throw new SetupProblem('Do this.'); });`,
    );
    expect([problem.stderr, problem.status]).toEqual(['tenure: Do this.\n', 1]);
    const bug = run(
      `import { orOneSentence } from ${from('problem.mjs')}; await orOneSentence(() => { throw new Error('oops'); });`,
    );
    expect(bug.stderr).toContain('Error: oops\n    at ');
    expect(bug.status).toBe(1);
  });

  it('keeps the newest entries of a cache folder', () => {
    mkdirSync(join(dir, 'build'));
    const code = ['a', 'b', 'c']
      .map((name, index) => {
        writeFileSync(join(dir, 'build', name), '');
        return `utimesSync(${JSON.stringify(join(dir, 'build', name))}, ${index}, ${index});`;
      })
      .join('');
    run(
      `import { utimesSync } from 'node:fs'; import { keepNewest } from ${from('place.mjs')}; ${code} keepNewest(${JSON.stringify(join(dir, 'build'))}, 2);`,
    );
    expect(['a', 'b', 'c'].filter((name) => existsSync(join(dir, 'build', name)))).toEqual([
      'b',
      'c',
    ]);
  });

  it('names the parts that can be run when asked for another', () => {
    const { stderr, status } = spawnSync(process.execPath, [join(scripts, 'run.mjs'), 'nothing'], {
      encoding: 'utf8',
    });
    expect(stderr).toBe(
      'tenure: There is no part "nothing": name one of api, worker, simulator, temporal, demo, tenure, temporal:setup.\n',
    );
    expect(status).toBe(1);
  });
});

describe('the count of the suite', () => {
  const suite = (files: Record<string, string>) => {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, name), text);
    const code = `import { runSuite } from ${from('suite.mjs')}; process.exit(await runSuite(['--root', ${JSON.stringify(dir)}, '--config', 'none.config.js']));`;
    writeFileSync(join(dir, 'none.config.js'), 'export default { test: { globals: true } };');
    const { stdout, status } = run(code);
    return { last: stdout.trimEnd().split('\n').at(-1), status };
  };

  it('is the last line, and failures end with 1', () => {
    expect(
      suite({
        'a.test.js': `test('x', () => {}); test('y', () => { expect(1).toBe(2); }); test.skip('z', () => {});`,
      }),
    ).toEqual({ last: '1 passed, 1 failed, 1 skipped', status: 1 });
  });

  it('is a plain success only when tests ran and none failed', () => {
    expect(suite({ 'a.test.js': `test('x', () => {});` })).toEqual({
      last: '1 passed, 0 failed',
      status: 0,
    });
    rmSync(join(dir, 'a.test.js'));
    expect(suite({})).toEqual({ last: '0 passed, 1 failed', status: 1 });
  });

  it('counts a file that does not load and a runner that crashes as failures', () => {
    expect(
      suite({ 'a.test.js': `test('x', () => {});`, 'b.test.js': `throw new Error('no');` }),
    ).toEqual({
      last: '1 passed, 1 failed',
      status: 1,
    });
    rmSync(join(dir, 'b.test.js'));
    expect(
      suite({ 'a.test.js': `test('x', () => {}); Promise.reject(new Error('stray'));` }).status,
    ).toBe(1);
  });
});
