import type { ApplicationFailure } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { describe, expect, it } from 'vitest';
import { createActivities } from '../../src/activities/index.js';
import type { Admission } from '../../src/domain/admission.js';
import { as } from '../../src/domain/brand.js';
import type { OktaUser } from '../../src/domain/okta-user.js';
import type { RunRef } from '../../src/domain/run.js';
import {
  OktaForbiddenError,
  OktaTimeoutError,
  OktaUnavailableError,
} from '../../src/okta/errors.js';
import type { OktaClient, OktaConnection } from '../../src/okta/index.js';
import type {
  ConnectionKeyStore,
  ConnectionStore,
  GroupStore,
  RefusalStore,
  RunStore,
  StepReport,
} from '../../src/store/store.js';

Runtime.install({ logger: new DefaultLogger('ERROR') });

const RUN: RunRef = {
  id: as('demo.0123456789abcdef.r'),
  connection: as('demo'),
  subjectRef: as('0123456789abcdef'),
  requestId: as('r'),
};
const PROBLEM = { code: 'OKTA_AUTH_FAILED', title: 'Refused', detail: 'Key.', since: '' };
const facts = {
  method: 'POST',
  path: '/api/v1/users/{user}/lifecycle/suspend',
  httpStatus: null,
  oktaErrorCode: null,
  oktaRequestId: 'req-1',
  date: null,
};
const answer = <T>(value: T) => Promise.resolve({ value, requestId: 'req-1', date: null });

/** No worker remembers a group. */
const NO_GROUPS: GroupStore = {
  recall: () => Promise.resolve(null),
  remember: () => Promise.resolve(),
  forget: () => Promise.resolve(),
};

function world(
  okta: Partial<OktaConnection>,
  store: {
    runs?: Partial<RunStore>;
    connections?: Partial<ConnectionStore>;
    refusals?: Partial<RefusalStore>;
  } = {},
) {
  const reports: StepReport[] = [];
  const said: string[] = [];
  const connection = {
    mintToken: () => answer({ expiresAt: '', scopes: [] }),
    findGroupsByName: () => answer([]),
    ...okta,
  } as OktaConnection;
  const client: OktaClient = {
    connection: () => connection,
    prove: () => Promise.reject(new Error('no step proves a key')),
    close: () => Promise.resolve(),
  };
  const activities = createActivities({
    okta: client,
    store: {
      connections: {
        admission: () => Promise.resolve({ kind: 'ready', refused: [] }),
        block: (_id: unknown, { code }: { code: string }) => Promise.resolve(void said.push(code)),
        unblock: () => Promise.resolve(void said.push('unblocked')),
        ...store.connections,
      } as ConnectionStore,
      connectionKeys: {} as ConnectionKeyStore,
      groups: NO_GROUPS,
      runs: {
        reportStep: (report: StepReport) => {
          reports.push(report);
          return Promise.resolve(null);
        },
        ...store.runs,
      } as RunStore,
      refusals: {
        note: (_run: unknown, step: string) => {
          said.push(`refused ${step}`);
          return Promise.resolve({ kind: 'parks' });
        },
        worked: (_run: unknown, step: string) => Promise.resolve(void said.push(`worked ${step}`)),
        release: (_run: unknown, step: string) => Promise.resolve(void said.push(`left ${step}`)),
        ...store.refusals,
      } as RefusalStore,
    },
    now: () => new Date(0),
  });
  return { activities, reports, said };
}
const suspend = {
  run: RUN,
  user: '00u0000000000000000a',
  before: {
    kind: 'seen' as const,
    oktaUserId: as<never>('00u0000000000000000a'),
    status: 'ACTIVE',
    statusChanged: null,
    at: new Date(0).toISOString(),
  },
  otherwise: 'park' as const,
  mayHaveHappened: false,
};
const user = (status: string): OktaUser => ({
  id: as('00u0000000000000000a'),
  status,
  created: new Date(0).toISOString(),
  statusChanged: null,
  transitioningToStatus: null,
  profile: {},
});
const failureOf = (work: Promise<unknown>): Promise<ApplicationFailure> =>
  work.then(
    () => {
      throw new Error('did not fail');
    },
    (error: unknown) => error as ApplicationFailure,
  );

describe('a step', () => {
  it('writes step and ledger row together, with the request ids', async () => {
    const { activities, reports } = world({ suspendUser: () => answer(undefined) });
    await new MockActivityEnvironment().run(activities.suspendUser, suspend);
    expect(reports).toHaveLength(1);
    expect(reports[0]).toMatchObject({
      run: RUN,
      status: 'done',
      attempts: 1,
      oktaRequestIds: ['req-1'],
      event: { action: 'user.suspended' },
    });
  });

  it('keeps a deed under one key, whichever attempt reports it', async () => {
    const keys = await Promise.all(
      [1, 2].map(async (attempt) => {
        const { activities, reports } = world({
          getUser: () => answer(user('ACTIVE')),
          suspendUser: () => answer(undefined),
        });
        await new MockActivityEnvironment({ attempt }).run(activities.suspendUser, suspend);
        return reports[0]?.event?.key;
      }),
    );
    expect(keys).toEqual([expect.any(String), keys[0]]);
  });

  it('gives the ledger a deed that an earlier attempt never reported, and says that it was found', async () => {
    const undone = world({ getUser: () => answer(user('ACTIVE')) });
    const unsuspend = {
      run: RUN,
      user: suspend.user,
      before: null,
      suspendedAt: null,
      unlocked: false,
    };
    await new MockActivityEnvironment({ attempt: 2 }).run(
      undone.activities.unsuspendUser,
      unsuspend,
    );
    expect(undone.reports[0]?.event).toMatchObject({
      action: 'user.unsuspended',
      detail: expect.stringContaining('found so') as string,
    });

    const gone = world({ getUser: () => answer(user('DEPROVISIONED')) });
    const deactivate = { run: RUN, user: suspend.user };
    await new MockActivityEnvironment().run(gone.activities.deactivateUser, deactivate);
    await new MockActivityEnvironment({ attempt: 2 }).run(
      gone.activities.deactivateUser,
      deactivate,
    );
    expect(gone.reports.map(({ event }) => event?.action ?? null)).toEqual([
      null,
      'user.deactivated',
    ]);
  });

  it('keeps a lost answer as a fact, and is retried', async () => {
    const { activities, reports } = world({
      suspendUser: () =>
        Promise.reject(new OktaTimeoutError('slow', { ...facts, outcome: 'unknown' })),
    });
    const failure = await failureOf(
      new MockActivityEnvironment().run(activities.suspendUser, suspend),
    );
    expect(failure.type).toBe('OKTA_TIMEOUT');
    expect(reports[0]).toMatchObject({
      status: 'running',
      finishedAt: null,
      event: { action: expect.stringContaining('answer-lost') as string },
    });
  });

  it('writes nothing about a refusal that is simply repeated', async () => {
    const { activities, reports } = world({
      suspendUser: () =>
        Promise.reject(new OktaUnavailableError('down', { ...facts, outcome: 'not-done' })),
    });
    await failureOf(new MockActivityEnvironment().run(activities.suspendUser, suspend));
    expect(reports).toEqual([]);
  });

  it('does not repeat the deed because its record could not be written at once', async () => {
    let writes = 0;
    let suspensions = 0;
    const { activities } = world(
      {
        suspendUser: () => {
          suspensions += 1;
          return answer(undefined);
        },
      },
      {
        runs: {
          reportStep: () => {
            writes += 1;
            return writes < 2 ? Promise.reject(new Error('database away')) : Promise.resolve(null);
          },
        },
      },
    );
    await new MockActivityEnvironment().run(activities.suspendUser, suspend);
    expect([suspensions, writes]).toEqual([1, 2]);
  });

  it('does nothing in Okta while the connection is blocked, and says until when', async () => {
    const { activities } = world(
      {},
      {
        connections: {
          admission: () =>
            Promise.resolve({ kind: 'blocked', problem: PROBLEM, probeInMs: 20_000, ahead: 3 }),
        },
      },
    );
    const failure = await failureOf(
      new MockActivityEnvironment().run(activities.suspendUser, suspend),
    );
    expect(failure).toMatchObject({ type: 'CONNECTION_BLOCKED', nextRetryDelay: 20_300 });
  });

  const suspendStep = (activities: ReturnType<typeof world>['activities']) =>
    new MockActivityEnvironment({ activityType: 'suspendUser' }).run(
      activities.suspendUser,
      suspend,
    );
  const works = { suspendUser: () => answer(undefined) };
  const isRefused = {
    suspendUser: () =>
      Promise.reject(new OktaForbiddenError('no', { ...facts, outcome: 'not-done' })),
  };
  const admitted = (...admissions: Admission[]): Partial<ConnectionStore> => ({
    admission: () => Promise.resolve(admissions.shift() ?? { kind: 'ready', refused: [] }),
  });

  it('waits for its turn at a step that was refused for several people', async () => {
    const turn: Admission = { kind: 'turn', problem: null, retryInMs: 420 };
    const { activities, said } = world(works, { connections: admitted(turn) });
    expect(await failureOf(suspendStep(activities))).toMatchObject({
      type: 'CONNECTION_BLOCKED',
      nextRetryDelay: 420,
    });
    expect(said).toEqual([]);
  });

  it('tells of its turn that it worked, and gives it back in any case', async () => {
    const trial: Partial<ConnectionStore> = admitted({ kind: 'trial' }, { kind: 'trial' });
    const well = world(works, { connections: trial });
    await suspendStep(well.activities);
    expect(well.said).toEqual(['worked suspendUser', 'left suspendUser']);

    const away = {
      suspendUser: () =>
        Promise.reject(new OktaUnavailableError('down', { ...facts, outcome: 'not-done' })),
    };
    const ill = world(away, { connections: trial });
    expect((await failureOf(suspendStep(ill.activities))).type).toBe('OKTA_UNAVAILABLE');
    expect(ill.said).toEqual(['left suspendUser']);
  });

  it('tells once that it worked where it was refused for somebody else', async () => {
    const refused: Admission = { kind: 'ready', refused: ['suspendUser'] };
    const { activities, said } = world(works, { connections: admitted(refused) });
    await suspendStep(activities);
    await suspendStep(activities);
    expect(said).toEqual(['worked suspendUser']);
  });

  it('asks and tells nothing while all is well, for a second', async () => {
    let asked = 0;
    const { activities, said } = world(works, {
      connections: {
        admission: () => {
          asked += 1;
          return Promise.resolve({ kind: 'ready', refused: ['createUser'] });
        },
      },
    });
    await suspendStep(activities);
    await suspendStep(activities);
    expect([asked, said]).toEqual([1, []]);
  });

  it('probes when it is its turn, lifts the block and goes on', async () => {
    const probe: Partial<ConnectionStore> = {
      admission: () => Promise.resolve({ kind: 'probe', problem: PROBLEM }),
    };
    const well = world({ suspendUser: () => answer(undefined) }, { connections: probe });
    await new MockActivityEnvironment().run(well.activities.suspendUser, suspend);
    expect(well.said).toEqual(['unblocked']);

    const ill = world(
      {
        mintToken: () =>
          Promise.reject(new OktaUnavailableError('down', { ...facts, outcome: 'not-done' })),
      },
      { connections: probe },
    );
    const failure = await failureOf(
      new MockActivityEnvironment().run(ill.activities.suspendUser, suspend),
    );
    expect(failure.type).toBe('CONNECTION_BLOCKED');
    expect(ill.said).toEqual([]);
  });

  it('parks on what the role does not allow, with the step failed', async () => {
    const { activities, reports } = world({
      suspendUser: () =>
        Promise.reject(new OktaForbiddenError('no', { ...facts, outcome: 'not-done' })),
    });
    const failure = await failureOf(
      new MockActivityEnvironment().run(activities.suspendUser, suspend),
    );
    expect(failure).toMatchObject({ type: 'NOT_PERMITTED', nonRetryable: true });
    expect(reports[0]?.status).toBe('failed');
  });

  it('names the likely causes of a refusal, and knows of it from then on', async () => {
    let asked = 0;
    const { activities, said } = world(isRefused, {
      connections: {
        admission: () => {
          asked += 1;
          return Promise.resolve({ kind: 'ready', refused: [] });
        },
      },
    });
    const failure = await failureOf(suspendStep(activities));
    expect(failure.message).toMatch(/an administrator, whom no custom role reaches.*resource set/);
    await failureOf(suspendStep(activities));
    // A refusal ends what was kept of the connection being well.
    expect([asked, said]).toEqual([2, ['refused suspendUser', 'refused suspendUser']]);
  });

  it('waits where it is to try a blocked step again, and does not park', async () => {
    const { activities, reports } = world(isRefused, {
      refusals: { note: () => Promise.resolve({ kind: 'watches', retryInMs: 1_000 }) },
    });
    expect(await failureOf(suspendStep(activities))).toMatchObject({
      type: 'CONNECTION_BLOCKED',
      nextRetryDelay: 1_000,
    });
    expect(reports).toEqual([]);
  });

  it('lets a call that is under way come to its end when the run is cancelled', async () => {
    const env = new MockActivityEnvironment();
    const { activities, reports } = world({
      suspendUser: (_user, options) => {
        env.cancel();
        expect(options?.signal?.aborted).toBe(false);
        return answer(undefined);
      },
    });
    const access = { result: 'suspended', ours: true, unlocked: false, at: suspend.before.at };
    expect(await env.run(activities.suspendUser, suspend)).toEqual({
      value: access,
      effects: [{ kind: 'suspend', stage: 'done', access }],
    });
    expect(reports[0]?.status).toBe('done');
  });
});
