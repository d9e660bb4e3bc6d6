// A problem of the API (RFC 9457) as sentences for the person at the terminal.
import type { ProblemAnswer } from '../domain/answer.schema.js';
import { CliProblem } from './command.js';

/** Exit code 2 where the request itself was wrong, else 1. */
export class ApiProblem extends CliProblem {
  readonly code: string;
  readonly problem: ProblemAnswer;

  constructor(problem: ProblemAnswer) {
    super(sentencesOf(problem), problem.status === 400 ? 2 : 1);
    this.code = problem.code;
    this.problem = problem;
  }

  override details(): Record<string, unknown> {
    return { problem: this.problem };
  }
}

export function isProblem(said: unknown): said is ProblemAnswer {
  if (typeof said !== 'object' || said === null) return false;
  const { code, status, title, detail } = said as Record<string, unknown>;
  return (
    [code, title, detail].every((text) => typeof text === 'string') && typeof status === 'number'
  );
}

/** What each code of the API asks a person at a terminal to do. */
const REMEDIES: Readonly<Record<string, string>> = {
  UNAUTHENTICATED: 'Name the file of a key that this service knows with --key-file FILE.',
  CONNECTION_UNVERIFIED: 'See what is missing: npm run tenure -- verify CONNECTION',
  WORKER_UNAVAILABLE: 'A worker must be up for this (npm run worker).',
};

function sentencesOf({ title, detail, code, status, errors, run, requestId }: ProblemAnswer) {
  const faults = (errors ?? []).map(({ path, detail: fault }) =>
    path === '' ? `  ${fault}` : `  ${path}: ${fault}`,
  );
  const remedy = REMEDIES[code];
  return [
    faults.length > 0 ? `${title}.` : `${title}. ${ended(detail)}`,
    ...faults,
    ...(remedy === undefined ? [] : [remedy]),
    ...(run === undefined ? [] : [`See it: npm run tenure -- run ${run.id}`]),
    ...(status >= 500 ? [`(${code}, request ${requestId})`] : []),
  ].join('\n');
}

function ended(sentence: string): string {
  return /[.!?]$/.test(sentence) ? sentence : `${sentence}.`;
}
