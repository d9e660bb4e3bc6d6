// What a command of `npm run tenure -- COMMAND` is: a module of its own, found by its name in a table.
import type { Config } from '../config.js';

export interface Command {
  name: string;
  /** One line for the list of commands. */
  summary: string;
  /** What `--help` says, flags included. */
  usage: string;
  /** @throws {CliProblem} with a sentence; anything else that is thrown is shown as its message. */
  run: (args: readonly string[], io: Io) => Promise<ExitCode>;
}

/** Done, failed, or asked for in a way that is not understood. */
export type ExitCode = 0 | 1 | 2;

export interface Io {
  config: Config;
  /** To standard output: what was asked for. */
  say: (text: string) => void;
}

/** What the person at the terminal can set right: a sentence, and whether it was how they asked. */
export class CliProblem extends Error {
  readonly exitCode: ExitCode;

  constructor(message: string, exitCode: ExitCode = 1) {
    super(message);
    this.exitCode = exitCode;
  }
}
