// The commands against the whole service: real Temporal, real PostgreSQL, the simulated org.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ConnectionAnswer, RunAnswer } from '../../src/domain/answer.schema.js';
import { startTenure, type Tenure } from '../support/tenure.js';
import { homeOf, run } from './harness.js';

let tenure: Tenure;
beforeAll(async () => {
  tenure = await startTenure();
});
afterAll(() => tenure.close());

function tenureCommand(...args: string[]) {
  return run(args, { env: { TENURE_HOME: homeOf(tenure.origin, tenure.adminKey) } });
}

async function asJson<T = RunAnswer>(...args: string[]): Promise<T> {
  const { exitCode, out, err } = await tenureCommand(...args, '--json');
  expect([exitCode, err]).toEqual([0, '']);
  return JSON.parse(out) as T;
}

const statusOf = async (login: string) => (await tenure.users(login)).map(({ status }) => status);
const hire = (login: string) => [
  ...['onboard', '--connection', 'demo', '--first-name', 'Ada', '--last-name', 'Lovelace'],
  ...['--email', login, '--group', 'Engineering', '--group', 'Sales'],
];
const firstSignIn = (login: string) =>
  tenure.sim('POST', `/users/${encodeURIComponent(login)}/first-sign-in`);

describe('an administrator at a terminal', () => {
  it('hires, offboards, moves, brings forward, and gives access back', async () => {
    const login = 'ada@example.com';
    const hired = await tenureCommand(...hire(login), '--wait');
    expect([hired.exitCode, hired.err]).toEqual([0, '']);
    expect(hired.out).toContain('createUser: done');
    const [account] = await tenure.users(login);
    expect([account?.status, account?.groups.length]).toEqual(['PROVISIONED', 2]);
    await firstSignIn(login);

    const leaving = ['offboard', login, '--connection', 'demo', '--at'];
    const { id } = await asJson(...leaving, '2098-03-31T17:00[Europe/Berlin]', '--reason', 'moves');
    const moved = await asJson('reschedule', id, '--suspend-at', '2098-04-30T17:00[Europe/Berlin]');
    expect(moved.deadlines.suspendAt?.local).toBe('2098-04-30T17:00[Europe/Berlin]');
    const shown = await tenureCommand('run', id);
    expect(shown.out).toContain('suspended  2098-04-30 17:00 Europe/Berlin  in ');

    await asJson('expedite', id, 'suspend');
    await tenure.until(id, 'suspended', ({ phase }) => phase === 'holding');
    expect(await statusOf(login)).toEqual(['SUSPENDED']);

    expect((await tenureCommand('cancel', id, '--reason', 'she stays')).exitCode).toBe(0);
    const watched = await tenureCommand('run', id, '--watch');
    expect([watched.exitCode, watched.out]).toEqual([1, expect.stringContaining('cancelled: ')]);
    expect(await statusOf(login)).toEqual(['ACTIVE']);
  });

  it('asks twice, and one account is made', async () => {
    const login = 'twice@example.com';
    const first = await asJson(...hire(login));
    const second = await tenureCommand(...hire(login));
    expect(second.exitCode).toBe(0);
    expect(second.out).toContain('no second run was started');
    expect(second.out).toContain(first.id);
    await tenure.until(first.id, 'hired', ({ phase }) => phase === 'completed');
    expect(await tenure.users(login)).toHaveLength(1);
  });

  it('hires again who was taken back, on the same day', async () => {
    const login = 'again@example.com';
    const later = [...hire(login), '--start-at', '2098-01-01T09:00:00Z'];
    const first = await asJson(...later);
    await asJson('cancel', first.id);
    await tenure.until(first.id, 'cancelled', ({ phase }) => phase === 'cancelled');
    const second = await asJson(...later);
    expect([second.phase, second.id === first.id]).toEqual(['scheduled', false]);
    await asJson('cancel', second.id);
  });

  it('is told what parks, and decides', async () => {
    const login = 'parked@example.com';
    const waited = await tenureCommand(...hire(login), '--group', 'No such group', '--wait');
    expect(waited.exitCode).toBe(1);
    expect(waited.out).toContain('(GROUP_UNKNOWN)');
    const { items } = await asJson<{ items: RunAnswer[] }>('runs', '--login', login);
    const id = items[0]?.id ?? '';
    expect((await tenureCommand('run', id)).out).toContain(`resolve ${id} retry | abort`);
    await asJson('resolve', id, 'abort');
    await tenure.until(id, 'given up', ({ phase }) => phase === 'cancelled');
    expect(await tenure.users(login)).toEqual([]);
  });

  it('lists runs by what they are', async () => {
    const login = 'listed@example.com';
    const { id } = await asJson(...hire(login), '--start-at', '2098-01-01T09:00:00Z');
    const table = await tenureCommand('runs', '--phase', 'scheduled', '--kind', 'onboarding');
    expect(table.out).toMatch(new RegExp(`scheduled +in +${login} +demo +start in \\d+ d .*${id}`));
    for (const ref of [login, login.toUpperCase(), id.split('.')[2] ?? '']) {
      expect((await asJson('run', ref)).id).toBe(id);
    }
    const none = await tenureCommand('runs', '--phase', 'failed', '--login', login);
    expect(none.out).toBe('No runs.\n');
    await asJson('cancel', login);
    await tenure.until(id, 'cancelled', ({ phase }) => phase === 'cancelled');
  });

  it('takes over an open run where it is urgent', async () => {
    const login = 'urgent@example.com';
    await asJson(...hire(login), '--wait');
    await firstSignIn(login);
    const leaving = ['offboard', login, '--connection', 'demo'];
    await asJson(...leaving, '--at', '2098-03-31T17:00:00Z');
    const refused = await tenureCommand(...leaving);
    expect(refused.exitCode).toBe(1);
    expect(refused.err).toMatch(/Another run is open\.[^]*npm run tenure -- run demo\./);
    const taken = await asJson(...leaving, '--take-over', '--wait');
    expect(taken.phase).toBe('holding');
    expect(await statusOf(login)).toEqual(['SUSPENDED']);
  });

  it('has somebody suspended at once whose last day is just past, and sees when that was', async () => {
    const login = 'gone@example.com';
    await asJson(...hire(login), '--wait');
    await firstSignIn(login);
    const at = new Date(Date.now() - 5 * 60_000).toISOString();
    const left = await asJson('offboard', login, '--connection', 'demo', '--at', at, '--wait');
    expect(Date.parse(left.deadlines.suspendAt?.at ?? '')).toBe(Date.parse(at));
    expect(await statusOf(login)).toEqual(['SUSPENDED']);
  });

  it.each([
    ['fields that are missing', ['onboard', '--connection', 'demo'], 'person.firstName: '],
    [
      'a time without a zone',
      [...hire('x@example.com'), '--start-at', '2098-01-01T09:00'],
      'startAt: ',
    ],
    [
      'the id of an account',
      ['offboard', '00u1a2B3c4D5e6F7g8H9', '--connection', 'demo'],
      'login: ',
    ],
    [
      'two ends at once',
      [
        'offboard',
        'x@example.com',
        '--deprovision-at',
        '2098-01-01T00:00:00Z',
        '--undo-window',
        'P1D',
      ],
      'undoWindow: ',
    ],
  ])('is told of %s, and 2', async (_what, args, says) => {
    const { exitCode, err } = await tenureCommand(...args);
    expect(exitCode).toBe(2);
    expect(err).toContain(`\n  ${says}`);
  });

  it('is told what cannot be done, and 1', async () => {
    const { id } = await asJson(...hire('over@example.com'), '--wait');
    const outcome = await tenureCommand('expedite', id, 'start');
    expect(outcome.exitCode).toBe(1);
    expect(outcome.err).toContain('That cannot be done now.');
  });

  it('changes what is said of a connection, and the name of its key', async () => {
    const connect = async (...args: string[]) => {
      const { out } = await tenureCommand('connect', 'demo', '--json', ...args);
      return (JSON.parse(out) as { connection: ConnectionAnswer }).connection;
    };
    const before = await connect();
    const told = await connect('--name', 'Demo Inc.', '--time-zone', 'Europe/Berlin');
    const settings = { ...before.settings, timeZone: 'Europe/Berlin' };
    expect(told).toEqual({ ...before, name: 'Demo Inc.', settings });

    const { kid } = before.publicJwk;
    const renamed = await connect('--kid', 'as-okta-shows-it');
    expect(renamed.publicJwk).toEqual({ ...before.publicJwk, kid: 'as-okta-shows-it' });
    expect((await connect('--kid', String(kid))).publicJwk).toEqual(before.publicJwk);
  });
});
