// Questions to a worker that a request waits for. A few at once, since every one that waits costs
// Temporal a poll; and not for long. The API itself never speaks to Okta.
import { randomUUID } from 'node:crypto';
import { WorkflowFailedError, type Client } from '@temporalio/client';
import {
  groupsWorkflowId,
  interactiveQueue,
  VERIFY_AGAIN,
  verifyWorkflowId,
  type ListGroupsInput,
  type Question,
  type Questions,
  type VerifyInput,
} from '../contract/questions.js';
import type { ConnectionId } from '../domain/brand.js';
import type { Logger } from '../observability/logger.js';
import { Problem } from './problem.js';

export interface Interactive {
  /** @throws {Problem} 503 `WORKER_UNAVAILABLE` where no answer comes in time, or too many wait. */
  ask: <Q extends Question>(
    name: Q,
    input: Questions[Q]['input'],
  ) => Promise<Questions[Q]['answer']>;
  /** Has the connection verified and waits for nothing. What is at work already starts anew. */
  verifySoon: (connection: ConnectionId) => void;
}

export interface InteractiveOptions {
  client: Pick<Client, 'withDeadline' | 'workflow'>;
  taskQueue: string;
  log: Logger;
  /** How long an answer is waited for, in milliseconds. */
  waitMs?: number;
  /** How many wait at once. */
  places?: number;
}

const WAIT_MS = 25_000;
const PLACES = 20;
const START_MS = 5_000;
/** The poll ends by itself so long after nobody waits for it any more. */
const POLL_END_MS = 1_000;
const VERIFY_MS = 3_600_000;

export function createInteractive(options: InteractiveOptions): Interactive {
  const { client, log, waitMs = WAIT_MS, places = PLACES } = options;
  const taskQueue = interactiveQueue(options.taskQueue);
  let waiting = 0;

  async function ask<Q extends Question>(
    name: Q,
    input: Questions[Q]['input'],
  ): Promise<Questions[Q]['answer']> {
    if (waiting >= places) throw unavailable('Too many questions wait for an answer right now', 1);
    waiting += 1;
    try {
      const giveUpAt = Date.now() + waitMs;
      const handle = await client.withDeadline(Date.now() + START_MS, () =>
        client.workflow.start(name, {
          taskQueue,
          args: [input],
          staticSummary: `${name} · ${input.connection}`,
          ...identityOf(name, input, waitMs),
        }),
      );
      const result = client.withDeadline(
        giveUpAt + POLL_END_MS,
        () => handle.result() as Promise<unknown>,
      );
      // The workflow of that name gives this: `Questions` says so.
      return (await answerOf(result, giveUpAt)) as Questions[Q]['answer'];
    } finally {
      waiting -= 1;
    }
  }

  function verifySoon(connection: ConnectionId): void {
    const input: VerifyInput = { connection, probe: false };
    const started = client.withDeadline(Date.now() + START_MS, () =>
      client.workflow.signalWithStart('verifyConnection', {
        taskQueue,
        args: [input],
        staticSummary: `verifyConnection · ${connection}`,
        ...verificationOf(input),
        signal: VERIFY_AGAIN,
      }),
    );
    started.catch((error: unknown) => {
      log.warn({ event: 'verify.not-started', connection, error });
    });
  }

  return { ask, verifySoon };
}

/** A list is worth nothing when nobody waits any more. */
function identityOf(name: Question, input: Questions[Question]['input'], waitMs: number) {
  return name === 'verifyConnection'
    ? verificationOf(input as VerifyInput)
    : {
        workflowId: groupsWorkflowId(input as ListGroupsInput, randomUUID()),
        workflowExecutionTimeout: waitMs,
      };
}

/** Worth finishing although nobody waits, when a worker is there again; but not for ever. */
function verificationOf(input: VerifyInput) {
  return {
    workflowId: verifyWorkflowId(input),
    workflowIdConflictPolicy: 'USE_EXISTING' as const,
    workflowExecutionTimeout: VERIFY_MS,
  };
}

async function answerOf<T>(result: Promise<T>, giveUpAt: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(noAnswer());
    }, giveUpAt - Date.now());
  });
  try {
    return await Promise.race([result, late]);
  } catch (error) {
    // Timed out, or ended from outside.
    throw error instanceof WorkflowFailedError ? noAnswer() : error;
  } finally {
    clearTimeout(timer);
  }
}

function noAnswer(): Problem {
  return unavailable('No worker has answered; see that one runs, then ask again', 5);
}

function unavailable(detail: string, retryAfterSeconds: number): Problem {
  return new Problem(503, 'WORKER_UNAVAILABLE', 'No answer for now', detail, {
    headers: { 'Retry-After': String(retryAfterSeconds) },
  });
}
