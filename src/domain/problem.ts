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
};

const DECISIONS_OF: Partial<Record<ProblemCode, Decision[]>> = {
  // Everything is being taken back already.
  UNDO_INCOMPLETE: ['retry', 'leave'],
};

export function problem(code: ProblemCode, detail: string): Problem {
  const actions = DECISIONS_OF[code] ?? ['retry', 'abort', 'leave'];
  return { code, title: TITLES[code], detail, actions: [...actions] };
}

export function isProblemCode(code: string): code is ProblemCode {
  return code in TITLES;
}
