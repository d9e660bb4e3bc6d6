// What a person at the terminal can do something about: one sentence, shown without a stack.
// Anything else that is thrown here is a bug and keeps its stack.

/** Its message is a sentence that says what is wrong and what to do. */
export class StartProblem extends Error {
  readonly code = 'START_PROBLEM';
}

/** The `code` of an error of the operating system, such as EADDRINUSE; undefined for others. */
export function systemCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : undefined;
}
