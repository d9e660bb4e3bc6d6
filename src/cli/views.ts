// The ways in which a run is watched: redrawn in place on a terminal, line by line elsewhere, as JSON,
// or not at all.
import type { Io, Screen } from './command.js';
import { runLines, standingOf, titleOf, waitingOf } from './run-view.js';
import type { SeenRun } from './seen-run.js';
import { clipped, printable, wrapped } from './text.js';
import type { View } from './watch.js';

export function viewFor({ screen, say }: Pick<Io, 'screen' | 'say'>, asJson: boolean): View {
  if (asJson) return jsonView(say);
  return screen === null ? lineView(say) : liveView(screen);
}

export const NO_VIEW: View = { show: () => undefined };

/** Each state once, a line each. */
function jsonView(say: Io['say']): View {
  let last = '';
  return {
    show: (run) => {
      const text = JSON.stringify(run);
      if (text !== last) say(text);
      last = text;
    },
  };
}

/** ANSI: up to the first line of what was drawn before, and everything below it away. */
const upAndClear = (lines: number) => (lines === 0 ? '' : `\x1b[${lines}F\x1b[0J`);

function liveView({ columns, rows, write }: Screen): View {
  let drawn = 0;
  return {
    show: (run, now, trouble) => {
      const lines = [...runLines(run, now), ...(trouble === null ? [] : ['', `  ${trouble}`])]
        .flatMap((line) => wrapped(printable(line), columns() - 1, 4))
        .map((line) => clipped(line, columns() - 1));
      // What has left the screen cannot be drawn over.
      const shown = lines.length < rows() ? lines : [...lines.slice(0, rows() - 2), '  …'];
      write(`${upAndClear(drawn)}${shown.map((line) => `${line}\n`).join('')}`);
      drawn = shown.length;
    },
  };
}

/** What changed since the last look, as lines that can be read in a log. */
function lineView(say: Io['say']): View {
  let told = new Set<string>();
  return {
    show: (run, now, trouble) => {
      const lines = tellings(run, trouble);
      for (const [key, words] of lines) if (!told.has(key)) say(words(now));
      // A state that comes again is told again.
      told = new Set(lines.map(([key]) => key));
    },
  };
}

type Telling = readonly [key: string, words: (now: number) => string];

function tellings(run: SeenRun, trouble: string | null): Telling[] {
  const { phase, steps, waiting, problem } = run;
  const title = titleOf(run);
  const told = (text: string): Telling => [text, () => `  ${text}`];
  return [
    [title, () => `${title}\n  ${run.id}`],
    ...steps.map(({ name, status, attempts, detail }, index): Telling => {
      const text = `${name}: ${status}${attempts > 1 ? `, try ${attempts}` : ''}${detail === null ? '' : `, ${detail}`}`;
      return [`${index} ${text}`, () => `  ${text}`];
    }),
    ...(problem === null ? [] : [told(`${problem.title} (${problem.code}): ${problem.detail}`)]),
    told(`${phase}: ${standingOf(run)}`),
    ...(waiting === null
      ? []
      : [[JSON.stringify(waiting), (now: number) => `  ${waitingOf(waiting, now)}`] as const]),
    ...(trouble === null ? [] : [told(trouble)]),
  ];
}
