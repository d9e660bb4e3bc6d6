// Questions that somebody waits for: short workflows on a queue of their own, so that no import of
// thousands stands before them. Names, inputs, answers and workflow ids.
import type { ConnectionId } from '../domain/brand.js';
import type { Check } from '../domain/check.js';

/** Where the questions of a task queue are asked. */
export function interactiveQueue(taskQueue: string): string {
  return `${taskQueue}-interactive`;
}

/** Registered workflow types, each with what it takes and gives. */
export interface Questions {
  verifyConnection: { input: VerifyInput; answer: Verification };
  listGroups: { input: ListGroupsInput; answer: GroupsAnswer };
}
export type Question = keyof Questions;

export interface VerifyInput {
  connection: ConnectionId;
  /** Also send writes that Okta must refuse as invalid where they are allowed. */
  probe: boolean;
}

export type Verification = { kind: 'verified'; checks: Check[] } | { kind: 'unknown-connection' };

export interface ListGroupsInput {
  connection: ConnectionId;
  /** Empty: any. */
  prefix: string;
}

export type GroupsAnswer =
  | { kind: 'groups'; groups: { id: string; name: string; type: string }[] }
  /** `code` is the Okta client's; `retryAfterMs` where trying again helps. */
  | { kind: 'refused'; code: string; detail: string; retryAfterMs: number | null };

/** Tells a verification that is at work that the connection has changed. */
export const VERIFY_AGAIN = 'verifyAgain';

/** One verification a connection: who asks meanwhile shares it. Probing is another question. */
export function verifyWorkflowId({ connection, probe }: VerifyInput): string {
  return `verify/${connection}${probe ? '/probe' : ''}`;
}

/** @param unique anything that was not used before */
export function groupsWorkflowId({ connection }: ListGroupsInput, unique: string): string {
  return `groups/${connection}/${unique}`;
}
