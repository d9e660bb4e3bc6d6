// One sentence for the person at the terminal instead of a stack; anything else is a bug of ours.

/** Its message says what is wrong and what to do. */
export class SetupProblem extends Error {}

/** Runs `main`; a problem becomes one line and exit code 1. */
export async function orOneSentence(main) {
  try {
    await main();
  } catch (error) {
    console.error(error instanceof SetupProblem ? `tenure: ${error.message}` : error);
    process.exit(1);
  }
}
