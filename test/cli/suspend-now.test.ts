// A suspension that comes at once is asked about at a terminal; one that is long past is refused.
import { describe, expect, it } from 'vitest';
import { run, startStub, type Surroundings } from './harness.js';
import { sampleRun } from './sample.js';

const ADA = 'ada@example.com';
const { id } = sampleRun();
const ago = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString();
const demo = { id: 'demo', settings: { timeZone: 'Europe/Berlin' } };

async function startService(connections: object[] = [demo]) {
  return startStub(({ path, method }) => {
    if (path === '/v1/connections') return { body: { items: connections } };
    if (path.startsWith('/v1/connections/')) return { body: demo };
    return { status: method === 'POST' ? 202 : 200, body: sampleRun() };
  });
}

async function ask(args: string[], around: Surroundings = {}, connections?: object[]) {
  const { env, asked } = await startService(connections);
  const outcome = await run(args, { env, isTerminal: true, ...around });
  return { ...outcome, posts: asked.filter(({ method }) => method === 'POST'), asked };
}

describe('an offboarding at a terminal', () => {
  it.each([
    ['without a time', ['offboard', ADA]],
    ['in an org that is named', ['offboard', ADA, '--connection', 'demo']],
    ['at a time that is just past', ['offboard', ADA, '--suspend-at', ago(5)]],
    ['by the other name of the option', ['offboard', ADA, '--at', ago(5)]],
    ['that takes over', ['offboard', ADA, '--take-over']],
  ])('is asked about first: %s', async (_what, args) => {
    const yes = await ask(args, { input: ['y'] });
    expect(yes.out).toContain('Suspend ada@example.com in demo now?');
    expect([yes.exitCode, yes.posts.length]).toEqual([0, 1]);
    const no = await ask(args, { input: ['n'] });
    expect([no.exitCode, no.posts]).toEqual([1, []]);
    expect(no.err).toContain('nobody is suspended');
  });

  it.each([
    ['', 1],
    ['nope', 1],
    ['YES', 0],
    ['yes please', 1],
  ])('takes nothing but yes for yes: %j', async (answer, exitCode) => {
    const outcome = await ask(['offboard', ADA], { input: [answer] });
    expect([outcome.exitCode, outcome.posts.length]).toEqual([exitCode, 1 - exitCode]);
  });

  it('is not sent where the question is left', async () => {
    const { exitCode, posts } = await ask(['offboard', ADA], { input: [] });
    expect([exitCode, posts]).toEqual([130, []]);
  });

  it('names no org where the API has to say which', async () => {
    const several = [demo, { ...demo, id: 'acme' }];
    const { out } = await ask(['offboard', ADA], { input: ['y'] }, several);
    expect(out).toContain('Suspend ada@example.com now?');
  });

  it('reads a time without a zone in the zone of the connection', async () => {
    const local = new Date(Date.now() - 5 * 60_000)
      .toLocaleString('sv-SE', { timeZone: 'Europe/Berlin' })
      .replace(' ', 'T');
    const { out, posts } = await ask(['offboard', ADA, '--suspend-at', local], { input: ['y'] });
    expect(out).toContain('in demo now?');
    expect(posts[0]?.body).toMatchObject({ suspendAt: local });
  });

  it.each([
    ['with --yes', ['offboard', ADA, '--yes'], {}],
    ['without a terminal', ['offboard', ADA], { isTerminal: false }],
    ['for a day that is ahead', ['offboard', ADA, '--suspend-at', '2099-03-31T17:00Z'], {}],
    ['for a time that only the API understands', ['offboard', ADA, '--at', 'T1'], {}],
  ])('is not asked about %s', async (_what, args, around) => {
    const { out, posts, exitCode } = await ask(args, around);
    expect(out).not.toContain('now?');
    expect([exitCode, posts.length]).toEqual([0, 1]);
  });

  it('with two times is not understood', async () => {
    const { exitCode, posts } = await ask(['offboard', ADA, '--at', 'T1', '--suspend-at', 'T1']);
    expect([exitCode, posts]).toEqual([2, []]);
  });
});

describe('a run that is to suspend at once', () => {
  it.each([
    ['expedited', ['expedite', id, 'suspend']],
    ['moved to a time that is just past', ['reschedule', id, '--suspend-at', ago(5)]],
  ])('is asked about where it is %s', async (_what, args) => {
    const yes = await ask(args, { input: ['y'] });
    expect(yes.out).toContain('Suspend ada@example.com in demo now?');
    expect([yes.exitCode, yes.posts.length]).toEqual([0, 1]);
    const no = await ask(args, { input: ['n'] });
    expect([no.exitCode, no.posts]).toEqual([1, []]);
    const unasked = await ask([...args, '--yes']);
    expect([unasked.exitCode, unasked.posts.length]).toEqual([0, 1]);
  });

  it.each([
    ['start', ['expedite', id, 'start']],
    ['later', ['reschedule', id, '--suspend-at', '2099-03-31T17:00Z']],
    ['another end', ['reschedule', id, '--deprovision-at', '2099-03-31T17:00Z']],
  ])('is not one that is to %s', async (_what, args) => {
    const { out, posts } = await ask(args);
    expect(out).not.toContain('now?');
    expect(posts).toHaveLength(1);
  });
});

describe('a time that is long past', () => {
  it.each([
    ['--suspend-at', ['offboard', ADA, '--suspend-at']],
    ['--at', ['offboard', ADA, '--at']],
    ['--start-at', ['onboard', '--email', ADA, '--start-at']],
    ['--suspend-at', ['reschedule', id, '--suspend-at']],
    ['--start-at', ['reschedule', id, '--start-at']],
  ])('is refused before anything is sent: %s of %j', async (option, args) => {
    for (const isTerminal of [true, false]) {
      const { exitCode, err, asked } = await ask([...args, '2006-03-31T17:00[Europe/Berlin]'], {
        isTerminal,
      });
      expect([exitCode, asked]).toEqual([2, []]);
      expect(err).toMatch(
        new RegExp(`^${option} 2006-03-31T17:00\\[Europe/Berlin\\]: This was \\d+ years ago; `),
      );
    }
  });

  it.each([
    [['offboard', ADA, '--at', ago(2 * 24 * 60 + 5)], 'leave it out for now'],
    [['reschedule', id, '--suspend-at', ago(2 * 24 * 60 + 5)], `expedite ${id} suspend`],
  ])('says how long ago, and the way out', async (args, wayOut) => {
    const { err } = await ask(args);
    expect(err).toContain('This was 2 days ago; ');
    expect(err).toContain(wayOut);
  });
});
