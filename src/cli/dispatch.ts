// Finds the command and turns what it throws into a sentence and an exit code. What a command does is
// its own business; what a process is, is that of main.ts.
import type { Config } from '../config.js';
import { CliProblem, type Command, type ExitCode, type Io } from './command.js';

export interface Surroundings extends Omit<Io, 'config'> {
  /** @throws {ConfigError} */
  loadConfig: () => Config;
  /** To standard error. */
  complain: (text: string) => void;
}

export async function dispatch(
  commands: readonly Command[],
  [name = '--help', ...args]: readonly string[],
  { loadConfig, complain, ...io }: Surroundings,
): Promise<ExitCode> {
  const { say } = io;
  if (name === '--help') {
    say(overview(commands));
    return 0;
  }
  const command = commands.find((candidate) => candidate.name === name);
  if (command === undefined) {
    complain(`There is no command "${name}".\n\n${overview(commands)}`);
    return 2;
  }
  if (args.includes('--help')) {
    say(command.usage);
    return 0;
  }
  try {
    return await command.run(args, { ...io, config: loadConfig() });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    if (args.includes('--json')) {
      const details = error instanceof CliProblem ? error.details() : {};
      say(JSON.stringify({ error: message, ...codeOf(error), ...details }));
    } else complain(message);
    return exitCodeOf(error);
  }
}

function overview(commands: readonly Command[]): string {
  const width = Math.max(...commands.map(({ name }) => name.length));
  return [
    'npm run tenure -- COMMAND [--help] [--json]',
    '',
    ...commands.map(({ name, summary }) => `  ${name.padEnd(width)} ${summary}`),
  ].join('\n');
}

/** `parseArgs` names its errors; they are about how a command was asked for. */
function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof CliProblem) return error.exitCode;
  return codeOf(error).code?.startsWith('ERR_PARSE_ARGS') === true ? 2 : 1;
}

function codeOf(error: unknown): { code?: string } {
  return error instanceof Error && 'code' in error ? { code: String(error.code) } : {};
}
