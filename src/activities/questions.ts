// What answers the questions that somebody waits for. A verification also settles how the connection
// stands; the rest only reads.
import { Context } from '@temporalio/activity';
import type {
  GroupsAnswer,
  ListGroupsInput,
  Verification,
  VerifyInput,
} from '../contract/questions.js';
import { checksOf, conclusionOf } from '../domain/checks.js';
import { OktaError, type Inspector, type OktaClient } from '../okta/index.js';
import type { Store } from '../store/store.js';

export interface QuestionDeps {
  okta: Pick<OktaClient, 'connection'> & Inspector;
  store: Pick<Store, 'connections' | 'verifications'>;
}

export interface QuestionActivities {
  verifyConnection(input: VerifyInput): Promise<Verification>;
  listGroups(input: ListGroupsInput): Promise<GroupsAnswer>;
}

/** A connection that is changed again and again while it is looked at is left to the next question. */
const MAX_INSPECTIONS = 3;
const RETRY_MS = 5_000;

export function createQuestionActivities({ okta, store }: QuestionDeps): QuestionActivities {
  return {
    async verifyConnection({ connection, probe }) {
      const signal = Context.current().cancellationSignal;
      for (let tries = 1; ; tries += 1) {
        const before = await store.connections.get(connection);
        const seen = before === null ? null : await okta.inspect(connection, { probe, signal });
        if (before === null || seen === null) return { kind: 'unknown-connection' };
        const checks = checksOf(seen);
        const isSettled = await store.verifications.settle(before, conclusionOf(seen, checks));
        if (isSettled || tries === MAX_INSPECTIONS) return { kind: 'verified', checks };
      }
    },

    async listGroups({ connection, prefix }) {
      const signal = Context.current().cancellationSignal;
      try {
        const { value } = await okta.connection(connection).listGroups(prefix, { signal });
        return { kind: 'groups', groups: value };
      } catch (error) {
        if (error instanceof OktaError) return refusalOf(error);
        throw error;
      }
    },
  };
}

function refusalOf(error: OktaError): GroupsAnswer {
  const refused = { kind: 'refused', code: error.code, detail: error.message } as const;
  switch (error.code) {
    case 'OKTA_RATE_LIMITED':
      return { ...refused, retryAfterMs: error.retryAfterMs };
    case 'OKTA_UNAVAILABLE':
    case 'OKTA_TIMEOUT':
    case 'OKTA_UNEXPECTED_RESPONSE':
      return { ...refused, retryAfterMs: RETRY_MS };
    case 'OKTA_AUTH_FAILED':
      return { ...refused, detail: `${error.message} ${error.hint}`, retryAfterMs: null };
    default:
      return { ...refused, retryAfterMs: null };
  }
}
