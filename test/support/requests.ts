// Requests as HR makes them, and how far they came.
import { expect } from 'vitest';
import { as, type RunId } from '../../src/domain/brand.js';
import type { Answer, RunView, Tenure } from './tenure.js';

export const isDone = ({ phase }: RunView): boolean => phase === 'completed';
export const isHeld = ({ phase }: RunView): boolean => phase === 'holding';
export const isParked = ({ phase }: RunView): boolean => phase === 'parked';
export const isCancelled = ({ phase }: RunView): boolean => phase === 'cancelled';

export interface Requests {
  /** @param more further members of the body; `connection` is `demo` unless said otherwise */
  offboard: (login: string, more?: object) => Promise<Answer>;
  onboard: (login: string, more?: object) => Promise<Answer>;
  /** The run once it is over or holds. */
  offboarded: (login: string, more?: object) => Promise<RunView>;
  hired: (login: string, more?: object) => Promise<RunView>;
  /** The run once it waits for its day and has looked at the account. */
  scheduled: (login: string, more?: object) => Promise<RunView>;
  /** The run of that request once it is parked. */
  parked: (asked: Promise<Answer>) => Promise<RunView>;
  run: (id: string) => Promise<RunView>;
  cancel: (id: string) => Promise<Answer<RunView & { code?: string }>>;
  resolve: (id: string, decision: 'retry' | 'abort' | 'leave') => Promise<RunView>;
  cancelled: (id: string) => Promise<RunView>;
  /** Details by action. */
  ledgerOf: (run: RunView) => Promise<Record<string, string | null>>;
}

export function requestsOf(tenure: Tenure): Requests {
  const { api, until } = tenure;
  const offboard: Requests['offboard'] = (login, more = {}) =>
    api('POST', '/v1/offboardings', { connection: 'demo', login, ...more });
  const onboard: Requests['onboard'] = (
    login,
    { person = {}, ...more }: { person?: object } = {},
  ) =>
    api('POST', '/v1/onboardings', {
      connection: 'demo',
      person: { firstName: 'Ada', lastName: 'Lovelace', email: login, ...person },
      ...more,
    });
  const accepted = async (asked: Promise<Answer>): Promise<string> => {
    const { status, body } = await asked;
    expect([status, body]).toEqual([202, expect.anything()]);
    return body.id;
  };
  const cancel: Requests['cancel'] = (id) => api('POST', `/v1/runs/${id}/cancel`, {});

  return {
    offboard,
    onboard,
    offboarded: async (login, more) =>
      until(
        await accepted(offboard(login, more)),
        'offboarded',
        (run) => isDone(run) || isHeld(run),
      ),
    hired: async (login, more) => until(await accepted(onboard(login, more)), 'hired', isDone),
    scheduled: async (login, more) =>
      until(
        await accepted(offboard(login, more)),
        'scheduled, and the account seen',
        ({ phase, person }) => phase === 'scheduled' && person.oktaUserId !== null,
      ),
    parked: async (asked) => until(await accepted(asked), 'parked', isParked),
    run: async (id) => (await api('GET', `/v1/runs/${id}`)).body,
    cancel,
    resolve: async (id, decision) => {
      const { status, body } = await api('POST', `/v1/runs/${id}/resolve`, { decision });
      expect(status).toBe(200);
      return body;
    },
    cancelled: async (id) => {
      expect((await cancel(id)).status).toBe(200);
      return until(id, 'cancelled', isCancelled);
    },
    ledgerOf: async ({ id }) => {
      const rows = await tenure.store.ledger.ofRun(as<RunId>(id));
      return Object.fromEntries(rows.map(({ action, detail }) => [action, detail]));
    },
  };
}

/** An instant so many milliseconds from now. */
export function inMs(ms: number): string {
  return new Date(Date.now() + ms).toISOString();
}
