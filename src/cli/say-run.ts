// Prints a run once, as it is asked for.
import type { Io } from './command.js';
import { runLines } from './run-view.js';
import type { SeenRun } from './seen-run.js';
import { wrapped } from './text.js';

export function sayRun({ say, screen }: Io, run: SeenRun, asJson: boolean): void {
  if (asJson) say(JSON.stringify(run));
  else {
    const lines = runLines(run, Date.now());
    say(
      (screen === null ? lines : lines.flatMap((line) => wrapped(line, screen.columns(), 4))).join(
        '\n',
      ),
    );
  }
}
