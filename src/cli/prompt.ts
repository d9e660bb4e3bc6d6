// Questions at a terminal, or answers from a pipe. Lines are taken from a queue, since readline's own
// `question` loses those that come together; a key that is pasted is not shown, nor kept as history.
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { CliProblem, Left, type Prompt } from './command.js';

type Input = NodeJS.ReadableStream & { isTTY?: boolean };
type Output = NodeJS.WritableStream & { isTTY?: boolean; columns?: number };

/** @param leave aborted by Ctrl-C, which a terminal that is being read does not send as a signal. */
export function openPrompt(input: Input, output: Output, leave: AbortController): Prompt {
  const isTerminal = input.isTTY === true && output.isTTY === true;
  let isHidden = false;
  const shown = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      if (!isHidden) output.write(chunk);
      done();
    },
  });
  Object.defineProperty(shown, 'columns', { get: () => output.columns });
  const lines = createInterface({ input, output: shown, terminal: isTerminal, historySize: 0 });

  const queue: string[] = [];
  let taker: ((line: string | null) => void) | null = null;
  let isClosed = false;
  const give = (line: string | null) => {
    const take = taker;
    taker = null;
    if (take !== null) take(line);
    else if (line !== null) queue.push(line);
  };
  lines.on('line', give);
  lines.on('SIGINT', () => {
    leave.abort();
  });
  lines.on('close', () => {
    isClosed = true;
    give(null);
  });
  leave.signal.addEventListener('abort', () => {
    lines.close();
  });

  async function next(): Promise<string> {
    const line =
      queue.shift() ??
      (isClosed
        ? null
        : await new Promise<string | null>((resolve) => {
            taker = resolve;
          }));
    if (line === null || leave.signal.aborted) {
      output.write('\n');
      throw new Left();
    }
    return line;
  }

  /** What was typed before the question is no answer to it; what a pipe holds is. */
  function put(question: string): void {
    if (isTerminal) queue.length = 0;
    if (isClosed) output.write(question);
    else {
      lines.setPrompt(question);
      lines.prompt();
    }
  }

  return {
    ask: async (question) => {
      put(`${question} `);
      return (await next()).trim();
    },
    askHidden: async (question, isWhole) => {
      // The terminal itself shows what is typed, unless readline has taken it over.
      if (input.isTTY === true && !isTerminal) {
        throw new CliProblem(
          'Here a pasted key would be shown, since the output is no terminal: name the file that it is in.',
          2,
        );
      }
      put(`${question}\n`);
      lines.setPrompt('');
      isHidden = true;
      try {
        let text = '';
        while (!isWhole(text)) text += `${await next()}\n`;
        return text;
      } finally {
        isHidden = false;
      }
    },
    close: () => {
      lines.close();
    },
  };
}
