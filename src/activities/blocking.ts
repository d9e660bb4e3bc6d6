// What blocks a connection, who waits for it, and what lifts the block again.
import { entryOf, isForMany, sentence } from '../domain/admission.js';
import type { ConnectionId } from '../domain/brand.js';
import type { ConnectionProblem } from '../domain/connection.js';
import type { RunRef } from '../domain/run.js';
import { OktaError, type OktaConnection } from '../okta/index.js';
import type { Store } from '../store/store.js';
import { blocked } from './failures.js';
import { rememberReady } from './remember-ready.js';

export interface Blocking {
  /**
   * Passes when `step` may call Okta; where it is its turn to, after trying the connection out. What
   * it resolves to is to be told when the step is done.
   * @throws ApplicationFailure `CONNECTION_BLOCKED`
   */
  enter(
    run: RunRef,
    step: string,
    okta: OktaConnection,
    signal: AbortSignal,
  ): Promise<{ passed: () => Promise<void> }>;
  block(id: ConnectionId, found: Omit<ConnectionProblem, 'since'>): Promise<void>;
  /**
   * Whether Okta's refusal is not one person's: the third in a row at the same step. Then the
   * connection is blocked for that step, until it is done for somebody again.
   */
  isForMany(run: RunRef, step: string, error: OktaError): Promise<boolean>;
}

export function createBlocking(
  store: Pick<Store, 'connections' | 'refusals'>,
  now: () => Date,
): Blocking {
  const admissions = rememberReady(store.connections);
  const nothing = () => Promise.resolve();

  async function block(
    id: ConnectionId,
    { code, title, detail, step }: Omit<ConnectionProblem, 'since'>,
  ): Promise<void> {
    const since = now().toISOString();
    const where = step === undefined ? {} : { step };
    await admissions.block(id, { code, title, detail, since, ...where });
  }

  return {
    block,

    async enter({ id, connection }, step, okta, signal) {
      const admission = await admissions.admission(connection, id, step);
      const entry = entryOf(admission, connection, step);
      const unblock = () => store.connections.unblock(connection);
      switch (entry.kind) {
        case 'go':
          return { passed: nothing };
        case 'wait':
          throw blocked(entry.reason, entry.retryInMs);
        case 'probe':
          await probe(okta, signal, entry.problem);
          await unblock();
          return { passed: nothing };
        case 'trial':
          return { passed: unblock };
      }
    },

    async isForMany(run, step, error) {
      if (error.code !== 'OKTA_FORBIDDEN') return false;
      const people = await store.refusals.note(run, step);
      if (!isForMany(people)) return false;
      await block(run.connection, {
        code: error.code,
        title: 'The admin role of this connection does not allow what it is for',
        detail: `${error.message} It was so for ${people} people in a row. Look at the app's admin role in Okta and at its resource set.`,
        step,
      });
      await store.refusals.markBlocked(run.connection, step);
      return true;
    },
  };
}

/** One token and one read; a role that may not read groups is not what blocks a connection. */
async function probe(
  okta: OktaConnection,
  signal: AbortSignal,
  problem: ConnectionProblem,
): Promise<void> {
  try {
    await okta.mintToken({ signal, renew: true });
    await okta.findGroupsByName('Everyone', { signal });
  } catch (error) {
    if (error instanceof OktaError && error.code === 'OKTA_FORBIDDEN') return;
    throw error instanceof OktaError ? blocked(sentence(problem)) : error;
  }
}
