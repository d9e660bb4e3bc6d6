// `npm run tenure -- COMMAND`: the process that runs a command, with its terminal and its signals.
import { loadConfig } from '../config.js';
import { COMMANDS } from './commands.js';
import { dispatch } from './dispatch.js';
import { openPrompt } from './prompt.js';
import { screenOf } from './screen.js';
import { printable } from './text.js';

const { stdin, stdout, stderr } = process;
const leave = new AbortController();
let mayLeave = false;

/** From now on Ctrl-C ends what listens to the signal, instead of the process. */
function leaving(): AbortSignal {
  if (!mayLeave) {
    mayLeave = true;
    process.on('SIGINT', () => {
      // The terminal has written ^C where the cursor was.
      if (stdout.isTTY) stdout.write('\n');
      leave.abort();
    });
  }
  return leave.signal;
}

// Whoever reads our output, such as `head`, may be gone.
stdout.on('error', () => process.exit());

process.exitCode = await dispatch(COMMANDS, process.argv.slice(2), {
  loadConfig: () => loadConfig(process.env),
  say: (text) => stdout.write(`${printable(text)}\n`),
  complain: (text) => stderr.write(`tenure: ${printable(text)}\n`),
  screen: screenOf(stdout),
  isTerminal: stdin.isTTY && stdout.isTTY,
  openPrompt: () => openPrompt(stdin, stdout, leave),
  leaving,
});
