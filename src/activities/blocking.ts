// What blocks a connection, who waits for it, and what lifts the block again.
import type { ApplicationFailure } from '@temporalio/common';
import { entryOf, sentence } from '../domain/admission.js';
import type { ConnectionId } from '../domain/brand.js';
import type { ConnectionProblem } from '../domain/connection.js';
import type { RunRef } from '../domain/run.js';
import { OktaError, type OktaConnection } from '../okta/index.js';
import type { Store } from '../store/store.js';
import { createAdmissionCache } from './admission-cache.js';
import { blocked } from './failures.js';

/** A step that may call Okta. */
export interface Entered {
  /** To be told when the step has worked. */
  passed: () => Promise<void>;
  /** To be told when the attempt is over, however it ended. Never rejects. */
  left: () => Promise<void>;
}

export interface Blocking {
  /**
   * Resolves when `step` may call Okta; where it is its turn to, after trying the connection out.
   * @throws ApplicationFailure `CONNECTION_BLOCKED`
   */
  enter(run: RunRef, step: string, okta: OktaConnection, signal: AbortSignal): Promise<Entered>;
  /** Blocks the connection as a whole. */
  block(id: ConnectionId, found: Omit<ConnectionProblem, 'since' | 'step'>): Promise<void>;
  /**
   * Notes a refusal of a step. Null: it is the person's own, the run parks. A failure: the connection
   * is blocked for the step, and this run is the one that waits and tries it again.
   */
  refused(run: RunRef, step: string, error: OktaError): Promise<ApplicationFailure | null>;
}

export function createBlocking(
  { connections, refusals }: Pick<Store, 'connections' | 'refusals'>,
  now: () => Date,
): Blocking {
  const cache = createAdmissionCache(connections);
  const nothing = () => Promise.resolve();

  async function worked(run: RunRef, step: string): Promise<void> {
    await refusals.worked(run, step);
    cache.removeRefused(run.connection, step);
  }

  return {
    async block(id, { code, title, detail }) {
      cache.drop(id);
      await connections.block(id, { code, title, detail, since: now().toISOString() });
    },

    async enter(run, step, okta, signal) {
      const id = run.connection;
      const entry = entryOf(await cache.admission(run, step), id);
      switch (entry.kind) {
        case 'wait':
          throw blocked(entry.reason, entry.retryInMs);
        case 'probe':
          await probe(okta, signal, entry.problem);
          await connections.unblock(id);
          return { passed: nothing, left: nothing };
        case 'go':
          // Asked when the step is done: the refusal may have come while it was under way.
          return {
            passed: () => (cache.isRefused(id, step) ? worked(run, step) : nothing()),
            left: nothing,
          };
        case 'trial':
          return {
            passed: () => worked(run, step),
            // A turn that cannot be given back lapses after a few seconds.
            left: () => refusals.release(run, step).catch(() => undefined),
          };
      }
    },

    async refused(run, step, error) {
      if (error.code !== 'OKTA_FORBIDDEN') return null;
      cache.addRefused(run.connection, step);
      const problem: ConnectionProblem = {
        code: error.code,
        title: 'The admin role of this connection does not allow what it is for',
        detail: `${error.message} It was so for several people in a row, and worked for nobody in between. Look at the app's admin role in Okta and at its resource set.`,
        since: now().toISOString(),
        step,
      };
      const noted = await refusals.note(run, step, problem);
      return noted.kind === 'parks' ? null : blocked(sentence(problem), noted.retryInMs);
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
