// Work in lists under Okta's limit: no call twice because of a wait, and access comes back before the
// groups. Windows of a limit last a minute, so both stories run at once, each with an org of its own.
import { describe, it } from 'vitest';
import { eventually } from '../support/eventually.js';
import { oktaAdminOf, type OktaAdmin } from '../support/okta-admin.js';
import { isCancelled, isHeld, requestsOf, type Requests } from '../support/requests.js';
import { startTenure, type Tenure } from '../support/tenure.js';

/** A window, a second for Okta's rounding, and time to work. */
const WINDOW_MS = 75_000;
const BACK_MS = 5_000;
const LIMIT = 20;
const GROUPS = 30;

interface Story {
  tenure: Tenure;
  okta: OktaAdmin;
  hr: Requests;
  login: string;
  groups: string[];
  /** Groups of the calls of this method that Okta did, in order. */
  done: (method: 'PUT' | 'DELETE') => Promise<string[]>;
  refused: () => Promise<number>;
}

/** Somebody in more groups than the limit allows calls a minute. */
async function story(tell: (story: Story) => Promise<void>): Promise<void> {
  const tenure = await startTenure();
  try {
    const okta = await oktaAdminOf(tenure);
    const groups = await okta.groupIds(GROUPS);
    const { login } = await okta.employee({ groups });
    await tenure.sim('PATCH', '/org', {
      rateLimits: { tier: 'workforce', appShare: 1, overrides: { D: LIMIT } },
    });
    const log = () =>
      tenure.sim<{ method: string; path: string; status: number }[]>('GET', '/requests');
    const done: Story['done'] = async (method) =>
      (await log())
        .filter((call) => call.method === method && call.path.startsWith('/api/v1/groups/'))
        .filter(({ status }) => status === 204)
        .map(({ path }) => path.split('/')[4] ?? '');
    const refused = async () => (await log()).filter(({ status }) => status === 429).length;
    await tell({ tenure, okta, hr: requestsOf(tenure), login, groups, done, refused });
  } finally {
    await tenure.close();
  }
}

describe.concurrent('a leaver in more groups than the limit allows at once', () => {
  it(
    'is suspended at once and out of each by one call, whatever the wait',
    ({ expect }) =>
      story(async ({ tenure, okta, hr, login, groups, done, refused }) => {
        const { body } = await hr.offboard(login, { removeGroups: 'all' });
        const waiting = await tenure.until(
          body.id,
          'it waits for the limit',
          (run) => run.waiting?.for === 'rate-limit',
        );
        expect(Date.parse(waiting.waiting?.until ?? '')).toBeGreaterThan(Date.now());
        expect((await okta.shown(login)).status).toBe('SUSPENDED');
        expect(await done('DELETE')).toHaveLength(LIMIT);

        await tenure.until(body.id, 'out of all groups', isHeld, WINDOW_MS);
        expect((await okta.shown(login)).groups).toEqual([]);
        expect((await done('DELETE')).toSorted()).toEqual(groups.toSorted());
        expect(await refused()).toBeLessThanOrEqual(1);
      }),
    WINDOW_MS + 20_000,
  );

  it(
    'has access back within seconds of a cancel in the middle, and the groups after it',
    ({ expect }) =>
      story(async ({ tenure, okta, hr, login, groups, done }) => {
        const { body } = await hr.offboard(login, { removeGroups: 'all' });
        await tenure.until(
          body.id,
          'it waits for the limit',
          (run) => run.waiting?.for === 'rate-limit',
        );
        await hr.cancel(body.id);
        await eventually(
          'access is back',
          async () => (await okta.shown(login)).status === 'ACTIVE',
          BACK_MS,
        );
        const taken = await done('DELETE');
        expect(taken).toHaveLength(LIMIT);

        const run = await tenure.until(body.id, 'all is back', isCancelled, WINDOW_MS);
        expect(run.outcome).toBe('undone');
        expect((await okta.shown(login)).groups.toSorted()).toEqual(groups.toSorted());
        expect((await done('PUT')).toSorted()).toEqual(taken.toSorted());
      }),
    WINDOW_MS + 20_000,
  );
});
