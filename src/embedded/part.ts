// What the supervisor must know of one part: how it is started, when it is ready, how it is stopped.
// A table of these is all that tells the real parts from a test's stub scripts.
import type { Command, GuardPlan } from './guarded-process.js';

/** What a part's `ready` may look at while it waits. */
interface Probe {
  /** Aborted when the process ends before it is ready, or when all is stopped. */
  signal: AbortSignal;
  /** Resolves at the first line of output that holds `text`; for parts with output `lines`. */
  line: (text: string) => Promise<void>;
}

export interface Part {
  name: string;
  /** Parts that must have been ready once before this one is started. */
  after?: readonly string[];
  /** Before every start: make files, end leftovers. A `StartProblem` ends the whole start. */
  prepare?: () => Promise<void>;
  command: () => Command;
  ready: (probe: Probe) => Promise<void>;
  stop: { signal: NodeJS.Signals; hurry: NodeJS.Signals; withinMs: number };
  /**
   * `file`: a program of others; both outputs go to the part's log file.
   * `lines`: a part of ours; its output is read line by line, and it ends itself at the end of its
   * standard input, which is a pipe that we hold.
   */
  output: 'file' | 'lines';
  /** How it is ended when we are killed. */
  guard: GuardPlan;
}
