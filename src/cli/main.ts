// `npm run tenure -- COMMAND`: finds the command and turns what it throws into a sentence and an exit
// code. What a command does is its own business.
import { loadConfig } from '../config.js';
import { CliProblem, type Command, type ExitCode } from './command.js';
import { rekeyCommand } from './rekey.js';

const COMMANDS: readonly Command[] = [rekeyCommand];

async function main([name = '--help', ...args]: readonly string[]): Promise<ExitCode> {
  if (name === '--help') {
    say(overview());
    return 0;
  }
  const command = COMMANDS.find((candidate) => candidate.name === name);
  if (command === undefined) {
    complain(`There is no command "${name}".\n\n${overview()}`);
    return 2;
  }
  if (args.includes('--help')) {
    say(command.usage);
    return 0;
  }
  try {
    return await command.run(args, { config: loadConfig(process.env), say });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    if (args.includes('--json')) say(JSON.stringify({ error: message, ...codeOf(error) }));
    else complain(message);
    return exitCodeOf(error);
  }
}

function overview(): string {
  const rows = COMMANDS.map(({ name, summary }) => `  ${name.padEnd(10)} ${summary}`);
  return ['npm run tenure -- COMMAND [--help] [--json]', '', ...rows].join('\n');
}

/** `parseArgs` names its errors; they are about how a command was asked for. */
function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof CliProblem) return error.exitCode;
  return codeOf(error).code?.startsWith('ERR_PARSE_ARGS') === true ? 2 : 1;
}

function codeOf(error: unknown): { code?: string } {
  return error instanceof Error && 'code' in error ? { code: String(error.code) } : {};
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

function complain(text: string): void {
  process.stderr.write(`tenure: ${text}\n`);
}

process.exitCode = await main(process.argv.slice(2));
