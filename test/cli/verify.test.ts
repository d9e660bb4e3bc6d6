import { describe, expect, it } from 'vitest';
import { widthOf } from '../../src/cli/text.js';
import { problem, run, startStub } from './harness.js';

const PASSED = {
  id: 'dns',
  status: 'pass',
  title: 'Host name',
  detail: 'acme.okta.com has an address.',
};
const SKIPPED = {
  id: 'role.okta.users.create',
  status: 'skipped',
  title: 'Create',
  detail: 'Unproven.',
};
const FAILED = {
  id: 'app.key',
  status: 'fail',
  title: 'Key',
  detail: 'The app has no active key with the id k1.',
  fix: 'Applications > Applications > your app > General > Client Credentials > Edit > Add key',
};

const verification = (...checks: (typeof PASSED | typeof FAILED)[]) => ({
  body: { ok: checks.every(({ status }) => status !== 'fail'), checks },
});

describe('verify', () => {
  it('lists what was seen, and ends with 0 where no check failed', async () => {
    const { env, asked } = await startStub(() => verification(PASSED, SKIPPED));
    expect(await run(['verify', 'acme'], { env })).toEqual({
      exitCode: 0,
      err: '',
      out: [
        'pass     Host name (dns)',
        '         acme.okta.com has an address.',
        'skipped  Create (role.okta.users.create)',
        '         Unproven.',
        '',
        'No check failed, 1 passed, 1 not proven.',
        '',
      ].join('\n'),
    });
    expect(asked).toMatchObject([{ method: 'POST', path: '/v1/connections/acme/verify' }]);
  });

  it('shows where to click, within the terminal, and ends with 1', async () => {
    const { env } = await startStub(() => verification(PASSED, FAILED));
    const { exitCode, out } = await run(['verify', 'acme'], { env, screen: [60, 24] });
    expect(exitCode).toBe(1);
    expect(out).toContain(
      'fail     Key (app.key)\n         The app has no active key with the id k1.\n',
    );
    expect(out.replace(/\s+/g, ' ')).toContain(`-> ${FAILED.fix}`);
    expect(out).toContain('1 check failed, 1 passed.');
    for (const line of out.split('\n')) expect(widthOf(line)).toBeLessThanOrEqual(60);
  });

  it('asks for proof by writes only where that is said', async () => {
    const { env, asked } = await startStub(() => verification(PASSED));
    await run(['verify', 'acme', '--probe'], { env });
    expect(asked.map(({ path }) => path)).toEqual(['/v1/connections/acme/verify?probe=true']);
  });

  it('is the answer as it is with --json', async () => {
    const { env } = await startStub(() => verification(FAILED));
    const { exitCode, out } = await run(['verify', 'acme', '--json'], { env });
    expect([exitCode, JSON.parse(out)]).toEqual([1, { ok: false, checks: [FAILED] }]);
  });

  it('without a worker is no verdict', async () => {
    const { env } = await startStub(() => problem(503, 'WORKER_UNAVAILABLE', 'No worker answers'));
    const { exitCode, err } = await run(['verify', 'acme'], { env });
    expect(exitCode).toBe(1);
    expect(err).toContain('A worker must be up for this');
  });
});
