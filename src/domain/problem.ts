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
};

const DECISIONS_OF: Decision[] = ['retry', 'abort'];

export function problem(code: ProblemCode, detail: string): Problem {
  return { code, title: TITLES[code], detail, actions: [...DECISIONS_OF] };
}

/** Stands beside the problem where Okta surely did nothing of the step that found it. */
export const UNTOUCHED = 'untouched';

export function isProblemCode(code: string): code is ProblemCode {
  return code in TITLES;
}
