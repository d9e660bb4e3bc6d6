// The command as people start it: its help, its exit codes, Ctrl-C.
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { COMMANDS } from '../../src/cli/commands.js';
import { run as runHere, startStub } from './harness.js';
import { sampleRun } from './sample.js';
import { startTenure, tenure } from './tenure.js';

describe('npm run tenure', { timeout: 60_000 }, () => {
  it('names its commands, and ends with 0', async () => {
    const { exitCode, out, err } = await tenure(['--help'], {});
    expect([exitCode, err]).toEqual([0, '']);
    for (const { name, summary } of COMMANDS)
      expect(out).toMatch(new RegExp(`  ${name} +${summary}`));
  });

  it('ends with 3, and one sentence, where there is no service', async () => {
    const { exitCode, out, err } = await tenure(['runs'], { TENURE_HOME: '/nowhere' });
    expect([exitCode, out]).toEqual([3, '']);
    expect(err).toMatch(
      /^tenure: Tenure does not run on \/nowhere: start it with `npm start`.*\n$/,
    );
  });

  it('leaves a run that is watched on Ctrl-C, and says so', async () => {
    const { env, asked } = await startStub(() => ({ body: sampleRun({ phase: 'running' }) }));
    const { child, ended } = startTenure(['run', sampleRun().id, '--watch'], env);
    if (child.stdout !== null) await once(child.stdout, 'data');
    child.kill('SIGINT');
    const { exitCode, err } = await ended;
    expect(exitCode).toBe(130);
    expect(err).toContain('The run goes on by itself.');
    expect(asked.every(({ method }) => method === 'GET')).toBe(true);
  });
});

describe('every command', () => {
  it.each(COMMANDS.map(({ name }) => name))('%s explains itself', async (name) => {
    const { exitCode, out } = await runHere([name, '--help']);
    expect(exitCode).toBe(0);
    expect(out).toMatch(new RegExp(`^npm run tenure -- ${name}`));
    expect(out).toMatch(/^ {2}--json .*npm run tenure -s -- … --json$/m);
    expect(Math.max(...out.split('\n').map((line) => line.length))).toBeLessThanOrEqual(110);
  });

  it.each(COMMANDS.map(({ name }) => name))(
    '%s refuses an option that there is not',
    async (name) => {
      const { exitCode, out, err } = await runHere([name, '--frobnicate']);
      expect([exitCode, out]).toEqual([2, '']);
      expect(err).toContain("Unknown option '--frobnicate'");
      const json = await runHere([name, '--frobnicate', '--json']);
      expect(JSON.parse(json.out)).toMatchObject({ code: 'ERR_PARSE_ARGS_UNKNOWN_OPTION' });
    },
  );

  it.each([
    [['verify'], 'Name ID'],
    [['expedite', 'x'], 'Name WHAT'],
    [['offboard', 'a', 'b'], 'What is "b"?'],
    [['connect', 'a', 'b'], 'What is "b"?'],
    [['rekey', 'now'], 'What is "now"?'],
    [['onboard', 'ada'], 'What is "ada"?'],
    [['onboard', '--attribute', 'department'], '--attribute wants a name and a value'],
  ])('is understood or not: %j', async (args, says) => {
    const { exitCode, err } = await runHere(args);
    expect(exitCode).toBe(2);
    expect(err).toContain(says);
  });

  it('that there is not is answered with those that there are', async () => {
    const { exitCode, err } = await runHere(['fire', 'ada']);
    expect(exitCode).toBe(2);
    expect(err).toMatch(/There is no command "fire"\.\n\nnpm run tenure[^]*offboard/);
  });
});
