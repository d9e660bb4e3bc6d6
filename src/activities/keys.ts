// Proves a connection's next key by a token and puts it to use. Reads which key that is each time, so
// that a newer one is simply the one tried.
import { Context } from '@temporalio/activity';
import { ApplicationFailure, ApplicationFailureCategory } from '@temporalio/common';
import type { AdoptKeyInput, KeyAdoption } from '../contract/workflows.js';
import { OktaError } from '../okta/index.js';
import { judge } from './failures.js';
import type { ActivityDeps } from './step.js';

export interface KeyActivities {
  /** @throws ApplicationFailure to be tried again, as long as Okta does not take the key. */
  proveNextKey: (input: AdoptKeyInput) => Promise<KeyAdoption>;
}

export function createKeyActivities({
  okta,
  store: { connectionKeys },
  now,
}: Pick<ActivityDeps, 'okta' | 'store' | 'now'>): KeyActivities {
  return {
    async proveNextKey({ connection }) {
      const signal = Context.current().cancellationSignal;
      for (;;) {
        const next = await connectionKeys.next(connection);
        if (next === null) return 'gone';
        try {
          await okta.prove(next.credentials, { signal });
        } catch (error) {
          if (!(error instanceof OktaError)) throw error;
          const problem = { ...whyNot(error), since: now().toISOString() };
          await connectionKeys.refuse(connection, next.mark, problem);
          throw notYet(error);
        }
        if (await connectionKeys.adopt(connection, next.mark)) return 'adopted';
      }
    },
  };
}

function whyNot(error: OktaError): { code: string; title: string; detail: string } {
  const verdict = judge(error, 1);
  return verdict.kind === 'block'
    ? { code: error.code, title: 'Okta does not take this key yet', detail: verdict.detail }
    : { code: error.code, title: 'This key could not be tried', detail: error.message };
}

function notYet(error: OktaError): ApplicationFailure {
  return ApplicationFailure.create({
    type: error.code,
    message: error.message,
    category: ApplicationFailureCategory.BENIGN,
    ...(error.code === 'OKTA_RATE_LIMITED' ? { nextRetryDelay: error.retryAfterMs } : {}),
  });
}
