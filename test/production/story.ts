// The story of the README and the demo, told over a layout: every request goes to the other API than
// the one before, so nothing can rest on what one of them remembers.
import { expect } from 'vitest';
import type { OrgUser, RunView } from '../../src/demo/clients.js';
import { eventually } from '../support/eventually.js';
import type { Layout } from './layout.js';

export const GROUPS = ['Berlin Office', 'Engineering'];

export interface Story {
  hire(login: string): Promise<RunView>;
  /** Hired, in her groups, and signed in. */
  employ(login: string): Promise<void>;
  offboard(login: string, terms?: Record<string, unknown>): Promise<RunView>;
  cancel(run: RunView): Promise<void>;
  until(
    run: RunView,
    what: string,
    reached: (run: RunView) => boolean,
    withinMs?: number,
  ): Promise<RunView>;
  /** The one account that the org has under this login. */
  truth(login: string): Promise<OrgUser>;
  groupNames(user: OrgUser): Promise<string[]>;
  decide(run: RunView, decision: 'retry' | 'abort'): Promise<void>;
  expedite(run: RunView, what: 'suspend' | 'deprovision'): Promise<void>;
}

export function createStory(layout: Layout): Story {
  let turn = 0;
  const clients = () => {
    turn += 1;
    const [one, other] = layout.apis;
    return (turn % 2 === 0 ? one : other).clients;
  };

  const until: Story['until'] = (run, what, reached, withinMs = 60_000) =>
    eventually(
      `${what} (${run.id})`,
      async () => {
        const seen = await clients().run(run.id);
        if (reached(seen)) return seen;
        if (seen.problem !== null) throw new Error(`parked: ${JSON.stringify(seen.problem)}`);
        return undefined;
      },
      withinMs,
    );
  const truth: Story['truth'] = async (login) => {
    const users = await clients().usersInOkta(login);
    expect(users, `accounts of ${login}`).toHaveLength(1);
    return users[0] as OrgUser;
  };
  const hire: Story['hire'] = (login) =>
    clients().post('/v1/onboardings', {
      connection: 'demo',
      person: { firstName: 'Ada', lastName: 'Lovelace', email: login },
      groups: GROUPS,
    });

  return {
    until,
    truth,
    hire,
    groupNames: async ({ groups }) =>
      (await Promise.all(groups.map((id) => clients().groupName(id)))).sort(),
    employ: async (login) => {
      await until(await hire(login), 'hired', isDone);
      await clients().firstSignIn(login);
    },
    offboard: (login, terms) =>
      clients().post('/v1/offboardings', { connection: 'demo', login, ...terms }),
    decide: async (run, decision) => {
      await clients().post(`/v1/runs/${run.id}/resolve`, { decision });
    },
    expedite: async (run, what) => {
      await clients().post(`/v1/runs/${run.id}/expedite`, { what });
    },
    cancel: async (run) => {
      await clients().post(`/v1/runs/${run.id}/cancel`, { reason: 'she stays' });
    },
  };
}

/** The whole of it: hired into two groups, first sign-in, suspended at a deadline, cancelled. */
export async function tellStory(story: Story, login: string): Promise<void> {
  await story.employ(login);
  const account = await story.truth(login);
  expect(account.status).toBe('ACTIVE');
  expect(await story.groupNames(account)).toEqual(GROUPS);

  const suspendAt = inMs(4_000);
  const leaving = await story.offboard(login, { suspendAt });
  await story.until(leaving, 'waits for the deadline', isPlanned);
  expect((await story.truth(login)).status).toBe('ACTIVE');
  await story.until(leaving, 'suspended', isHeld);
  expect(await latenessMs(story, login, suspendAt)).toBeLessThanOrEqual(1_000);

  await story.cancel(leaving);
  const undone = await story.until(leaving, 'undone', isCancelled);
  expect(undone.outcome).toBe('undone');
  expect((await story.truth(login)).status).toBe('ACTIVE');
}

/** How long after the deadline the org saw the suspension; before it is an error. */
export async function latenessMs(story: Story, login: string, suspendAt: string): Promise<number> {
  const user = await story.truth(login);
  expect(user.status).toBe('SUSPENDED');
  const at = user.changes.find(({ what }) => /suspend/i.test(what))?.at ?? '';
  const lateMs = Date.parse(at) - Date.parse(suspendAt);
  expect(lateMs, 'not before the deadline').toBeGreaterThanOrEqual(0);
  return lateMs;
}

export const isDone = ({ phase }: RunView): boolean => phase === 'completed';
export const isHeld = ({ phase }: RunView): boolean => phase === 'holding';
/**
 * Waits for its deadline, and its early look at the person is through. A step that reaches a worker in
 * the very moment in which that one is told to stop is lost, and tried again after two minutes.
 */
export const isPlanned = ({ waiting, steps }: RunView): boolean =>
  waiting?.for === 'suspend' &&
  steps.some(({ name, status }) => name === 'readUser' && status === 'done');
/** Its workflow was not there, and somebody is to decide. */
export const isOrphaned = ({ problem }: RunView): boolean => problem?.code === 'ORPHANED';
export const isCancelled = ({ phase }: RunView): boolean => phase === 'cancelled';

export function inMs(ms: number): string {
  return new Date(Date.now() + ms).toISOString();
}
