// The sentences of a parked run: for each code a title and what can be decided.
import type { Decision, Problem, ProblemCode } from './run.js';

const TITLES: Record<ProblemCode, string> = {
  LOGIN_TAKEN: 'Somebody already has this login',
  GROUP_UNKNOWN: 'A group does not exist in Okta',
  GROUP_NOT_MANAGEABLE: 'A group cannot be managed through Okta',
  PERSON_NOT_FOUND: 'Okta does not know this person',
  STATUS_UNSUPPORTED: 'The account is in a status that does not allow this',
  NOT_PERMITTED: 'The admin role of the connection does not allow this for this person',
  OUTCOME_UNKNOWN: 'It cannot be told whether Okta did this',
  REFUSED_BY_OKTA: 'Okta refused this',
  UNDO_INCOMPLETE: 'The undo could not be finished',
  BRAKE: 'Too many people at once',
  ORPHANED: 'The run was ended from outside',
  ACCOUNT_BUSY: 'Another run works on this account',
  WORKFLOW_FAILING: 'The workflow of this run fails',
};

const DECISIONS_OF: Partial<Record<ProblemCode, Decision[]>> = {
  // Everything is being taken back already.
  UNDO_INCOMPLETE: ['retry', 'leave'],
};

export function problem(code: ProblemCode, detail: string): Problem {
  const actions = DECISIONS_OF[code] ?? ['retry', 'abort', 'leave'];
  return { code, title: TITLES[code], detail, actions: [...actions] };
}

/**
 * What no workflow can say of itself: its task fails and is tried again, so nothing in it goes on. No
 * decision helps, since every message would only wait for the same task.
 */
export function workflowFailing(since: string): Problem {
  return {
    code: 'WORKFLOW_FAILING',
    title: TITLES.WORKFLOW_FAILING,
    detail:
      `The worker cannot carry this run on: its workflow task has failed since ${since}, and Temporal tries it again ` +
      'at growing pauses. Nothing is lost, and nothing is done meanwhile, deadlines included. An operator finds the ' +
      'reason in the Temporal Web UI (the event WorkflowTaskFailed of this workflow) and in the log of the worker, and ' +
      'starts workers of a release that has it mended. The run then goes on by itself.',
    actions: [],
  };
}

export function isProblemCode(code: string): code is ProblemCode {
  return code in TITLES;
}
