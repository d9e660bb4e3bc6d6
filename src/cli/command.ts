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

/**
 * 0 done, or a run waits as asked; 1 failed, done in part, parked, or a check failed; 2 asked for in a way that is not understood; 3 the service
 * cannot be reached; 130 left by Ctrl-C, as shells have it.
 */
export type ExitCode = 0 | 1 | 2 | 3 | 130;

/** What a command knows of the terminal. */
export interface Io {
  config: Config;
  /** To standard output: what was asked for. */
  say: (text: string) => void;
  /** Standard output where it is a terminal of some size, else null: then nothing is fitted to a width. */
  screen: Screen | null;
  /** Whether a person sits there: standard input and output are a terminal. */
  isTerminal: boolean;
  /** Opens standard input for questions, once; to be closed. */
  openPrompt: () => Prompt;
  /** Aborted by Ctrl-C. Whoever asks for it must end on it, since the process does not any more. */
  leaving: () => AbortSignal;
}

export interface Screen {
  columns: () => number;
  rows: () => number;
  /** Writes as it is, control sequences included. */
  write: (text: string) => void;
}

export interface Prompt {
  /** One line, without blanks at both ends. @throws {Left} at the end of input and on Ctrl-C. */
  ask: (question: string) => Promise<string>;
  /**
   * Lines that are not shown, until `isWhole` says so.
   * @throws {Left}; {CliProblem} where they would be shown
   */
  askHidden: (question: string, isWhole: (text: string) => boolean) => Promise<string>;
  close: () => void;
}

/** What the person at the terminal can set right: a sentence, and whether it was how they asked. */
export class CliProblem extends Error {
  readonly exitCode: ExitCode;

  constructor(message: string, exitCode: ExitCode = 1) {
    super(message);
    this.exitCode = exitCode;
  }

  /** What `--json` tells beside the sentence. */
  details(): Record<string, unknown> {
    return {};
  }
}

/** Ctrl-C, or the end of input: the message says how things stand now. */
export class Left extends CliProblem {
  constructor(message = 'Left.') {
    super(message, 130);
  }
}
